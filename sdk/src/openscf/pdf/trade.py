"""The applicant's trade: orders, deliveries and taxes, by month."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from reportlab.platypus import Flowable

from openscf._internal.naming import naming
from openscf._internal.sections import (
    LogisticsFlowSection,
    LogisticsMonth,
    OrderFlowSection,
    OrderMonth,
    Sections,
    TaxFlowSection,
)
from openscf.pdf.book import aside, caption, chapter
from openscf.pdf.charts import Series, bar_chart
from openscf.pdf.kinds import is_bought
from openscf.pdf.palette import ACCENT, ACCENT_MIDDLE, LEVELS
from openscf.pdf.sources import origin
from openscf.pdf.tables import Column, table
from openscf.pdf.wording import counted, day, money, month, number, words

MOST_ROWS: Final = 60
_MOST_TAX_ROWS: Final = 48
# A consent allows 60 months of history, and there is the running one.
_MOST_MONTHS: Final = 61
_ZERO: Final = Decimal(0)


def orders(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the orders."""
    section = sections.order_flow
    if section is None:
        return
    yield from chapter("Orders", origin(section))
    for currency in dict.fromkeys(row.currency for row in section.months):
        yield from caption(f"Orders by month, untaxed, in {currency}", of_picture=True)
        yield _orders_chart([row for row in section.months if row.currency == currency])
    yield from _behind(section, sections)


def _orders_chart(rows: list[OrderMonth]) -> Flowable:
    by_month = {row.month: row for row in rows}
    months = every_month(by_month)
    return bar_chart(
        [month(one) for one in months],
        [
            Series("Confirmed", _values(by_month, months, "confirmed_net"), ACCENT),
            Series("Cancelled", _values(by_month, months, "cancelled_net"), LEVELS["amber"]),
        ],
    )


def _behind(section: OrderFlowSection, sections: Sections) -> Iterator[Flowable]:
    if not section.orders:
        return
    named, other = naming(sections.party), "Seller" if is_bought(sections.transaction) else "Buyer"
    yield from caption("Orders behind the financed documents")
    columns = [
        Column("Order", 0.15), Column(other, 0.25), Column("Quoted", 0.11), Column("Ordered", 0.11),
        Column("Changed", 0.11), Column("State", 0.1), Column("Total", 0.17, right=True),
    ]  # fmt: skip
    yield table(
        columns,
        [
            [
                row.number, named(row.counterparty), day(row.quoted_on), day(row.ordered_on),
                day(row.changed_on), words(row.state), money(row.total, row.currency),
            ]
            for row in section.orders[:MOST_ROWS]
        ],
    )  # fmt: skip
    yield from left_out(len(section.orders), MOST_ROWS, "order")


