"""A purchase order stands behind every amount that is financed."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import PURCHASE_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import is_order_finance, ordered_shares, standing_out, unconfirmed_orders

_lt = LazyTranslate(__name__)

CODE = "purchase-order-exists"
LIGHT = "authenticity"
KINDS = PURCHASE_KINDS
TITLE = _lt("Purchase order exists")
ALL = Decimal(100)


def check(sections, today, settings) -> CheckResult:
    """For bills the smallest share that orders carry, in percent; for orders whether they are confirmed."""
    return _orders(sections) if is_order_finance(sections) else _bills(sections)


def _orders(sections) -> CheckResult:
    if "order_flow" not in sections:
        return not_made(_lt("The orders are not part of the package."))
    missing = unconfirmed_orders(sections)
    if missing:
        sentence = said(_lt("Not confirmed as purchase orders: %(documents)s."), documents=missing)
    else:
        sentence = said(_lt("Every purchase order is confirmed."))
    return CheckResult(
        "red" if missing else "green",
        sentence,
        figure=Decimal(len(missing)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, missing),
    )


def _bills(sections) -> CheckResult:
    if "evidence" not in sections:
        return not_made(_lt("The evidence on orders and receipts is not part of the package."))
    shares = ordered_shares(sections)
    if not shares:
        return not_made(_lt("The bills have no amount that an order could carry."))
    short = [number for number, share in shares.items() if share < ALL]
    without = [number for number in short if shares[number] <= 0]
    if without:
        level, sentence = "red", said(_lt("No purchase order stands behind %(documents)s."), documents=without)
    elif short:
        level, sentence = "amber", said(_lt("Purchase orders carry only a part of %(documents)s."), documents=short)
    else:
        level, sentence = "green", said(_lt("Purchase orders carry the whole amount."))
    return CheckResult(
        level,
        sentence,
        figure=min(shares.values()),
        threshold=ALL,
        unit="percent",
        documents=standing_out(sections, without or short),
    )
