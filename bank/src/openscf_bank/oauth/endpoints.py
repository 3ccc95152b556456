"""POST /oauth2/token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, Response
from openscf.wire import TokenAnswer

from ..access import gateway_of, limit_unauthenticated
from ..gateway import Gateway
from . import service

router = APIRouter(tags=["oauth"])

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NO_STORE = {"Cache-Control": "no-store"}


@router.post(
    "/oauth2/token",
    response_model=TokenAnswer,
    summary="Get an access token",
    responses={400: {"description": "RFC 6749 error"}, 401: {"description": "RFC 6749 `invalid_client`"}},
    dependencies=[Depends(limit_unauthenticated)],
)
def token(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    grant_type: Annotated[str, Form()],
    client_assertion_type: Annotated[str, Form()],
    client_assertion: Annotated[str, Form(max_length=16_384)],
) -> Response:
    """Client credentials with `private_key_jwt`. Errors have RFC 6749's form, which OAuth clients read."""
    if grant_type != "client_credentials":
        return _error(400, "unsupported_grant_type", "Use grant_type=client_credentials.")
    if client_assertion_type != ASSERTION_TYPE:
        return _error(400, "invalid_request", f"Use client_assertion_type={ASSERTION_TYPE}.")
    try:
        with gateway.unit_of_work() as uow:
            answer = service.issue(uow, client_assertion)
    except service.AssertionRefused as refusal:
        return _error(401, "invalid_client", str(refusal))
    return JSONResponse(answer.to_wire(), headers=_NO_STORE)


def _error(status: int, code: str, description: str) -> Response:
    return JSONResponse({"error": code, "error_description": description}, status_code=status, headers=_NO_STORE)
