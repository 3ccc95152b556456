"""The inbox: what waits for an officer first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from openscf.wire import LoanApplicationStatus

from ..access import gateway_of
from ..applications import repository
from ..gateway import Gateway
from .pages import render
from .service import LoggedIn
from .session import officer_at_desk

router = APIRouter()

FILTERS = ("WAITING", *(status.value for status in LoanApplicationStatus))


@router.get("/")
def inbox(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
    status: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Applications, filtered by status and searched by name, reference or document number."""
    chosen = status if status in FILTERS else ""
    with gateway.db.read() as session:
        found = repository.inbox(session, status=chosen or None, search=q.strip(), page=page)
    return render(
        request, gateway, "inbox.html", officer=officer, found=found, status=chosen, q=q.strip(), filters=FILTERS
    )
