"""Which records a package is about, found once for all sections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from openscf.kinds import ORDER_KINDS, PURCHASE_KINDS, SALES_KINDS

from odoo import fields
from odoo.exceptions import UserError

from ..eligibility.settlements import Settlement
from .headers import Header
from .period import Period


@dataclass(frozen=True, slots=True)
class Reduction:
    """What one settlement takes off one financed document. Amount in the document's currency."""

    document_id: int
    settlement: Settlement
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Linked:
    """The orders and posted invoices or bills of the financed documents, these included."""

    order_ids: tuple[int, ...]
    move_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """The financed documents, the trade around them, and how they were settled so far."""

    env: object
    company: object
    documents: object
    kind: str
    currency: str
    headers: tuple[Header, ...]
    order_ids: tuple[int, ...]
    move_ids: tuple[int, ...]
    reductions: tuple[Reduction, ...]
    as_of: datetime
    period: Period

    @property
    def is_order(self) -> bool:
        return self.kind in ORDER_KINDS

    @property
    def buyer_ids(self) -> tuple[int, ...]:
        """Who pays for the documents: nobody but of sales."""
        return self._partner_ids if self.kind in SALES_KINDS else ()

    @property
    def seller_ids(self) -> tuple[int, ...]:
        """Whom the documents are paid to: nobody but of purchases."""
        return self._partner_ids if self.kind in PURCHASE_KINDS else ()

    @property
    def _partner_ids(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(header.partner_id for header in self.headers))

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


def seller_key(partner_id: int) -> str:
    """How the sections of a package name a seller."""
    return f"S{partner_id}"


def read_scope(documents, side, *, company, as_of: datetime, today: date, history_months: int) -> Scope:
    """Find the orders, invoices, counterparties and settlements around `documents`, whose number is free.

    :param documents: documents of one kind of `company`, in one currency
    :param side: how documents of the kind are read (`sides.Side`)
    :raise UserError: where the documents have several currencies
    """
    env = documents.env
    headers = side.read_headers(documents, company=company, today=today)
    # A line names no document: what it is in is all that there is to say.
    currencies = {header.currency for header in headers} or set(documents.currency_id.mapped("name"))
    if len(currencies) != 1:
        raise UserError(
            env._("Documents in several currencies can't be financed together: %s.", ", ".join(sorted(currencies)))
        )
    linked = side.read_linked(documents)
    return Scope(
        env=env,
        company=company,
        documents=documents,
        kind=documents._scf_kind,
        currency=currencies.pop(),
        headers=headers,
        order_ids=linked.order_ids,
        move_ids=linked.move_ids,
        reductions=tuple(side.read_reductions(documents)),
        as_of=as_of,
        period=Period.of_months(history_months, today),
    )
