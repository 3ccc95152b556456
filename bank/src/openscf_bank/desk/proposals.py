"""What an officer proposed and a second one decides: shown on the loan's page, approved or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from openscf.errors import OpenSCFError
from openscf.money import to_decimal
from sqlalchemy.orm import Session

from ..access import gateway_of
from ..gateway import Gateway
from ..loans import approving, buyer_payments, repository
from ..loans.models import LedgerEntry, Loan, Proposal
from ..loans.proposals import Act, Officer, Proposed
from .service import LoggedIn, note
from .session import address_of, officer_sending

router = APIRouter(prefix="/loans/{loan_id}/proposals/{number}")

Desk = Annotated[Gateway, Depends(gateway_of)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.post("/approve")
def approve(
    request: Request,
    loan_id: str,
    number: int,
    gateway: Desk,
    officer: Sending,
    seen: Annotated[str, Form()] = "",
) -> Response:
    """Let happen what another officer proposed, for the amount `seen` that the page showed."""
    with gateway.unit_of_work() as uow:
        proposal, booked = approving.approve(uow, loan_id, number, officer.username, seen=_amount(seen))
        detail = f"proposal {number}: {booked}"
        note(uow.session, officer.username, address_of(request), f"{proposal.act}.approved", loan_id, detail)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/drop")
def drop(request: Request, loan_id: str, number: int, gateway: Desk, officer: Sending) -> Response:
    """Drop the proposal; everything stays as it is."""
    with gateway.unit_of_work() as uow:
        proposal = approving.drop(uow, loan_id, number, officer.username)
        detail = f"proposal {number}"
        note(uow.session, officer.username, address_of(request), f"{proposal.act}.dropped", loan_id, detail)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


def acting(officer: LoggedIn) -> Officer:
    """The officer of a session, as the loans know officers."""
    return Officer(officer.username, officer.name)


def note_proposed(session: Session, officer: LoggedIn, request: Request, proposed: Proposed) -> None:
    """Write down that something waits for a second officer, once however often it was sent."""
    if proposed.is_new:
        proposal = proposed.proposal
        action, detail = f"{proposal.act}.proposed", f"proposal {proposal.sequence}"
        note(session, officer.username, address_of(request), action, proposal.loan_id, detail)


def shown(gateway: Gateway, session: Session, loan: Loan) -> list[tuple[Proposal, dict[str, Any]]]:
    """The proposals of a loan, oldest first, each with the figures that one that waits would move today."""
    entries, today = repository.ledger(session, loan.id), gateway.clock.today()
    return [
        (one, _figures(session, loan, entries, one, today) if one.status == "PROPOSED" else {})
        for one in repository.proposals(session, loan.id)
    ]


def _figures(
    session: Session, loan: Loan, entries: Sequence[LedgerEntry], proposal: Proposal, today: date
) -> dict[str, Any]:
    """`moves` is what the approver's form sends back as `seen`; the rest says what it is about."""
    act, moves = Act(proposal.act), approving.moves(session, loan, proposal, today)
    if act is Act.BUYER_PAYMENT:
        received = buyer_payments.proposed(proposal)
        return {"moves": moves, "received": received, "drawn": received.amount - moves}
    if act is Act.BUYER_PAYMENT_RETURN:
        payment = repository.buyer_payment(session, loan.id, int(proposal.subject))
        returned_on = date.fromisoformat(proposal.content["returned_on"])
        return {"moves": moves, "payment": payment, "returned_on": returned_on}
    if act is Act.CHARGE_REVERSAL:
        charge = next(entry for entry in entries if str(entry.sequence) == proposal.subject)
        return {"moves": moves, "charge": charge}
    return {"moves": moves}


def _amount(seen: str) -> Decimal | None:
    try:
        return to_decimal(seen)
    except OpenSCFError:
        return None
