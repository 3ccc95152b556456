"""Payables as the protocol shows them, and telling about them."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from openscf import payables as wire
from openscf.money import Money, round_money
from openscf.wire import DayCount, EventType
from sqlalchemy.orm import Session

from ..clients.models import Client
from ..clients.repository import lock
from ..events.service import emit
from ..gateway import UnitOfWork
from ..members.models import Member
from ..programs.models import Program
from ..programs.views import name_of
from . import repository
from .models import EarlyPayment, Payable
from .repository import Found

# Which event says that a payable has come to stand so.
_EVENT_OF_STATUS = {
    wire.PayableStatus.REGISTERED.value: EventType.PAYABLE_REGISTERED,
    wire.PayableStatus.REQUESTED.value: EventType.PAYABLE_REQUESTED,
    wire.PayableStatus.CONFIRMED.value: EventType.PAYABLE_CONFIRMED,
    wire.PayableStatus.PAID.value: EventType.PAYABLE_PAID,
    wire.PayableStatus.OVERDUE.value: EventType.PAYABLE_OVERDUE,
}


def as_wire(session: Session, seen: Found) -> wire.Payable:
    """One payable as the anchor and its member see it."""
    payable, early = seen.payable, repository.present(session, seen.payable)
    return wire.Payable(
        id=payable.id,
        payable_id=payable.reference,
        member_id=seen.member.reference,
        program_id=seen.program.reference,
        document=wire.PayableDocument(
            number=payable.document_number, issued_on=payable.issued_on, issuer_number=payable.issuer_number
        ),
        amount=money(payable, payable.amount),
        due_date=payable.due_date,
        status=wire.PayableStatus(payable.status),
        terms=terms_of(payable),
        request=_request(payable, early) if early is not None else None,
        paid=_paid(payable, early) if early is not None else None,
        settled=money(payable, payable.settled),
        message=payable.message,
        approval=payable.approval,
    )


def terms_of(payable: Payable) -> wire.PayableTerms | None:
    """The price of its early payment; None for one that was rejected."""
    if payable.first_on is None or payable.last_on is None or payable.min_days is None:
        return None
    return wire.PayableTerms(
        rate_pa=cast(Decimal, payable.rate_pa),
        fee_percent=cast(Decimal, payable.fee_percent),
        day_count=cast(DayCount, payable.day_count),
        min_days=payable.min_days,
        first_on=payable.first_on,
        last_on=payable.last_on,
    )


def money(payable: Payable, amount: Decimal) -> Money:
    """An amount in a payable's currency."""
    return Money(amount=round_money(amount, payable.currency), currency=payable.currency)


def tell(
    uow: UnitOfWork,
    clients: dict[str, Client],
    payable: Payable,
    kind: EventType,
    *,
    reason: str | None = None,
) -> None:
    """Tell the anchor and the member's own client, both locked, how a payable stands now."""
    program = uow.session.get_one(Program, payable.program_id)
    member = uow.session.get_one(Member, payable.member_id)
    # A company that is anchor and member in one is told once.
    for client_id in dict.fromkeys(one for one in (payable.client_id, member.client_id) if one is not None):
        if client_id not in clients:  # the member joined with its own ERP while this waited for the lock
            clients[client_id] = lock(uow.session, client_id)
        _emit(uow, clients[client_id], Found(payable, program, member), kind, reason)


def tell_newcomer(uow: UnitOfWork, own: Client, member: Member) -> None:
    """Tell a member's own client, locked, that joined after its anchor: how each open payable stands, by due date."""
    program = uow.session.get_one(Program, member.program_id)
    for payable in repository.open_of_member(uow.session, member.id):
        _emit(uow, own, Found(payable, program, member), _EVENT_OF_STATUS[payable.status], None)


def _emit(uow: UnitOfWork, client: Client, seen: Found, kind: EventType, reason: str | None) -> None:
    uow.session.flush()
    notice = wire.PayableNotice(payable=as_wire(uow.session, seen), program=name_of(seen.program), reason=reason)
    emit(
        uow,
        client,
        kind,
        notice.to_wire(),
        program_id=seen.program.reference,
        member_id=seen.member.reference,
        payable_id=seen.payable.reference,
    )


def _request(payable: Payable, early: EarlyPayment) -> wire.AgreedEarlyPayment:
    return wire.AgreedEarlyPayment(
        request_id=early.request_id,
        pay_on=early.pay_on,
        discount=money(payable, early.discount),
        payout=money(payable, early.payout),
        channel=cast(wire.Channel, early.channel),
    )


def _paid(payable: Payable, early: EarlyPayment) -> wire.EarlyPaymentMade | None:
    if early.paid_on is None:
        return None
    return wire.EarlyPaymentMade(
        paid_on=early.paid_on, discount=money(payable, early.discount), payout=money(payable, early.payout)
    )
