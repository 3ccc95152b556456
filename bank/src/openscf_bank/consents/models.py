"""Table of consents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Prose, Time
from ..kit.db import Base


class Consent(Base):
    """A client's consent, by the id that the client gave it.

    `terms` and `expires_at` come with the first package under it; both are None for one that was revoked before any
    package arrived. `revoked_at` is the client's time. `closed_at` is when the bank erased what it covered.
    """

    __tablename__ = "consents"

    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), primary_key=True)
    consent_id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    terms: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    expires_at: Mapped[Time | None] = mapped_column(index=True)
    received_at: Mapped[Time]
    revoked_at: Mapped[Time | None]
    revocation_reason: Mapped[Prose | None]
    closed_at: Mapped[Time | None]
