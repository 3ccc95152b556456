"""Default: a loan is called by one officer; that it is written off is proposed, for another one to approve."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from ..access import gateway_of
from ..gateway import Gateway
from ..loans import default
from .forms import FilledForm, FormRefused
from .loans import loan_page
from .proposals import note_proposed
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
            proposed = default.propose_write_off(uow, loan_id, officer.username, words)
            note_proposed(uow.session, officer, request, proposed)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)
