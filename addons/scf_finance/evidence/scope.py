"""Which records a package is about, found once for all sections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from odoo.tools import SQL

from ..eligibility.settlements import OrderSettlement, Settlement, read_order_settlements, read_settlements


@dataclass(frozen=True, slots=True)
class Scope:
    """The financed document, the sale around it, and how it was settled so far."""

    env: object
    company: object
    document: object
    kind: str
    currency: str
    order_ids: tuple[int, ...]
    move_ids: tuple[int, ...]
    buyer_ids: tuple[int, ...]
    settlements: tuple[Settlement, ...]
    order_settlements: tuple[OrderSettlement, ...]
    as_of: datetime
    period_from: date
    period_to: date

    @property
    def is_order(self) -> bool:
        return self.kind == "sales_order"

    @property
    def buyer_key(self) -> str:
        return buyer_key(self.buyer_ids[0])


def buyer_key(partner_id: int) -> str:
    """How the sections of a package name a buyer."""
    return f"B{partner_id}"


def read_scope(document, *, as_of: datetime, today: date, period_from: date) -> Scope:
    """Find the orders, invoices, buyer and settlements around `document`: at most 4 queries."""
    env = document.env
    if document._scf_kind == "sales_order":
        order_ids, order_settlements = (document.id,), tuple(read_order_settlements(env, [document.id]))
        move_ids = tuple(move_id for [move_id] in env.execute_query(_moves_of_order(document.id)))
        settlements = tuple(dict.fromkeys(item.settlement for item in order_settlements))
    else:
        order_ids = tuple(order_id for [order_id] in env.execute_query(_orders_of_move(document.id)))
        move_ids, order_settlements = (document.id,), ()
        settlements = tuple(read_settlements(env, [document.id]))
    return Scope(
        env=env,
        company=document.company_id,
        document=document,
        kind=document._scf_kind,
        currency=document.currency_id.name,
        order_ids=order_ids,
        move_ids=move_ids,
        buyer_ids=(document.partner_id.commercial_partner_id.id,),
        settlements=settlements,
        order_settlements=order_settlements,
        as_of=as_of,
        period_from=period_from,
        period_to=today,
    )


def outstanding_of(scope: Scope) -> tuple[Decimal, Decimal]:
    """What was paid and what was credited on the financed document so far."""
    if scope.is_order:
        return (
            sum((item.paid for item in scope.order_settlements), Decimal(0)),
            sum((item.credited for item in scope.order_settlements), Decimal(0)),
        )
    credited = sum((item.amount for item in scope.settlements if item.kind == "credit_note"), Decimal(0))
    return sum((item.amount for item in scope.settlements), Decimal(0)) - credited, credited


def _moves_of_order(order_id):
    return SQL(
        """
        SELECT DISTINCT line.move_id
          FROM sale_order_line order_line
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
          JOIN account_move_line line ON line.id = rel.invoice_line_id
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
         WHERE order_line.order_id = %s
         ORDER BY line.move_id
        """,
        order_id,
    )


def _orders_of_move(move_id):
    return SQL(
        """
        SELECT DISTINCT order_line.order_id
          FROM account_move_line line
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
          JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
         WHERE line.move_id = %s
         ORDER BY order_line.order_id
        """,
        move_id,
    )
