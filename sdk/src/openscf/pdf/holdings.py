"""What the applicant has and owes: stock, loans, open applications, pledges."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.platypus import Flowable

from openscf._internal.sections import CurrencyTotal, ExposureSection, Sections
from openscf.pdf.book import aside, caption, chapter
from openscf.pdf.sources import origin
from openscf.pdf.tables import Column, table
from openscf.pdf.trade import MOST_ROWS, left_out
from openscf.pdf.wording import NOTHING, counted, day, money, number, words


def inventory(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the stock."""
    section = sections.inventory
    if section is None:
        return
    yield from chapter("Stock", origin(section))
    columns = [
        Column("Product", 0.34), Column("Quantity", 0.14, right=True), Column("Value", 0.18, right=True),
        Column("Oldest", 0.12), Column("Mean age, days", 0.11, right=True), Column("Turnover a year", 0.11, right=True),
    ]  # fmt: skip
    yield table(
        columns,
        [
            [
                " · ".join(filter(None, [row.product_code, row.description]))
                + (f" ({counted(row.products, 'product', 'products')})" if row.products != 1 else ""),
                NOTHING if row.quantity is None else f"{number(row.quantity)} {row.uom or ''}".strip(),
                money(row.value, row.currency), day(row.oldest_on),
                NOTHING if row.mean_age_days is None else number(row.mean_age_days),
                NOTHING if row.turnover_pa is None else number(row.turnover_pa),
            ]
            for row in section.stock[:MOST_ROWS]
        ],
        total=["In all", "", _totals(section.totals), "", "", ""],
    )  # fmt: skip
    yield from left_out(len(section.stock), MOST_ROWS, "product")


def exposure(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the debts."""
    section = sections.exposure
    if section is None:
        return
    yield from chapter("Loans, applications and pledges", origin(section))
    yield aside("Known to this ERP; lenders are not named.")
    yield from _loans(section)
    yield from _applications(section)
    yield from _pledges(section)


def _loans(section: ExposureSection) -> Iterator[Flowable]:
    if not section.loans:
        yield aside("No loans.")
        return
    yield from caption("Loans")
    yield table(
        [
            Column("Technique", 0.26), Column("State", 0.14), Column("Started", 0.13), Column("Due", 0.13),
            Column("Principal", 0.17, right=True), Column("Outstanding", 0.17, right=True),
        ],
        [
            [
                words(row.technique), words(row.state), day(row.started_on), day(row.due_on),
                money(row.principal, row.currency), money(row.outstanding, row.currency),
            ]
            for row in section.loans[:MOST_ROWS]
        ],
        total=["In all", "", "", "", "", _totals(section.totals)],
    )  # fmt: skip
    yield from left_out(len(section.loans), MOST_ROWS, "loan")


def _applications(section: ExposureSection) -> Iterator[Flowable]:
    if not section.applications:
        yield aside("No other open applications.")
        return
    yield from caption("Other open applications")
    yield table(
        [Column("Technique", 0.34), Column("State", 0.24), Column("Submitted", 0.2), Column("Asked", 0.22, right=True)],
        [
            [words(row.technique), words(row.state), day(row.submitted_on), money(row.requested, row.currency)]
            for row in section.applications[:MOST_ROWS]
        ],
    )
    yield from left_out(len(section.applications), MOST_ROWS, "application")


def _pledges(section: ExposureSection) -> Iterator[Flowable]:
    if not section.pledges:
        yield aside("No pledges.")
        return
    yield from caption("Pledges")
    yield table(
        [Column("What", 0.5), Column("Document", 0.28), Column("Amount", 0.22, right=True)],
        [[row.description, row.document or "", money(row.amount, row.currency)] for row in section.pledges[:MOST_ROWS]],
    )
    yield from left_out(len(section.pledges), MOST_ROWS, "pledge")


def _totals(totals: tuple[CurrencyTotal, ...]) -> str:
    return " · ".join(money(row.amount, row.currency) for row in totals) or NOTHING
