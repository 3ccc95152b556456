"""A line is repaid out of a part of all that customers pay while it runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from openscf.money import Money, round_money

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, graded, not_made, said
from ..stated import COMPANY, percent_about
from ..thresholds import SWEPT_AMBER_PERCENT, SWEPT_PERCENT

_lt = LazyTranslate(__name__)

CODE = "line-turnover"
LIGHT = "self_liquidation"
KINDS = {COMPANY}
TITLE = _lt("A part of what customers pay repays the line")
MONTHS_AT_LEAST = 3
DAYS_A_MONTH = Decimal("30.4375")


def check(sections, today, settings) -> CheckResult:
    """The part of what customers pay within the line's time that would repay all of it, in percent.

    What they pay is the average of the last whole months, less what repays other loans. A line is swept by a part of
    each payment, so open invoices alone say little: most of what repays it is not invoiced yet.
    """
    if "cash_flow" not in sections:
        return not_made(_lt("The history of payments is not part of the package."))
    transaction = sections["transaction"]
    asked, currency = Decimal(transaction["requested"]["amount"]), transaction["requested"]["currency"]
    if asked <= 0:
        return not_made(_lt("No amount is asked for that would have to be covered."))
    monthly = _monthly(sections["cash_flow"]["months"], currency, today)
    if monthly is None:
        return not_made(_lt("Customers have paid in too few months that would tell how they go on."))
    loans = sections.get("exposure", {}).get("loans", ())
    elsewhere = sum((Decimal(row["outstanding"]) for row in loans if row["currency"] == currency), Decimal(0))
    tenor_days = transaction["tenor_days"]
    free = monthly * tenor_days / DAYS_A_MONTH - elsewhere
    if free <= 0:
        return CheckResult("red", said(_lt("All that customers are expected to pay repays other loans.")))
    figure = percent_about(asked, free)
    return CheckResult(
        graded(figure, green=SWEPT_PERCENT, amber=SWEPT_AMBER_PERCENT),
        said(
            _lt(
                "If customers go on paying %(monthly)s a month, %(free)s that repays no other loan comes in within "
                "%(days)s days: %(share)s %% of it repays all that can be drawn."
            ),
            monthly=Money(amount=round_money(monthly, currency), currency=currency),
            free=Money(amount=round_money(free, currency), currency=currency),
            days=tenor_days,
            share=figure,
        ),
        figure=figure,
        threshold=SWEPT_PERCENT,
        unit="percent",
    )


def _monthly(months: Iterable[dict], currency: str, today: date) -> Decimal | None:
    """The average of the whole months up to the running one; None where fewer than MONTHS_AT_LEAST brought anything."""
    running = today.replace(day=1)
    collected = {
        month: Decimal(row["collected"])
        for row in months
        if row["currency"] == currency and (month := date.fromisoformat(f"{row['month']}-01")) < running
    }
    if len([amount for amount in collected.values() if amount > 0]) < MONTHS_AT_LEAST:
        return None
    # A month in which nothing happened has no row, and counts.
    first, last = min(collected), running - timedelta(days=1)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return sum(collected.values(), Decimal(0)) / count
