"""Finding members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from openscf.programs import MemberStatus
from sqlalchemy.orm import Session

from ..programs.models import Program
from .models import ENDED, Member, MemberDocument, MemberRevision

PAGE_SIZE = 50


def visible_to(session: Session, client_id: str, member_id: str) -> Member | None:
    """A member by the anchor of its program, or by its own ERP."""
    query = sa.select(Member).join(Program, Program.id == Member.program_id)
    theirs = sa.or_(Program.client_id == client_id, Member.client_id == client_id)
    return session.scalars(query.where(Member.id == member_id, theirs)).one_or_none()


def of_reference(session: Session, program_id: str, reference: str) -> Member | None:
    """A program's member by the id that the anchor's ERP gave."""
    query = sa.select(Member).where(Member.program_id == program_id, Member.reference == reference)
    return session.scalars(query).one_or_none()


def company_in_program(session: Session, program_id: str, tax_key: str) -> Member | None:
    """The membership of a company that is not over."""
    query = sa.select(Member).where(
        Member.program_id == program_id, Member.tax_key == tax_key, Member.status.not_in(ENDED)
    )
    return session.scalars(query).one_or_none()


def priced_by_program(session: Session, program_id: str) -> Sequence[Member]:
    """The members with an own ERP whose rate is the program's, since they have none of their own, read afresh."""
    standing = Member.status.in_((MemberStatus.APPROVED.value, MemberStatus.SUSPENDED.value))
    query = sa.select(Member).where(
        Member.program_id == program_id, Member.client_id.is_not(None), Member.rate_pa.is_(None), standing
    )
    return session.scalars(query.order_by(Member.id).execution_options(populate_existing=True)).all()


def revisions_of(session: Session, member_id: str, client_id: str) -> Sequence[MemberRevision]:
    """What one client sent about a member."""
    query = sa.select(MemberRevision).where(
        MemberRevision.member_id == member_id, MemberRevision.client_id == client_id
    )
    return session.scalars(query).all()


def documents_of(session: Session, member_id: str) -> Sequence[MemberDocument]:
    """The documents of a member, as they were listed, also those whose bytes are erased."""
    query = sa.select(MemberDocument).where(MemberDocument.member_id == member_id)
    return session.scalars(query.order_by(MemberDocument.number)).all()


def of_program(session: Session, program_id: str, *, page: int, status: str | None) -> tuple[Sequence[Member], int]:
    """A page of a program's members, those that wait for an officer first, and how many there are."""
    query = sa.select(Member).where(Member.program_id == program_id)
    if status == "WAITING":
        query = query.where(Member.waiting_since.is_not(None))
    elif status is not None:
        query = query.where(Member.status == status)
    total = session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    waiting_first = sa.case((Member.waiting_since.is_not(None), 0), else_=1)
    query = query.order_by(waiting_first, Member.name, Member.id).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    return session.scalars(query).all(), total


def count_waiting(session: Session) -> int:
    """How many members wait for an officer."""
    query = sa.select(sa.func.count()).select_from(Member).where(Member.waiting_since.is_not(None))
    return session.execute(query).scalar_one()


def waiting_by_program(session: Session) -> dict[str, int]:
    """How many members wait, by program."""
    query = sa.select(Member.program_id, sa.func.count()).where(Member.waiting_since.is_not(None))
    return {row[0]: row[1] for row in session.execute(query.group_by(Member.program_id))}


def with_consent_over(session: Session, today: date) -> Sequence[str]:
    """The members whose consent ended before today, and of whom the bank still has documents."""
    query = sa.select(Member.id).where(Member.consent_until < today, Member.status.not_in(ENDED))
    pending = Member.status.in_((MemberStatus.RECEIVED.value, MemberStatus.ACTION_REQUIRED.value))
    kept = sa.exists().where(MemberDocument.member_id == Member.id, MemberDocument.erased_at.is_(None))
    return session.scalars(query.where(sa.or_(pending, kept))).all()
