"""Finding programs."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from openscf.programs import ProgramStatus
from sqlalchemy.orm import Session

from ..clients.models import Client
from .models import Program


def of_anchor(session: Session, client_id: str, program_id: str) -> Program | None:
    """An anchor's own program, read afresh."""
    query = sa.select(Program).where(Program.id == program_id, Program.client_id == client_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def of_reference(session: Session, client_id: str, reference: str) -> Program | None:
    """An anchor's program by the id that its ERP gave."""
    query = sa.select(Program).where(Program.client_id == client_id, Program.reference == reference)
    return session.scalars(query).one_or_none()


def listed(session: Session) -> Sequence[tuple[Program, Client]]:
    """Every program with its anchor, those that wait for an officer first."""
    waiting_first = sa.case((Program.status == ProgramStatus.REQUESTED.value, 0), else_=1)
    query = sa.select(Program, Client).join(Client, Client.id == Program.client_id)
    return [(row[0], row[1]) for row in session.execute(query.order_by(waiting_first, Program.received_at.desc()))]


def count_waiting(session: Session) -> int:
    """How many programs wait for an officer."""
    query = sa.select(sa.func.count()).select_from(Program).where(Program.status == ProgramStatus.REQUESTED.value)
    return session.execute(query).scalar_one()
