"""Purchase orders and vendor bills: which records they are about, and what was read around them."""

from __future__ import annotations

from dataclasses import dataclass

from odoo.tools import SQL

from .deliveries import PURCHASES, read_deliveries
from .graph import join
from .purchase_orders import read_purchase_orders
from .purchase_prices import read_purchase_prices
from .purchase_suspicions import Suspicions, read_suspicions
from .scope import Linked, Scope
from .trade import Trade


@dataclass(frozen=True, slots=True)
class Purchase(Trade):
    """What was bought, and what makes the financed documents doubtful by other records."""

    suspicions: Suspicions


def read_linked(documents) -> Linked:
    """The purchase orders and posted bills of `documents`: one query."""
    is_order = documents._scf_kind == "purchase_order"
    ids = tuple(documents.ids)
    linked = documents.env.execute_query((_bills_of_orders if is_order else _orders_of_bills)(documents.ids))
    linked_ids = tuple(linked_id for [linked_id] in linked)
    return Linked(ids, linked_ids) if is_order else Linked(linked_ids, ids)


def read_purchase(scope: Scope) -> Purchase:
    """Read what the sections on the documents rest on: a fixed number of queries."""
    orders, deliveries = read_purchase_orders(scope), read_deliveries(scope, PURCHASES)
    priced = read_purchase_prices(scope, orders)
    graph = join(scope, priced, orders, deliveries)
    return Purchase(scope, priced, orders, deliveries, graph, read_suspicions(scope))


def _bills_of_orders(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT DISTINCT line.move_id
          FROM purchase_order_line order_line
          JOIN account_move_line line ON line.purchase_line_id = order_line.id
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
         WHERE order_line.order_id = ANY(%s)
         ORDER BY line.move_id
        """,
        order_ids,
    )


def _orders_of_bills(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT DISTINCT order_line.order_id
          FROM account_move_line line
          JOIN purchase_order_line order_line ON order_line.id = line.purchase_line_id
         WHERE line.move_id = ANY(%s)
         ORDER BY order_line.order_id
        """,
        move_ids,
    )
