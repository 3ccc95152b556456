"""The officer's word on an extension: an offer of later due dates at a price, or no."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from ..access import gateway_of
from ..gateway import Gateway
from ..loans import extensions
from .forms import FilledForm, FormRefused
from .loans import loan_page
from .service import LoggedIn, note
from .session import address_of, officer_sending

router = APIRouter(prefix="/loans/{loan_id}/extensions/{number}")

Desk = Annotated[Gateway, Depends(gateway_of)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.post("/offer")
def offer(
    request: Request,
    loan_id: str,
    number: int,
    gateway: Desk,
    officer: Sending,
    fee: Annotated[str, Form()] = "",
    due_date: Annotated[str, Form()] = "",
    message: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Offer a new last due date for a fee; the applicant accepts exactly that, or lets it expire."""
    form = FilledForm(f"offer-{number}", fee=fee, due_date=due_date, message=message)
    try:
        amount, day = form.amount("fee"), form.day("due_date")
        with form.checked(), gateway.unit_of_work() as uow:
            words = form.fields["message"] or None
            offered = extensions.offer(uow, loan_id, number, officer.name, fee=amount, due_date=day, message=words)
            detail = f"extension {number}: {offered.days} days for {amount}"
            note(uow.session, officer.username, address_of(request), "extension.offered", loan_id, detail)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/decline")
def decline(
    request: Request,
    loan_id: str,
    number: int,
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Decline with a sentence for the applicant."""
    form = FilledForm(f"extension-{number}", reason=reason)
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            extensions.decline(uow, loan_id, number, officer.name, words)
            detail = f"extension {number}"
            note(uow.session, officer.username, address_of(request), "extension.declined", loan_id, detail)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)
