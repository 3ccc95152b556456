"""What an anchor offers for early payment from its own cash: on which days, at which discount, within which budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.errors import InputInvalid
from openscf.money import Money
from openscf.payables import Discounted, sliding_discount


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def has(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Budget:
    """Cash for early payments that are made in a period: `amount`, of which `used` is paid or promised."""

    period: Period
    amount: Decimal
    used: Decimal

    @property
    def free(self) -> Decimal:
        return max(self.amount - self.used, Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CashTerms:
    """On which terms an anchor pays early itself.

    :ivar target_return_pa: what the cash is to bring, in percent a year: the rate of the sliding discount
    :ivar earliest_days: days from today until the first payment run that can still take it
    :ivar blackouts: when nothing is paid early (a year's end, for example)
    """

    target_return_pa: Decimal
    day_count: str
    earliest_days: int
    blackouts: tuple[Period, ...]
    budgets: tuple[Budget, ...]

    def first_day(self, today: date) -> date:
        """The first day from today on that can be paid on."""
        day = today + timedelta(days=self.earliest_days)
        while (blackout := next((one for one in self.blackouts if one.has(day)), None)) is not None:
            day = blackout.last + timedelta(days=1)
        return day


def cash_figures(amount: Money, terms: CashTerms, pay_on: date, due_on: date, today: date) -> Discounted | None:
    """What the anchor keeps and pays on a day; None where that day is not offered, or its budget is used up."""
    if pay_on < today + timedelta(days=terms.earliest_days) or pay_on >= due_on:
        return None
    if any(blackout.has(pay_on) for blackout in terms.blackouts):
        return None
    try:
        figures = sliding_discount(amount, terms.target_return_pa, pay_on, due_on, terms.day_count)
    except InputInvalid:  # nothing would be left to pay
        return None
    return figures if free_on(terms.budgets, pay_on) >= figures.payout.amount else None


def free_on(budgets: Iterable[Budget], day: date) -> Decimal:
    """Cash that is free for payments on a day; nothing where no budget covers it."""
    return max((budget.free for budget in budgets if budget.period.has(day)), default=Decimal(0))
