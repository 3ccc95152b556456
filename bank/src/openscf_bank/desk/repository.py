"""Finding officers, sessions and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .models import AuditEntry, DeskSession, LoginFailure, Officer

PAGE_SIZE = 50
# Failed logins are counted within this time.
FAILURE_WINDOW = timedelta(minutes=15)


def officer_named(session: Session, username: str) -> Officer | None:
    """An officer by user name, upper or lower case."""
    return session.scalars(sa.select(Officer).where(Officer.username == username.lower())).one_or_none()


def lock_officer(session: Session, officer_id: str) -> Officer:
    """The officer's row, locked until the transaction ends and read afresh."""
    query = sa.select(Officer).where(Officer.id == officer_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def end_sessions(session: Session, officer_id: str, *, but: str | None = None) -> None:
    """End an officer's sessions, except for the one whose digest is `but`."""
    query = sa.delete(DeskSession).where(DeskSession.officer_id == officer_id)
    session.execute(query.where(DeskSession.token_sha256 != but) if but else query)


def seen(session: Session, token_sha256: str, now: datetime) -> bool:
    """Note that a session is in use; False if it has ended."""
    query = sa.update(DeskSession).where(DeskSession.token_sha256 == token_sha256).values(last_seen_at=now)
    return session.scalars(query.returning(DeskSession.token_sha256)).one_or_none() is not None


def count_failures(session: Session, subject: str, now: datetime) -> int:
    """Failed logins of a user name or an address within the window."""
    query = sa.select(sa.func.count()).select_from(LoginFailure)
    query = query.where(LoginFailure.subject == subject, LoginFailure.failed_at > now - FAILURE_WINDOW)
    return session.execute(query).scalar_one()


def forget_failures(session: Session, subject: str) -> None:
    """A good login wipes the slate."""
    session.execute(sa.delete(LoginFailure).where(LoginFailure.subject == subject))


def audit(session: Session, page: int) -> tuple[Sequence[AuditEntry], int]:
    """What officers did, newest first, and how many entries there are."""
    total = session.execute(sa.select(sa.func.count()).select_from(AuditEntry)).scalar_one()
    query = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    return session.scalars(query).all(), total


def prune(session: Session, now: datetime) -> None:
    """Forget expired sessions and failures outside the window."""
    session.execute(sa.delete(DeskSession).where(DeskSession.expires_at <= now))
    session.execute(sa.delete(LoginFailure).where(LoginFailure.failed_at <= now - FAILURE_WINDOW))
