"""Loans: the list, and one loan with its schedule, ledger and balance."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from openscf.wire import LoanStatus

from ..access import gateway_of
from ..applications.models import Application
from ..events.repository import of_application
from ..gateway import Gateway
from ..loans import ledger, repository
from ..loans.models import Loan
from ..loans.views import as_wire
from .pages import render
from .service import LoggedIn
from .session import officer_at_desk

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
    filters = [one.value for one in LoanStatus]
    chosen = status if status in filters else ""
    today = gateway.clock.today()
    with gateway.db.read() as session:
        rows, total = repository.listed(session, status=chosen or None, page=page)
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
    )


@router.get("/loans/{loan_id}")
def one(
    request: Request,
    loan_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
) -> Response:
    """One loan."""
    today = gateway.clock.today()
    with gateway.db.read() as session:
        loan = session.get_one(Loan, loan_id)
        entries = repository.ledger(session, loan.id)
        content: dict[str, Any] = {
            "application": session.get_one(Application, loan.application_id),
            "collections": repository.collections(session, loan.id),
            "repayments": repository.direct_repayments(session, loan.id),
            "events": of_application(session, loan.application_id),
        }
    past_due = ledger.state(loan, entries, today).past_due if loan.start_date else 0
    return render(
        request,
        gateway,
        "loan.html",
        officer=officer,
        loan=loan,
        view=as_wire(loan, entries, today),
        entries=entries,
        past_due=past_due,
        today=today,
        **content,
    )
