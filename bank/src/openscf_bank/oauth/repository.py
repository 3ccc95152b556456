"""Finding and pruning tokens."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..clients.models import Client
from .models import AccessToken, UsedAssertion


def digest(secret: str) -> str:
    """How a secret is stored: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def client_of_token(session: Session, token: str, now: datetime) -> Client | None:
    """The client that holds a token which is still good."""
    query = (
        sa.select(Client)
        .join(AccessToken, AccessToken.client_id == Client.id)
        .where(AccessToken.token_sha256 == digest(token), AccessToken.expires_at > now)
    )
    return session.scalars(query).one_or_none()


def prune(session: Session, now: datetime) -> None:
    """Forget tokens and assertions that expired."""
    session.execute(sa.delete(AccessToken).where(AccessToken.expires_at <= now))
    session.execute(sa.delete(UsedAssertion).where(UsedAssertion.expires_at <= now))
