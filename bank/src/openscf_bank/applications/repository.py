"""Finding applications and what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from openscf.wire import LoanApplicationStatus
from sqlalchemy.orm import Session

from .models import Application, ApplicationMessage, FinancedDocument, Part

PAGE_SIZE = 25


def of_client(session: Session, client_id: str, application_id: str) -> Application | None:
    """A client's own application, read afresh."""
    query = (
        sa.select(Application)
        .where(Application.id == application_id, Application.client_id == client_id)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def with_reference(session: Session, client_id: str, reference: str) -> Application | None:
    """The application that a client gave this reference."""
    query = sa.select(Application).where(Application.client_id == client_id, Application.reference == reference)
    return session.scalars(query).one_or_none()


def undecided_ids(session: Session) -> Sequence[str]:
    """Applications that were received and verified, and that the engine has not looked at yet."""
    query = sa.select(Application.id).where(Application.needs_decision).order_by(Application.created_at)
    return session.scalars(query).all()


def messages(session: Session, application_id: str) -> Sequence[ApplicationMessage]:
    """What was said, oldest first."""
    query = sa.select(ApplicationMessage).where(ApplicationMessage.application_id == application_id)
    return session.scalars(query.order_by(ApplicationMessage.sent_at, ApplicationMessage.id)).all()


def financed_documents(session: Session, application_id: str, part: Part = Part.FINANCED) -> Sequence[FinancedDocument]:
    """The documents that an application finances, or those that are another part of it."""
    query = sa.select(FinancedDocument).where(
        FinancedDocument.application_id == application_id, FinancedDocument.part == part.value
    )
    return session.scalars(query.order_by(FinancedDocument.number)).all()


def open_elsewhere(session: Session, fingerprint: str, application_id: str) -> FinancedDocument | None:
    """The same document in another open application or loan, or paid early as a payable."""
    query = sa.select(FinancedDocument).where(
        FinancedDocument.fingerprint == fingerprint,
        FinancedDocument.is_open,
        FinancedDocument.application_id.is_distinct_from(application_id),
    )
    return session.scalars(query).first()


@dataclass(frozen=True)
class InboxPage:
    """One page of the inbox."""

    applications: Sequence[Application]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))


def inbox(session: Session, *, status: str | None, search: str, page: int) -> InboxPage:
    """Applications for the desk: those that wait for an officer first (longest first), then the newest.

    `status` is a LoanApplicationStatus, `WAITING`, or None for all; `search` matches names, references and numbers.
    """
    query = sa.select(Application)
    if status == "WAITING":
        query = query.where(Application.waiting_since.is_not(None))
    elif status:
        query = query.where(Application.status == LoanApplicationStatus(status).value)
    if search:
        places = (Application.reference, Application.applicant_name, Application.counterparty_name, Application.id)
        numbered = sa.select(FinancedDocument.application_id).where(
            FinancedDocument.number.icontains(search, autoescape=True)
        )
        query = query.where(
            sa.or_(*(place.icontains(search, autoescape=True) for place in places), Application.id.in_(numbered))
        )
    total = session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    order = (
        sa.case((Application.waiting_since.is_(None), 1), else_=0),
        Application.waiting_since,
        Application.created_at.desc(),
        Application.id,
    )
    rows = session.scalars(query.order_by(*order).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    return InboxPage(rows, total, page)


def count_waiting(session: Session) -> int:
    """How many applications wait for an officer."""
    query = sa.select(sa.func.count()).select_from(Application).where(Application.waiting_since.is_not(None))
    return session.execute(query).scalar_one()
