"""Table of events."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Code, Id, Json, Prose, Time
from ..kit.db import Base


class Event(Base):
    """A signed event, never changed or deleted. A client's cursors are 1, 2, 3 … in the order of the commits."""

    __tablename__ = "events"

    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), primary_key=True)
    cursor: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[Id] = mapped_column(unique=True)
    type: Mapped[Code]
    application_id: Mapped[Id | None] = mapped_column(index=True)
    loan_id: Mapped[Id | None] = mapped_column(index=True)
    payload: Mapped[Json]
    jws: Mapped[Prose]
    occurred_at: Mapped[Time]
