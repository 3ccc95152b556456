"""No other financing known here rests on the same sale."""

from __future__ import annotations

from decimal import Decimal

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import documents_of, standing_out

_lt = LazyTranslate(__name__)

CODE = "not-financed"
LIGHT = "authenticity"
TITLE = _lt("Not financed already")


def check(sections, today, settings) -> CheckResult:
    """How many financed documents, or orders and invoices of the same sale, stand for another debt or request."""
    if "exposure" not in sections:
        return not_made(_lt("Debts and pledges are not part of the package."))
    exposure = sections["exposure"]
    pledged = {row["document"] for row in exposure["pledges"] if row.get("document")}
    asked = {number for row in exposure["applications"] for number in row.get("documents", ())}
    sales = _sales(sections)
    taken = [number for number, sale in sales.items() if sale & (pledged | asked)]
    if not taken:
        level, sentence = "green", said(_lt("No other financing known to this company rests on the sale."))
    elif any(sales[number] & pledged for number in taken):
        level, sentence = "red", said(_lt("Another loan rests on the same sale: %(documents)s."), documents=taken)
    else:
        level, sentence = "red", said(_lt("Another request rests on the same sale: %(documents)s."), documents=taken)
    return CheckResult(
        level,
        sentence,
        figure=Decimal(len(taken)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, taken),
    )


def _sales(sections) -> dict[str, set[str]]:
    """What excludes each financed document: itself, an order with its invoices, an invoice with its orders."""
    sales = {row["number"]: {row["number"]} for row in documents_of(sections)}
    for order in sections.get("order_flow", {}).get("orders", ()):
        if order["number"] in sales:
            sales[order["number"]].update(order["documents"])
        for number in sales.keys() & set(order["documents"]):
            sales[number].add(order["number"])
    return sales
