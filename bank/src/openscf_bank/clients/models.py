"""Tables of the registered ERPs and their keys."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..kit.columns import Code, Json, Key, Name, Prose, Time
from ..kit.db import Base


class Client(Base):
    """An ERP. `last_cursor` is that of its newest event; its row is the lock for everything that belongs to it."""

    __tablename__ = "clients"

    id: Mapped[Key]
    name: Mapped[Name]
    software: Mapped[Name]
    party_name: Mapped[Name] = mapped_column(index=True)
    party_tax_id: Mapped[Name | None]
    party_country: Mapped[Code | None]
    party_reference: Mapped[Name | None]
    contact_email: Mapped[Name | None]
    webhook_url: Mapped[Prose | None]
    status: Mapped[Code] = mapped_column(index=True)
    status_reason: Mapped[Prose | None]
    registered_at: Mapped[Time]
    decided_at: Mapped[Time | None]
    last_cursor: Mapped[int] = mapped_column(default=0)
    keys: Mapped[list[ClientKey]] = relationship(lazy="selectin")


class ClientKey(Base):
    """A public key that a client signs with; a key belongs to one client only."""

    __tablename__ = "client_keys"

    kid: Mapped[Key]
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    jwk: Mapped[Json]
    registered_at: Mapped[Time]
