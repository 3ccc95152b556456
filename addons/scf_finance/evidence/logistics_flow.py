"""The transfers of the trade: what really moved, and when."""

from .wire_text import day, plain, without_none


def delivery_rows(trade) -> list[dict]:
    """Rows of DeliveryRow. A transfer that serves several orders names none: its lines do, in the evidence."""
    numbers = {delivery.id: delivery.number for delivery in trade.deliveries}
    return [_delivery(delivery, trade.orders, numbers) for delivery in trade.deliveries]


def _delivery(delivery, orders, numbers: dict[int, str]) -> dict:
    return without_none(
        {
            "number": delivery.number,
            "order": orders.by_id[delivery.order_ids[0]].number if len(delivery.order_ids) == 1 else None,
            "direction": delivery.direction,
            "state": delivery.state,
            "promised_on": day(delivery.promised_on),
            "done_on": day(delivery.done_on),
            "carrier": delivery.carrier,
            "tracking_reference": delivery.tracking_reference,
            "signed_by": delivery.signed_by,
            "backorder_of": numbers.get(delivery.backorder_id),
            "lines": [_line(line) for line in delivery.lines],
        }
    )


def _line(line) -> dict:
    return without_none(
        {
            "line": line.line,
            "product_code": line.product_code,
            "description": line.description,
            "quantity_ordered": plain(line.demanded),
            "quantity_done": plain(line.done),
            "uom": line.uom,
        }
    )
