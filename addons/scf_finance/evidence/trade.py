"""What was read around the financed documents, once for all sections."""

from __future__ import annotations

from dataclasses import dataclass

from .deliveries import Delivery
from .graph import Carried, Link
from .orders import Order, Orders
from .priced_lines import PricedDocument
from .scope import Scope


@dataclass(frozen=True, slots=True)
class Trade:
    """The financed documents line by line, the orders and transfers behind them, and what joins them."""

    scope: Scope
    priced: dict[int, PricedDocument]
    orders: Orders
    deliveries: tuple[Delivery, ...]
    graph: list[Carried]

    def order_of(self, link: Link) -> Order:
        return self.orders.by_id[link.order_line.order_id]
