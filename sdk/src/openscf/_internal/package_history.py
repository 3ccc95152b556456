"""Sums over the applicant's history, stock, debts and forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Final

from openscf._internal.comparison import ZERO, compare, compare_totals, sums
from openscf._internal.finding import Finding
from openscf._internal.sections import (
    AgeingRow,
    CashFlowSection,
    CashMonth,
    ForecastSection,
    ForecastWeek,
    LogisticsMonth,
    OrderMonth,
    Row,
    Sections,
    TaxMonth,
)
from openscf.package import Package

# What makes a row of a list the only one of its kind: twice, its amounts would count twice.
_KEYS: Final[dict[type[Row], Callable[[Row], tuple[object, ...]]]] = {
    OrderMonth: attrgetter("month", "currency"),
    LogisticsMonth: attrgetter("month", "direction"),
    TaxMonth: attrgetter("month", "direction", "tax_code", "currency"),
    CashMonth: attrgetter("month", "currency"),
    AgeingRow: attrgetter("direction", "currency", "bucket"),
    ForecastWeek: attrgetter("week", "currency"),
}
_LISTS = ("months", "ageing", "weeks")


def check_history(package: Package) -> Iterator[Finding]:
    """Yield a finding for each total that its rows do not give, and for each row stated twice."""
    sections = package.sections
    for name in Sections.model_fields:
        for member in _LISTS:
            yield from _repeated(getattr(getattr(sections, name), member, ()), f"/sections/{name}/{member}")
    if sections.inventory:
        values = ((row.currency, row.value) for row in sections.inventory.stock)
        yield from compare_totals("/sections/inventory/totals", sections.inventory.totals, values, "the rows' values")
    if sections.exposure:
        debts = ((row.currency, row.outstanding) for row in sections.exposure.loans)
        yield from compare_totals(
            "/sections/exposure/totals", sections.exposure.totals, debts, "the loans' outstanding amounts"
        )
    if sections.forecast:
        yield from _forecast(sections.forecast)
    if sections.cash_flow:
        yield from _invoiced(sections.cash_flow)


def _repeated(rows: Iterable[Row], pointer: str) -> Iterator[Finding]:
    seen = set[tuple[object, ...]]()
    for at, row in enumerate(rows):
        key = _KEYS[type(row)](row)
        if key in seen:
            message = f"A second row for {', '.join(str(part) for part in key):.120}; its amounts would count twice."
            yield Finding(code="repeated", pointer=f"{pointer}/{at}", message=message)
        seen.add(key)


def _forecast(forecast: ForecastSection) -> Iterator[Finding]:
    pointer = "/sections/forecast"
    expected = ((row.currency, row.expected) for row in forecast.weeks)
    yield from compare_totals(f"{pointer}/totals", forecast.totals, expected, "the weeks' expected collections")
    for at, row in enumerate(forecast.weeks):
        if not ZERO <= row.financed <= row.expected:
            message = f"{row.financed:f} of the financed documents is expected, of {row.expected:f} in all."
            yield Finding(code="limit-exceeded", pointer=f"{pointer}/weeks/{at}/financed", message=message)
        if row.week.weekday() != 0:
            message = f"{row.week} is a {row.week:%A}; a week is named by its Monday."
            yield Finding(code="week-invalid", pointer=f"{pointer}/weeks/{at}/week", message=message)


def _invoiced(cash_flow: CashFlowSection) -> Iterator[Finding]:
    """What was invoiced by month is what was invoiced to the buyers, over the same period."""
    pointer = "/sections/cash_flow"
    by_month = sums((row.currency, row.invoiced) for row in cash_flow.months)
    by_buyer = sums((row.currency, row.invoiced) for row in cash_flow.buyer_history)
    if not (cash_flow.months and cash_flow.buyer_history) and any({**by_month, **by_buyer}.values()):
        there, absent = ("months", "buyer_history") if cash_flow.months else ("buyer_history", "months")
        message = f"{there} has rows and {absent} has none; what was invoiced could not be compared."
        yield Finding(code="not-checked", pointer=f"{pointer}/{absent}", message=message, level="warning")
        return
    for currency in sorted(by_month.keys() | by_buyer.keys()):
        yield from compare(
            f"{pointer}/months",
            by_month.get(currency, ZERO),
            by_buyer.get(currency, ZERO),
            f"the buyers' histories in {currency}",
        )
