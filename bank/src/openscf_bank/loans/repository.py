"""Finding loans and their ledgers."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from openscf.wire import LoanStatus, ReleaseStatus
from sqlalchemy.orm import Session

from ..collateral.models import Release
from .models import Collection, DirectRepayment, LedgerEntry, Loan

PAGE_SIZE = 25


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
    """Loans whose disbursement is not finished."""
    waiting = (LoanStatus.GRANTED.value, LoanStatus.DISBURSEMENT_INITIATED.value)
    return session.scalars(sa.select(Loan.id).where(Loan.status.in_(waiting)).order_by(Loan.granted_at)).all()


def listed(session: Session, *, status: str | None, page: int) -> tuple[Sequence[Loan], int]:
    """Loans for the desk, newest first, and how many there are. `status` is a LoanStatus, or `WAITING`: those with a
    release of goods that waits.
    """
    query = sa.select(Loan)
    if status == ReleaseStatus.WAITING.value:
        query = query.where(sa.exists().where(Release.loan_id == Loan.id, Release.status == status))
    elif status:
        query = query.where(Loan.status == LoanStatus(status).value)
    total = session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    rows = session.scalars(
        query.order_by(Loan.granted_at.desc(), Loan.number.desc()).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    ).all()
    return rows, total
