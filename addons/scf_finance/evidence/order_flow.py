"""The orders behind the financed documents: what was ordered, delivered and invoiced."""

from openscf.money import round_money, to_amount

from .scope import buyer_key, seller_key
from .wire_text import day, plain, without_none


def order_rows(trade) -> list[dict]:
    """Rows of OrderRow. An order names its posted invoices; where invoices are financed, only those."""
    moves, documents = set(trade.scope.move_ids), {}
    for item in trade.orders.invoiced:
        if not item.is_credit and item.move_id in moves:
            order_id = trade.orders.lines[item.order_line_id].order_id
            documents.setdefault(order_id, {})[item.number] = None
    who, key = ("seller", seller_key) if trade.scope.seller_ids else ("buyer", buyer_key)
    return [
        _order(order, list(documents.get(order.id, ())), **{who: key(order.partner_ids[0])})
        for order in trade.orders.by_id.values()
    ]


def _order(order, documents: list[str], **who: str) -> dict:
    return without_none(
        {
            "number": order.number,
            **who,
            "quoted_on": day(order.quoted_on),
            "ordered_on": day(order.ordered_on),
            "confirmed_on": day(order.confirmed_on),
            "changed_on": day(order.changed_on),
            "state": order.state,
            "currency": order.currency,
            "total": to_amount(round_money(order.total, order.currency), order.currency),
            "documents": documents,
            "lines": [_line(line) for line in order.lines],
        }
    )


def _line(line) -> dict:
    return without_none(
        {
            "line": line.line,
            "product_code": line.product_code,
            "description": line.description,
            "ordered": plain(line.ordered),
            "delivered": plain(line.delivered),
            "invoiced": plain(line.invoiced),
            "uom": line.uom,
            "unit_price": plain(line.unit_price),
        }
    )
