"""Default: a loan is called by one officer, and written off by two."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from ..access import gateway_of
from ..gateway import Gateway
from ..loans import default
from .forms import FilledForm, FormRefused
from .loans import loan_page
from .service import LoggedIn, note
from .session import address_of, officer_sending

router = APIRouter(prefix="/loans/{loan_id}")

Desk = Annotated[Gateway, Depends(gateway_of)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.post("/call")
def call(
    request: Request,
    loan_id: str,
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Make everything due today, with a reason for the applicant."""
    form = FilledForm("call", reason=reason)
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            entry = default.call(uow, loan_id, words)
            note(uow.session, officer.username, address_of(request), "loan.called", loan_id, entry.id)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/write-offs")
def propose(
    request: Request,
    loan_id: str,
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Propose to give up what is owed; another officer decides."""
    form = FilledForm("write-off", reason=reason)
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            proposal = default.propose_write_off(uow, loan_id, officer.username, words)
            detail = f"write-off {proposal.sequence}"
            note(uow.session, officer.username, address_of(request), "write_off.proposed", loan_id, detail)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/write-offs/{number}/approve")
def approve(request: Request, loan_id: str, number: int, gateway: Desk, officer: Sending) -> Response:
    """Give up what is owed, as another officer proposed."""
    with gateway.unit_of_work() as uow:
        entry = default.approve_write_off(uow, loan_id, number, officer.username)
        detail = f"write-off {number}: {entry.id}"
        note(uow.session, officer.username, address_of(request), "write_off.approved", loan_id, detail)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/write-offs/{number}/drop")
def drop(request: Request, loan_id: str, number: int, gateway: Desk, officer: Sending) -> Response:
    """Drop the proposal; the loan goes on."""
    with gateway.unit_of_work() as uow:
        default.drop_write_off(uow, loan_id, number, officer.username)
        detail = f"write-off {number}"
        note(uow.session, officer.username, address_of(request), "write_off.dropped", loan_id, detail)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)
