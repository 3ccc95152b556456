"""The goods that were bought have come, or are on their way and not late."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import day, is_order_finance, percent_at_least, standing_out
from ..thresholds import DELIVERED_AMBER_PERCENT

_lt = LazyTranslate(__name__)

CODE = "goods-received"
LIGHT = "authenticity"
KINDS = PURCHASE_KINDS
TITLE = _lt("Goods received")
ALL = Decimal(100)


def check(sections, today, settings) -> CheckResult:
    """The smallest share of the goods of one document that was received, in percent.

    Goods of an order may be still to come: what is not here by the promised day, or not expected at all, is amber.
    """
    if "evidence" not in sections:
        return not_made(_lt("The evidence on orders and receipts is not part of the package."))
    shares = {
        row["document"]: percent_at_least(Decimal(row["delivered"]), deliverable)
        for row in sections["evidence"]["documents"]
        if (deliverable := Decimal(row["deliverable"])) > 0
    }
    if not shares:
        return not_made(_lt("Nothing on the documents is received as goods."))
    figure = min(shares.values())
    short = [number for number, share in shares.items() if share < ALL]
    level, sentence = _judged(sections, today, figure, short)
    return CheckResult(
        level, sentence, figure=figure, threshold=ALL, unit="percent", documents=standing_out(sections, short)
    )


def _judged(sections, today, figure: Decimal, short: list[str]):
    if not short:
        return "green", said(_lt("All goods were received."))
    if not is_order_finance(sections):
        return "amber" if figure >= DELIVERED_AMBER_PERCENT else "red", said(
            _lt("Billed, but not received in full: %(documents)s. Least received: %(share)s %%."),
            documents=short,
            share=figure,
        )
    if "logistics_flow" not in sections:
        return "amber", said(
            _lt(
                "Goods are still to come, but the package does not tell when they are expected. Received: %(share)s %%."
            ),
            share=figure,
        )
    open_receipts = _open_receipts(sections)
    waiting = [number for number in short if number not in {row.get("order") for row in open_receipts}]
    if waiting:
        return "amber", said(_lt("Not received in full, and no receipt is planned: %(documents)s."), documents=waiting)
    late = [row["number"] for row in open_receipts if (promised := day(row.get("promised_on"))) and promised < today]
    if late:
        return "amber", said(_lt("Promised for an earlier day and not received yet: %(transfers)s."), transfers=late)
    expected = max((day(row.get("promised_on")) for row in open_receipts if row.get("promised_on")), default=today)
    return "green", said(
        _lt("The goods are expected until %(until)s. Received so far: %(share)s %%."), until=expected, share=figure
    )


def _open_receipts(sections) -> list[dict]:
    return [
        row
        for row in sections["logistics_flow"]["deliveries"]
        if row["direction"] == "in" and row["state"] not in ("done", "cancel")
    ]