def deliveries(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the deliveries."""
    section = sections.logistics_flow
    if section is None:
        return
    yield from chapter("Deliveries", origin(section))
    outgoing = [row for row in section.months if row.direction == "out"]
    if outgoing:
        yield from caption("Punctuality of outgoing deliveries by month, number of deliveries", of_picture=True)
        yield _punctuality_chart(outgoing)
    incoming = [row for row in section.months if row.direction == "in"]
    if incoming:
        yield from caption("Punctuality of incoming deliveries by month, number of deliveries", of_picture=True)
        yield _punctuality_chart(incoming)
    yield from _deliveries_table(section, bought=is_bought(sections.transaction))


def _punctuality_chart(rows: list[LogisticsMonth]) -> Flowable:
    by_month = {row.month: row for row in rows}
    months = every_month(by_month)
    return bar_chart(
        [month(one) for one in months],
        [
            Series("On time", _values(by_month, months, "on_time"), ACCENT),
            Series("Late", _values(by_month, months, "late"), LEVELS["amber"]),
            Series("Returned", _values(by_month, months, "returns"), LEVELS["red"]),
        ],
        stacked=True,
    )


def _deliveries_table(section: LogisticsFlowSection, *, bought: bool) -> Iterator[Flowable]:
    if not section.deliveries:
        return
    yield from caption(f"{'Receipts' if bought else 'Deliveries'} of the financed documents")
    back = "out" if bought else "in"
    columns = [
        Column("Delivery", 0.16), Column("Order", 0.13), Column("State", 0.1), Column("Promised", 0.12),
        Column("Done", 0.12), Column("Carrier, tracking", 0.22), Column("Signed by", 0.15),
    ]  # fmt: skip
    yield table(
        columns,
        [
            [
                f"{row.number}{' (return)' if row.direction == back else ''}", row.order or "", words(row.state),
                day(row.promised_on), day(row.done_on),
                " · ".join(filter(None, [row.carrier, row.tracking_reference])), row.signed_by or "",
            ]
            for row in section.deliveries[:MOST_ROWS]
        ],
    )  # fmt: skip
    yield from left_out(len(section.deliveries), MOST_ROWS, "delivery")


def taxes(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the taxes."""
    section = sections.tax_flow
    if section is None:
        return
    yield from chapter("Tax", origin(section))
    yield from _tax_charts(section)
    if section.taxes:
        yield from caption("Taxes of the financed documents")
        columns = [
            Column("Document", 0.3), Column("Tax", 0.25), Column("Rate", 0.1, right=True),
            Column("Base", 0.175, right=True), Column("Amount", 0.175, right=True),
        ]  # fmt: skip
        yield table(
            columns,
            [
                [
                    row.document, row.tax_code, f"{number(row.rate_percent)} %" if row.rate_percent is not None else "",
                    money(row.base, row.currency), money(row.amount, row.currency),
                ]
                for row in section.taxes[:_MOST_TAX_ROWS]
            ],
        )  # fmt: skip
        yield from left_out(len(section.taxes), _MOST_TAX_ROWS, "tax")
    if section.e_invoices:
        yield from caption("Numbers from tax and e-invoicing systems")
        yield table(
            [Column("Document", 0.3), Column("System", 0.2), Column("Number", 0.3), Column("State", 0.2)],
            [
                [row.document, row.system, row.number or "", words(row.state or "")]
                for row in section.e_invoices[:_MOST_TAX_ROWS]
            ],
        )
        yield from left_out(len(section.e_invoices), _MOST_TAX_ROWS, "number")


def _tax_charts(section: TaxFlowSection) -> Iterator[Flowable]:
    for currency in dict.fromkeys(row.currency for row in section.months):
        sums: dict[str, dict[str, Decimal]] = {"sale": {}, "purchase": {}}
        for row in section.months:
            if row.currency == currency:
                months = sums[row.direction]
                months[row.month] = months.get(row.month, _ZERO) + row.amount
        names = every_month({**sums["sale"], **sums["purchase"]})
        yield from caption(f"Tax of sales and purchases by month, in {currency}", of_picture=True)
        yield bar_chart(
            [month(one) for one in names],
            [
                Series("On sales", [float(sums["sale"].get(one, _ZERO)) for one in names], ACCENT),
                Series("On purchases", [float(sums["purchase"].get(one, _ZERO)) for one in names], ACCENT_MIDDLE),
            ],
        )


def every_month(months: Iterable[str]) -> list[str]:
    """Return the months from the first to the last named one, those in between that are not named too.

    Where they lie further apart than a history can reach, only the last named ones.
    """
    named = sorted(months)
    if not named:
        return []
    (year, first), (last_year, last) = ((int(text[:4]), int(text[5:7])) for text in (named[0], named[-1]))
    count = (last_year - year) * 12 + last - first + 1
    if count > _MOST_MONTHS:
        return named[-_MOST_MONTHS:]
    return [f"{year + (first - 1 + step) // 12:04d}-{(first - 1 + step) % 12 + 1:02d}" for step in range(count)]


def left_out(count: int, shown: int, noun: str) -> Iterator[Flowable]:
    """Yield the remark that a table stops before the package does."""
    if count > shown:
        plural = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}es" if noun.endswith("x") else f"{noun}s"
        yield aside(f"{counted(count - shown, f'more {noun} is', f'more {plural} are')} in the package.")


def _values(rows: dict[str, OrderMonth] | dict[str, LogisticsMonth], months: list[str], name: str) -> list[float]:
    return [float(getattr(rows[one], name)) if one in rows else 0.0 for one in months]
