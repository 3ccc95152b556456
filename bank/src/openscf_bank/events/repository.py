"""Reading the feed."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from openscf.wire import EventType
from sqlalchemy.orm import Session

from .models import Event


def after(session: Session, client_id: str, cursor: int, limit: int) -> Sequence[Event]:
    """Up to `limit` events of a client that follow `cursor`, in order."""
    query = (
        sa.select(Event).where(Event.client_id == client_id, Event.cursor > cursor).order_by(Event.cursor).limit(limit)
    )
    return session.scalars(query).all()


def of_application(session: Session, application_id: str) -> Sequence[Event]:
    """Everything that was told about an application and its loan, in order."""
    return session.scalars(sa.select(Event).where(Event.application_id == application_id).order_by(Event.cursor)).all()


def latest_of_loan(session: Session, loan_id: str, kind: EventType) -> Event | None:
    """The last event of a kind about a loan, if there was one."""
    query = sa.select(Event).where(Event.loan_id == loan_id, Event.type == kind.value)
    return session.scalars(query.order_by(Event.cursor.desc()).limit(1)).one_or_none()
