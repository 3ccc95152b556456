"""Clients: who asks to be let in, and who is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from openscf.wire import ClientStatus

from ..access import gateway_of
from ..clients import repository, service
from ..clients.models import Client
from ..gateway import Gateway
from .pages import render
from .service import LoggedIn, note
from .session import address_of, officer_at_desk, officer_sending

router = APIRouter()


@router.get("/clients")
def listed(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
) -> Response:
    """All clients, those that wait first."""
    with gateway.db.read() as session:
        found = repository.listed(session)
    return render(request, gateway, "clients.html", officer=officer, clients=found)


@router.get("/clients/{client_id}")
def one(
    request: Request,
    client_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
) -> Response:
    """One client with its keys, and what can be done with it."""
    with gateway.db.read() as session:
        client = session.get_one(Client, client_id)
    choices = [choice.value for choice in service.NEXT_STATUSES[ClientStatus(client.status)]]
    return render(request, gateway, "client.html", officer=officer, client=client, choices=choices)


@router.post("/clients/{client_id}/status")
def set_status(
    request: Request,
    client_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_sending)],
    status: Annotated[ClientStatus, Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Approve, decline, suspend or reinstate."""
    with gateway.unit_of_work() as uow:
        uow.session.get_one(Client, client_id)
        service.set_status(uow, client_id, status, reason.strip() or None)
        note(
            uow.session,
            officer.username,
            address_of(request),
            f"client.{status.value.lower()}",
            client_id,
            reason.strip(),
        )
    return RedirectResponse(f"/desk/clients/{client_id}", status_code=303)
