"""Finding the loans of a program, and what the anchor has to be told about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from openscf.programs import MemberStatus
from openscf.wire import LoanStatus
from sqlalchemy.orm import Session

from ..loans.models import LedgerEntry, Loan
from ..members.models import Member
from ..offers.models import Offer
from ..programs.models import CapUse, Program
from .models import ProgramLoan


def membership(session: Session, program_id: str, client_id: str) -> Member | None:
    """A client's own membership of a program: the approved one, else the newest."""
    query = sa.select(Member).where(Member.program_id == program_id, Member.client_id == client_id)
    approved_first = sa.case((Member.status == MemberStatus.APPROVED.value, 0), else_=1)
    return session.scalars(query.order_by(approved_first, Member.received_at.desc()).limit(1)).first()


def anchor_of_offer(session: Session, offer_id: str) -> str | None:
    """The client of the anchor in whose program an offer was made."""
    query = (
        sa.select(Program.client_id)
        .join(ProgramLoan, ProgramLoan.program_id == Program.id)
        .join(Offer, Offer.application_id == ProgramLoan.application_id)
        .where(Offer.id == offer_id)
    )
    return session.scalars(query).one_or_none()


def untold(session: Session) -> Sequence[str]:
    """Applications whose loan has entries that its anchor was not told of, or counts though it was never paid out."""
    booked = (
        sa.select(ProgramLoan.application_id)
        .join(Loan, Loan.application_id == ProgramLoan.application_id)
        .join(LedgerEntry, LedgerEntry.loan_id == Loan.id)
        .where(LedgerEntry.sequence > ProgramLoan.told_sequence)
    )
    failed = (
        sa.select(ProgramLoan.application_id)
        .join(Loan, Loan.application_id == ProgramLoan.application_id)
        .join(CapUse, sa.and_(CapUse.source == "loan", CapUse.source_id == Loan.id))
        .where(Loan.status == LoanStatus.DISBURSED_FAILED.value)
    )
    return sorted(session.scalars(sa.union(booked, failed)))


def to_buy_back(session: Session, today: date) -> Sequence[str]:
    """Applications whose loan is past its last due date for longer than the anchor's promise allows."""
    query = (
        sa.select(ProgramLoan.application_id, Loan.due_date, Program.buy_back)
        .join(Loan, Loan.application_id == ProgramLoan.application_id)
        .join(Program, Program.id == ProgramLoan.program_id)
        .where(
            Loan.status == LoanStatus.ACTIVE.value,
            Loan.due_date < today,
            ProgramLoan.bought_back_on.is_(None),
        )
        .order_by(Loan.due_date, Loan.id)
    )
    return [
        application_id
        for application_id, due_date, buy_back in session.execute(query)
        if buy_back is not None
        and due_date is not None
        and due_date + timedelta(days=int(buy_back["after_days_past_due"])) < today
    ]
