"""One application: its evidence, the verification, the rules, and the officer's word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from openscf import wire
from openscf.wire import EventType, LoanApplicationStatus, RejectionReason

from ..access import gateway_of
from ..applications import repository, service
from ..applications.models import Application
from ..clients import repository as clients
from ..clients.models import Client
from ..decisions.figures import carried
from ..decisions.pricing import Asked
from ..decisions.repository import of_application as decisions_of
from ..events.repository import of_application as events_of
from ..gateway import Gateway, UnitOfWork
from ..kit.problems import ProblemError
from ..loans.repository import of_application as loan_of
from ..offers import repository as offers
from ..offers import service as offer_service
from ..packages import reading
from ..packages import repository as packages
from .approval import DECIMALS, TermsRefused, prefilled, read_terms
from .evidence import Shown, show
from .pages import render
from .service import LoggedIn, note
from .session import address_of, officer_at_desk, officer_sending

router = APIRouter(prefix="/applications/{application_id}")

Desk = Annotated[Gateway, Depends(gateway_of)]
AtDesk = Annotated[LoggedIn, Depends(officer_at_desk)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.get("")
def one(request: Request, application_id: str, gateway: Desk, officer: AtDesk) -> Response:
    """Everything that the bank knows about an application. Looking at it is written down."""
    return _page(request, gateway, officer, application_id)


@router.post("/approve")
def approve(
    request: Request,
    application_id: str,
    gateway: Desk,
    officer: Sending,
    principal: Annotated[str, Form()] = "",
    rate_pa: Annotated[str, Form()] = "",
    fee: Annotated[str, Form()] = "",
    advance_rate: Annotated[str, Form()] = "",
    penalty_rate_pa: Annotated[str, Form()] = "",
    tenor_days: Annotated[str, Form()] = "",
    conditions: Annotated[str, Form(max_length=8000)] = "",
) -> Response:
    """Make an offer on the officer's terms; terms that the profile does not allow come back with a sentence each."""
    fields = {
        "principal": principal,
        "rate_pa": rate_pa,
        "fee": fee,
        "advance_rate": advance_rate,
        "penalty_rate_pa": penalty_rate_pa,
        "tenor_days": tenor_days,
        "conditions": conditions,
    }
    try:
        with gateway.unit_of_work() as uow:
            application, client = _waiting(uow, application_id)
            _require_evidence(uow, application)
            terms = _terms(uow, application, fields)
            offer_service.make(uow, application, client, terms, officer.name)
            _written(uow, request, officer, "application.approved", application, json.dumps(terms.to_wire()))
    except TermsRefused as refused:
        return _page(request, gateway, officer, application_id, fields=fields, errors=refused.errors, http_status=422)
    return _back(application_id)


