"""POST and GET /v1/loan-applications, …/replies, …/cancel."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from openscf import wire

from ..access import Caller, SignedPost, approved_caller, gateway_of, signed_post
from ..answers import answer
from ..documents.erasing import forgotten_where_not_ours
from ..gateway import Gateway
from ..kit.problems import not_found
from . import repository, service
from .views import as_wire

router = APIRouter(prefix="/v1/loan-applications", tags=["loan applications"])


@router.post("", status_code=202, response_model=wire.LoanApplication, summary="Apply for a loan")
def apply(request: wire.LoanApplicationRequest, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """The answer shows the application as received; the decision comes as an event."""
    with forgotten_where_not_ours(post, request.package_sha256):
        return post.once(lambda uow: service.receive(uow, post.client_id, request), status=202)


@router.get("/{application_id}", response_model=wire.LoanApplication, summary="One application")
def read(
    application_id: str,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
) -> Response:
    """The client's own application with its offers."""
    with gateway.db.read() as session:
        application = repository.of_client(session, caller.client_id, application_id)
        if application is None:
            raise not_found("loan application", application_id)
        return answer(as_wire(session, application))


@router.post(
    "/{application_id}/replies", status_code=202, response_model=wire.LoanApplication, summary="Answer the bank"
)
def reply(application_id: str, answer: wire.Reply, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """The answer to ACTION_REQUIRED, with a corrected package where one is needed."""
    with forgotten_where_not_ours(post, answer.package_sha256):
        return post.once(lambda uow: service.reply(uow, post.client_id, application_id, answer), status=202)


@router.post("/{application_id}/cancel", response_model=wire.LoanApplication, summary="Give an application up")
def cancel(application_id: str, decision: wire.Decision, post: Annotated[SignedPost, Depends(signed_post)]) -> Response:
    """Possible until an offer is accepted."""
    return post.once(lambda uow: service.cancel(uow, post.client_id, application_id, decision.reason))
