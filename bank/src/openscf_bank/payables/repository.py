"""Finding payables and what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from openscf.payables import PayableStatus
from sqlalchemy.orm import Session

from ..applications.models import FinancedDocument
from ..clients.models import Client
from ..members.models import Member
from ..programs.models import Program
from .models import Adjustment, EarlyPayment, Payable, Settlement, SettlementLine, SettlementReversal

PAGE_SIZE = 25

# The anchor has undertaken to pay these, or has paid them: their invoice cannot be registered once more.
TAKEN = tuple(
    status.value for status in PayableStatus if status not in (PayableStatus.REJECTED, PayableStatus.WITHDRAWN)
)
# The bank has paid these, and the anchor owes them.
OWED = (PayableStatus.PAID.value, PayableStatus.OVERDUE.value)
# The bank is asked, or bound, to pay these.
RESERVED = (PayableStatus.REQUESTED.value, PayableStatus.CONFIRMED.value)
# While one of an invoice is in these, the invoice is held.
HOLDING = (*RESERVED, *OWED, PayableStatus.SETTLED.value)


@dataclass(frozen=True)
class Found:
    """A payable with its program and member."""

    payable: Payable
    program: Program
    member: Member


def found(session: Session, payable_id: str) -> Found | None:
    """A payable with what it belongs to, read afresh."""
    payable = session.get(Payable, payable_id, populate_existing=True)
    return None if payable is None else _with_what_it_belongs_to(session, payable)


def found_one(session: Session, payable_id: str) -> Found:
    """The same; NoResultFound where there is none."""
    return _with_what_it_belongs_to(session, session.get_one(Payable, payable_id, populate_existing=True))


def _with_what_it_belongs_to(session: Session, payable: Payable) -> Found:
    return Found(
        payable,
        session.get_one(Program, payable.program_id, populate_existing=True),
        session.get_one(Member, payable.member_id, populate_existing=True),
    )


def visible(session: Session, client_id: str, payable_id: str) -> Found | None:
    """A payable that a client may see: the anchor, or the member whose own client it is."""
    seen = found(session, payable_id)
    return seen if seen is not None and client_id in (seen.payable.client_id, seen.member.client_id) else None


def of_anchor(session: Session, client_id: str, reference: str) -> Payable | None:
    """The payable to which an anchor gave this id."""
    return session.scalars(
        sa.select(Payable).where(Payable.client_id == client_id, Payable.reference == reference)
    ).one_or_none()


def of_invoice(session: Session, f1: str, besides: str, statuses: Sequence[str] = TAKEN) -> Sequence[Payable]:
    """Other payables about the same invoice, whichever anchor registered them."""
    query = sa.select(Payable).where(Payable.f1 == f1, Payable.id != besides, Payable.status.in_(statuses))
    return session.scalars(query.order_by(Payable.registered_at, Payable.id)).all()


def claim(session: Session, f1: str) -> tuple[FinancedDocument, Payable | None] | None:
    """Who holds an invoice: an application or loan (None beside it), or a payable."""
    query = (
        sa.select(FinancedDocument, Payable)
        .outerjoin(Payable, FinancedDocument.payable_id == Payable.id)
        .where(FinancedDocument.fingerprint == f1, FinancedDocument.is_open)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def early_payments(session: Session, payable_id: str) -> Sequence[EarlyPayment]:
    """Every time that a payable was asked to be paid early, oldest first."""
    query = sa.select(EarlyPayment).where(EarlyPayment.payable_id == payable_id)
    return session.scalars(query.order_by(EarlyPayment.sequence)).all()


def present(session: Session, payable: Payable) -> EarlyPayment | None:
    """The early payment that counts, if there is one."""
    if payable.early_payment is None:
        return None
    return session.get_one(EarlyPayment, (payable.id, payable.early_payment))


def adjustments(session: Session, payable_id: str) -> Sequence[Adjustment]:
    """What the anchor reduced, oldest first."""
    query = sa.select(Adjustment).where(Adjustment.payable_id == payable_id)
    return session.scalars(query.order_by(Adjustment.received_at, Adjustment.adjustment_id)).all()


def settlement(session: Session, program_id: str, settlement_id: str) -> Settlement | None:
    """The settlement to which an anchor gave this id."""
    query = sa.select(Settlement).where(Settlement.program_id == program_id, Settlement.settlement_id == settlement_id)
    return session.scalars(query).one_or_none()


def settlements(
    session: Session, payable_id: str
) -> Sequence[tuple[Settlement, SettlementLine, SettlementReversal | None]]:
    """What the anchor paid for a payable, oldest first, and what of it was taken back."""
    query = (
        sa.select(Settlement, SettlementLine, SettlementReversal)
        .join(SettlementLine, SettlementLine.settlement == Settlement.id)
        .outerjoin(SettlementReversal, SettlementReversal.settlement == Settlement.id)
        .where(SettlementLine.payable_id == payable_id)
        .order_by(Settlement.paid_on, Settlement.received_at)
    )
    return [(one, line, reversal) for one, line, reversal in session.execute(query)]


def settlement_lines(session: Session, settlement: str) -> Sequence[SettlementLine]:
    """What of a settlement was for which payable, by the bank's id of it."""
    query = sa.select(SettlementLine).where(SettlementLine.settlement == settlement)
    return session.scalars(query.order_by(SettlementLine.payable_id)).all()


def reversal(session: Session, settlement: str) -> SettlementReversal | None:
    """That a settlement was taken back, if it was, read afresh."""
    return session.get(SettlementReversal, settlement, populate_existing=True)


