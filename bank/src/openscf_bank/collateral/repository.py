"""Finding pledged goods, releases and valuations."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .models import PledgedGoods, Release, Valuation, ValuedGoods


def of_application(session: Session, application_id: str) -> Sequence[PledgedGoods]:
    """The goods that an application pledged, and that stand for its loan."""
    query = sa.select(PledgedGoods).where(PledgedGoods.application_id == application_id)
    return session.scalars(query.order_by(PledgedGoods.number)).all()


def forget(session: Session, application_id: str) -> None:
    """Forget the goods of an application that has no loan: another package came, or it ended without one."""
    session.execute(sa.delete(PledgedGoods).where(PledgedGoods.application_id == application_id))


def releases(session: Session, loan_id: str) -> Sequence[Release]:
    """What was asked back and given back of a loan's goods, in the order of arrival."""
    query = sa.select(Release).where(Release.loan_id == loan_id).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Release.sequence)).all()


def asked_before(session: Session, loan_id: str, release_id: str) -> Release | None:
    """The release that the applicant gave this id."""
    query = sa.select(Release).where(Release.loan_id == loan_id, Release.release_id == release_id)
    return session.scalars(query).one_or_none()


def valuations(session: Session, loan_id: str) -> Sequence[Valuation]:
    """What the goods of a loan were worth, the one that counts last: by the day it is of, then by arrival."""
    query = sa.select(Valuation).where(Valuation.loan_id == loan_id)
    return session.scalars(query.order_by(Valuation.as_of, Valuation.sequence)).all()


def valued_goods(session: Session, loan_id: str) -> Sequence[ValuedGoods]:
    """Each of the goods in each valuation of a loan, in the order of `valuations`."""
    query = sa.select(ValuedGoods).join(Valuation).where(ValuedGoods.loan_id == loan_id)
    return session.scalars(query.order_by(Valuation.as_of, Valuation.sequence)).all()
