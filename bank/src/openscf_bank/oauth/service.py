"""Tokens against assertions: RFC 6749 client credentials with RFC 7523 private_key_jwt."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from openscf.errors import SignatureInvalid
from openscf.jws import CLOCK_SKEW_SECONDS, read_assertion_issuer, verify_client_assertion
from openscf.wire import TokenAnswer
from sqlalchemy.exc import IntegrityError

from ..clients.models import Client
from ..clients.service import key_set
from ..gateway import UnitOfWork
from ..kit.clock import wall_time
from ..kit.ids import new_secret
from ..settings import TOKEN_SECONDS
from .models import AccessToken, UsedAssertion
from .repository import digest


class AssertionRefused(Exception):
    """The assertion proves nothing; the message says why, without quoting it."""


def issue(uow: UnitOfWork, assertion: str) -> TokenAnswer:
    """A token for the client that signed `assertion`; AssertionRefused where it does not hold or was used before."""
    client, claims = _verified(uow, assertion)
    expires_at = datetime.fromtimestamp(int(claims["exp"]) + 2 * CLOCK_SKEW_SECONDS, tz=timezone.utc)
    uow.session.add(UsedAssertion(client_id=client.id, jti_sha256=digest(str(claims["jti"])), expires_at=expires_at))
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise AssertionRefused("The assertion was used before. Make a new one with a new jti.") from error
    token = new_secret()
    uow.session.add(
        AccessToken(
            token_sha256=digest(token), client_id=client.id, expires_at=wall_time() + timedelta(seconds=TOKEN_SECONDS)
        )
    )
    return TokenAnswer(access_token=token, token_type="Bearer", expires_in=TOKEN_SECONDS)  # noqa: S106


def _verified(uow: UnitOfWork, assertion: str) -> tuple[Client, dict[str, Any]]:
    try:
        client = uow.session.get(Client, read_assertion_issuer(assertion))
        if client is None:
            raise AssertionRefused("The client is not registered here. Register it with POST /v1/clients.")
        claims = verify_client_assertion(
            assertion,
            keys=key_set(client),
            client_id=client.id,
            audience=uow.gateway.settings.issuer,
            now=int(wall_time().timestamp()),
        )
    except SignatureInvalid as error:
        raise AssertionRefused(str(error)) from error
    return client, claims
