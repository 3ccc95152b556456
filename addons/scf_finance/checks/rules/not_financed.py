"""No other financing known here rests on the same sale, purchase or goods."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS, SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import ALL_KINDS, documents_of, kind_of, standing_out

_lt = LazyTranslate(__name__)

CODE = "not-financed"
LIGHT = "authenticity"
KINDS = ALL_KINDS
TITLE = _lt("Not financed already")


# What is said of documents of a sale, of a purchase, and of goods.
OF_SALES = (
    _lt("No other financing known to this company rests on the sale."),
    _lt("Another loan rests on the same sale: %(documents)s."),
    _lt("Another request rests on the same sale: %(documents)s."),
)
OF_PURCHASES = (
    _lt("No other financing known to this company rests on the purchase."),
    _lt("Another loan rests on the same purchase: %(documents)s."),
    _lt("Another request rests on the same purchase: %(documents)s."),
)
OF_GOODS = (
    _lt("No other financing known to this company rests on the pledge."),
    _lt("Another loan rests on the same pledge: %(documents)s."),
    _lt("Another request rests on the same pledge: %(documents)s."),
)


def check(sections, today, settings) -> CheckResult:
    """How many financed documents, or orders and invoices of the same trade, stand for another debt or request."""
    if "exposure" not in sections:
        return not_made(_lt("Debts and pledges are not part of the package."))
    exposure = sections["exposure"]
    pledged = {row["document"] for row in exposure["pledges"] if row.get("document")}
    asked = {number for row in exposure["applications"] for number in row.get("documents", ())}
    trades = _trades(sections)
    taken = [number for number, trade in trades.items() if trade & (pledged | asked)]
    free, lent, requested = _words(sections)
    if not taken:
        level, sentence = "green", said(free)
    elif any(trades[number] & pledged for number in taken):
        level, sentence = "red", said(lent, documents=taken)
    else:
        level, sentence = "red", said(requested, documents=taken)
    return CheckResult(
        level,
        sentence,
        figure=Decimal(len(taken)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, taken),
    )


def _words(sections) -> tuple:
    if kind_of(sections) in SALES_KINDS:
        return OF_SALES
    return OF_PURCHASES if kind_of(sections) in PURCHASE_KINDS else OF_GOODS


def _trades(sections) -> dict[str, set[str]]:
    """What excludes each financed document: itself, an order with its invoices, an invoice with its orders."""
    trades = {row["number"]: {row["number"]} for row in documents_of(sections)}
    for order in sections.get("order_flow", {}).get("orders", ()):
        if order["number"] in trades:
            trades[order["number"]].update(order["documents"])
        for number in trades.keys() & set(order["documents"]):
            trades[number].add(order["number"])
    return trades
