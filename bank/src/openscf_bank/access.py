"""Who is calling, with what right, and whether the call is signed: the dependencies of every endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from openscf.errors import SignatureInvalid
from openscf.jws import verify_detached
from openscf.keys import KeySet
from openscf.wire import ClientStatus, WireModel

from .clients.service import key_set
from .gateway import Gateway, UnitOfWork
from .kit.clock import wall_time
from .kit.idempotency import (
    IdempotentRequest,
    StoredAnswer,
    claim_across_servers,
    is_final,
    read_key,
    request_digest,
)
from .kit.problems import ProblemError
from .kit.signing import SIGNATURE_HEADER
from .oauth.repository import client_of_token
from .settings import SIGNATURE_WINDOW_SECONDS


@dataclass(frozen=True)
class Caller:
    """The authenticated client of a request."""

    client_id: str
    status: ClientStatus
    keys: KeySet


def gateway_of(request: Request) -> Gateway:
    """The gateway that serves this request."""
    gateway: Gateway = request.app.state.gateway
    return gateway


async def raw_body(request: Request) -> bytes:
    """The exact bytes of the body, which signatures and digests are about."""
    return await request.body()


def target_of(request: Request) -> str:
    """The path with its query, as it stood in the request line."""
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (raw_path + (b"?" + query if query else b"")).decode("latin-1")


def limit_unauthenticated(request: Request, gateway: Annotated[Gateway, Depends(gateway_of)]) -> None:
    """Slow down an address that calls what needs no token."""
    gateway.limiter.check(request.client.host if request.client else "unknown")


def any_caller(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    authorization: Annotated[str | None, Header()] = None,
) -> Caller:
    """Whoever holds a good token, whatever the officer says about it."""
    scheme, _, token = (authorization or "").partition(" ")
    challenge = {"WWW-Authenticate": "Bearer"}
    if scheme.lower() != "bearer" or not token:
        raise ProblemError(
            "token-invalid", "Get a token at the token endpoint and send it as Bearer.", headers=challenge
        )
    with gateway.db.read() as session:
        client = client_of_token(session, token.strip(), wall_time())
        if client is None:
            raise ProblemError("token-invalid", "The token is unknown or expired. Get a new one.", headers=challenge)
        caller = Caller(client.id, ClientStatus(client.status), key_set(client))
    request.state.client_id = caller.client_id
    return caller


def approved_caller(caller: Annotated[Caller, Depends(any_caller)]) -> Caller:
    """A client that an officer approved."""
    if caller.status is not ClientStatus.APPROVED:
        raise ProblemError(
            "client-not-approved",
            f"This client is {caller.status.value}. Ask the bank; the event feed tells when that changes.",
        )
    return caller


def once_approved_caller(caller: Annotated[Caller, Depends(any_caller)]) -> Caller:
    """A client that an officer approved, also one that is suspended now: its consents stay its own."""
    if caller.status not in (ClientStatus.APPROVED, ClientStatus.SUSPENDED):
        raise ProblemError("client-not-approved", f"This client is {caller.status.value}; nothing of it is here.")
    return caller


def verified_signature(request: Request, gateway: Gateway, body: bytes, keys: KeySet) -> tuple[str, str]:
    """(kid, signature) of a request signed for this call by one of `keys`; a ProblemError otherwise."""
    signature = request.headers.get(SIGNATURE_HEADER)
    if not signature:
        raise ProblemError("signature-missing", f"Send the detached JWS of the body in the header {SIGNATURE_HEADER}.")
    try:
        header = verify_detached(body, signature, keys=keys)
    except SignatureInvalid as error:
        raise ProblemError("signature-invalid", str(error)) from error
    expected = {"htm": request.method, "htu": target_of(request), "aud": gateway.settings.issuer}
    for name, value in expected.items():
        if header.get(name) != value:
            raise ProblemError("signature-invalid", f"The signed {name!r} must be {value!r}: sign for this call.")
    issued_at = header.get("iat")
    if type(issued_at) is not int or abs(time.time() - issued_at) > SIGNATURE_WINDOW_SECONDS:
        raise ProblemError(
            "signature-invalid",
            f"The signed 'iat' must be within {SIGNATURE_WINDOW_SECONDS} s of now. Check the clock and sign again.",
        )
    return str(header["kid"]), signature


@dataclass(frozen=True)
class SignedPost:
    """A POST whose caller, signature and Idempotency-Key hold. `once` gives it its effect, at most once."""

    gateway: Gateway
    client_id: str
    body: bytes
    signature: str
    request: IdempotentRequest

    def once(self, effect: Callable[[UnitOfWork], WireModel], *, status: int = 200) -> Response:
        """The answer of `effect`, stored in its own transaction; or the answer that was given before."""
        return run_once(self.gateway, self.request, effect, status=status)


def signed_post(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(approved_caller)],
    body: Annotated[bytes, Depends(raw_body)],
    idempotency_key: Annotated[str | None, Header()] = None,
    x_jws_signature: Annotated[str | None, Header(description="Detached JWS over the body's bytes")] = None,
) -> SignedPost:
    """The dependency of every POST that binds the applicant."""
    return _signed_post(request, gateway, caller, body, idempotency_key)


def signed_post_once_approved(
    request: Request,
    gateway: Annotated[Gateway, Depends(gateway_of)],
    caller: Annotated[Caller, Depends(once_approved_caller)],
    body: Annotated[bytes, Depends(raw_body)],
    idempotency_key: Annotated[str | None, Header()] = None,
    x_jws_signature: Annotated[str | None, Header(description="Detached JWS over the body's bytes")] = None,
) -> SignedPost:
    """The same for what a suspended client may do still."""
    return _signed_post(request, gateway, caller, body, idempotency_key)


def _signed_post(
    request: Request, gateway: Gateway, caller: Caller, body: bytes, idempotency_key: str | None
) -> SignedPost:
    key = read_key(idempotency_key)
    _, signature = verified_signature(request, gateway, body, caller.keys)
    return SignedPost(
        gateway=gateway,
        client_id=caller.client_id,
        body=body,
        signature=signature,
        request=IdempotentRequest(caller.client_id, key, request_digest(request.method, target_of(request), body)),
    )


def run_once(
    gateway: Gateway, request: IdempotentRequest, effect: Callable[[UnitOfWork], WireModel], *, status: int
) -> Response:
    """Run `effect` and remember its answer in the same transaction; a final refusal is remembered too."""
    with gateway.running.claim(request):
        try:
            answer = _effect_once(gateway, request, effect, status)
        except ProblemError as problem:
            if is_final(problem) and problem.code != "idempotency-key-reused":
                _remember_refusal(gateway, request, problem)
            raise
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type)


def _effect_once(
    gateway: Gateway, request: IdempotentRequest, effect: Callable[[UnitOfWork], WireModel], status: int
) -> StoredAnswer:
    with gateway.unit_of_work() as uow:
        claim_across_servers(uow.session, request)
        answer = request.earlier_answer(uow.session)
        if answer is None:
            answer = StoredAnswer(status, effect(uow).to_bytes())
            request.remember(uow.session, answer, wall_time())
    return answer


def _remember_refusal(gateway: Gateway, request: IdempotentRequest, problem: ProblemError) -> None:
    with gateway.db.write() as session:
        claim_across_servers(session, request)
        if request.earlier_answer(session) is None:
            request.remember(
                session, StoredAnswer(problem.status, problem.body(), "application/problem+json"), wall_time()
            )
