"""Tables of access tokens and of the assertions they were given for."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Key, Time
from ..kit.db import Base


class AccessToken(Base):
    """A bearer token, kept as its SHA-256 only: who reads the database cannot use it."""

    __tablename__ = "access_tokens"

    token_sha256: Mapped[Key]
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    expires_at: Mapped[Time] = mapped_column(index=True)


class UsedAssertion(Base):
    """The `jti` of an assertion that was used; it is used once."""

    __tablename__ = "used_assertions"

    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), primary_key=True)
    jti_sha256: Mapped[Key]
    expires_at: Mapped[Time] = mapped_column(index=True)
