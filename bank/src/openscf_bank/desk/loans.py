"""Loans: the list, one loan with its schedule, ledger and goods, and the officer's word on goods asked back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from openscf.wire import LoanStatus

from ..access import gateway_of
from ..applications.models import Application
from ..applications.repository import financed_documents
from ..collateral import releases
from ..collateral import repository as collateral
from ..collateral.cover import cover
from ..collateral.models import PledgedGoods
from ..events.repository import of_application
from ..gateway import Gateway
from ..loans import buyer_payments, drawdowns, ledger, lines, repository
from ..loans.models import Loan
from ..loans.views import as_wire
from . import proposals
from .forms import NO_FORM, FilledForm, FormRefused
from .pages import render
from .service import LoggedIn, note
from .session import address_of, officer_at_desk, officer_sending

router = APIRouter()


@router.get("/loans")
def listed(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
    status: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Loans with what is owed today."""
    filters = [*(one.value for one in LoanStatus), "WAITING"]
    chosen = status if status in filters else ""
    today = gateway.clock.today()
    with gateway.db.read() as session:
        rows, total = repository.listed(session, status=chosen or None, page=page)
        waits = repository.waiting(session, [loan.id for loan in rows])
        shown = [
            (
                loan,
                session.get_one(Application, loan.application_id),
                as_wire(loan, repository.ledger(session, loan.id), today),
            )
            for loan in rows
        ]
    pages = max(1, -(-total // repository.PAGE_SIZE))
    return render(
        request,
        gateway,
        "loans.html",
        officer=officer,
        loans=shown,
        total=total,
        page=page,
        pages=pages,
        status=chosen,
        filters=filters,
        today=today,
        waits=waits,
    )


@router.get("/loans/{loan_id}")
def one(
    request: Request,
    loan_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
) -> Response:
    """One loan."""
    return loan_page(request, gateway, officer, loan_id)


@router.post("/loans/{loan_id}/releases/{number}/release")
def release(
    request: Request,
    loan_id: str,
    number: int,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_sending)],
) -> Response:
    """Release goods that wait, though those that are left may not carry the loan."""
    with gateway.unit_of_work() as uow:
        released = releases.release_by_officer(uow, loan_id, number, officer.name)
        note(
            uow.session, officer.username, address_of(request), "collateral.released", loan_id, released.reference or ""
        )
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


@router.post("/loans/{loan_id}/releases/{number}/decline")
def decline(
    request: Request,
    loan_id: str,
    number: int,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_sending)],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Decline a release that waits, with a sentence for the applicant."""
    form = FilledForm(f"release-{number}", reason=reason)
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            releases.decline_by_officer(uow, loan_id, number, officer.name, words)
            detail = f"release {number}"
            note(uow.session, officer.username, address_of(request), "collateral.release_declined", loan_id, detail)
    except FormRefused as refused:
        return loan_page(request, gateway, officer, loan_id, refused.form)
    return RedirectResponse(f"/desk/loans/{loan_id}", status_code=303)


def loan_page(
    request: Request, gateway: Gateway, officer: LoggedIn, loan_id: str, form: FilledForm = NO_FORM
) -> Response:
    """A loan with all its forms; `form` is one that goes back to the officer."""
    today = gateway.clock.today()
    with gateway.db.read() as session:
        loan = session.get_one(Loan, loan_id)
        entries = repository.ledger(session, loan.id)
        valuations = collateral.valuations(session, loan.id)
        payments = repository.buyer_payments(session, loan.id)
        content: dict[str, Any] = {
            "application": session.get_one(Application, loan.application_id),
            "documents": financed_documents(session, loan.application_id),
            "collections": repository.collections(session, loan.id),
            "repayments": repository.direct_repayments(session, loan.id),
            "events": of_application(session, loan.application_id),
            "cover": cover(session, loan, today),
            "valuation": valuations[-1] if valuations else None,
            "releases": [
                (one, session.get_one(PledgedGoods, one.goods_id)) for one in collateral.releases(session, loan.id)
            ],
            "extensions": repository.extensions(session, loan.id),
            "substitutions": repository.substitutions(session, loan.id),
            "payable": buyer_payments.payable_documents(session, loan),
            "payments": [(one, buyer_payments.moved(gateway, session, one)) for one in payments],
            "proposals": proposals.shown(gateway, session, loan),
            "drawdowns": lines.drawdowns(session, loan.id),
            "available": drawdowns.available(session, loan, today) if ledger.is_revolving(loan) else None,
        }
    past_due = ledger.state(loan, entries, today).past_due if loan.start_date else 0
    return render(
        request,
        gateway,
        "loan.html",
        officer=officer,
        http_status=422 if form.errors else 200,
        loan=loan,
        view=as_wire(loan, entries, today),
        entries=entries,
        past_due=past_due,
        today=today,
        form=form,
        called=any(entry.type == "call" for entry in entries),
        written_off=any(entry.type == "write_off" for entry in entries),
        **content,
    )
