"""What was read around the financed documents, once for all sections."""

from __future__ import annotations

from dataclasses import dataclass

from .deliveries import Delivery, read_deliveries
from .graph import Carried, Link, join
from .orders import Order, Orders, read_orders
from .priced_lines import PricedDocument, read_priced_documents
from .scope import Scope


@dataclass(frozen=True, slots=True)
class Sale:
    """The financed documents line by line, the orders and transfers behind them, and what joins them."""

    scope: Scope
    priced: dict[int, PricedDocument]
    orders: Orders
    deliveries: tuple[Delivery, ...]
    graph: list[Carried]

    def order_of(self, link: Link) -> Order:
        return self.orders.by_id[link.order_line.order_id]


def read_sale(scope: Scope) -> Sale:
    """Read what the sections on the documents rest on: a fixed number of queries."""
    orders, deliveries = read_orders(scope), read_deliveries(scope)
    priced = read_priced_documents(scope, orders)
    return Sale(scope, priced, orders, deliveries, join(scope, priced, orders, deliveries))
