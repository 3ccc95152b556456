"""Finding loans and their ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from openscf.wire import ExtensionStatus, LoanStatus, ReleaseStatus, SubstitutionStatus
from sqlalchemy.orm import Session

from ..applications.models import FinancedDocument
from ..collateral.models import Release
from .models import (
    BuyerPayment,
    Collection,
    DirectRepayment,
    Extension,
    LedgerEntry,
    Loan,
    Proposal,
    Substitution,
)

PAGE_SIZE = 25

# An extension in these states is answered still: by the bank, or by the applicant.
OPEN_EXTENSIONS = (ExtensionStatus.REQUESTED.value, ExtensionStatus.OFFERED.value)
# What of a loan waits for an officer, and in which state.
WAITS_FOR_OFFICER: dict[str, tuple[type[Release | Extension | Substitution | Proposal], str]] = {
    "release": (Release, ReleaseStatus.WAITING.value),
    "extension": (Extension, ExtensionStatus.REQUESTED.value),
    "substitution": (Substitution, SubstitutionStatus.REQUESTED.value),
    "proposal": (Proposal, "PROPOSED"),
}


def of_client(session: Session, client_id: str, loan_id: str) -> Loan | None:
    """A client's own loan, read afresh."""
    query = (
        sa.select(Loan).where(Loan.id == loan_id, Loan.client_id == client_id).execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def of_application(session: Session, application_id: str) -> Loan | None:
    """The loan that an application led to."""
    return session.scalars(sa.select(Loan).where(Loan.application_id == application_id)).one_or_none()


def ledger(session: Session, loan_id: str) -> Sequence[LedgerEntry]:
    """The whole ledger in the order of booking."""
    return session.scalars(
        sa.select(LedgerEntry).where(LedgerEntry.loan_id == loan_id).order_by(LedgerEntry.sequence)
    ).all()


def collections(session: Session, loan_id: str) -> Sequence[Collection]:
    """What the ERP reported, in the order of arrival."""
    return session.scalars(
        sa.select(Collection).where(Collection.loan_id == loan_id).order_by(Collection.sequence)
    ).all()


def direct_repayments(session: Session, loan_id: str) -> Sequence[DirectRepayment]:
    """What the applicant paid from its own money."""
    query = sa.select(DirectRepayment).where(DirectRepayment.loan_id == loan_id)
    return session.scalars(query.order_by(DirectRepayment.received_at)).all()


def unpaid_ids(session: Session) -> Sequence[str]:
    """Loans whose disbursement is not finished; a line has none."""
    waiting = (LoanStatus.GRANTED.value, LoanStatus.DISBURSEMENT_INITIATED.value)
    query = sa.select(Loan.id).where(Loan.status.in_(waiting), Loan.terms["repayment"].as_string() != "revolving")
    return session.scalars(query.order_by(Loan.granted_at)).all()


def listed(session: Session, *, status: str | None, page: int) -> tuple[Sequence[Loan], int]:
    """Loans for the desk, newest first, and how many there are. `status` is a LoanStatus, or `WAITING`: those of which
    something waits for an officer.
    """
    query = sa.select(Loan)
    if status == "WAITING":
        waits = (
            sa.exists().where(table.loan_id == Loan.id, table.status == state)
            for table, state in WAITS_FOR_OFFICER.values()
        )
        query = query.where(sa.or_(*waits))
    elif status:
        query = query.where(Loan.status == LoanStatus(status).value)
    total = session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    rows = session.scalars(
        query.order_by(Loan.granted_at.desc(), Loan.number.desc()).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    ).all()
    return rows, total


def count_waiting(session: Session) -> int:
    """How many things of loans wait for an officer."""
    return sum(
        session.execute(sa.select(sa.func.count()).select_from(table).where(table.status == state)).scalar_one()
        for table, state in WAITS_FOR_OFFICER.values()
    )


def waiting(session: Session, loan_ids: Sequence[str]) -> dict[str, list[str]]:
    """What of these loans waits for an officer, in words, by loan."""
    found: dict[str, list[str]] = {}
    for word, (table, state) in WAITS_FOR_OFFICER.items():
        query = sa.select(table.loan_id).where(table.loan_id.in_(loan_ids), table.status == state).distinct()
        for loan_id in session.scalars(query):
            found.setdefault(loan_id, []).append(word)
    return found


def extensions(session: Session, loan_id: str) -> Sequence[Extension]:
    """The extensions asked for, in the order of arrival."""
    query = sa.select(Extension).where(Extension.loan_id == loan_id).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Extension.sequence)).all()


def open_extension(session: Session, loan_id: str) -> Extension | None:
    """The extension that the bank or the applicant still has to answer; a loan has one at a time."""
    return next((one for one in extensions(session, loan_id) if one.status in OPEN_EXTENSIONS), None)


def overdue_extensions(session: Session, now: datetime) -> Sequence[tuple[str, str]]:
    """(loan, extension) of those offered whose time is over."""
    query = sa.select(Extension.loan_id, Extension.extension_id).where(
        Extension.status == ExtensionStatus.OFFERED.value, Extension.expires_at <= now
    )
    return [(row.loan_id, row.extension_id) for row in session.execute(query.order_by(Extension.expires_at))]


def substitutions(session: Session, loan_id: str) -> Sequence[Substitution]:
    """The substitutions asked for, in the order of arrival."""
    query = sa.select(Substitution).where(Substitution.loan_id == loan_id).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Substitution.sequence)).all()


def waiting_substitution(session: Session, loan_id: str) -> Substitution | None:
    """The substitution that an officer has to decide; a loan has one at a time."""
    requested = SubstitutionStatus.REQUESTED.value
    return next((one for one in substitutions(session, loan_id) if one.status == requested), None)


def last_granted_substitution(session: Session, loan_id: str) -> Substitution | None:
    """The substitution whose package says what the documents carry."""
    granted = [one for one in substitutions(session, loan_id) if one.status == SubstitutionStatus.GRANTED.value]
    return granted[-1] if granted else None


def buyer_payments(session: Session, loan_id: str) -> Sequence[BuyerPayment]:
    """What buyers paid the bank directly, in the order of recording."""
    query = sa.select(BuyerPayment).where(BuyerPayment.loan_id == loan_id)
    return session.scalars(query.order_by(BuyerPayment.sequence)).all()


def buyer_payment(session: Session, loan_id: str, sequence: int) -> BuyerPayment:
    """The payment with this number in the loan's list; NoResultFound where there is none."""
    return session.scalars(sa.select(BuyerPayment).filter_by(loan_id=loan_id, sequence=sequence)).one()


def others_on_document(session: Session, document: FinancedDocument) -> Sequence[tuple[Loan, bool]]:
    """Other loans that were made on the same document, and whether each of them is secured by it now."""
    query = (
        sa.select(Loan, FinancedDocument.is_open)
        .join(FinancedDocument, FinancedDocument.application_id == Loan.application_id)
        .where(
            FinancedDocument.fingerprint == document.fingerprint,
            FinancedDocument.application_id != document.application_id,
        )
        .order_by(Loan.number)
    )
    return [(loan, is_held) for loan, is_held in session.execute(query)]


def proposals(session: Session, loan_id: str) -> Sequence[Proposal]:
    """What officers proposed that takes two, oldest first."""
    query = sa.select(Proposal).where(Proposal.loan_id == loan_id)
    query = query.execution_options(populate_existing=True)
    return session.scalars(query.order_by(Proposal.sequence)).all()
