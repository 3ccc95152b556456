"""The applicant's cash: sales and collections, what is open, how the buyers pay, and what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Final

from reportlab.platypus import Flowable

from openscf._internal.sections import CashFlowSection, CashMonth, ForecastWeek, Sections
from openscf.pdf.book import caption, chapter, under
from openscf.pdf.charts import Series, bar_chart
from openscf.pdf.palette import ACCENT, ACCENT_MIDDLE, INK, WIDTH
from openscf.pdf.sources import origin
from openscf.pdf.tables import Column, side_by_side, table
from openscf.pdf.trade import MOST_ROWS, every_month, left_out
from openscf.pdf.wording import NOTHING, counted, day, money, month, number, words

_BUCKETS: Final = {"not_due": "Not due", "1-30": "1–30", "31-60": "31–60", "61-90": "61–90", "over_90": "Over 90"}
_MOST_WEEKS: Final = 26
_HALF: Final = (WIDTH - 14) / 2
_ZERO: Final = Decimal(0)


def cash(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the cash flow."""
    section = sections.cash_flow
    if section is None:
        return
    yield from chapter("Cash", origin(section))
    for currency in dict.fromkeys(row.currency for row in section.months):
        rows = {row.month: row for row in section.months if row.currency == currency}
        yield from caption(f"Sales and collections by month, in {currency}", of_picture=True)
        yield _sales_chart(rows)
        yield from caption(f"Cash curve: collected less paid out, running sum, in {currency}", of_picture=True)
        yield _cash_curve(rows)
    yield from _ageing(section)
    yield from _buyers(section, sections)
    yield from _payments(section)
    yield from _balances(section)


def _sales_chart(rows: dict[str, CashMonth]) -> Flowable:
    months = every_month(rows)
    invoiced = [float(rows[one].invoiced - rows[one].credited) if one in rows else 0.0 for one in months]
    collected = [float(rows[one].collected) if one in rows else 0.0 for one in months]
    return bar_chart(
        [month(one) for one in months],
        [Series("Invoiced, less credit notes", invoiced, ACCENT_MIDDLE)],
        line=Series("Collected", collected, ACCENT),
    )


def _cash_curve(rows: dict[str, CashMonth]) -> Flowable:
    months = every_month(rows)
    net = [rows[one].collected - rows[one].paid_out if one in rows else _ZERO for one in months]
    return bar_chart(
        [month(one) for one in months],
        [Series("Collected less paid out in the month", [float(one) for one in net], ACCENT_MIDDLE)],
        line=Series("Running sum", [float(one) for one in accumulate(net)], INK),
    )


def _ageing(section: CashFlowSection) -> Iterator[Flowable]:
    for currency in dict.fromkeys(row.currency for row in section.ageing):
        charts = [
            [under(f"{title}, days past due, in {currency}"), _ageing_chart(section, direction, currency)]
            for direction, title in (("receivable", "Owed to the applicant"), ("payable", "Owed by the applicant"))
        ]
        yield side_by_side(charts)


def _ageing_chart(section: CashFlowSection, direction: str, currency: str) -> Flowable:
    amounts = {
        row.bucket: row.amount for row in section.ageing if (row.direction, row.currency) == (direction, currency)
    }
    values = [float(amounts.get(bucket, _ZERO)) for bucket in _BUCKETS]  # type: ignore[call-overload]
    return bar_chart(list(_BUCKETS.values()), [Series("Open amount", values, ACCENT)], width=_HALF, height=104)


def _buyers(section: CashFlowSection, sections: Sections) -> Iterator[Flowable]:
    if not section.buyer_history:
        return
    named = {buyer.key: buyer.name or f"{buyer.key} (not named)" for buyer in sections.party.buyers}
    yield from caption("How the buyers pay; days are weighted by amount")
    columns = [
        Column("Buyer", 0.24), Column("Invoices", 0.075, right=True), Column("Invoiced", 0.165, right=True),
        Column("Paid", 0.165, right=True), Column("Overdue", 0.15, right=True),
        Column("Days to pay", 0.075, right=True), Column("Days late", 0.065, right=True),
        Column("Late", 0.065, right=True),
    ]  # fmt: skip
    yield table(
        columns,
        [
            [
                named.get(row.buyer, row.buyer) if row.buyer else f"{counted(row.buyers or 0, 'other', 'others')}",
                str(row.invoices), money(row.invoiced, row.currency), money(row.paid, row.currency),
                money(row.overdue, row.currency), _optional(row.weighted_days_to_pay),
                _optional(row.weighted_days_late), _optional(row.late_share_percent, " %"),
            ]
            for row in section.buyer_history[:MOST_ROWS]
        ],
    )  # fmt: skip
    yield from left_out(len(section.buyer_history), MOST_ROWS, "buyer")


def _payments(section: CashFlowSection) -> Iterator[Flowable]:
    if not section.payments:
        return
    yield from caption("What reduced the financed documents")
    yield table(
        [
            Column("Document", 0.28), Column("Day", 0.16), Column("Kind", 0.18), Column("On a bank statement", 0.18),
            Column("Amount", 0.2, right=True),
        ],
        [
            [
                row.document, day(row.date), words(row.kind), "yes" if row.cleared else "no",
                money(row.amount, row.currency),
            ]
            for row in section.payments[:MOST_ROWS]
        ],
    )  # fmt: skip
    yield from left_out(len(section.payments), MOST_ROWS, "payment")


def _balances(section: CashFlowSection) -> Iterator[Flowable]:
    if not section.balances:
        return
    yield from caption("Bank accounts in the books")
    yield table(
        [
            Column("Account", 0.34), Column("Balance in the books", 0.22, right=True), Column("Last statement", 0.2),
            Column("Balance on it", 0.24, right=True),
        ],
        [
            [
                row.account, money(row.balance, row.currency), day(row.last_statement_on),
                NOTHING if row.last_statement_balance is None else money(row.last_statement_balance, row.currency),
            ]
            for row in section.balances[:MOST_ROWS]
        ],
    )  # fmt: skip


def forecast(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the collections that are expected."""
    section = sections.forecast
    if section is None:
        return
    yield from chapter("Expected collections", origin(section))
    for currency in dict.fromkeys(row.currency for row in section.weeks):
        weeks = [row for row in section.weeks if row.currency == currency][:_MOST_WEEKS]
        total = sum((row.amount for row in section.totals if row.currency == currency), _ZERO)
        yield from caption(f"By week (its Monday), in {currency}; {money(total, currency)} in all", of_picture=True)
        yield _forecast_chart(weeks)


def _forecast_chart(weeks: list[ForecastWeek]) -> Flowable:
    return bar_chart(
        [day(row.week).rsplit(" ", 1)[0] for row in weeks],
        [
            Series("From the financed documents", [float(row.financed) for row in weeks], ACCENT),
            Series("Other invoices", [float(row.expected - row.financed) for row in weeks], ACCENT_MIDDLE),
        ],
        stacked=True,
    )


def _optional(value: Decimal | None, unit: str = "") -> str:
    return NOTHING if value is None else f"{number(value)}{unit}"
