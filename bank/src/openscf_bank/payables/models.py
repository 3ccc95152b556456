"""Tables of payables, their early payments, what the anchor reduced and what it settled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Amount, Code, Id, Json, Key, Name, Prose, Time
from ..kit.db import Base


class Payable(Base):
    """An approved bill of an anchor, on the terms of the day on which it was registered.

    `client_id` is the anchor's, `reference` the id that its ERP gave. `approval` is the undertaking as it was signed.
    `early_payment` is the sequence of the early payment that counts, None while there is none. `message` says why it
    was rejected, refused or not paid.
    """

    __tablename__ = "payables"
    __table_args__ = (sa.UniqueConstraint("client_id", "reference"),)

    id: Mapped[Key]
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"))
    reference: Mapped[Id]
    program_id: Mapped[str] = mapped_column(sa.ForeignKey("programs.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), index=True)
    document_kind: Mapped[Code]
    document_number: Mapped[Name]
    issuer_number: Mapped[Name | None]
    issued_on: Mapped[date]
    f1: Mapped[Id] = mapped_column(index=True)
    f2: Mapped[Id]
    f3: Mapped[Id]
    currency: Mapped[Code]
    amount: Mapped[Amount]
    settled: Mapped[Amount]
    due_date: Mapped[date] = mapped_column(index=True)
    status: Mapped[Code] = mapped_column(index=True)
    message: Mapped[Prose | None]
    approval: Mapped[Prose]
    approved_by: Mapped[Name]
    approved_at: Mapped[Time]
    rate_pa: Mapped[Amount | None]
    fee_percent: Mapped[Amount | None]
    day_count: Mapped[Code | None]
    min_days: Mapped[int | None]
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    early_payment: Mapped[int | None]
    registered_at: Mapped[Time] = mapped_column(index=True)

    @property
    def open_amount(self) -> Decimal:
        """What the anchor has not settled yet."""
        return self.amount - self.settled


class EarlyPayment(Base):
    """One time that a payable was asked to be paid early; `request_id` is the asking client's own.

    `amount` is what the payable was when it was asked. `body` and `signature` are the request as it was signed,
    `confirmation` the anchor's word where the member asked. The core system knows the payment by
    `payment_reference`; the account is fixed before it is told to pay.
    """

    __tablename__ = "early_payments"
    __table_args__ = (sa.UniqueConstraint("payable_id", "request_id"), sa.UniqueConstraint("payment_reference"))

    payable_id: Mapped[str] = mapped_column(sa.ForeignKey("payables.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    request_id: Mapped[Id]
    asked_by: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"))
    amount: Mapped[Amount]
    pay_on: Mapped[date]
    discount: Mapped[Amount]
    payout: Mapped[Amount]
    channel: Mapped[Code]
    accepted_by: Mapped[Json]
    status: Mapped[Code] = mapped_column(index=True)
    message: Mapped[Prose | None]
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    signature: Mapped[Prose]
    confirmed_by: Mapped[Name | None]
    confirmed_at: Mapped[Time | None]
    confirmation: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    confirmation_signature: Mapped[Prose | None]
    payment_reference: Mapped[Id]
    account_number: Mapped[Name | None]
    account_holder: Mapped[Name | None]
    paid_on: Mapped[date | None]
    asked_at: Mapped[Time]


class Adjustment(Base):
    """The anchor owes less than it approved; `adjustment_id` is its own."""

    __tablename__ = "payable_adjustments"

    payable_id: Mapped[str] = mapped_column(sa.ForeignKey("payables.id"), primary_key=True)
    adjustment_id: Mapped[Key]
    before: Mapped[Amount]
    amount: Mapped[Amount]
    reason: Mapped[Prose]
    received_at: Mapped[Time]


class Settlement(Base):
    """What an anchor paid to the bank for payables; `settlement_id` is its own."""

    __tablename__ = "settlements"

    id: Mapped[Key]
    program_id: Mapped[str] = mapped_column(sa.ForeignKey("programs.id"))
    settlement_id: Mapped[Id]
    paid_on: Mapped[date]
    currency: Mapped[Code]
    amount: Mapped[Amount]
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    signature: Mapped[Prose]
    received_at: Mapped[Time]

    __table_args__ = (sa.UniqueConstraint("program_id", "settlement_id"),)


class SettlementLine(Base):
    """What of a settlement was for one payable. Never changed or deleted."""

    __tablename__ = "settlement_lines"

    settlement: Mapped[str] = mapped_column(sa.ForeignKey("settlements.id"), primary_key=True)
    payable_id: Mapped[str] = mapped_column(sa.ForeignKey("payables.id"), primary_key=True, index=True)
    amount: Mapped[Amount]


class SettlementReversal(Base):
    """A settlement that an officer took back as a whole: the money never came, or was for something else.

    Never changed or deleted.
    """

    __tablename__ = "settlement_reversals"

    settlement: Mapped[str] = mapped_column(sa.ForeignKey("settlements.id"), primary_key=True)
    reversed_on: Mapped[date]
    reversed_by: Mapped[Name]
    reason: Mapped[Prose]
