"""Table of decisions, each with the rules it rests on."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Code, Id, Json, Key, Name, Time
from ..kit.db import Base


class Decision(Base):
    """What the engine or an officer decided about one package. `rules` has figure, limit and outcome of each rule."""

    __tablename__ = "decisions"

    id: Mapped[Key]
    application_id: Mapped[str] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    package_sha256: Mapped[Id]
    outcome: Mapped[Code]
    decided_by: Mapped[Name]
    rules: Mapped[Json]
    pricing: Mapped[Json]
    decided_at: Mapped[Time]
