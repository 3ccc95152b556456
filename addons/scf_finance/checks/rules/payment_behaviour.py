"""How the buyers of the financed documents have paid so far."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, graded, not_made, said
from ..stated import documents_owed_by, financed_buyers, percent_about
from ..thresholds import LATE_RED_FACTOR, OVERDUE_AMBER_PERCENT

_lt = LazyTranslate(__name__)

CODE = "payment-behaviour"
LIGHT = "self_liquidation"
KINDS = SALES_KINDS
TITLE = _lt("Buyer pays in time")


def check(sections, today, settings) -> CheckResult:
    """The days late of the slowest buyer, weighted by amount; much overdue now is amber whatever was paid before."""
    if "cash_flow" not in sections:
        return not_made(_lt("The history of payments is not part of the package."))
    buyers = {buyer["key"]: buyer for buyer in financed_buyers(sections)}
    rows = [row for row in sections["cash_flow"]["buyer_history"] if row.get("buyer") in buyers]
    overdue = [row for row in rows if _overdue_percent(row) > OVERDUE_AMBER_PERCENT]
    paid = [row for row in rows if row.get("weighted_days_late") is not None]
    if not paid and not overdue:
        return not_made(_lt("The buyer has not paid anything yet that would tell how it pays."))
    late_days = Decimal(settings.late_days)
    slowest = max(paid, key=lambda row: Decimal(row["weighted_days_late"]), default=None)
    figure = Decimal(slowest["weighted_days_late"]) if slowest else None
    level = graded(figure, green=late_days, amber=late_days * LATE_RED_FACTOR) if slowest else "amber"
    if overdue and level != "red":
        level, telling = "amber", overdue
        share = max(_overdue_percent(row) for row in overdue)
        sentence = said(_lt("Of what the buyer was charged in the period, %(share)s %% is overdue now."), share=share)
    else:
        telling = [row for row in paid if Decimal(row["weighted_days_late"]) == figure]
        sentence = said(_lt("The buyer pays %(days)s days late on average, weighted by amount."), days=figure)
    return CheckResult(
        level,
        sentence,
        figure=figure,
        threshold=late_days if slowest else None,
        unit="days" if slowest else None,
        documents=documents_owed_by(sections, [buyers[row["buyer"]] for row in telling]),
    )


def _overdue_percent(row: dict) -> Decimal:
    invoiced = Decimal(row["invoiced"])
    return percent_about(Decimal(row["overdue"]), invoiced) if invoiced > 0 else Decimal(0)
