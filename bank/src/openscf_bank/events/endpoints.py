"""GET /v1/events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from openscf import wire

from ..access import Caller, any_caller, gateway_of
from ..answers import answer
from ..gateway import Gateway
from . import repository

router = APIRouter(prefix="/v1/events", tags=["events"])

MAX_PAGE = 500


@router.get("", response_model=wire.EventPage, summary="What happened since")
def feed(
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(any_caller)],
    after: Annotated[
        str, Query(pattern=r"^(0|[1-9][0-9]{0,17})$", description="The last cursor seen; 0 for all")
    ] = "0",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Response:
    """The client's own events in order; the truth, replayable from any cursor."""
    with gateway.db.read() as session:
        found = repository.after(session, caller.client_id, int(after), limit + 1)
    page = found[:limit]
    return answer(
        wire.EventPage(
            events=tuple(wire.Event(cursor=str(event.cursor), jws=event.jws) for event in page),
            next_cursor=str(page[-1].cursor) if page else after,
            has_more=len(found) > limit,
        )
    )