def open_of_member(session: Session, member_id: str) -> Sequence[Payable]:
    """A member's payables that can be paid early, are about to be, or were and are not settled, by due date."""
    open_ones = (PayableStatus.REGISTERED.value, *RESERVED, *OWED)
    query = sa.select(Payable).where(Payable.member_id == member_id, Payable.status.in_(open_ones))
    return session.scalars(query.order_by(Payable.due_date, Payable.id)).all()


def to_pay(session: Session, today: date) -> Sequence[str]:
    """Payables whose early payment is confirmed and due."""
    query = (
        sa.select(Payable.id)
        .join(
            EarlyPayment,
            sa.and_(EarlyPayment.payable_id == Payable.id, EarlyPayment.sequence == Payable.early_payment),
        )
        .where(Payable.status == PayableStatus.CONFIRMED.value, EarlyPayment.pay_on <= today)
    )
    return session.scalars(query.order_by(EarlyPayment.pay_on, Payable.id)).all()


def unanswered(session: Session, today: date) -> Sequence[str]:
    """Payables whose early payment the anchor did not confirm by the day on which it was wanted."""
    query = (
        sa.select(Payable.id)
        .join(
            EarlyPayment,
            sa.and_(EarlyPayment.payable_id == Payable.id, EarlyPayment.sequence == Payable.early_payment),
        )
        .where(Payable.status == PayableStatus.REQUESTED.value, EarlyPayment.pay_on < today)
    )
    return session.scalars(query.order_by(Payable.id)).all()


def unsettled(session: Session, today: date) -> Sequence[str]:
    """Payables that the anchor should have settled before today, and that are not marked yet."""
    query = sa.select(Payable.id).where(Payable.status == PayableStatus.PAID.value, Payable.due_date < today)
    return session.scalars(query.order_by(Payable.due_date, Payable.id)).all()


@dataclass(frozen=True)
class Listed:
    """A payable in a list of the desk, with whom it is about."""

    payable: Payable
    program: Program
    member: Member
    anchor: Client


def listed(session: Session, *, status: str, program_id: str, page: int) -> tuple[Sequence[Listed], int]:
    """Payables for the desk by due date, and how many there are; an empty text stands for all."""
    query = (
        sa.select(Payable, Program, Member, Client)
        .join(Program, Payable.program_id == Program.id)
        .join(Member, Payable.member_id == Member.id)
        .join(Client, Payable.client_id == Client.id)
    )
    if status:
        query = query.where(Payable.status == PayableStatus(status).value)
    if program_id:
        query = query.where(Payable.program_id == program_id)
    total = session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    ordered = query.order_by(Payable.due_date, Program.name, Payable.registered_at, Payable.id)
    rows = session.execute(ordered.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    return [Listed(*row) for row in rows], total


def count_overdue(session: Session) -> int:
    """How many payables anchors have not settled in time."""
    query = sa.select(sa.func.count()).select_from(Payable).where(Payable.status == PayableStatus.OVERDUE.value)
    return session.execute(query).scalar_one()


@dataclass(frozen=True)
class PaidEarly:
    """A payable that the bank paid early, as a statement shows it."""

    reference: str
    paid_on: date
    amount: Decimal
    discount: Decimal
    payout: Decimal


@dataclass(frozen=True)
class Settled:
    """A part of a settlement, as a statement shows it."""

    reference: str
    paid_on: date
    amount: Decimal


def paid_early(session: Session, program_id: str) -> Sequence[PaidEarly]:
    """Everything that the bank paid in a program, by day."""
    query = (
        sa.select(
            Payable.reference,
            EarlyPayment.paid_on,
            EarlyPayment.amount,
            EarlyPayment.discount,
            EarlyPayment.payout,
        )
        .join(Payable, EarlyPayment.payable_id == Payable.id)
        .where(Payable.program_id == program_id, EarlyPayment.paid_on.is_not(None))
        .order_by(EarlyPayment.paid_on, Payable.reference)
    )
    return [
        PaidEarly(reference, paid_on, amount, discount, payout)
        for reference, paid_on, amount, discount, payout in session.execute(query)
        if paid_on is not None
    ]


def settled_parts(session: Session, program_id: str) -> Sequence[Settled]:
    """Everything that the anchor settled in a program, by day; what was taken back below 0, on the day of that."""
    query = (
        sa.select(Payable.reference, Settlement.paid_on, SettlementLine.amount, SettlementReversal.reversed_on)
        .join(Settlement, SettlementLine.settlement == Settlement.id)
        .join(Payable, SettlementLine.payable_id == Payable.id)
        .outerjoin(SettlementReversal, SettlementReversal.settlement == Settlement.id)
        .where(Settlement.program_id == program_id)
    )
    parts = []
    for reference, paid_on, amount, reversed_on in session.execute(query):
        parts.append(Settled(reference, paid_on, amount))
        if reversed_on is not None:
            parts.append(Settled(reference, reversed_on, -amount))
    return sorted(parts, key=lambda part: (part.paid_on, part.reference, -part.amount))


def amounts(session: Session, program_id: str, statuses: Sequence[str]) -> Sequence[tuple[Member, Payable]]:
    """The payables of a program in some states, with their members, by due date."""
    query = (
        sa.select(Member, Payable)
        .join(Payable, Payable.member_id == Member.id)
        .where(Payable.program_id == program_id, Payable.status.in_(statuses))
        .order_by(Payable.due_date, Payable.id)
    )
    return [(member, payable) for member, payable in session.execute(query)]
