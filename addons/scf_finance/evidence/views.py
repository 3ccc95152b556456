"""What one bank may read of the evidence: the sections of its consent, other counterparties by name or by pseudonym."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .scope import buyer_id_of

# These are in every package, whatever the consent names.
ALWAYS = ("party", "transaction")
# Every list, besides the financed documents and the buyers themselves, whose rows name a buyer by its key.
ROWS_OF_BUYERS = (("order_flow", "orders"), ("cash_flow", "buyer_history"))


def view_for(
    sections: dict[str, dict], *, covered: Collection[str], pseudonym: Callable[[int], str] | None
) -> dict[str, dict]:
    """Return the sections that a consent covers, without a buyer whom none of them mentions.

    :param sections: as `sections.read_sections` gives them, every buyer by name
    :param covered: names of the sections that the consent covers
    :param pseudonym: gives a buyer's pseudonym by the id of its partner; None where the consent lets all be named.
        The buyers of the financed documents are always named
    """
    view = {name: section for name, section in sections.items() if name in ALWAYS or name in covered}
    financed = {document["buyer"] for document in view["transaction"]["documents"] if "buyer" in document}
    mentioned = financed.union(
        row["buyer"] for name, rows in ROWS_OF_BUYERS if name in view for row in view[name][rows] if "buyer" in row
    )
    buyers = [row for row in view["party"]["buyers"] if row["key"] in mentioned]
    if pseudonym is not None:
        others = {key: pseudonym(buyer_id_of(key)) for key in mentioned - financed}
        buyers = [
            *(row for row in buyers if row["key"] in financed),
            *({"key": key, "pseudonymous": True} for key in sorted(others.values())),
        ]
        view |= {name: _renamed(view[name], rows, others) for name, rows in ROWS_OF_BUYERS if name in view}
    view["party"] = {**view["party"], "buyers": buyers}
    return view


def _renamed(section: dict, rows: str, others: dict[str, str]) -> dict:
    renamed = [{**row, "buyer": others[row["buyer"]]} if row.get("buyer") in others else row for row in section[rows]]
    return {**section, rows: _unranked(renamed, set(others.values())) if rows == "buyer_history" else renamed}


def _unranked(rows: list[dict], pseudonyms: set[str]) -> list[dict]:
    """The history is told by turnover; under pseudonyms by the code, so that a place in it tells nothing more."""
    is_other = [row.get("buyer") in pseudonyms for row in rows]
    others = sorted(
        (row for row, other in zip(rows, is_other, strict=True) if other),
        key=lambda row: (row["buyer"], row["currency"]),
    )
    first = is_other.index(True) if others else len(rows)
    rest = [row for row, other in zip(rows, is_other, strict=True) if not other]
    return [*rest[:first], *others, *rest[first:]]
