"""The goods sell within the tenor, at the speed of the last 12 months."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import GOODS_KIND, PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, graded, not_made, said
from ..stated import resale_of, standing_out
from ..thresholds import SELLING_LATE_DAYS

_lt = LazyTranslate(__name__)

CODE = "goods-sell"
LIGHT = "self_liquidation"
KINDS = PURCHASE_KINDS | {GOODS_KIND}
TITLE = _lt("Goods sell in time")


def check(sections, today, settings) -> CheckResult:
    """How many days the slowest goods take to sell, with all that is on hand and to come, against the tenor."""
    if "inventory" not in sections:
        return not_made(_lt("The stock is not part of the package."))
    rows = resale_of(sections)
    if not rows:
        return not_made(_lt("Nothing that is financed is kept in stock."))
    tenor = Decimal(sections["transaction"]["tenor_days"])
    never = [row["document"] for row in rows if "days_to_sell" not in row]
    slowest = max((row for row in rows if "days_to_sell" in row), key=_days, default=None)
    if slowest is None:
        return CheckResult(
            "red", said(_lt("None of the goods was sold within the last 12 months.")), threshold=tenor, unit="days"
        )
    figure = _days(slowest)
    level = graded(figure, green=tenor, amber=tenor + SELLING_LATE_DAYS)
    late = [row["document"] for row in rows if "days_to_sell" in row and _days(row) > tenor]
    sentence = said(
        _lt(
            "At the speed of the last 12 months the slowest goods take %(days)s days to sell; the loan runs %(tenor)s."
        ),
        days=figure,
        tenor=tenor,
    )
    if never and level == "green":
        level = "amber"
        sentence = said(_lt("Not sold within the last 12 months: goods of %(documents)s."), documents=_once(never))
    return CheckResult(
        level, sentence, figure=figure, threshold=tenor, unit="days", documents=standing_out(sections, late or never)
    )


def _days(row: dict) -> Decimal:
    return Decimal(row["days_to_sell"])


def _once(numbers: list[str]) -> list[str]:
    return list(dict.fromkeys(numbers))
