"""Tables of loans, their ledger, what the applicant reported, paid, drew and asked for, and what a buyer paid."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Amount, Code, Id, Json, Key, Name, Prose, Time
from ..kit.db import Base


class Loan(Base):
    """A loan on the terms of its offer. `ended_on`, of a line: the last due date whose coming was acted on."""

    __tablename__ = "loans"

    id: Mapped[Key]
    client_id: Mapped[str] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    application_id: Mapped[str] = mapped_column(sa.ForeignKey("applications.id"), unique=True)
    offer_id: Mapped[str] = mapped_column(sa.ForeignKey("offers.id"), unique=True)
    number: Mapped[Name] = mapped_column(unique=True)
    status: Mapped[Code] = mapped_column(index=True)
    terms: Mapped[Json]
    currency: Mapped[Code]
    principal: Mapped[Amount]
    start_date: Mapped[date | None]
    due_date: Mapped[date | None]
    ended_on: Mapped[date | None]
    failure_reason: Mapped[Prose | None]
    granted_at: Mapped[Time]


class LedgerEntry(Base):
    """One line of a loan's ledger. Never changed or deleted: a trigger in the database refuses it.

    `source_kind` and `source_id` name what caused it: a collection, repayment, drawdown, … by the ERP's id or the
    bank's. `days` is what an extension moves the due dates by. An entry is reversed once.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (sa.UniqueConstraint("loan_id", "sequence"), sa.UniqueConstraint("reverses"))

    id: Mapped[Key]
    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), index=True)
    sequence: Mapped[int]
    type: Mapped[Code]
    value_date: Mapped[date]
    booked_at: Mapped[Time]
    amount: Mapped[Amount]
    days: Mapped[int | None]
    penalty: Mapped[Amount | None]
    fee: Mapped[Amount | None]
    interest: Mapped[Amount | None]
    principal: Mapped[Amount | None]
    source_kind: Mapped[Code | None]
    source_id: Mapped[Id | None]
    reverses: Mapped[str | None] = mapped_column(sa.ForeignKey("ledger_entries.id"))


class Collection(Base):
    """Something that happened to a financed document in the ERP. `settled`: the bank has acted on it."""

    __tablename__ = "collections"

    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), primary_key=True)
    collection_id: Mapped[Key]
    sequence: Mapped[int]
    kind: Mapped[Code]
    document_kind: Mapped[Code]
    document_number: Mapped[Name]
    amount: Mapped[Amount]
    collected_on: Mapped[date]
    reverses: Mapped[Id | None]
    settled: Mapped[bool]
    received_at: Mapped[Time]


class DirectRepayment(Base):
    """The applicant paid from its own money."""

    __tablename__ = "direct_repayments"

    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), primary_key=True)
    repayment_id: Mapped[Key]
    amount: Mapped[Amount]
    paid_on: Mapped[date]
    reason: Mapped[Prose]
    received_at: Mapped[Time]


class Drawdown(Base):
    """A part of a revolving loan's limit that the applicant draws; `drawdown_id` is the applicant's own.

    `sequence` numbers a loan's drawdowns from 1. `payment_reference` names the payment in the core system: an id of
    the applicant's alone would not be unique there.
    """

    __tablename__ = "drawdowns"
    __table_args__ = (sa.UniqueConstraint("loan_id", "sequence"), sa.UniqueConstraint("payment_reference"))

    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), primary_key=True)
    drawdown_id: Mapped[Key]
    sequence: Mapped[int]
    payment_reference: Mapped[Id]
    amount: Mapped[Amount]
    status: Mapped[Code] = mapped_column(index=True)
    requested_by: Mapped[Name]
    approved_by: Mapped[Name]
    requested_at: Mapped[Time]
    received_at: Mapped[Time]
    entry_id: Mapped[str | None] = mapped_column(sa.ForeignKey("ledger_entries.id"))
    message: Mapped[Prose | None]


class Extension(Base):
    """The applicant asks for later due dates; `extension_id` is its own, `asked_days` what it asked for.

    `days`, `fee` and `due_date` (the new last one) are the bank's offer, made by the officer `decided_by`. The
    acceptance is kept as it was signed.
    """

    __tablename__ = "extensions"
    __table_args__ = (sa.UniqueConstraint("loan_id", "sequence"),)

    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), primary_key=True)
    extension_id: Mapped[Key]
    sequence: Mapped[int]
    asked_days: Mapped[int]
    reason: Mapped[Prose]
    status: Mapped[Code] = mapped_column(index=True)
    days: Mapped[int | None]
    fee: Mapped[Amount | None]
    due_date: Mapped[date | None]
    expires_at: Mapped[Time | None]
    message: Mapped[Prose | None]
    decided_by: Mapped[Name | None]
    approved_by: Mapped[Name | None]
    acceptance: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    signature: Mapped[Prose | None]
    received_at: Mapped[Time]


class Substitution(Base):
    """The applicant asks that other documents take the place of `released` ones, a list of DocumentRef as JSON.

    `package_row_id` is the package that names the documents as they would be. `known` are the payments and credit notes
    (name: amount) that stood when it came, and that its figures count already.
    """

    __tablename__ = "substitutions"
    __table_args__ = (sa.UniqueConstraint("loan_id", "sequence"),)

    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), primary_key=True)
    substitution_id: Mapped[Key]
    sequence: Mapped[int]
    released: Mapped[Json]
    reason: Mapped[Prose]
    package_row_id: Mapped[str] = mapped_column(sa.ForeignKey("received_packages.id"))
    known: Mapped[Json]
    status: Mapped[Code] = mapped_column(index=True)
    message: Mapped[Prose | None]
    decided_by: Mapped[Name | None]
    received_at: Mapped[Time]


class BuyerPayment(Base):
    """A buyer paid the bank directly for a document of a loan, as an officer recorded it.

    `reference` is that of the incoming payment in the core system. `surplus` is what was above what was owed; it was
    paid on to the applicant under the payment's id.
    """

    __tablename__ = "buyer_payments"
    __table_args__ = (
        sa.UniqueConstraint("loan_id", "sequence"),
        sa.UniqueConstraint(
            "loan_id", "reference", "document_kind", "document_number", name="uq_buyer_payments_reference"
        ),
    )

    id: Mapped[Key]
    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"))
    sequence: Mapped[int]
    reference: Mapped[Name]
    document_kind: Mapped[Code]
    document_number: Mapped[Name]
    amount: Mapped[Amount]
    surplus: Mapped[Amount]
    received_on: Mapped[date]
    payer: Mapped[Name | None]
    recorded_by: Mapped[Name]
    recorded_at: Mapped[Time]
    returned_on: Mapped[date | None]
    return_reason: Mapped[Prose | None]
    returned_by: Mapped[Name | None]


class Proposal(Base):
    """One officer proposes something that takes two; another one decides. Officers are named by user name.

    `act` is what is proposed (`proposals.Act`), `subject` what of the loan it is about, `content` what was written down
    of it, all text, and `reason` the officer's sentence for the applicant, empty where there is none.
    """

    __tablename__ = "loan_proposals"

    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    act: Mapped[Code]
    subject: Mapped[Name]
    content: Mapped[Json]
    reason: Mapped[Prose]
    status: Mapped[Code] = mapped_column(index=True)
    proposed_by: Mapped[Name]
    proposed_at: Mapped[Time]
    decided_by: Mapped[Name | None]
    decided_at: Mapped[Time | None]
