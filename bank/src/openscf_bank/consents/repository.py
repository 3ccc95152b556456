"""Finding consents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .models import Consent


def of_client(session: Session, client_id: str, consent_id: str) -> Consent | None:
    """A client's consent, read afresh."""
    return session.get(Consent, (client_id, consent_id), populate_existing=True)


def expired(session: Session, now: datetime) -> Sequence[tuple[str, str]]:
    """(client id, consent id) of what has expired and is not closed yet."""
    query = sa.select(Consent.client_id, Consent.consent_id).where(Consent.expires_at <= now)
    rows = session.execute(query.where(Consent.closed_at.is_(None)).order_by(Consent.expires_at))
    return [(client_id, consent_id) for client_id, consent_id in rows]
