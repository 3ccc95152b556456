"""Payables: the list by due date, one payable with what was signed and paid, and what an anchor owes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from openscf.payables import PayableStatus

from ..access import gateway_of
from ..clients.models import Client
from ..gateway import Gateway
from ..payables import repository, settling
from ..payables.exposure import PAYABLES_FINANCE, of_anchor
from ..payables.models import Payable
from ..programs import repository as programs
from .forms import NO_FORM, FilledForm, FormRefused
from .pages import render
from .service import LoggedIn, note
from .session import address_of, officer_at_desk, officer_sending

router = APIRouter()

Desk = Annotated[Gateway, Depends(gateway_of)]
AtDesk = Annotated[LoggedIn, Depends(officer_at_desk)]
Sending = Annotated[LoggedIn, Depends(officer_sending)]

FILTERS = tuple(status.value for status in PayableStatus)


@router.get("/payables")
def listed(
    request: Request,
    gateway: Desk,
    officer: AtDesk,
    status: str = "",
    program: str = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Payables by due date, of all programs or of one."""
    chosen = status if status in FILTERS else ""
    with gateway.db.read() as session:
        offered = [(one, anchor) for one, anchor in programs.listed(session) if one.kind == PAYABLES_FINANCE]
        rows, total = repository.listed(session, status=chosen, program_id=program, page=page)
    return render(
        request,
        gateway,
        "payables.html",
        officer=officer,
        rows=rows,
        total=total,
        page=page,
        pages=max(1, -(-total // repository.PAGE_SIZE)),
        status=chosen,
        filters=FILTERS,
        program=program,
        programs=offered,
    )


@router.get("/payables/{payable_id}")
def one(request: Request, payable_id: str, gateway: Desk, officer: AtDesk) -> Response:
    """One payable: who undertook what, who asked to be paid, and what came in."""
    return _page(request, gateway, officer, payable_id, NO_FORM)


@router.post("/payables/{payable_id}/settlements/{settlement_id}/take-back")
def take_back(
    request: Request,
    payable_id: str,
    settlement_id: str,
    gateway: Desk,
    officer: Sending,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take a settlement back as a whole, with a sentence for the anchor: the money never came, for example."""
    form = FilledForm(settlement_id, reason=reason)
    try:
        words = form.words("reason")
        with form.checked(), gateway.unit_of_work() as uow:
            settlement = settling.take_back(uow, payable_id, settlement_id, officer.name, words)
            detail = f"{settlement.amount} {settlement.currency}: {words}"
            note(uow.session, officer.username, address_of(request), "settlement.reversed", settlement_id, detail)
    except FormRefused as refused:
        return _page(request, gateway, officer, payable_id, refused.form)
    return RedirectResponse(f"/desk/payables/{payable_id}", status_code=303)


def _page(request: Request, gateway: Gateway, officer: LoggedIn, payable_id: str, form: FilledForm) -> Response:
    """The page of a payable; with a form that came back, as it was filled in."""
    with gateway.db.read() as session:
        seen = repository.found_one(session, payable_id)
        content: dict[str, Any] = {
            "payable": seen.payable,
            "program": seen.program,
            "member": seen.member,
            "anchor": session.get_one(Client, seen.payable.client_id),
            "early_payments": repository.early_payments(session, payable_id),
            "adjustments": repository.adjustments(session, payable_id),
            "settlements": repository.settlements(session, payable_id),
        }
    http_status = 422 if form.errors else 200
    return render(request, gateway, "payable.html", officer=officer, http_status=http_status, form=form, **content)


@router.get("/payables/{payable_id}/approval")
def approval(request: Request, payable_id: str, gateway: Desk, officer: AtDesk) -> Response:
    """The anchor's undertaking as it was signed, to be checked elsewhere."""
    with gateway.db.write() as session:
        payable = session.get_one(Payable, payable_id)
        note(
            session, officer.username, address_of(request), "payable.approval_downloaded", payable.id, payable.reference
        )
    headers = {"content-disposition": f'attachment; filename="{payable.id}.jws"'}
    return Response(payable.approval, media_type="application/jose", headers=headers)


@router.get("/anchors/{client_id}")
def exposure(request: Request, client_id: str, gateway: Desk, officer: AtDesk) -> Response:
    """What an anchor owes in each of its programs, in all and by member."""
    with gateway.db.read() as session:
        anchor = session.get_one(Client, client_id)
        exposures = of_anchor(session, client_id)
    return render(request, gateway, "exposure.html", officer=officer, anchor=anchor, exposures=exposures)
