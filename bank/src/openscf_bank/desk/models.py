"""Tables of officers, their sessions, failed logins and what they did."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Code, Id, Key, Name, Prose, Time
from ..kit.db import Base


class Officer(Base):
    """Somebody who may work at the desk. The password is an argon2id hash."""

    __tablename__ = "officers"

    id: Mapped[Key]
    username: Mapped[Name] = mapped_column(unique=True)
    name: Mapped[Name]
    password_hash: Mapped[Prose]
    active: Mapped[bool]
    created_at: Mapped[Time]


class DeskSession(Base):
    """A login. The cookie's secret is kept as its SHA-256 only; every form carries `csrf_token`."""

    __tablename__ = "desk_sessions"

    token_sha256: Mapped[Key]
    officer_id: Mapped[str] = mapped_column(sa.ForeignKey("officers.id"))
    csrf_token: Mapped[Id]
    started_at: Mapped[Time]
    last_seen_at: Mapped[Time]
    expires_at: Mapped[Time] = mapped_column(index=True)


class LoginFailure(Base):
    """A failed login, counted per user name and per address (`subject`)."""

    __tablename__ = "login_failures"

    id: Mapped[Key]
    subject: Mapped[Name] = mapped_column(index=True)
    failed_at: Mapped[Time] = mapped_column(index=True)


class AuditEntry(Base):
    """What an officer did or looked at, from where, in real time. Never changed or deleted."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    at: Mapped[Time] = mapped_column(index=True)
    officer: Mapped[Name]
    address: Mapped[Name]
    action: Mapped[Code]
    subject: Mapped[Name]
    detail: Mapped[Prose]
