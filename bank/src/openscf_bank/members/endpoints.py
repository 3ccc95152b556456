"""POST /v1/programs/{id}/members, POST /v1/memberships, GET /v1/members/{id}, POST /v1/members/{id}/leave."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from openscf import programs as wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..gateway import Gateway
from ..kit.problems import not_found
from ..programs.models import Program
from . import receiving, repository
from .views import as_wire

router = APIRouter(prefix="/v1", tags=["members"])


@router.post(
    "/programs/{program_id}/members",
    status_code=202,
    response_model=wire.Member,
    summary="Bring a member into one's program",
)
def bring_in(program_id: str, asked: wire.MemberRequest, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """By the anchor as channel, with the member's consent. A higher revision takes the place of what was sent."""
    return post.once(lambda uow: receiving.bring_in(uow, post.client_id, program_id, asked), status=202)


@router.post("/memberships", status_code=202, response_model=wire.Member, summary="Join a program")
def join(asked: wire.MembershipRequest, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """By the member's own ERP, with the invitation that the anchor signed."""
    return post.once(lambda uow: receiving.join(uow, post.client_id, asked), status=202)


@router.get("/members/{member_id}", response_model=wire.Member, summary="One member")
def read(
    member_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
) -> Response:
    """For the anchor of its program, and for the member's own ERP."""
    with gateway.db.read() as session:
        member = repository.visible_to(session, caller.client_id, member_id)
        if member is None:
            raise not_found("member", member_id)
        return answer(as_wire(member, session.get_one(Program, member.program_id)))


@router.post("/members/{member_id}/leave", response_model=wire.Member, summary="End a membership")
def leave(member_id: str, asked: wire.ProgramEnd, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """By the anchor or by the member; what is paid early runs to its end."""
    return post.once(lambda uow: receiving.leave(uow, post.client_id, member_id, asked.reason))
