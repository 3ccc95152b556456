"""What a buyer paid the bank directly, recorded by an officer; and taken back, where the buyer's bank took it back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from openscf import wire
from pydantic import ValidationError

from ..access import gateway_of
from ..gateway import Gateway
from ..loans import buyer_payments
from ..loans.buyer_payments import Received
from ..loans.proposals import Proposed
from .forms import FilledForm, FormRefused
from .loans import loan_page
from .proposals import acting, note_proposed
from .service import LoggedIn, note
from .session import address_of, officer_sending

router = APIRouter(prefix="/loans/{loan_id}/buyer-payments")

Desk = Annotated[Gateway, Depends(gateway_of)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.post("")
def record(
    request: Request,
    loan_id: str,
    gateway: Desk,
    officer: Sending,
    document: Annotated[str, Form()] = "",
    amount: Annotated[str, Form()] = "",
    received_on: Annotated[str, Form()] = "",
    payer: Annotated[str, Form(max_length=200)] = "",
    reference: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Book a payment for one of the loan's documents, named by its kind and number with a space between."""
    form = FilledForm(
        "payment", document=document, amount=amount, received_on=received_on, payer=payer, reference=reference
    )
    try:
        paid, day, paid_for = form.amount("amount"), form.day("received_on"), _document(form)
        with form.checked(), gateway.unit_of_work() as uow:
            received = Received(
                reference=form.fields["reference"],
                document=paid_for,
                amount=paid,
                received_on=day,
                payer=form.fields["payer"] or None,
            )
            payment = buyer_payments.record(uow, loan_id, acting(officer), received)
            if isinstance(payment, Proposed):
                note_proposed(uow.session, officer, request, payment)
            else:
                note(uow.session, officer.username, address_of(request), "buyer_payment.recorded", loan_id, payment.id)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/{number}/return")
def take_back(
    request: Request,
    loan_id: str,
    number: int,
    gateway: Desk,
    officer: Sending,
    returned_on: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Reverse a payment that the buyer's bank took back; what was paid on of it is claimed from the applicant."""
    form = FilledForm(f"return-{number}", returned_on=returned_on, reason=reason)
    try:
        day, words = form.day("returned_on"), form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            payment = buyer_payments.take_back(uow, loan_id, number, acting(officer), returned_on=day, reason=words)
            if isinstance(payment, Proposed):
                note_proposed(uow.session, officer, request, payment)
            else:
                note(uow.session, officer.username, address_of(request), "buyer_payment.returned", loan_id, payment.id)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


def _document(form: FilledForm) -> wire.DocumentRef:
    kind, _, number = form.fields["document"].partition(" ")
    try:
        return wire.DocumentRef.model_validate({"kind": kind, "number": number})
    except ValidationError:
        form.errors["document"] = "Choose the document that was paid."
        return wire.DocumentRef(kind="customer_invoice", number="")
