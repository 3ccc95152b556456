"""POST /v1/programs, GET /v1/programs/{id}, POST /v1/programs/{id}/close."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from openscf import programs as wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..gateway import Gateway
from ..kit.problems import not_found
from . import repository, service
from .views import as_wire

router = APIRouter(prefix="/v1/programs", tags=["programs"])


@router.post("", status_code=202, response_model=wire.Program, summary="Ask for a program")
def request(asked: wire.ProgramRequest, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """As received; what the bank decides is told by events."""
    return post.once(lambda uow: service.request(uow, post.client_id, asked), status=202)


@router.get("/{program_id}", response_model=wire.Program, summary="One program")
def read(
    program_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
) -> Response:
    """The anchor's own program with its limits and terms."""
    with gateway.db.read() as session:
        program = repository.of_anchor(session, caller.client_id, program_id)
        if program is None:
            raise not_found("program", program_id)
        return answer(as_wire(program))


@router.post("/{program_id}/close", response_model=wire.Program, summary="Close a program")
def close(program_id: str, end: wire.ProgramEnd, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """Nothing new is paid early; what is paid runs to its end."""
    return post.once(lambda uow: service.close_by_anchor(uow, post.client_id, program_id, end.reason))
