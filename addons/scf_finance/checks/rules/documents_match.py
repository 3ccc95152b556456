"""Order, delivery and invoice tell the same story in quantity, price and company."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import is_compared, price_is_off, standing_out

_lt = LazyTranslate(__name__)

CODE = "documents-match"
LIGHT = "authenticity"
KINDS = SALES_KINDS
TITLE = _lt("Order, delivery and invoice match")
# What the evidence calls a contradiction, and how a sentence calls it. Other checks judge the rest of them.
SEVERE = {
    "disputed": _lt("disputed by the buyer"),
    "buyer-differs": _lt("another buyer than on the order"),
    "currency-differs": _lt("another currency than on the order"),
    "quantity-over-ordered": _lt("more charged than ordered"),
}
SLIGHT = {
    "price-differs": _lt("another price than on the order"),
    "quantity-over-delivered": _lt("more charged than delivered"),
    "tax-differs": _lt("other taxes than on the order"),
    "returned": _lt("goods returned and not credited"),
}


def check(sections, today, settings) -> CheckResult:
    """How many of the financed documents contradict their orders and deliveries."""
    if "evidence" not in sections:
        return not_made(_lt("The evidence on orders and deliveries is not part of the package."))
    evidence = sections["evidence"]
    found = [row for row in evidence["contradictions"] if row["code"] in SEVERE or row["code"] in SLIGHT]
    if not found and not is_compared(sections):
        return not_made(_lt("There is nothing yet to compare the documents with."))
    severe = [row for row in found if _is_severe(row)]
    telling = severe or found
    documents = {row["document"] for row in found}
    if telling:
        first = telling[0]
        sentence = said(
            _lt("%(document)s: %(what)s. Contradictions in all: %(count)s."),
            document=first["document"],
            what={**SEVERE, **SLIGHT}[first["code"]],
            count=len(found),
        )
    else:
        sentence = said(_lt("Quantities, prices, taxes and buyers agree between orders, deliveries and invoices."))
    return CheckResult(
        "red" if severe else "amber" if found else "green",
        sentence,
        figure=Decimal(len(documents)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, documents),
    )


def _is_severe(row: dict) -> bool:
    return row["code"] in SEVERE or price_is_off(row)
