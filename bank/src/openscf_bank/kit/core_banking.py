"""The port to the bank's core system, which moves the money, and a simulated one in the gateway's own database.

A bank replaces `SimulatedCoreBanking` by a class with the same three methods that talks to its own system.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from sqlalchemy.orm import Mapped, Session, mapped_column

from .columns import Amount, Code, Key, Name, Prose, Time
from .db import Base

PaymentStatus = Literal["PENDING", "COMPLETED", "FAILED"]


@dataclass(frozen=True)
class PaymentInstruction:
    """Pay `amount` (currency units) to an account (IBAN or the bank's own form), or claim it from there.

    `reference` is unique: the same instruction twice moves the money once.
    """

    reference: str
    amount: Decimal
    currency: str
    account_number: str
    holder: str


@dataclass(frozen=True)
class PaymentResult:
    """Where a payment stands; `reason` is a sentence for the customer where it failed."""

    status: PaymentStatus
    reason: str | None = None


class CoreBanking(Protocol):
    """What the gateway needs from the bank's core system."""

    def pay(self, session: Session, instruction: PaymentInstruction, at: datetime) -> None:
        """Start a payment; repeating it with the same reference does nothing."""

    def claim(self, session: Session, instruction: PaymentInstruction, at: datetime) -> None:
        """Start to take back what was paid without a ground; the same reference again does nothing."""

    def result(self, session: Session, reference: str, at: datetime) -> PaymentResult:
        """Where the payment `reference` stands at `at`."""


class PaymentOrder(Base):
    """One payment of the simulated core system; `direction` is PAYMENT, or CLAIM for money taken back."""

    __tablename__ = "payment_orders"

    reference: Mapped[Key]
    amount: Mapped[Amount]
    currency: Mapped[Code]
    account_number: Mapped[Name]
    holder: Mapped[Name]
    started_at: Mapped[Time]
    completes_at: Mapped[Time]
    failure_reason: Mapped[Prose | None]
    direction: Mapped[Code] = mapped_column(server_default="PAYMENT")


class SimulatedCoreBanking:
    """Completes each payment `delay` after its start, or fails every one with `failure_reason` where that is set."""

    def __init__(self, *, delay: timedelta, failure_reason: str | None) -> None:
        self._delay = delay
        self._failure_reason = failure_reason

    def pay(self, session: Session, instruction: PaymentInstruction, at: datetime) -> None:
        self._order(session, instruction, at, "PAYMENT")

    def claim(self, session: Session, instruction: PaymentInstruction, at: datetime) -> None:
        self._order(session, instruction, at, "CLAIM")

    def _order(self, session: Session, instruction: PaymentInstruction, at: datetime, direction: str) -> None:
        if session.get(PaymentOrder, instruction.reference) is not None:
            return
        session.add(
            PaymentOrder(
                reference=instruction.reference,
                amount=instruction.amount,
                currency=instruction.currency,
                account_number=instruction.account_number,
                holder=instruction.holder,
                started_at=at,
                completes_at=at + self._delay,
                failure_reason=self._failure_reason,
                direction=direction,
            )
        )
        session.flush()

    def result(self, session: Session, reference: str, at: datetime) -> PaymentResult:
        order = session.get(PaymentOrder, reference)
        if order is None:
            raise LookupError(f"the core system knows no payment {reference!r}")
        if at < order.completes_at:
            return PaymentResult("PENDING")
        if order.failure_reason is not None:
            return PaymentResult("FAILED", order.failure_reason)
        return PaymentResult("COMPLETED")
