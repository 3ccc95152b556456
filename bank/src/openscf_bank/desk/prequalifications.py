"""Prequalification batches: what the rules decided about each row, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from openscf.programs import ResultStatus

from ..access import gateway_of
from ..clients.models import Client
from ..gateway import Gateway
from ..prequalification import repository
from ..prequalification.models import Batch
from ..programs.models import Program
from .pages import render
from .service import LoggedIn
from .session import officer_at_desk

router = APIRouter(prefix="/prequalifications")

PAGE_SIZE = 50
FILTERS = tuple(status.value for status in ResultStatus)


@router.get("/{batch_id}")
def shown(
    request: Request,
    batch_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    officer: Annotated[LoggedIn, Depends(officer_at_desk)],
    status: str = "",
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """A batch with its results, a page after a row."""
    chosen = status if status in FILTERS else ""
    with gateway.db.read() as session:
        batch = session.get_one(Batch, batch_id)
        program = session.get_one(Program, batch.program_id)
        anchor = session.get_one(Client, program.client_id)
        found = repository.results(session, batch_id, after=after, limit=PAGE_SIZE + 1, status=chosen or None)
    return render(
        request,
        gateway,
        "prequalification.html",
        officer=officer,
        batch=batch,
        program=program,
        anchor=anchor,
        results=found[:PAGE_SIZE],
        more=len(found) > PAGE_SIZE,
        after=after,
        status=chosen,
        filters=FILTERS,
    )
