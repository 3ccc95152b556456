"""Storing and finding documents."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .models import Document


def exists(session: Session, client_id: str, sha256: str) -> bool:
    """Whether the client put this document."""
    query = sa.select(Document.sha256).where(Document.client_id == client_id, Document.sha256 == sha256)
    return session.execute(query).first() is not None


def content(session: Session, client_id: str, sha256: str) -> bytes | None:
    """The bytes of a client's document."""
    query = sa.select(Document.content).where(Document.client_id == client_id, Document.sha256 == sha256)
    return session.execute(query).scalar_one_or_none()


def put_again(session: Session, client_id: str, sha256: str, now: datetime) -> None:
    """Note that a client put a document that is here: it is about to use it, so that it is no leftover."""
    query = sa.update(Document).where(Document.client_id == client_id, Document.sha256 == sha256)
    session.execute(query.values(received_at=now))


def erase(session: Session, client_id: str, sha256: str) -> None:
    """Forget a client's document."""
    session.execute(sa.delete(Document).where(Document.client_id == client_id, Document.sha256 == sha256))
