"""Work about members that is due: limits to look at again after a batch, consents that are over."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from openscf.programs import PrequalificationStatus
from sqlalchemy.orm import Session

from ..gateway import Gateway
from ..prequalification.models import Batch, Result
from .deciding import end_consent, review
from .models import Member


def unreviewed_batches(session: Session) -> Sequence[str]:
    """The decided batches by which the limits of members have not been looked at yet, oldest first."""
    query = sa.select(Batch.id).where(Batch.status == PrequalificationStatus.DECIDED.value, Batch.reviewed_at.is_(None))
    return session.scalars(query.order_by(Batch.received_at, Batch.number)).all()


def review_members(gateway: Gateway, batch_id: str) -> None:
    """Look at the limit of every member of a batch again, each in a transaction of its own."""
    with gateway.db.read() as session:
        batch = session.get_one(Batch, batch_id)
        query = sa.select(Member.id).join(
            Result, sa.and_(Result.program_id == Member.program_id, Result.member_ref == Member.member_ref)
        )
        before = Member.decided_at <= batch.decided_at
        members = session.scalars(query.where(Result.batch_id == batch_id, before)).all()
    for member_id in members:
        with gateway.unit_of_work() as uow:
            review(uow, member_id)
    with gateway.unit_of_work() as uow:
        uow.session.get_one(Batch, batch_id).reviewed_at = uow.now


def expire_consent(gateway: Gateway, member_id: str) -> None:
    """End what a member's consent covered, since its last day is over."""
    with gateway.unit_of_work() as uow:
        end_consent(uow, member_id)
