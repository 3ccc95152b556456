"""Finding batches and what was decided about their rows."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from openscf.programs import PrequalificationStatus
from sqlalchemy.orm import Session

from ..programs.models import Program
from .models import Batch, Result


def of_anchor(session: Session, client_id: str, batch_id: str) -> Batch | None:
    """A batch of an anchor's own program."""
    query = sa.select(Batch).join(Program, Program.id == Batch.program_id)
    return session.scalars(query.where(Batch.id == batch_id, Program.client_id == client_id)).one_or_none()


def of_reference(session: Session, program_id: str, reference: str) -> Batch | None:
    """A program's batch by the id that the anchor's ERP gave."""
    query = sa.select(Batch).where(Batch.program_id == program_id, Batch.reference == reference)
    return session.scalars(query).one_or_none()


def next_number(session: Session, program_id: str) -> int:
    """The number of the batch that a program gets next; its client is locked."""
    last = session.scalar(sa.select(sa.func.max(Batch.number)).where(Batch.program_id == program_id))
    return (last or 0) + 1


def of_program(session: Session, program_id: str) -> Sequence[Batch]:
    """The batches of a program, newest first."""
    query = sa.select(Batch).where(Batch.program_id == program_id)
    return session.scalars(query.order_by(Batch.number.desc())).all()


def undecided_ids(session: Session) -> Sequence[str]:
    """The batches that wait for the rules, oldest first."""
    query = sa.select(Batch.id).where(Batch.status == PrequalificationStatus.RECEIVED.value)
    return session.scalars(query.order_by(Batch.received_at, Batch.number)).all()


def results(
    session: Session, batch_id: str, *, after: int = 0, limit: int, status: str | None = None
) -> Sequence[Result]:
    """What was decided about the rows after row `after`."""
    query = sa.select(Result).where(Result.batch_id == batch_id, Result.row > after)
    if status is not None:
        query = query.where(Result.status == status)
    return session.scalars(query.order_by(Result.row).limit(limit)).all()


def latest_result(session: Session, program_id: str, member_ref: str) -> Result | None:
    """What was decided last about a member: by the day of the anchor's records, then by which batch came later."""
    query = sa.select(Result).join(Batch, Batch.id == Result.batch_id)
    query = query.where(
        Result.program_id == program_id,
        Result.member_ref == member_ref,
        Batch.status == PrequalificationStatus.DECIDED.value,
    )
    return session.scalars(query.order_by(Batch.as_of.desc(), Batch.number.desc()).limit(1)).first()


def claimed_chunks(session: Session, client_id: str) -> set[str]:
    """The digests of the chunks that a client's undecided batches still need."""
    query = sa.select(Batch.chunks).join(Program, Program.id == Batch.program_id)
    query = query.where(Program.client_id == client_id, Batch.status == PrequalificationStatus.RECEIVED.value)
    return {chunk["sha256"] for chunks in session.scalars(query) for chunk in chunks}
