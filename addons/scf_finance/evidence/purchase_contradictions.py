"""Where the streams of the financed purchases disagree, each named and told in one sentence.

As of sales, sentences name documents, orders and receipts by number and no company by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from .contradictions import (
    QUANTITY_TOLERANCE,
    contradiction,
    out_of_order,
    over_ordered,
    price_and_taxes,
    transfer_dates,
)
from .graph import Carried
from .wire_text import amount_text, plain, without_none


def purchase_contradiction_rows(purchase, _confirmations: list[dict]) -> list[dict]:
    """Rows of Contradiction: by document as given, those about all of it first, then by line."""
    lines, transfers = defaultdict(list), defaultdict(list)
    for carried in purchase.graph:
        lines[carried.document_id].append(carried)
    for transfer in purchase.deliveries:
        for order_id in transfer.order_ids:
            transfers[order_id].append(transfer)
    return [
        without_none({"document": header.number, **row})
        for header in purchase.scope.headers
        for row in _about_document(purchase, header, lines[header.id], transfers)
    ]


def _about_document(purchase, header, lines: list[Carried], transfers) -> Iterator[dict]:
    is_bill = not purchase.scope.is_order
    orders = {link.order_line.order_id: purchase.order_of(link) for item in lines for link in item.links}
    if is_bill:
        yield from _about_bill(purchase, header, has_orders=bool(orders))
    for order in orders.values():
        if is_bill:
            yield from _against_order(header, order)
        yield from transfer_dates(order, transfers[order.id])
    if header.due_date and header.due_date < header.issue_date:
        yield out_of_order(f"{header.number} of {header.issue_date} was due before, on {header.due_date}.")
    for carried in lines if orders else ():
        for row in _about_line(purchase, header, carried):
            yield {"line": carried.number, **row}


def _about_bill(purchase, header, *, has_orders: bool) -> Iterator[dict]:
    suspicions, number = purchase.suspicions, header.number
    if foreign := suspicions.foreign_orders.get(header.id):
        yield contradiction(
            "seller-differs", f"The order {foreign} was placed with another company than the one that billed {number}."
        )
    elif not has_orders:
        yield contradiction("no-order", f"No purchase order stands behind {number}.")
    if other := suspicions.same_number.get(header.id):
        yield contradiction(
            "number-used-twice", f"The supplier's number {header.issuer_number} is on {number} and on {other} as well."
        )
    if payment := suspicions.open_payments.get(header.id):
        yield contradiction(
            "paid-twice",
            f"{payment.number} of {payment.paid_on} paid the supplier just the {purchase.scope.currency} "
            f"{amount_text(payment.amount, purchase.scope.currency)} that is open on {number}, and is matched with "
            "no bill.",
        )


def _against_order(header, order) -> Iterator[dict]:
    if order.currency != header.currency:
        yield contradiction(
            "currency-differs",
            f"The order {order.number} is in {order.currency}, {header.number} in {header.currency}.",
        )
    if header.issue_date < order.ordered_on:
        yield out_of_order(
            f"{header.number} of {header.issue_date} is older than its order {order.number} of {order.ordered_on}."
        )


def _about_line(purchase, header, carried: Carried) -> Iterator[dict]:
    where = f"Line {carried.number} of {header.number}"
    is_bill = not purchase.scope.is_order
    if is_bill and carried.line.is_product and not carried.links:
        yield contradiction("no-order", f"{where} has no order line behind it.")
    if carried.is_shared and carried.links:
        if is_bill:
            yield from over_ordered(where, carried)
        if carried.needs_delivery:
            yield from _not_here(where, carried, is_bill=is_bill)
            yield from _too_many_here(where, carried)
    for link in carried.links if is_bill and not carried.line.is_down_payment else ():
        yield from price_and_taxes(where, header, carried, link, purchase.order_of(link))


def _not_here(where: str, carried: Carried, *, is_bill: bool) -> Iterator[dict]:
    """What went back, and (an order may wait, a bill not) what is charged without a receipt."""
    standing, received = carried.standing, min(carried.delivered, carried.standing)
    went_back = min(carried.returned, standing - received)
    if went_back > QUANTITY_TOLERANCE:
        yield contradiction(
            "returned",
            f"{where}: {plain(went_back)} went back to the supplier and were neither replaced nor credited.",
            went_back,
            Decimal(0),
        )
    if is_bill and standing - received - went_back > QUANTITY_TOLERANCE:
        yield contradiction(
            "quantity-over-delivered",
            f"{where} charges {plain(standing)}, but only {plain(received)} were received and not charged before.",
            standing,
            received,
        )


def _too_many_here(where: str, carried: Carried) -> Iterator[dict]:
    for link in carried.links:
        ordered, received = link.order_line.ordered, link.order_line.delivered
        if received - ordered > QUANTITY_TOLERANCE:
            yield contradiction(
                "received-over-ordered",
                f"{where}: {plain(received)} were received, but only {plain(ordered)} were ordered.",
                received,
                ordered,
            )
