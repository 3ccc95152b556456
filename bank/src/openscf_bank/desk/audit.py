"""The officers' audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from ..access import gateway_of
from ..gateway import Gateway
from . import repository
from .pages import render
from .service import LoggedIn
from .session import officer_at_desk

router = APIRouter()


@router.get("/audit")
def audit(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Who did and looked at what, newest first."""
    with gateway.db.read() as session:
        entries, total = repository.audit(session, page)
    pages = max(1, -(-total // repository.PAGE_SIZE))
    return render(request, gateway, "audit.html", officer=officer, entries=entries, page=page, pages=pages)
