"""The evidence graph: which order line and delivery line carry each line of the financed documents.

Quantities are in the unit of the financed line, amounts in the document's currency. A line is carried by an order or a
delivery in the proportion of the quantity that it gets of them (see `allocation` for who gets what). Lines without a
quantity to share (down payments and their deduction, negative lines) are carried by their order as they are. An order
in another currency carries no amount: that is a contradiction, not evidence.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from .allocation import ZERO, Claim, Movement, carry, delivered_net, share_out
from .kits import PartMoved, kits_by_transfer
from .orders import InvoicedLine, OrderLine
from .priced_lines import PricedLine

# More places than any unit of the ERP has (`Product Unit` has two), fewer than a thirds' conversion brings.
QUANTITY_UNIT = Decimal("0.000001")


@dataclass(slots=True)
class Link:
    """What one order line does for one financed line, in the order line's unit."""

    order_line: OrderLine
    invoiced: InvoicedLine | None
    claimed: Decimal = ZERO
    credited: Decimal = ZERO
    ordered: Decimal = ZERO
    delivered: Decimal = ZERO
    pieces: list[tuple[int, Decimal]] = field(default_factory=list)

    @property
    def standing(self) -> Decimal:
        """What is claimed for good: all but what was credited."""
        return self.claimed - self.credited

    @property
    def returned(self) -> Decimal:
        return -sum((quantity for _move_id, quantity in self.pieces if quantity < 0), ZERO)


@dataclass(slots=True)
class Carried:
    """One line of a financed document with what carries it: its links, and their sums in the line's own unit."""

    document_id: int
    number: int
    line: PricedLine
    links: list[Link] = field(default_factory=list)
    standing: Decimal = ZERO
    ordered: Decimal = ZERO
    delivered: Decimal = ZERO
    returned: Decimal = ZERO
    is_shared: bool = field(init=False)
    """Whether the line draws a quantity from its order lines."""
    needs_delivery: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_shared = not self.line.is_down_payment and self.line.quantity > 0
        self.needs_delivery = self.is_shared and self.line.is_goods

    def in_own_unit(self, link: Link, quantity: Decimal) -> Decimal:
        """A quantity of the order line's unit in the unit of the financed line.

        Rounded also where the units are the same: the goods may have moved in a third one (7 pieces of a dozen).
        """
        if link.order_line.factor != self.line.factor:
            quantity = quantity * link.order_line.factor / self.line.factor
        return quantity.quantize(QUANTITY_UNIT, rounding=ROUND_HALF_UP)

    def sum_up(self) -> None:
        """Add up the links once they are allocated, in the unit of the financed line."""
        for link in self.links:
            self.standing += self.in_own_unit(link, link.standing)
            self.ordered += self.in_own_unit(link, link.ordered)
            self.delivered += self.in_own_unit(link, link.delivered)
            if returned := link.returned:
                self.returned += self.in_own_unit(link, returned)


def join(scope, priced, orders, deliveries) -> list[Carried]:
    """Join the financed lines with the order lines, deliveries and credit notes that were read. No queries."""
    graph = [
        Carried(header.id, number, line)
        for header in scope.headers
        for number, line in enumerate(priced[header.id].lines, start=1)
    ]
    links = _links_of_orders(graph, orders) if scope.is_order else _links_of_invoices(graph, orders)
    movements = _movements(deliveries, orders)
    for order_line_id, claims in links.items():
        _allocate(claims, orders.lines[order_line_id].ordered, movements[order_line_id])
    for carried in graph:
        carried.sum_up()
    return graph


def _links_of_orders(graph, orders) -> dict[int, dict[int, Link]]:
    links: dict[int, dict[int, Link]] = {}
    for carried in graph:
        order_line = orders.lines.get(carried.line.id)
        if order_line:
            link = Link(order_line, None, claimed=order_line.ordered if carried.is_shared else ZERO)
            carried.links.append(link)
            links[order_line.id] = {order_line.id: link}
    return links


def _links_of_invoices(graph, orders) -> dict[int, dict[int, Link]]:
    """Every posted invoice line on the orders claims, financed or not: what another invoice took is not there twice."""
    financed = {carried.line.id: carried for carried in graph}
    by_line: dict[int, list[InvoicedLine]] = {}
    for item in orders.invoiced:
        if not item.is_credit:
            by_line.setdefault(item.id, []).append(item)
    links: defaultdict[int, dict[int, Link]] = defaultdict(dict)
    for items in by_line.values():
        for item, claimed in _claims(items, orders):
            link = links[item.order_line_id][item.id] = Link(orders.lines[item.order_line_id], item, claimed=claimed)
            if item.id in financed:
                financed[item.id].links.append(link)
    for item in orders.invoiced:
        if item.is_credit or item.quantity < 0:
            _credit(item, orders.lines[item.order_line_id], list(links[item.order_line_id].values()))
    return links


def _claims(items: list[InvoicedLine], orders):
    """What an invoice line claims of its order lines: of each but the last no more than was ordered."""
    left = max(items[0].quantity, ZERO) * items[0].factor
    for item in items:
        order_line = orders.lines[item.order_line_id]
        if order_line.is_down_payment:
            yield item, ZERO
            continue
        part = left if item is items[-1] else min(left, max(order_line.ordered, ZERO) * order_line.factor)
        left -= part
        yield item, part / order_line.factor


def _credit(item: InvoicedLine, order_line: OrderLine, links: list[Link]) -> None:
    """Take a credited quantity off the invoice that the credit note names, then off the latest ones."""
    left = abs(item.quantity) * item.factor / order_line.factor
    named = [link for link in links if link.invoiced.move_id == item.reversed_id]
    for link in (*named, *reversed(links)):
        part = min(link.standing, left)
        link.credited += part
        left -= part


def _movements(deliveries, orders) -> dict[int, list[Movement]]:
    """Finished moves by order line, oldest first, in the order line's unit.

    Of a kit only the parts move. How many whole kits those make is what the ERP counts as delivered on the order line;
    the transfers that completed them stand for them.
    """
    movements, parts = defaultdict(list), defaultdict(list)
    for delivery in sorted((item for item in deliveries if item.done_at), key=lambda item: (item.done_at, item.id)):
        for move in delivery.lines:
            order_line = orders.lines.get(move.order_line_id)
            if not order_line or not move.done:
                continue
            if move.product_id == order_line.product_id:
                quantity = move.done * move.factor / order_line.factor
                movements[order_line.id].append(Movement(move.id, quantity, delivery.comes_back, move.returned_id))
            elif not delivery.comes_back:
                parts[order_line.id].append(PartMoved(move.id, delivery.id, move.product_id, move.done * move.factor))
    for order_line_id, moved in parts.items():
        delivered = orders.lines[order_line_id].delivered
        if order_line_id not in movements and delivered > 0:
            movements[order_line_id] += [
                Movement(move_id, kits, comes_back=False, returned_id=None)
                for move_id, kits in kits_by_transfer(delivered, moved)
            ]
    return movements


def _allocate(links: dict[int, Link], ordered: Decimal, movements: list[Movement]) -> None:
    claims = [Claim(line_id, link.standing, link.credited) for line_id, link in links.items()]
    for line_id, share in share_out(ordered, claims).items():
        links[line_id].ordered = share
    shares = share_out(delivered_net(movements), claims)
    pieces = carry(movements, shares)
    for line_id, share in shares.items():
        links[line_id].delivered = share
        links[line_id].pieces = pieces[line_id]
