"""Finding decisions."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .models import Decision


def of_application(session: Session, application_id: str) -> Sequence[Decision]:
    """The decisions about an application, newest first."""
    query = sa.select(Decision).where(Decision.application_id == application_id)
    return session.scalars(query.order_by(Decision.decided_at.desc(), Decision.id.desc())).all()
