"""POST /v1/programs/{id}/prequalifications, GET /v1/prequalifications/{id}, …/results."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from openscf import programs as wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..gateway import Gateway
from ..kit.problems import ProblemError, not_found
from . import repository
from .receiving import receive
from .views import as_wire, result_as_wire

router = APIRouter(prefix="/v1", tags=["prequalifications"])

Desk = Annotated[Gateway, Depends(gateway_of)]
Anchor = Annotated[Caller, Depends(approved_caller)]
MAX_RESULTS = 1000


@router.post(
    "/programs/{program_id}/prequalifications",
    status_code=202,
    response_model=wire.Prequalification,
    summary="Have a batch of members looked at",
)
def ask(
    program_id: str, asked: wire.PrequalificationRequest, post: Annotated[SignedPost, Depends(signed_post)]
) -> Response:
    """The chunks were PUT before. What is decided is told by an event, and read page by page."""
    return post.once(lambda uow: receive(uow, post.client_id, program_id, asked), status=202)


@router.get("/prequalifications/{batch_id}", response_model=wire.Prequalification, summary="One batch")
def read(batch_id: str, gateway: Desk, caller: Anchor) -> Response:
    """The anchor's own batch with its counts."""
    with gateway.db.read() as session:
        batch = repository.of_anchor(session, caller.client_id, batch_id)
        if batch is None:
            raise not_found("prequalification", batch_id)
        return answer(as_wire(batch))


@router.get(
    "/prequalifications/{batch_id}/results",
    response_class=Response,
    responses={200: {"content": {wire.CHUNK_MEDIA_TYPE: {}}, "description": "One result a line, by row"}},
    summary="What was decided about the rows",
)
def results(
    batch_id: str,
    gateway: Desk,
    caller: Anchor,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="The last row that is known already")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_RESULTS)] = MAX_RESULTS,
) -> Response:
    """A page of results in RFC 8785 form, one a line; an empty one at the end."""
    with gateway.db.read() as session:
        batch = repository.of_anchor(session, caller.client_id, batch_id)
        if batch is None:
            raise not_found("prequalification", batch_id)
        if batch.status != wire.PrequalificationStatus.DECIDED.value:
            raise ProblemError("wrong-state", f"The batch is {batch.status}; its results come with the decision.")
        found = repository.results(session, batch.id, after=after, limit=limit)
        lines = b"".join(result_as_wire(result).to_bytes() + b"\n" for result in found)
    return Response(lines, media_type=wire.CHUNK_MEDIA_TYPE)
