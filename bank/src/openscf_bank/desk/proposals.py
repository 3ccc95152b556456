"""What an officer proposed and a second one decides: shown on the loan's page, approved or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from ..access import gateway_of
from ..gateway import Gateway
from ..loans import approving, buyer_payments, repository
from ..loans.models import LedgerEntry, Loan, Proposal
from ..loans.proposals import Act, Officer
from .service import LoggedIn, note
from .session import address_of, officer_sending

router = APIRouter(prefix="/loans/{loan_id}/proposals/{number}")

Desk = Annotated[Gateway, Depends(gateway_of)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.post("/approve")
def approve(request: Request, loan_id: str, number: int, gateway: Desk, officer: Sending) -> Response:
    """Let happen what another officer proposed."""
    with gateway.unit_of_work() as uow:
        proposal, booked = approving.approve(uow, loan_id, number, officer.username)
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


def note_proposed(session: Session, officer: LoggedIn, request: Request, proposal: Proposal) -> None:
    """Write down that something waits for a second officer."""
    action, detail = f"{proposal.act}.proposed", f"proposal {proposal.sequence}"
    note(session, officer.username, address_of(request), action, proposal.loan_id, detail)


def shown(gateway: Gateway, session: Session, loan: Loan) -> list[tuple[Proposal, dict[str, Any]]]:
    """The proposals of a loan, oldest first, each with the figures that one that waits would move today."""
    entries = repository.ledger(session, loan.id)
    return [
        (one, _figures(gateway, session, loan, entries, one) if one.status == "PROPOSED" else {})
        for one in repository.proposals(session, loan.id)
    ]


def _figures(
    gateway: Gateway, session: Session, loan: Loan, entries: Sequence[LedgerEntry], proposal: Proposal
) -> dict[str, Any]:
    act = Act(proposal.act)
    if act is Act.BUYER_PAYMENT:
        received = buyer_payments.proposed(proposal)
        _on, drawn = buyer_payments.drawn_of(session, loan, received, gateway.clock.today())
        return {"received": received, "drawn": drawn, "surplus": received.amount - drawn}
    if act is Act.BUYER_PAYMENT_RETURN:
        known = repository.buyer_payments(session, loan.id)
        payment = next(one for one in known if str(one.sequence) == proposal.subject)
        return {"payment": payment, "returned_on": date.fromisoformat(proposal.content["returned_on"])}
    if act is Act.CHARGE_REVERSAL:
        return {"charge": next(entry for entry in entries if str(entry.sequence) == proposal.subject)}
    return {}
