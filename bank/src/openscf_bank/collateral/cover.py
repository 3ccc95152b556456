"""Whether the goods that are held carry a loan: their present value, what is lent on it, what is owed.

What has to be covered is the principal: interest that accrues is what the haircut is for, so that a loan of the full
advance is not short on its second day. Where something has to be repaid, the amount includes what has accrued until
today, because a repayment pays that first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from openscf import wire
from openscf.money import round_money
from openscf.wire import LoanStatus, ReleaseStatus
from sqlalchemy.orm import Session

from ..loans import repository as loans
from ..loans.models import Loan
from ..loans.views import balance
from . import repository
from .models import PledgedGoods, ValuedGoods


@dataclass(frozen=True)
class HeldGoods:
    """What the bank holds of the goods of one document, and how they were valued last.

    `valued` is the quantity that is worth `value`; `missing` what the applicant's books lacked then of what was held.
    """

    goods: PledgedGoods
    released: Decimal
    valued: Decimal
    value: Decimal
    missing: Decimal

    @property
    def held(self) -> Decimal:
        """What was pledged and not released."""
        return self.goods.quantity - self.released

    @property
    def absent(self) -> Decimal:
        """What is held, but was not in the applicant's books."""
        return min(self.missing, self.held)

    @property
    def worth(self) -> Decimal:
        """The present value of what is held; what is absent has none. Not rounded."""
        present = self.held - self.absent
        return self.value * present / self.valued if self.valued > 0 else Decimal(0)


@dataclass(frozen=True)
class Cover:
    """The goods of a loan against what is owed today, in the loan's currency; `advance_rate` in percent."""

    goods: tuple[HeldGoods, ...]
    currency: str
    advance_rate: Decimal
    principal: Decimal
    owed: Decimal

    def value_of(self, held: HeldGoods) -> Decimal:
        """The value of what is held of one document."""
        return round_money(held.worth, self.currency)

    def lending_value_of(self, held: HeldGoods) -> Decimal:
        """What is lent on it."""
        return round_money(held.worth * self.advance_rate / 100, self.currency)

    @property
    def value(self) -> Decimal:
        """The value of all that is held."""
        return round_money(sum((held.worth for held in self.goods), Decimal(0)), self.currency)

    @property
    def lending_value(self) -> Decimal:
        """What is lent on all that is held, rounded once."""
        worth = sum((held.worth for held in self.goods), Decimal(0))
        return round_money(worth * self.advance_rate / 100, self.currency)

    @property
    def shortfall(self) -> Decimal:
        """What has to be repaid today to be covered again; 0 while the principal is."""
        if self.principal <= self.lending_value:
            return round_money(Decimal(0), self.currency)
        return self.owed - self.lending_value

    @property
    def percent(self) -> Decimal | None:
        """The lending value of the principal, in percent; None where nothing is owed."""
        return (self.lending_value / self.principal * 100).quantize(Decimal("0.1")) if self.principal > 0 else None

    def of(self, number: str) -> HeldGoods | None:
        """What is held of one document."""
        return next((held for held in self.goods if held.goods.number == number), None)

    def without(self, goods_id: str, quantity: Decimal) -> Cover:
        """The cover if so much were released."""
        left = tuple(
            replace(held, released=held.released + quantity) if held.goods.id == goods_id else held
            for held in self.goods
        )
        return replace(self, goods=left)


def cover(session: Session, loan: Loan, today: date) -> Cover:
    """The cover of a loan as it stands in this transaction. A loan without pledged goods has a cover without goods."""
    session.flush()
    principal, owed = _owed(session, loan, today)
    return Cover(
        goods=held_goods(session, loan),
        currency=loan.currency,
        advance_rate=wire.OfferTerms.model_validate(loan.terms).advance_rate,
        principal=principal,
        owed=owed,
    )


def held_goods(session: Session, loan: Loan) -> tuple[HeldGoods, ...]:
    """What is held of the goods of a loan; before the first valuation they are worth what the package said."""
    released: dict[str, Decimal] = {}
    for release in repository.releases(session, loan.id):
        if release.status == ReleaseStatus.RELEASED.value:
            released[release.goods_id] = released.get(release.goods_id, Decimal(0)) + release.quantity
    latest = {valued.goods_id: valued for valued in repository.valued_goods(session, loan.id)}
    return tuple(_held(goods, released, latest) for goods in repository.of_application(session, loan.application_id))


def _held(goods: PledgedGoods, released: Mapping[str, Decimal], latest: Mapping[str, ValuedGoods]) -> HeldGoods:
    valued = latest.get(goods.id)
    return HeldGoods(
        goods=goods,
        released=released.get(goods.id, Decimal(0)),
        valued=valued.quantity if valued else goods.quantity,
        value=valued.value if valued else goods.value,
        missing=valued.missing if valued else Decimal(0),
    )


def _owed(session: Session, loan: Loan, today: date) -> tuple[Decimal, Decimal]:
    """(principal, all that is owed) today; the whole principal while the money is on its way."""
    if loan.status in (LoanStatus.GRANTED.value, LoanStatus.DISBURSEMENT_INITIATED.value):
        return loan.principal, loan.principal
    present = balance(loan, loans.ledger(session, loan.id), today)
    return present.principal, present.total
