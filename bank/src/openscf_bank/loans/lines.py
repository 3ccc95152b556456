"""Finding lines and what was drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from openscf.wire import DrawdownStatus, LoanStatus
from sqlalchemy.orm import Session

from .models import Drawdown, Loan

IS_LINE = Loan.terms["repayment"].as_string() == "revolving"


def drawdowns(session: Session, loan_id: str) -> Sequence[Drawdown]:
    """What was asked for of a line, in the order of arrival."""
    query = sa.select(Drawdown).where(Drawdown.loan_id == loan_id).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Drawdown.sequence)).all()


def drawdown_paid_as(session: Session, payment_reference: str) -> Drawdown:
    """The drawdown of a payment in the core system."""
    return session.scalars(sa.select(Drawdown).where(Drawdown.payment_reference == payment_reference)).one()


def unpaid_references(session: Session) -> Sequence[str]:
    """The payments of drawdowns that are neither booked nor declined."""
    query = sa.select(Drawdown.payment_reference).where(Drawdown.status == DrawdownStatus.REQUESTED.value)
    return session.scalars(query.order_by(Drawdown.received_at)).all()


def is_being_drawn(session: Session, loan_id: str) -> bool:
    """Whether a drawdown is neither booked nor declined."""
    return any(one.status == DrawdownStatus.REQUESTED.value for one in drawdowns(session, loan_id))


def ended_ids(session: Session, now: datetime) -> Sequence[str]:
    """Lines whose tenor is over by the day of `now` and was not acted on, or that were not drawn for as long as it."""
    is_news = sa.or_(Loan.ended_on.is_(None), Loan.ended_on < Loan.due_date)
    drawn = sa.select(Loan.id).where(
        IS_LINE, Loan.status == LoanStatus.ACTIVE.value, Loan.due_date <= now.date(), is_news
    )
    undrawn = sa.select(Loan).where(IS_LINE, Loan.status == LoanStatus.GRANTED.value)
    lapsed = [loan.id for loan in session.scalars(undrawn) if lapses_on(loan) <= now.date()]
    return [*session.scalars(drawn), *lapsed]


def lapses_on(loan: Loan) -> date:
    """The day on which a line ends that nothing was drawn of: its tenor, counted from the grant."""
    return loan.granted_at.date() + timedelta(days=int(loan.terms["tenor_days"]))
