"""A second officer's word on a proposal: what was proposed happens, or is dropped."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from openscf.money import Money, round_money
from sqlalchemy.orm import Session

from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import buyer_payments, charges, default, proposals, repository, service
from .models import Loan, Proposal
from .proposals import Act
from .views import balance


def moves(session: Session, loan: Loan, proposal: Proposal, today: date) -> Decimal:
    """What a proposal that waits would give up, pay on, return or take back today, in the loan's currency."""
    act = Act(proposal.act)
    if act is Act.BUYER_PAYMENT:
        received = buyer_payments.proposed(proposal)
        _on, drawn = buyer_payments.drawn_of(session, loan, received, today)
        moved = received.amount - drawn
    elif act is Act.BUYER_PAYMENT_RETURN:
        moved = repository.buyer_payment(session, loan.id, int(proposal.subject)).amount
    else:
        entries = repository.ledger(session, loan.id)
        if act is Act.WRITE_OFF:
            moved = balance(loan, entries, today).total
        else:
            moved = next(entry.amount for entry in entries if str(entry.sequence) == proposal.subject)
    return round_money(moved, loan.currency)


def approve(uow: UnitOfWork, loan_id: str, number: int, officer: str, *, seen: Decimal | None) -> tuple[Proposal, str]:
    """Do what another officer proposed, as it stands today; returned with the id of what was booked.

    `seen` is what `moves` was when the officer was asked, None where that isn't known. Where it is another figure by
    now, and where the loan doesn't let it happen any more, a ProblemError says why, and the proposal waits on.
    """
    client, loan = service.of_officer(uow, loan_id)
    proposal = proposals.approved(uow, loan, number, officer)
    _require_seen(loan, moves(uow.session, loan, proposal, uow.now.date()), seen)
    act = Act(proposal.act)
    if act is Act.WRITE_OFF:
        return proposal, default.write_off(uow, client, loan, proposal.reason).id
    if act is Act.CHARGE_REVERSAL:
        return proposal, charges.take_back_proposed(uow, client, loan, proposal).id
    if act is Act.BUYER_PAYMENT:
        return proposal, buyer_payments.record_proposed(uow, client, loan, proposal).id
    return proposal, buyer_payments.take_back_proposed(uow, client, loan, proposal).id


def drop(uow: UnitOfWork, loan_id: str, number: int, officer: str) -> Proposal:
    """Drop what an officer proposed; everything stays as it is."""
    _client, loan = service.of_officer(uow, loan_id)
    return proposals.dropped(uow, loan, number, officer)


def _require_seen(loan: Loan, moved: Decimal, seen: Decimal | None) -> None:
    if seen is None:
        raise ProblemError("validation-failed", "The form lacks the amount that the page showed. Load the page again.")
    if seen != moved:
        now, then = Money(amount=moved, currency=loan.currency), Money(amount=seen, currency=loan.currency)
        raise ProblemError("wrong-state", f"It would move {now} now, not {then}. Load the page again.")
