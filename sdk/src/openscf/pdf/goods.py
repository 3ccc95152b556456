"""Goods: those that are pledged, and how fast financed goods turn into money."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reportlab.platypus import Flowable

from openscf._internal.comparison import sums
from openscf._internal.sections import DocumentLine, FinancedDocument, Sections
from openscf.pdf.book import aside, chapter
from openscf.pdf.sources import origin
from openscf.pdf.tables import Cell, Column, table
from openscf.pdf.trade import left_out
from openscf.pdf.wording import NOTHING, day, money, number

_MOST_ROWS: Final = 150


def pledged(sections: Sections) -> Iterator[Flowable]:
    """Yield the pledged goods as a table: how much of what, where it lies, and its value at cost."""
    columns = [
        Column("Pledge", 0.16), Column("Goods", 0.2), Column("Place, lot", 0.19), Column("Pledged", 0.1, right=True),
        Column("On hand", 0.09, right=True), Column("Oldest", 0.12), Column("Value", 0.14, right=True),
    ]  # fmt: skip
    documents = sections.transaction.documents
    values = sums((document.currency, document.totals.gross) for document in documents)
    worth = " · ".join(money(value, currency) for currency, value in values.items())
    yield table(
        columns,
        [_pledge(one, line) for one in documents[:_MOST_ROWS] for line in one.lines[:1]],
        total=["In all", "", "", "", "", "", worth],
    )
    yield from left_out(len(documents), _MOST_ROWS, "pledge")


def _pledge(document: FinancedDocument, line: DocumentLine) -> list[Cell]:
    goods = document.goods
    return [
        document.number,
        " · ".join(filter(None, [line.product_code, line.description])),
        ", ".join(filter(None, [goods.place, f"lot {goods.lot}" if goods.lot else None])) if goods else NOTHING,
        f"{number(line.quantity)} {line.uom or ''}".strip(),
        number(goods.on_hand) if goods else NOTHING,
        day(goods.oldest_on) if goods else NOTHING,
        money(document.totals.gross, document.currency),
    ]


def resale(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter that says how fast the financed goods sell."""
    section = sections.inventory
    if section is None or not section.resale:
        return
    yield from chapter("How fast the goods sell", origin(section))
    yield aside(
        "What the applicant sold of the same products within 12 months, and how long what is on hand or still to come "
        "lasts at that speed. Without any sale, no number of days is given."
    )
    columns = [
        Column("Document, line", 0.18), Column("Goods", 0.25), Column("Financed", 0.12, right=True),
        Column("On hand", 0.1, right=True), Column("Sold", 0.1, right=True), Column("For", 0.15, right=True),
        Column("Days to sell", 0.1, right=True),
    ]  # fmt: skip
    yield table(
        columns,
        [
            [
                f"{row.document}, {row.line}", " · ".join(filter(None, [row.product_code, row.description])),
                f"{number(row.quantity)} {row.uom or ''}".strip(), number(row.on_hand), number(row.sold_quantity),
                money(row.sold_net, row.currency), NOTHING if row.days_to_sell is None else number(row.days_to_sell),
            ]
            for row in section.resale[:_MOST_ROWS]
        ],
    )  # fmt: skip
    yield from left_out(len(section.resale), _MOST_ROWS, "line")
