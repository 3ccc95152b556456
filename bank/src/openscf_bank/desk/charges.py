"""The officer's charges: a dunning or late fee, a penalty, and one that is taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from ..access import gateway_of
from ..gateway import Gateway
from ..loans import charges
from ..loans.ledger import ChargedComponent
from ..loans.proposals import Proposed
from .forms import FilledForm, FormRefused
from .loans import loan_page
from .proposals import acting, note_proposed
from .service import LoggedIn, note
from .session import address_of, officer_sending

router = APIRouter(prefix="/loans/{loan_id}/charges")

Desk = Annotated[Gateway, Depends(gateway_of)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.post("")
def post(
    request: Request,
    loan_id: str,
    gateway: Desk,
    officer: Sending,
    component: Annotated[ChargedComponent, Form()] = "fee",
    amount: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Charge a fee or a penalty, with a reason for the applicant."""
    form = FilledForm("charge", component=component, amount=amount, reason=reason)
    try:
        charged, words = form.amount("amount"), form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            entry = charges.post(uow, loan_id, component, charged, words)
            detail = f"{component} of {charged}, entry {entry.sequence}"
            note(uow.session, officer.username, address_of(request), "charge.posted", loan_id, detail)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/{number}/take-back")
def take_back(
    request: Request,
    loan_id: str,
    number: int,
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take the charge with this number in the ledger back, with a reason for the applicant."""
    form = FilledForm(f"take-back-{number}", reason=reason)
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            taken = charges.take_back(uow, loan_id, number, acting(officer), words)
            if isinstance(taken, Proposed):
                note_proposed(uow.session, officer, request, taken)
            else:
                detail = f"entry {number}, by entry {taken.sequence}"
                note(uow.session, officer.username, address_of(request), "charge.reversed", loan_id, detail)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)
