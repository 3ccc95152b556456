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
