"""Tables of offers and of the acceptances that bind."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Code, Id, Json, Key, Name, Prose, Time
from ..kit.db import Base


class Offer(Base):
    """Terms that stand until `expires_at`. One application has at most one accepted offer: the index says so."""

    __tablename__ = "offers"
    __table_args__ = (
        sa.Index(
            "uq_offers_accepted",
            "application_id",
            unique=True,
            sqlite_where=sa.text("status = 'ACCEPTED'"),
            postgresql_where=sa.text("status = 'ACCEPTED'"),
        ),
    )

    id: Mapped[Key]
    application_id: Mapped[str] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    status: Mapped[Code] = mapped_column(index=True)
    terms: Mapped[Json]
    terms_sha256: Mapped[Id]
    made_by: Mapped[Name]
    reason: Mapped[Prose | None]
    created_at: Mapped[Time]
    expires_at: Mapped[Time]


class Acceptance(Base):
    """The applicant's signed word: the exact bytes and their signature, kept as proof."""

    __tablename__ = "acceptances"

    offer_id: Mapped[str] = mapped_column(sa.ForeignKey("offers.id"), primary_key=True)
    requested_by: Mapped[Name]
    approved_by: Mapped[Name]
    accepted_at: Mapped[Time]
    received_at: Mapped[Time]
    body: Mapped[bytes] = mapped_column(sa.LargeBinary)
    signature: Mapped[Prose]
