"""Tables of programs and of what counts against their limits."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Amount, Code, Id, Json, Key, Name, Prose, Time
from ..kit.db import Base


class Program(Base):
    """An anchor's program. `client_id` is the anchor's, `reference` the id that its ERP gave.

    `anchor_limit` and `member_limit` (of one member) are the bank's, None until it decided; `used` is the sum of the
    program's `cap_uses`. `request_sha256` is the digest of the request as it came.
    """

    __tablename__ = "programs"
    __table_args__ = (sa.UniqueConstraint("client_id", "reference"),)

    id: Mapped[Key]
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"))
    reference: Mapped[Id]
    kind: Mapped[Code]
    name: Mapped[Name]
    currency: Mapped[Code]
    status: Mapped[Code] = mapped_column(index=True)
    requested_limit: Mapped[Amount]
    requested_member_limit: Mapped[Amount | None]
    requested_tenor_days: Mapped[int]
    documents: Mapped[Json]
    terms_sha256: Mapped[Id]
    buy_back: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    stock_control: Mapped[bool]
    requested_by: Mapped[Name]
    approved_by: Mapped[Name]
    requested_at: Mapped[Time]
    request_sha256: Mapped[Id]
    anchor_limit: Mapped[Amount | None]
    member_limit: Mapped[Amount | None]
    used: Mapped[Amount]
    terms: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    valid_until: Mapped[date | None]
    message: Mapped[Prose | None]
    decided_by: Mapped[Name | None]
    received_at: Mapped[Time]
    decided_at: Mapped[Time | None]


class SupplierCap(Base):
    """What one company may use at this bank, over all programs in one currency; its row is the lock for that."""

    __tablename__ = "supplier_caps"

    tax_key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    currency: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    cap: Mapped[Amount]
    used: Mapped[Amount]


class CapUse(Base):
    """How much a payable or a loan counts against the three limits; gone once it counts no more."""

    __tablename__ = "cap_uses"

    source: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    program_id: Mapped[str] = mapped_column(sa.ForeignKey("programs.id"), index=True)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), index=True)
    amount: Mapped[Amount]
