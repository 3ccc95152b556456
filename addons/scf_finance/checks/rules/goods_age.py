"""The pledged goods have not lain for too long."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import GOODS_KIND

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, graded, not_made, said
from ..stated import day, documents_of, standing_out
from ..thresholds import AGED_GOODS_DAYS, OLD_GOODS_DAYS

_lt = LazyTranslate(__name__)

CODE = "goods-age"
LIGHT = "self_liquidation"
KINDS = frozenset((GOODS_KIND,))
TITLE = _lt("Goods not old")


def check(sections, today, settings) -> CheckResult:
    """For how many days the oldest of the goods have lain there."""
    ages = {
        document["number"]: Decimal(max((today - came).days, 0))
        for document in documents_of(sections)
        if (came := day(document["goods"].get("oldest_on")))
    }
    if not ages:
        return not_made(_lt("Since when the goods lie there is not known."))
    figure = max(ages.values())
    old = [number for number, age in ages.items() if age > AGED_GOODS_DAYS]
    return CheckResult(
        graded(figure, green=AGED_GOODS_DAYS, amber=OLD_GOODS_DAYS),
        said(_lt("The oldest of the goods have lain there for %(days)s days."), days=figure),
        figure=figure,
        threshold=AGED_GOODS_DAYS,
        unit="days",
        documents=standing_out(sections, old),
    )
