def label_of(record, field_name: str) -> str:
    """The label of a selection field's value, in the reader's language."""
    value = record[field_name]
    return dict(record._fields[field_name]._description_selection(record.env)).get(value, "") if value else ""