@router.post("/ask")
def ask(
    request: Request,
    application_id: str,
    gateway: Desk,
    officer: Sending,
    message: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Ask the applicant for more."""
    if not message.strip():
        errors = {"message": "Write what the applicant should send or explain."}
        return _page(request, gateway, officer, application_id, errors=errors, http_status=422)
    with gateway.unit_of_work() as uow:
        application, client = _waiting(uow, application_id)
        service.ask(uow, client, application, officer.name, message.strip())
        _written(uow, request, officer, "application.asked", application, "")
    return _back(application_id)


@router.post("/decline")
def decline(
    request: Request,
    application_id: str,
    gateway: Desk,
    officer: Sending,
    reason: Annotated[RejectionReason, Form()],
    message: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Decline with OCEN's reason and a sentence for the applicant."""
    if not message.strip():
        errors = {"decline_message": "Write a sentence that the applicant understands."}
        return _page(request, gateway, officer, application_id, errors=errors, http_status=422)
    with gateway.unit_of_work() as uow:
        application, client = _locked(uow, application_id)
        service.reject(uow, client, application, reason, message.strip())
        _written(uow, request, officer, "application.declined", application, reason.value)
    return _back(application_id)


@router.post("/offers/{offer_id}/withdraw")
def withdraw(
    request: Request,
    application_id: str,
    offer_id: str,
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take an open offer back; the application waits for an officer again."""
    with gateway.unit_of_work() as uow:
        offer = offer_service.withdraw(uow, offer_id, reason.strip() or "Withdrawn by the bank.")
        application = uow.session.get_one(Application, offer.application_id)
        if application.id != application_id:
            raise ProblemError("not-found", "The offer belongs to another application.")
        _written(uow, request, officer, "offer.withdrawn", application, f"{offer_id}: {reason.strip()}")
    return _back(application_id)


def _page(
    request: Request,
    gateway: Gateway,
    officer: LoggedIn,
    application_id: str,
    *,
    fields: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    http_status: int = 200,
) -> Response:
    with gateway.unit_of_work() as uow:
        application, client = _locked(uow, application_id)
        shown = _known(uow, client, application, officer)
        _written(uow, request, officer, "application.viewed", application, "")
    decisions = shown["decisions"]
    priced = decisions[0].pricing["terms"] if decisions and decisions[0].pricing else None
    state = LoanApplicationStatus(application.status)
    return render(
        request,
        gateway,
        "application.html",
        officer=officer,
        http_status=http_status,
        application=application,
        fields=dict(fields) if fields is not None else prefilled(priced),
        errors=dict(errors or {}),
        labels=DECIMALS,
        can_decide=application.waiting_since is not None,
        can_decline=application.waiting_since is not None or state is LoanApplicationStatus.ACTION_REQUIRED,
        reasons=[reason.value for reason in RejectionReason],
        **shown,
    )


def _known(uow: UnitOfWork, client: Client, application: Application, officer: LoggedIn) -> dict[str, Any]:
    """All that the bank knows; opening the evidence is a reading, told to the applicant."""
    received = packages.current(uow.session, application)
    ended = reading.closing(uow.session, received, uow.now) if received else None
    evidence: Shown | None = None
    if received is not None and received.sections is not None and ended is None:
        sections = reading.sections_of(received)
        evidence = show(sections) if sections else None
        reading.note_read(uow, client, application, received.package_id, reader=officer.name, action="opened")
    return {
        "client": client,
        "received": received,
        "ended": ended,
        "evidence": evidence,
        "packages": packages.of_application(uow.session, application.id),
        "reads": packages.reads_of_application(uow.session, application.id),
        "documents": repository.financed_documents(uow.session, application.id),
        "messages": repository.messages(uow.session, application.id),
        "decisions": decisions_of(uow.session, application.id),
        "offers": offers.of_application(uow.session, application.id),
        "loan": loan_of(uow.session, application.id),
        # Who read the package has a list of its own.
        "events": [one for one in events_of(uow.session, application.id) if one.type != EventType.PACKAGE_READ.value],
    }


def _terms(uow: UnitOfWork, application: Application, fields: Mapping[str, str]) -> wire.OfferTerms:
    technique = uow.gateway.profile.technique(application.technique)
    if technique is None:
        raise TermsRefused({"principal": "This bank does not offer the technique."})
    received = packages.current(uow.session, application)
    sections = reading.sections_of(received) if received else None
    asked = Asked(
        requested=wire.Money(amount=application.requested_amount, currency=application.currency),
        tenor_days=application.tenor_days,
        repayment=application.repayment,
        recourse=application.recourse,
        carried=carried(sections, technique.limit_months) if sections else Decimal(0),
    )
    return read_terms(fields, profile=uow.gateway.profile, technique=technique, asked=asked)


def _locked(uow: UnitOfWork, application_id: str) -> tuple[Application, Client]:
    application = uow.session.get_one(Application, application_id)
    client = clients.lock(uow.session, application.client_id)
    uow.session.refresh(application)
    return application, client


def _waiting(uow: UnitOfWork, application_id: str) -> tuple[Application, Client]:
    application, client = _locked(uow, application_id)
    if application.waiting_since is None:
        raise ProblemError("wrong-state", "The application does not wait for an officer any more. Load the page again.")
    return application, client


def _require_evidence(uow: UnitOfWork, application: Application) -> None:
    """Nothing is lent on evidence that the bank may not look at any more."""
    received = packages.current(uow.session, application)
    ended = reading.closing(uow.session, received, uow.now) if received else None
    if ended is not None:
        raise ProblemError("wrong-state", f"{ended.sentence()} Decline, or ask the applicant for a new package.")


def _written(
    uow: UnitOfWork, request: Request, officer: LoggedIn, action: str, application: Application, detail: str
) -> None:
    """Write down what the officer did. Entries are for ever, so `detail` quotes no evidence, which consents may end."""
    note(uow.session, officer.username, address_of(request), action, application.id, detail)


def _back(application_id: str) -> Response:
    return RedirectResponse(f"/desk/applications/{application_id}", status_code=303)
