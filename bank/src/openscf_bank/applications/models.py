"""Tables of loan applications, the words exchanged, and the documents they finance."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Amount, Code, Id, Key, Name, Prose, Time
from ..kit.db import Base


class Application(Base):
    """A loan application. `waiting_since` is set while an officer has to decide.

    `recourse` is what the applicant asked for, None where it left that to the bank.
    `counterparty_name` names the other side of its documents: buyers of sales, the supplier of purchases; of pledges,
    which have none, the goods.
    """

    __tablename__ = "applications"
    __table_args__ = (sa.UniqueConstraint("client_id", "reference"),)

    id: Mapped[Key]
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    reference: Mapped[Name]
    technique: Mapped[Code]
    requested_amount: Mapped[Amount]
    currency: Mapped[Code]
    tenor_days: Mapped[int]
    repayment: Mapped[Code]
    recourse: Mapped[bool | None]
    account_number: Mapped[Name]
    account_holder: Mapped[Name]
    applicant_name: Mapped[Name]
    counterparty_name: Mapped[Name]
    package_sha256: Mapped[Id]
    package_id: Mapped[Name]
    status: Mapped[Code] = mapped_column(index=True)
    rejection_reason: Mapped[Code | None]
    rejection_message: Mapped[Prose | None]
    action_message: Mapped[Prose | None]
    needs_decision: Mapped[bool] = mapped_column(index=True)
    waiting_since: Mapped[Time | None] = mapped_column(index=True)
    created_at: Mapped[Time] = mapped_column(index=True)
    updated_at: Mapped[Time]


class ApplicationMessage(Base):
    """What the officer asked and what the applicant replied. `sender` is `bank` or `applicant`."""

    __tablename__ = "application_messages"

    id: Mapped[Key]
    application_id: Mapped[str] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    sender: Mapped[Code]
    author: Mapped[Name]
    message: Mapped[Prose]
    sent_at: Mapped[Time]


class Part(str, Enum):
    """What a document is to an application: what it finances, what a substitution would finance, or what one freed."""

    FINANCED = "FINANCED"
    PROPOSED = "PROPOSED"
    REPLACED = "REPLACED"


class FinancedDocument(Base):
    """A document of an application, or the invoice of a payable that is paid early (exactly one of the two is set).

    While `is_open`, nothing else here can finance the same one (F1). `outstanding` is what the last package said that
    counts.
    """

    __tablename__ = "financed_documents"
    __table_args__ = (
        sa.Index(
            "uq_financed_documents_open",
            "fingerprint",
            unique=True,
            sqlite_where=sa.text("is_open"),
            postgresql_where=sa.text("is_open"),
        ),
    )

    id: Mapped[Key]
    application_id: Mapped[str | None] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    payable_id: Mapped[str | None] = mapped_column(sa.ForeignKey("payables.id"), index=True)
    fingerprint: Mapped[Name]
    kind: Mapped[Code]
    number: Mapped[Name]
    currency: Mapped[Code]
    outstanding: Mapped[Amount]
    is_open: Mapped[bool]
    part: Mapped[Code] = mapped_column(server_default=Part.FINANCED.value)
