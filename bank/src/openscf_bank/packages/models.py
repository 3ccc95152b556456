"""Tables of the packages that came, and of who read them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Code, Id, Json, Key, Name, Time
from ..kit.db import Base


class ReceivedPackage(Base):
    """A package as it came for an application, with the result of its verification.

    `sha256` is the digest of the file among the documents; embedded files are taken out of it when somebody asks.
    `sections` is what the file discloses, put together: None where it could not be read, or its consent is closed.
    """

    __tablename__ = "received_packages"

    id: Mapped[Key]
    application_id: Mapped[str] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"))
    consent_id: Mapped[Id | None]
    sha256: Mapped[Id]
    package_id: Mapped[Name]
    root: Mapped[Id | None]
    ok: Mapped[bool]
    report: Mapped[Json]
    sections: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True), deferred=True)
    received_at: Mapped[Time]

    __table_args__ = (
        sa.Index("ix_received_packages_client_package", "client_id", "package_id"),
        sa.Index("ix_received_packages_client_consent", "client_id", "consent_id"),
    )


class PackageRead(Base):
    """One time that somebody read a package. Never changed or deleted. `reader` is an officer's name, or `system`."""

    __tablename__ = "package_reads"

    number: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    id: Mapped[Id] = mapped_column(unique=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"))
    application_id: Mapped[str] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    package_id: Mapped[Name]
    reader: Mapped[Name]
    action: Mapped[Code]
    part: Mapped[Name | None]
    read_at: Mapped[Time]

    __table_args__ = (sa.Index("ix_package_reads_client_package", "client_id", "package_id"),)
