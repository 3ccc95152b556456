"""What the goods cost is what they bring: cost against the prices that customers paid in the last 12 months."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import GOODS_KIND, PURCHASE_KINDS
from openscf.money import Money, round_money

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import documents_of, percent_at_least, resale_of
from ..thresholds import WORTH_AMBER_PERCENT

_lt = LazyTranslate(__name__)

CODE = "goods-worth"
LIGHT = "self_liquidation"
KINDS = PURCHASE_KINDS | {GOODS_KIND}
TITLE = _lt("Goods worth their price")
COST = Decimal(100)


def check(sections, today, settings) -> CheckResult:
    """What the goods that were sold before bring at the average price of the last 12 months, in percent of their cost.

    Both are untaxed. A bank's haircut is meant for what a forced sale brings less than this.
    """
    if "inventory" not in sections:
        return not_made(_lt("The stock is not part of the package."))
    currency = documents_of(sections)[0]["currency"]
    costs = {
        (row["number"], line["line"]): Decimal(line["net"]) for row in documents_of(sections) for line in row["lines"]
    }
    sold = [row for row in resale_of(sections) if _has_price(row) and row["currency"] == currency]
    cost = sum((costs[row["document"], row["line"]] for row in sold), Decimal(0))
    if cost <= 0:
        return not_made(_lt("No price is known: none of the goods was sold in this currency within 12 months."))
    brings = round_money(sum((_brings(row) for row in sold), Decimal(0)), currency)
    figure = percent_at_least(brings, cost)
    level = "green" if figure >= COST else "amber" if figure >= WORTH_AMBER_PERCENT else "red"
    return CheckResult(
        level,
        said(
            _lt(
                "At the average price of the last 12 months the goods bring %(brings)s before tax; their cost is "
                "%(cost)s: %(share)s %%."
            ),
            brings=Money(amount=brings, currency=currency),
            cost=Money(amount=cost, currency=currency),
            share=figure,
        ),
        figure=figure,
        threshold=COST,
        unit="percent",
    )


def _has_price(row: dict) -> bool:
    return Decimal(row["sold_quantity"]) > 0 and Decimal(row["sold_net"]) > 0


def _brings(row: dict) -> Decimal:
    return Decimal(row["sold_net"]) / Decimal(row["sold_quantity"]) * Decimal(row["quantity"])
