"""A substitution: what would change, what the new package shows, and the officer's word. Looking is written down."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from openscf.package import Sections
from openscf.wire import SubstitutionStatus

from ..access import gateway_of
from ..applications import repository as applications
from ..applications.models import Application, Part
from ..gateway import Gateway, UnitOfWork
from ..kit.problems import ProblemError
from ..loans import ledger, repository, service, shortfall, substitutions
from ..loans.models import Loan, Substitution
from ..packages import reading
from ..packages.models import ReceivedPackage
from .evidence import show
from .forms import NO_FORM, FilledForm, FormRefused
from .pages import render
from .service import LoggedIn, note
from .session import address_of, officer_at_desk, officer_sending

router = APIRouter(prefix="/loans/{loan_id}/substitutions/{number}")

Desk = Annotated[Gateway, Depends(gateway_of)]
AtDesk = Annotated[LoggedIn, Depends(officer_at_desk)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]


@router.get("")
def one(request: Request, loan_id: str, number: int, gateway: Desk, officer: AtDesk) -> Response:
    """What the bank knows about a substitution."""
    return _page(request, gateway, officer, loan_id, number)


@router.post("/grant")
def grant(request: Request, loan_id: str, number: int, gateway: Desk, officer: Sending) -> Response:
    """Finance the package's documents, and free those that it leaves out."""
    with gateway.unit_of_work() as uow:
        substitutions.grant(uow, loan_id, number, officer.name)
        detail = f"substitution {number}"
        note(uow.session, officer.username, address_of(request), "substitution.granted", loan_id, detail)
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
    """Decline with a sentence for the applicant; the documents stay as they are."""
    form = FilledForm("decline", reason=reason)
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            substitutions.decline(uow, loan_id, number, officer.name, words)
            detail = f"substitution {number}"
            note(uow.session, officer.username, address_of(request), "substitution.declined", loan_id, detail)
    except FormRefused as refused:
        return _page(request, gateway, officer, loan_id, number, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


def _page(
    request: Request, gateway: Gateway, officer: LoggedIn, loan_id: str, number: int, form: FilledForm = NO_FORM
) -> Response:
    with gateway.unit_of_work() as uow:
        client, loan = service.of_officer(uow, loan_id)
        substitution = next(
            (one for one in repository.substitutions(uow.session, loan.id) if one.sequence == number), None
        )
        if substitution is None:
            raise ProblemError("not-found", f"The loan {loan.number} has no substitution {number}.")
        application = uow.session.get_one(Application, loan.application_id)
        received = substitutions.package_of(uow, substitution)
        ended = reading.closing(uow.session, received, uow.now)
        sections = reading.sections_of(received) if ended is None else None
        if sections is not None:
            reading.note_read(uow, client, application, received.package_id, reader=officer.name, action="opened")
        detail = f"substitution {number}"
        note(uow.session, officer.username, address_of(request), "substitution.viewed", loan_id, detail)
        shown = _shown(uow, loan, substitution, received, sections)
    return render(
        request,
        gateway,
        "substitution.html",
        officer=officer,
        http_status=422 if form.errors else 200,
        loan=loan,
        application=application,
        substitution=substitution,
        received=received,
        ended=ended,
        evidence=show(sections) if sections is not None else None,
        form=form,
        **shown,
    )


def _shown(
    uow: UnitOfWork, loan: Loan, substitution: Substitution, received: ReceivedPackage, sections: Sections | None
) -> dict[str, Any]:
    """What would change: document by document, and the cover before and after."""
    waits = substitution.status == SubstitutionStatus.REQUESTED.value
    can_grant = waits and received.ok and sections is not None
    present = {one.fingerprints.f1: one for one in sections.transaction.documents} if sections is not None else {}
    financed = applications.financed_documents(uow.session, loan.application_id)
    proposed = applications.financed_documents(uow.session, loan.application_id, Part.PROPOSED)
    entries = repository.ledger(uow.session, loan.id)
    principal = ledger.state(loan, entries, uow.now.date()).balance.principal
    after = shortfall.carried(loan, substitutions.outstanding(sections)) if sections is not None else None
    return {
        "can_grant": can_grant,
        "can_decline": waits,
        "rows": [
            ("stays" if one.fingerprint in present else "released", one, present.get(one.fingerprint))
            for one in financed
        ]
        + [("added", one, present.get(one.fingerprint)) for one in proposed],
        "principal": principal,
        "missing": shortfall.shortfall(uow, loan),
        "carried_after": after,
        "missing_after": max(principal - after, principal * 0) if after is not None else None,
    }
