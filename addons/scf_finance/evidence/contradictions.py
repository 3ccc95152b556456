"""Where the streams of the financed sales disagree, each named and told in one sentence.

Sentences name documents, orders and transfers by number and no company by name: a package may keep names back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from .graph import Carried, Link
from .wire_text import plain, without_none

# Half of the finest quantity that the ERP keeps: less is what a conversion between units leaves over.
QUANTITY_TOLERANCE = Decimal("0.005")
# Unit prices are compared to the cent, as people write them; a conversion between units leaves more places.
PRICE_TOLERANCE = Decimal("0.005")
PRICE_UNIT = Decimal("0.000001")


def contradiction_rows(trade, confirmations: list[dict]) -> list[dict]:
    """Rows of Contradiction: by document as given, those about all of it first, then by line.

    An order has no order to disagree with; it is compared with its deliveries and the buyer's word.
    """
    lines, transfers = defaultdict(list), defaultdict(list)
    for carried in trade.graph:
        lines[carried.document_id].append(carried)
    for transfer in trade.deliveries:
        for order_id in transfer.order_ids:
            transfers[order_id].append(transfer)
    disputed = {row["document"] for row in confirmations if row["answer"] == "disputed"}
    return [
        without_none({"document": header.number, **row})
        for header in trade.scope.headers
        for row in _about_document(trade, header, lines[header.id], transfers, is_disputed=header.number in disputed)
    ]


def _about_document(trade, header, lines: list[Carried], transfers, *, is_disputed: bool) -> Iterator[dict]:
    is_order = trade.scope.is_order
    orders = list({link.order_line.order_id: trade.order_of(link) for item in lines for link in item.links}.values())
    if not orders and not is_order:
        yield contradiction("no-order", f"No sales order stands behind {header.number}.")
    for order in orders:
        if not is_order:
            yield from _against_order(header, order)
        yield from transfer_dates(order, transfers[order.id])
    if header.due_date and header.due_date < header.issue_date:
        yield out_of_order(f"{header.number} of {header.issue_date} was due before, on {header.due_date}.")
    if is_disputed:
        yield contradiction("disputed", f"The buyer disputes {header.number}.")
    for carried in lines if orders else ():
        for row in _about_line(trade, header, carried):
            yield {"line": carried.number, **row}


def _against_order(header, order) -> Iterator[dict]:
    if order.currency != header.currency:
        yield contradiction(
            "currency-differs",
            f"The order {order.number} is in {order.currency}, {header.number} in {header.currency}.",
        )
    if header.partner_id not in order.partner_ids:
        yield contradiction(
            "buyer-differs",
            f"The order {order.number} was placed by another company than the one that owes {header.number}.",
        )
    if header.issue_date < order.ordered_on:
        yield out_of_order(
            f"{header.number} of {header.issue_date} is older than its order {order.number} of {order.ordered_on}."
        )


def transfer_dates(order, transfers) -> Iterator[dict]:
    """Transfers that were done before they were ordered."""
    for transfer in transfers:
        if transfer.done_on and transfer.done_on < order.ordered_on:
            yield out_of_order(
                f"The transfer {transfer.number} of {transfer.done_on} is older than its order {order.number} of "
                f"{order.ordered_on}."
            )


def _about_line(trade, header, carried: Carried) -> Iterator[dict]:
    where = f"Line {carried.number} of {header.number}"
    is_invoice = not trade.scope.is_order
    if is_invoice and carried.line.is_product and not carried.links:
        yield contradiction("no-order", f"{where} has no order line behind it.")
    if carried.is_shared and carried.links:
        if is_invoice:
            yield from over_ordered(where, carried)
        if carried.needs_delivery:
            yield from _not_with_the_buyer(where, carried, is_invoice=is_invoice)
    for link in carried.links if is_invoice and not carried.line.is_down_payment else ():
        yield from price_and_taxes(where, header, carried, link, trade.order_of(link))


def over_ordered(where: str, carried: Carried) -> Iterator[dict]:
    """More charged than ordered."""
    standing, ordered = carried.standing, min(carried.ordered, carried.standing)
    if standing - ordered > QUANTITY_TOLERANCE:
        yield contradiction(
            "quantity-over-ordered",
            f"{where} charges {plain(standing)}, but only {plain(ordered)} were ordered and not charged before.",
            standing,
            ordered,
        )


def _not_with_the_buyer(where: str, carried: Carried, *, is_invoice: bool) -> Iterator[dict]:
    """What came back, and (an order may wait, an invoice not) what is charged without a delivery."""
    standing, delivered = carried.standing, min(carried.delivered, carried.standing)
    came_back = min(carried.returned, standing - delivered)
    if came_back > QUANTITY_TOLERANCE:
        yield contradiction(
            "returned",
            f"{where}: {plain(came_back)} came back and were neither replaced nor credited.",
            came_back,
            Decimal(0),
        )
    if is_invoice and standing - delivered - came_back > QUANTITY_TOLERANCE:
        yield contradiction(
            "quantity-over-delivered",
            f"{where} charges {plain(standing)}, but only {plain(delivered)} were delivered and not charged before.",
            standing,
            delivered,
        )


def price_and_taxes(where: str, header, carried: Carried, link: Link, order) -> Iterator[dict]:
    """Another price, or other taxes, than on the order line."""
    line, order_line = carried.line, link.order_line
    there = f"line {order_line.line} of the order {order.number}"
    charged = _discounted(line)
    agreed = (_discounted(order_line) * line.factor / order_line.factor).quantize(PRICE_UNIT, ROUND_HALF_UP)
    if order.currency == header.currency and abs(charged - agreed) > PRICE_TOLERANCE:
        yield contradiction(
            "price-differs",
            f"{where} charges {plain(charged)} a unit, {there} says {plain(agreed)}.",
            charged,
            agreed,
        )
    if set(line.tax_ids) != set(order_line.tax_ids):
        yield contradiction("tax-differs", f"{where} has other taxes than {there}.")


def _discounted(line) -> Decimal:
    """The unit price of a financed line or an order line after its discount."""
    return (line.unit_price * (100 - line.discount_percent) / 100).quantize(PRICE_UNIT, ROUND_HALF_UP)


def out_of_order(sentence: str) -> dict:
    """Something dated before what had to come first."""
    return contradiction("dates-out-of-order", sentence)


def contradiction(code: str, sentence: str, figure: Decimal | None = None, expected: Decimal | None = None) -> dict:
    """A row of Contradiction without its document and line."""
    return {
        "code": code,
        "sentence": sentence,
        "figure": None if figure is None else plain(figure),
        "expected": None if expected is None else plain(expected),
    }
