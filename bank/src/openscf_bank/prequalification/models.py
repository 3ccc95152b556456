"""Tables of prequalification batches and of what was decided about each row."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Amount, Code, Id, Json, Key, Name, Prose, Time
from ..kit.db import Base


class Batch(Base):
    """A batch of rows in chunks. `reference` is the anchor's id of it; `number` counts a program's batches
    from 1, as they came; `decided_chunks` tells how far the job is.

    `reviewed_at` is when the limits of the members that there are already had been looked at again by its results.
    """

    __tablename__ = "prequalifications"
    __table_args__ = (sa.UniqueConstraint("program_id", "reference"), sa.UniqueConstraint("program_id", "number"))

    id: Mapped[Key]
    program_id: Mapped[str] = mapped_column(sa.ForeignKey("programs.id"))
    reference: Mapped[Id]
    number: Mapped[int]
    as_of: Mapped[date]
    period_from: Mapped[date]
    period_to: Mapped[date]
    rows: Mapped[int]
    chunks: Mapped[Json]
    ordered: Mapped[Amount]
    invoiced: Mapped[Amount]
    status: Mapped[Code] = mapped_column(index=True)
    decided_chunks: Mapped[int]
    approved: Mapped[int]
    referred: Mapped[int]
    declined: Mapped[int]
    message: Mapped[Prose | None]
    requested_by: Mapped[Name]
    request_sha256: Mapped[Id]
    received_at: Mapped[Time]
    decided_at: Mapped[Time | None]
    reviewed_at: Mapped[Time | None]


class Result(Base):
    """What was decided about one row, numbered from 1 over all chunks; never changed."""

    __tablename__ = "prequalification_results"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "member_ref"),
        sa.Index("ix_prequalification_results_member", "program_id", "member_ref"),
    )

    batch_id: Mapped[str] = mapped_column(sa.ForeignKey("prequalifications.id"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    program_id: Mapped[str] = mapped_column(sa.ForeignKey("programs.id"))
    member_ref: Mapped[Id]
    status: Mapped[Code]
    limit: Mapped[Amount]
    valid_until: Mapped[date | None]
    reasons: Mapped[Json]
