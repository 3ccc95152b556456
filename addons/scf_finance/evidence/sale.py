"""Sales orders and customer invoices: which records they are about, and what was read around them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from odoo.tools import SQL

from ..eligibility.settlements import CREDIT_NOTE, OrderSettlement, read_order_settlements, read_settlements
from .deliveries import SALES, read_deliveries
from .graph import join
from .orders import read_orders
from .priced_lines import read_priced_documents
from .scope import Linked, Reduction, Scope
from .trade import Trade


def read_linked(documents) -> Linked:
    """The sales orders and posted invoices of `documents`: one query."""
    is_order = documents._scf_kind == "sales_order"
    ids = tuple(documents.ids)
    linked = documents.env.execute_query((_moves_of_orders if is_order else _orders_of_moves)(documents.ids))
    linked_ids = tuple(linked_id for [linked_id] in linked)
    return Linked(ids, linked_ids) if is_order else Linked(linked_ids, ids)


def read_reductions(documents) -> Iterable[Reduction]:
    """How the sales were settled so far, document by document."""
    env, ids = documents.env, documents.ids
    if documents._scf_kind != "sales_order":
        return (Reduction(item.move_id, item, item.amount) for item in read_settlements(env, ids))
    return (Reduction(item.order_id, item.settlement, _amount_of(item)) for item in read_order_settlements(env, ids))


def read_sale(scope: Scope) -> Trade:
    """Read what the sections on the documents rest on: a fixed number of queries."""
    orders, deliveries = read_orders(scope), read_deliveries(scope, SALES)
    priced = read_priced_documents(scope, orders)
    return Trade(scope, priced, orders, deliveries, join(scope, priced, orders, deliveries))


def _amount_of(item: OrderSettlement) -> Decimal:
    return item.credited if item.settlement.kind == CREDIT_NOTE else item.paid


def _moves_of_orders(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT DISTINCT line.move_id
          FROM sale_order_line order_line
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
          JOIN account_move_line line ON line.id = rel.invoice_line_id
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
         WHERE order_line.order_id = ANY(%s)
         ORDER BY line.move_id
        """,
        order_ids,
    )


def _orders_of_moves(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT DISTINCT order_line.order_id
          FROM account_move_line line
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
          JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
         WHERE line.move_id = ANY(%s)
         ORDER BY order_line.order_id
        """,
        move_ids,
    )
