"""Which records a package is about, found once for all sections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..eligibility.settlements import CREDIT_NOTE, OrderSettlement, Settlement, read_order_settlements, read_settlements
from .headers import Header, read_headers
from .period import Period


@dataclass(frozen=True, slots=True)
class Reduction:
    """What one settlement takes off one financed document. Amount in the document's currency."""

    document_id: int
    settlement: Settlement
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Scope:
    """The financed documents, the sales around them, and how they were settled so far."""

    env: object
    company: object
    documents: object
    kind: str
    currency: str
    headers: tuple[Header, ...]
    order_ids: tuple[int, ...]
    move_ids: tuple[int, ...]
    buyer_ids: tuple[int, ...]
    reductions: tuple[Reduction, ...]
    as_of: datetime
    period: Period

    @property
    def is_order(self) -> bool:
        return self.kind == "sales_order"

    @property
    def ids(self) -> list[int]:
        return [header.id for header in self.headers]

    @property
    def partial_ids(self) -> list[int]:
        """Reconciliations that the package tells of."""
        return list(dict.fromkeys(item.settlement.partial_id for item in self.reductions))

    def day_of(self, moment: datetime | None) -> date | None:
        """The day of a time that the ERP keeps in UTC, where the user is: the day that his documents show."""
        return fields.Date.context_today(self.documents, moment) if moment else None


def buyer_key(partner_id: int) -> str:
    """How the sections of a package name a buyer."""
    return f"B{partner_id}"


def buyer_id_of(key: str) -> int:
    """The partner's id behind a `buyer_key`."""
    return int(key[1:])


def read_scope(documents, *, company, as_of: datetime, today: date, history_months: int) -> Scope:
    """Find the orders, invoices, buyers and settlements around `documents`, whose number is free.

    :param documents: sales orders or customer invoices (one model) of `company`, in one currency
    :raise UserError: where the documents have several currencies
    """
    env = documents.env
    headers = read_headers(documents, company=company, today=today)
    currencies = {header.currency for header in headers}
    if len(currencies) != 1:
        raise UserError(
            env._("Documents in several currencies can't be financed together: %s.", ", ".join(sorted(currencies)))
        )
    is_order = documents._scf_kind == "sales_order"
    ids = [header.id for header in headers]
    linked = env.execute_query(_moves_of_orders(ids) if is_order else _orders_of_moves(ids))
    linked_ids = tuple(linked_id for [linked_id] in linked)
    order_ids, move_ids = (tuple(ids), linked_ids) if is_order else (linked_ids, tuple(ids))
    return Scope(
        env=env,
        company=company,
        documents=documents,
        kind=documents._scf_kind,
        currency=currencies.pop(),
        headers=headers,
        order_ids=order_ids,
        move_ids=move_ids,
        buyer_ids=tuple(dict.fromkeys(header.buyer_id for header in headers)),
        reductions=tuple(_reductions(env, ids, is_order=is_order)),
        as_of=as_of,
        period=Period.of_months(history_months, today),
    )


def _reductions(env, ids: list[int], *, is_order: bool) -> Iterable[Reduction]:
    if not is_order:
        return (Reduction(item.move_id, item, item.amount) for item in read_settlements(env, ids))
    return (Reduction(item.order_id, item.settlement, _amount_of(item)) for item in read_order_settlements(env, ids))


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
