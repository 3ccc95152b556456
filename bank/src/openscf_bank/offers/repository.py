"""Finding offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from openscf.wire import OfferStatus
from sqlalchemy.orm import Session

from .models import Acceptance, Offer


def of_client(session: Session, client_id: str, offer_id: str) -> Offer | None:
    """A client's own offer, read afresh."""
    query = (
        sa.select(Offer)
        .where(Offer.id == offer_id, Offer.client_id == client_id)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def of_application(session: Session, application_id: str) -> Sequence[Offer]:
    """The offers of an application, oldest first."""
    query = sa.select(Offer).where(Offer.application_id == application_id).order_by(Offer.created_at, Offer.id)
    return session.scalars(query).all()


def open_of_application(session: Session, application_id: str) -> Sequence[Offer]:
    """The offers of an application that can still be accepted."""
    return [offer for offer in of_application(session, application_id) if offer.status == OfferStatus.OPEN.value]


def overdue_ids(session: Session, now: datetime) -> Sequence[str]:
    """The open offers whose time is over."""
    query = sa.select(Offer.id).where(Offer.status == OfferStatus.OPEN.value, Offer.expires_at <= now)
    return session.scalars(query.order_by(Offer.expires_at)).all()


def acceptance(session: Session, offer_id: str) -> Acceptance | None:
    """The applicant's signed word on an offer."""
    return session.get(Acceptance, offer_id)
