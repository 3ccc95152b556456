"""The goods of the financed documents have reached their buyers, as far as they should have by now."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import GREY, CheckResult, not_made, said
from ..stated import day, is_order_finance, percent_at_least, standing_out
from ..thresholds import DELIVERED_AMBER_PERCENT

_lt = LazyTranslate(__name__)

CODE = "goods-moved"
LIGHT = "authenticity"
KINDS = SALES_KINDS
TITLE = _lt("Goods moved")
ALL = Decimal(100)


def check(sections, today, settings) -> CheckResult:
    """The smallest share of the deliverable amount of one document that was delivered, in percent.

    Goods of a financed order may be still to come: what is not delivered by the promised day is amber, never red.
    Of an invoice without an order nobody can tell what was delivered for it.
    """
    if "evidence" not in sections:
        return not_made(_lt("The evidence on orders and deliveries is not part of the package."))
    shares = {
        row["document"]: percent_at_least(Decimal(row["delivered"]), deliverable)
        for row in sections["evidence"]["documents"]
        if (deliverable := Decimal(row["deliverable"])) > 0 and Decimal(row["ordered"])
    }
    if not shares:
        return not_made(_lt("Nothing on the documents is delivered as goods of an order."))
    figure = min(shares.values())
    short = [number for number, share in shares.items() if share < ALL]
    level, sentence = _judged(sections, today, figure, short)
    return CheckResult(
        level, sentence, figure=figure, threshold=ALL, unit="percent", documents=standing_out(sections, short)
    )


def _judged(sections, today, figure: Decimal, short: list[str]):
    if not short:
        return "green", said(_lt("All goods were delivered."))
    if not is_order_finance(sections):
        level = "amber" if figure >= DELIVERED_AMBER_PERCENT else "red"
        return level, said(
            _lt("Charged, but not delivered in full: %(documents)s. Least delivered: %(share)s %%."),
            documents=short,
            share=figure,
        )
    late = _late_transfers(sections, today)
    if late:
        return "amber", said(_lt("Promised for an earlier day and not delivered yet: %(transfers)s."), transfers=late)
    return GREY, said(
        _lt("The goods of the order are still to be delivered. Delivered so far: %(share)s %%."), share=figure
    )


def _late_transfers(sections, today) -> list[str]:
    return [
        row["number"]
        for row in sections.get("logistics_flow", {}).get("deliveries", ())
        if row["direction"] == "out"
        and row["state"] not in ("done", "cancel")
        and (promised := day(row.get("promised_on")))
        and promised < today
    ]
