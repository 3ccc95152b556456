from markupsafe import Markup, escape


def label_of(record, field_name: str) -> str:
    """The label of a selection field's value, in the reader's language."""
    value = record[field_name]
    return dict(record._fields[field_name]._description_selection(record.env)).get(value, "") if value else ""


def as_note(text):
    """Plain text as the note of an activity, which is HTML: a bank's words stay words, its line breaks stay."""
    return escape(text).replace("\n", Markup("<br/>"))
