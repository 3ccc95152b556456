"""Drawdowns of a line: asked for, paid out through the core system, booked, or declined where the payment fails.

A line is GRANTED until its first drawdown is paid out; that day its tenor begins.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from openscf import wire
from openscf.money import round_money
from openscf.wire import DrawdownStatus, EventType, LoanApplicationStatus, LoanStatus
from sqlalchemy.orm import Session

from ..applications import states
from ..applications.models import Application
from ..clients.models import Client
from ..gateway import Gateway, UnitOfWork
from ..kit.core_banking import PaymentInstruction
from ..kit.ids import new_id
from ..kit.problems import ProblemError
from . import ledger, lines, repository, service, settling
from .ledger import Source
from .models import Drawdown, LedgerEntry, Loan
from .views import entry_as_wire

_CAN_BE_DRAWN = (LoanStatus.GRANTED.value, LoanStatus.ACTIVE.value)


def draw(uow: UnitOfWork, client_id: str, loan_id: str, request: wire.DrawdownRequest) -> wire.Drawdown:
    """Take a drawdown in; it is paid out after the commit.

    The same drawdown asked for twice (under another Idempotency-Key) has its effect once; the answer shows it as it
    stands.
    """
    _, loan = service.own(uow, client_id, loan_id)
    known = uow.session.get(Drawdown, (loan.id, request.drawdown_id))
    if known is not None:
        _require_same(known, loan, request)
        return _as_wire(uow.session, loan, known)
    _check(uow, loan, request)
    drawdown = Drawdown(
        loan_id=loan.id,
        drawdown_id=request.drawdown_id,
        sequence=len(lines.drawdowns(uow.session, loan.id)) + 1,
        payment_reference=new_id("draw"),
        amount=request.amount.amount,
        status=DrawdownStatus.REQUESTED.value,
        requested_by=request.requested_by[:255],
        approved_by=request.approved_by[:255],
        requested_at=request.requested_at,
        received_at=uow.now,
    )
    uow.session.add(drawdown)
    uow.session.flush()
    gateway, reference = uow.gateway, drawdown.payment_reference
    uow.after_commit(lambda: advance(gateway, reference))
    return _as_wire(uow.session, loan, drawdown)


def available(session: Session, loan: Loan, today: date) -> Decimal:
    """What can be drawn: the limit, less what is drawn and what is asked for and not paid out; 0 once it is over."""
    drawable = ledger.available(loan, repository.ledger(session, loan.id), today)
    asked = (one.amount for one in lines.drawdowns(session, loan.id) if one.status == DrawdownStatus.REQUESTED.value)
    return max(drawable - sum(asked, Decimal(0)), Decimal(0))


def advance(gateway: Gateway, payment_reference: str) -> None:
    """Take a drawdown as far as the core system allows now; one that was booked or declined is left alone.

    The core system pays once for a reference, so that this may be repeated after a crash at any step. A deducted fee
    comes out of the first drawdown that is paid: until that one is booked or declined, later ones wait.
    """
    with gateway.unit_of_work() as uow:
        drawdown = lines.drawdown_paid_as(uow.session, payment_reference)
        client, loan = service.of_officer(uow, drawdown.loan_id)
        uow.session.refresh(drawdown)
        if drawdown.status != DrawdownStatus.REQUESTED.value:
            return
        if _waits_for_the_first(uow.session, loan, drawdown):
            return
        gateway.core_banking.pay(uow.session, _instruction(uow, loan, drawdown), uow.now)
        result = gateway.core_banking.result(uow.session, payment_reference, uow.now)
        if result.status == "COMPLETED":
            _post(uow, client, loan, drawdown)
        elif result.status == "FAILED":
            _decline(uow, client, loan, drawdown, result.reason or "The payment could not be made.")


def _waits_for_the_first(session: Session, loan: Loan, drawdown: Drawdown) -> bool:
    if not ledger.deducted_fee(loan, repository.ledger(session, loan.id)):
        return False
    earlier = (one for one in lines.drawdowns(session, loan.id) if one.sequence < drawdown.sequence)
    return any(one.status == DrawdownStatus.REQUESTED.value for one in earlier)


def _instruction(uow: UnitOfWork, loan: Loan, drawdown: Drawdown) -> PaymentInstruction:
    application = uow.session.get_one(Application, loan.application_id)
    return PaymentInstruction(
        reference=drawdown.payment_reference,
        amount=drawdown.amount - ledger.deducted_fee(loan, repository.ledger(uow.session, loan.id)),
        currency=loan.currency,
        account_number=application.account_number,
        holder=application.account_holder,
    )


def _post(uow: UnitOfWork, client: Client, loan: Loan, drawdown: Drawdown) -> None:
    if loan.start_date is None:
        _start(uow, loan)
    source = Source("drawdown", drawdown.drawdown_id)
    booked = ledger.book_drawdown(uow, loan, uow.now.date(), drawdown.amount, source)
    drawdown.status, drawdown.entry_id = DrawdownStatus.POSTED.value, booked[0].id
    entries = tuple(entry_as_wire(entry, loan.currency) for entry in booked)
    shown = _as_wire(uow.session, loan, drawdown)
    service.notice(uow, client, loan, EventType.LOAN_DRAWN, drawdown=shown, entries=entries)


def _start(uow: UnitOfWork, loan: Loan) -> None:
    loan.start_date = uow.now.date()
    application = uow.session.get_one(Application, loan.application_id)
    for status in (LoanStatus.DISBURSEMENT_INITIATED, LoanStatus.ACTIVE):
        service.move(loan, status)
    for step in (LoanApplicationStatus.DISBURSEMENT_INITIATED, LoanApplicationStatus.DISBURSEMENT_COMPLETED):
        states.move(uow, application, step)


def _decline(uow: UnitOfWork, client: Client, loan: Loan, drawdown: Drawdown, reason: str) -> None:
    drawdown.status, drawdown.message = DrawdownStatus.DECLINED.value, reason
    shown = _as_wire(uow.session, loan, drawdown)
    service.notice(uow, client, loan, EventType.DRAWDOWN_DECLINED, drawdown=shown)
    if loan.status == LoanStatus.ACTIVE.value:
        settling.bring_in_line(uow, client, loan)


def _check(uow: UnitOfWork, loan: Loan, request: wire.DrawdownRequest) -> None:
    if not ledger.is_revolving(loan):
        raise ProblemError("wrong-state", f"The loan {loan.number} is paid out at once; only a line is drawn in parts.")
    if loan.status not in _CAN_BE_DRAWN:
        raise ProblemError("wrong-state", f"The line is {loan.status}; nothing can be drawn any more.")
    amount, currency = request.amount.amount, request.amount.currency
    if currency != loan.currency:
        raise _invalid("/amount/currency", f"The line is in {loan.currency}. Draw in {loan.currency}.")
    if amount <= 0:
        raise _invalid("/amount/amount", "The amount must be above zero.")
    _require_nothing_past_due(uow, loan)
    left = available(uow.session, loan, uow.now.date())
    if amount > left:
        raise _invalid(
            "/amount/amount", f"Only {round_money(left, currency)} {currency} can be drawn now. Ask for at most that."
        )
    kept_back = ledger.deducted_fee(loan, repository.ledger(uow.session, loan.id))
    if amount <= kept_back:
        raise _invalid("/amount/amount", f"The fee of {kept_back} {currency} is deducted from it. Draw more than that.")


def _require_nothing_past_due(uow: UnitOfWork, loan: Loan) -> None:
    if loan.start_date is None:
        return
    past_due = ledger.state(loan, repository.ledger(uow.session, loan.id), uow.now.date()).past_due
    if past_due > 0:
        sentence = f"{round_money(past_due, loan.currency)} {loan.currency} is past due. Repay it, then draw again."
        raise ProblemError("wrong-state", sentence)


def _require_same(known: Drawdown, loan: Loan, request: wire.DrawdownRequest) -> None:
    before = (known.amount, loan.currency, known.requested_by, known.approved_by, known.requested_at)
    people = (request.requested_by[:255], request.approved_by[:255])
    if before != (request.amount.amount, request.amount.currency, *people, request.requested_at):
        raise _invalid("/drawdown_id", "This drawdown_id came before with another content. Use a new one.")


def _as_wire(session: Session, loan: Loan, drawdown: Drawdown) -> wire.Drawdown:
    entry = session.get_one(LedgerEntry, drawdown.entry_id) if drawdown.entry_id else None
    return wire.Drawdown(
        drawdown_id=drawdown.drawdown_id,
        amount=wire.Money(amount=round_money(drawdown.amount, loan.currency), currency=loan.currency),
        status=DrawdownStatus(drawdown.status),
        entry=entry_as_wire(entry, loan.currency) if entry else None,
        message=drawdown.message,
    )


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
