"""Finding and locking clients."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from openscf.wire import ClientStatus
from sqlalchemy.orm import Session

from .models import Client, ClientKey


def lock(session: Session, client_id: str) -> Client:
    """The client's row, locked until the transaction ends and read afresh.

    SQLite needs no row lock: its write transactions run one at a time.
    """
    query = sa.select(Client).where(Client.id == client_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one()


def lock_all(session: Session, *client_ids: str | None) -> dict[str, Client]:
    """The rows of several clients by id, each locked as `lock` does; None stands for nobody.

    They are always locked in the order of their ids: of two transactions about the same clients one waits for the
    other, never both.
    """
    return {client_id: lock(session, client_id) for client_id in sorted({one for one in client_ids if one is not None})}


def of_key(session: Session, kid: str) -> Client | None:
    """The client that a key belongs to."""
    return session.scalars(sa.select(Client).join(ClientKey).where(ClientKey.kid == kid)).one_or_none()


def listed(session: Session) -> Sequence[Client]:
    """Every client, those that wait for an officer first."""
    waiting_first = sa.case((Client.status == ClientStatus.PENDING.value, 0), else_=1)
    return session.scalars(sa.select(Client).order_by(waiting_first, Client.registered_at.desc())).all()


def count_pending(session: Session) -> int:
    """How many clients wait for an officer."""
    query = sa.select(sa.func.count()).select_from(Client).where(Client.status == ClientStatus.PENDING.value)
    return session.execute(query).scalar_one()
