"""Tables of the members of programs, and of what was sent about them."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Amount, Code, Id, Key, Name, Prose, Time
from ..kit.db import Base

# Members in these states are over: their company may be brought in again.
ENDED = ("DECLINED", "LEFT")


class Member(Base):
    """A supplier or distributor in a program. `reference` is the id that the anchor's ERP gave, `client_id` the
    member's own ERP, where it joined with one.

    `content` is what was sent (openscf.programs.MemberRequest); once the membership is over, nothing but names and
    digests is left of it. `limit` is the bank's for this pair of anchor and member, with the `reasons` that add up to
    it; `used` the sum of the member's `cap_uses`. `waiting_since` is set while an officer has to decide, `note` says
    why.
    """

    __tablename__ = "members"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "reference"),
        sa.Index(
            "uq_members_company",
            "program_id",
            "tax_key",
            unique=True,
            sqlite_where=sa.text("status NOT IN ('DECLINED', 'LEFT')"),
            postgresql_where=sa.text("status NOT IN ('DECLINED', 'LEFT')"),
        ),
    )

    id: Mapped[Key]
    program_id: Mapped[str] = mapped_column(sa.ForeignKey("programs.id"))
    reference: Mapped[Id]
    client_id: Mapped[str | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    member_ref: Mapped[Id | None]
    status: Mapped[Code] = mapped_column(index=True)
    revision: Mapped[int]
    name: Mapped[Name]
    tax_key: Mapped[Name] = mapped_column(index=True)
    country: Mapped[Code | None]
    account_iban: Mapped[Id | None]
    account_holder: Mapped[Name | None]
    content: Mapped[Any] = mapped_column(sa.JSON)
    consent_until: Mapped[date]
    limit: Mapped[Amount | None]
    reasons: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    used: Mapped[Amount]
    rate_pa: Mapped[Amount | None]
    valid_until: Mapped[date | None]
    message: Mapped[Prose | None]
    note: Mapped[Prose | None]
    waiting_since: Mapped[Time | None] = mapped_column(index=True)
    decided_by: Mapped[Name | None]
    received_at: Mapped[Time]
    decided_at: Mapped[Time | None]


class MemberRevision(Base):
    """One revision that came, by who sent it (the anchor's client, or the member's own) and its digest."""

    __tablename__ = "member_revisions"

    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content_sha256: Mapped[Id]
    received_at: Mapped[Time]


class MemberDocument(Base):
    """A document about a member, by the client whose PUT it was. Its bytes are among the documents, until erased."""

    __tablename__ = "member_documents"
    __table_args__ = (sa.Index("ix_member_documents_claim", "client_id", "sha256"),)

    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"))
    sha256: Mapped[Id]
    kind: Mapped[Code]
    name: Mapped[Name]
    media_type: Mapped[Code]
    erased_at: Mapped[Time | None]
