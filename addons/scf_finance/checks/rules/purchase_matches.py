"""Order, receipt and bill tell the same story in quantity, price and company, and the bill was not paid before."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import GREY, CheckResult, not_made, said
from ..stated import is_compared, is_order_finance, price_is_off, standing_out

_lt = LazyTranslate(__name__)

CODE = "purchase-matches"
LIGHT = "authenticity"
KINDS = PURCHASE_KINDS
TITLE = _lt("Order, receipt and bill match")
# What the evidence calls a contradiction, and how a sentence calls it. Other checks judge the rest of them.
SEVERE = {
    "seller-differs": _lt("the order was placed with another supplier"),
    "currency-differs": _lt("another currency than on the order"),
    "quantity-over-ordered": _lt("more billed than ordered"),
    "number-used-twice": _lt("the supplier's number is on another bill as well"),
    "paid-twice": _lt("a payment of the same amount has gone to the supplier already"),
}
SLIGHT = {
    "price-differs": _lt("another price than on the order"),
    "quantity-over-delivered": _lt("more billed than received"),
    "received-over-ordered": _lt("more received than ordered"),
    "tax-differs": _lt("other taxes than on the order"),
    "returned": _lt("goods sent back and not credited"),
}


def check(sections, today, settings) -> CheckResult:
    """How many of the financed documents contradict their orders, receipts and payments."""
    if "evidence" not in sections:
        return not_made(_lt("The evidence on orders and receipts is not part of the package."))
    evidence = sections["evidence"]
    found = [row for row in evidence["contradictions"] if row["code"] in SEVERE or row["code"] in SLIGHT]
    severe = [row for row in found if row["code"] in SEVERE or price_is_off(row)]
    documents = {row["document"] for row in found}
    if found:
        first = (severe or found)[0]
        level, sentence = (
            "red" if severe else "amber",
            said(
                _lt("%(document)s: %(what)s. Contradictions in all: %(count)s."),
                document=first["document"],
                what={**SEVERE, **SLIGHT}[first["code"]],
                count=len(found),
            ),
        )
    elif is_compared(sections):
        level, sentence = "green", said(_lt("Quantities, prices and taxes agree between orders, receipts and bills."))
    elif is_order_finance(sections):
        level, sentence = "green", said(_lt("The purchase was not billed yet, and nothing contradicts it."))
    else:
        level, sentence = GREY, said(_lt("There is nothing yet to compare the bills with."))
    return CheckResult(
        level,
        sentence,
        figure=Decimal(len(documents)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, documents),
    )
