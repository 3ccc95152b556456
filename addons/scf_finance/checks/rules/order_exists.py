"""An order stands behind every amount that is financed."""

from __future__ import annotations

from decimal import Decimal

from openscf.kinds import SALES_KINDS

from odoo.tools.translate import LazyTranslate

from ..result import CheckResult, not_made, said
from ..stated import (
    confirmed_by_buyer,
    documents_of,
    is_order_finance,
    ordered_shares,
    standing_out,
    unconfirmed_orders,
)

_lt = LazyTranslate(__name__)

CODE = "order-exists"
LIGHT = "authenticity"
KINDS = SALES_KINDS
TITLE = _lt("Order exists")
ALL = Decimal(100)


def check(sections, today, settings) -> CheckResult:
    """For invoices the smallest share that orders carry, in percent; for orders whether they are confirmed."""
    return _orders(sections) if is_order_finance(sections) else _invoices(sections)


def _orders(sections) -> CheckResult:
    if "order_flow" not in sections:
        return not_made(_lt("The orders are not part of the package."))
    missing = unconfirmed_orders(sections)
    if missing:
        sentence = said(_lt("Not confirmed as orders: %(documents)s."), documents=missing)
    else:
        sentence = said(_lt("Confirmed: %(documents)s."), documents=[row["number"] for row in documents_of(sections)])
    return CheckResult(
        "red" if missing else "green",
        sentence,
        figure=Decimal(len(missing)),
        threshold=Decimal(0),
        unit="documents",
        documents=standing_out(sections, missing),
    )


def _invoices(sections) -> CheckResult:
    if "evidence" not in sections:
        return not_made(_lt("The evidence on orders and deliveries is not part of the package."))
    shares = ordered_shares(sections)
    if not shares:
        return not_made(_lt("The documents have no amount that an order could carry."))
    short = [number for number, share in shares.items() if share < ALL]
    without = [number for number in short if shares[number] <= 0]
    unfounded = [number for number in without if number not in confirmed_by_buyer(sections)]
    if unfounded:
        level, naming = "red", unfounded
        sentence = said(_lt("No sales order stands behind %(documents)s."), documents=unfounded)
    elif without:
        level, naming = "amber", without
        sentence = said(
            _lt("No sales order stands behind %(documents)s, but the buyer confirmed it."), documents=without
        )
    elif short:
        level, naming = "amber", short
        sentence = said(_lt("Sales orders carry only a part of %(documents)s."), documents=short)
    else:
        level, naming = "green", []
        sentence = said(_lt("Sales orders carry the whole amount."))
    return CheckResult(
        level,
        sentence,
        figure=min(shares.values()),
        threshold=ALL,
        unit="percent",
        documents=standing_out(sections, naming),
    )
