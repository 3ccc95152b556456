"""POST /v1/clients, GET /v1/clients/{client_id}."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from openscf import wire
from openscf.keys import KeySet

from ..access import (
    Caller,
    any_caller,
    gateway_of,
    limit_unauthenticated,
    raw_body,
    run_once,
    target_of,
    verified_signature,
)
from ..answers import answer
from ..gateway import Gateway, UnitOfWork
from ..kit.idempotency import IdempotentRequest, read_key, request_digest
from ..kit.problems import not_found
from . import repository, service
from .models import Client

router = APIRouter(prefix="/v1/clients", tags=["clients"])


@router.post(
    "",
    status_code=201,
    response_model=wire.Client,
    summary="Register an ERP",
    dependencies=[Depends(limit_unauthenticated)],
)
def register(
    request: Request,
    registration: wire.ClientRegistration,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    body: Annotated[bytes, Depends(raw_body)],
    idempotency_key: Annotated[str | None, Header()] = None,
    x_jws_signature: Annotated[str | None, Header(description="Detached JWS by the key in `jwks`")] = None,
) -> Response:
    """Signed by the key that it brings. The same key again gives the same client."""
    key = read_key(idempotency_key)
    brought = service.read_key(registration)
    kid, _ = verified_signature(request, gateway, body, KeySet.of(brought.jwk()))

    def effect(uow: UnitOfWork) -> wire.Client:
        return service.register(uow, registration, brought)

    once = IdempotentRequest(f"key:{kid}", key, request_digest(request.method, target_of(request), body))
    response = run_once(gateway, once, effect, status=201)
    with gateway.db.read() as session:
        client = repository.of_key(session, kid)
        request.state.client_id = client.id if client else None
    return response


@router.get("/{client_id}", response_model=wire.Client, summary="One's own registration")
def read(
    client_id: str, gateway: Annotated[Gateway, Depends(gateway_of)], caller: Annotated[Caller, Depends(any_caller)]
) -> Response:
    """The status that the officer gave; a pending client may ask too."""
    if client_id != caller.client_id:
        raise not_found("client", client_id)
    with gateway.db.read() as session:
        return answer(service.as_wire(session.get_one(Client, client_id)))
