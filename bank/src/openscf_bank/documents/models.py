"""Table of the documents that clients put."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Key, Name, Time
from ..kit.db import Base


class Document(Base):
    """Bytes under their SHA-256, per client: nobody can probe for another's. `received_at` is when it was last put."""

    __tablename__ = "documents"

    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), primary_key=True)
    sha256: Mapped[Key]
    media_type: Mapped[Name]
    size_bytes: Mapped[int]
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    received_at: Mapped[Time]
