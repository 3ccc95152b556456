"""Tables of pledged goods, of what was asked back of them, and of what they were worth."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..kit.columns import Amount, Code, Id, Key, Name, Prose, Time
from ..kit.db import Base


class PledgedGoods(Base):
    """The goods of one document, as the package of the application pledged them; never changed afterwards.

    `quantity` in `uom`, `value` at cost in the loan's currency on the day of the package. They are kept from the
    application on, because an offer may be accepted when the consent, and with it the package, has ended.
    """

    __tablename__ = "pledged_goods"
    __table_args__ = (sa.UniqueConstraint("application_id", "number"),)

    id: Mapped[Key]
    application_id: Mapped[str] = mapped_column(sa.ForeignKey("applications.id"))
    number: Mapped[Name]
    description: Mapped[Prose]
    product_code: Mapped[Name | None]
    lot: Mapped[Name | None]
    place: Mapped[Name]
    quantity: Mapped[Amount]
    uom: Mapped[Name | None]
    value: Mapped[Amount]


class Release(Base):
    """Goods asked back by the applicant, in the order of arrival; `release_id` is the applicant's own.

    At the end of a loan the bank releases what it holds still: nobody asked, so `release_id` is None. `reference` and
    `released_on` are the bank's. `repay_first` is what the applicant was told to repay before. `decided_by` is an
    officer's name, or None where the bank's programs decided.
    """

    __tablename__ = "collateral_releases"
    __table_args__ = (sa.UniqueConstraint("loan_id", "sequence"), sa.UniqueConstraint("loan_id", "release_id"))

    id: Mapped[Key]
    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"))
    sequence: Mapped[int]
    release_id: Mapped[Id | None]
    goods_id: Mapped[str] = mapped_column(sa.ForeignKey("pledged_goods.id"), index=True)
    quantity: Mapped[Amount]
    reason: Mapped[Prose]
    status: Mapped[Code]
    reference: Mapped[Name | None]
    released_on: Mapped[date | None]
    repay_first: Mapped[Amount | None]
    message: Mapped[Prose | None]
    decided_by: Mapped[Name | None]
    received_at: Mapped[Time]


class Valuation(Base):
    """What the applicant's books said about the goods of a loan on a day. Never changed or deleted."""

    __tablename__ = "collateral_valuations"
    __table_args__ = (sa.UniqueConstraint("loan_id", "sequence"),)

    loan_id: Mapped[str] = mapped_column(sa.ForeignKey("loans.id"), primary_key=True)
    valuation_id: Mapped[Key]
    sequence: Mapped[int]
    as_of: Mapped[date]
    content_sha256: Mapped[Id]
    received_at: Mapped[Time]


class ValuedGoods(Base):
    """The goods of one document in a valuation. Never changed or deleted.

    `missing` is how much less the applicant's books had than the bank held when the valuation came.
    """

    __tablename__ = "valued_goods"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["loan_id", "valuation_id"], ["collateral_valuations.loan_id", "collateral_valuations.valuation_id"]
        ),
    )

    loan_id: Mapped[Key]
    valuation_id: Mapped[Key]
    goods_id: Mapped[str] = mapped_column(sa.ForeignKey("pledged_goods.id"), primary_key=True)
    quantity: Mapped[Amount]
    value: Mapped[Amount]
    missing: Mapped[Amount]
