"""What the end of a period makes of one loan: pure, in `Decimal`, in the loan's currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf.loan import Balance
from openscf.money import round_money

from odoo.tools.date_utils import relativedelta

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Due:
    """A part of the principal that is due on a day by the bank's schedule."""

    on: date
    principal: Decimal


@dataclass(frozen=True, slots=True)
class Fee:
    """The fee of the terms: `amount`, of which `paid` was paid; a cost of the days from `start` to the last due date.

    `amount` is zero where fees are a cost when they are owed. `periodic` is owed anew on every due date, for the time
    since the one before.
    """

    amount: Decimal
    paid: Decimal
    start: date
    periodic: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PeriodEnd:
    """Sums that are booked at the end of a period, none negative.

    `interest`, `penalty`, `fee`: costs owed, or earned by the bank, and not paid; `deferred_fee`: the part of fees
    paid whose time has come; `long_term`: principal due more than twelve months later.
    """

    interest: Decimal
    penalty: Decimal
    fee: Decimal
    deferred_fee: Decimal
    long_term: Decimal


def period_end(balance: Balance, fee: Fee, schedule: Sequence[Due], *, is_called: bool = False) -> PeriodEnd:
    """The sums of a loan that owes `balance` at the end of the period.

    :param schedule: what is due by the bank's schedule, in any order
    :param is_called: the bank has called everything due
    """
    earned = earned_fee(fee.amount, fee.start, schedule, balance.as_of, balance.currency)
    charged = max(balance.fee - (fee.amount - fee.paid), ZERO)
    return PeriodEnd(
        interest=balance.interest,
        penalty=balance.penalty,
        fee=charged + max(earned - fee.paid, ZERO) + _accruing(fee, schedule, balance),
        deferred_fee=min(earned, fee.paid),
        long_term=ZERO if is_called else min(balance.principal, _due_later(schedule, balance.as_of)),
    )


def earned_fee(fee: Decimal, start: date, schedule: Sequence[Due], on: date, currency: str) -> Decimal:
    """The part of a fee whose time has come on `on`: in proportion to the principal of the schedule and the days.

    For a loan that is due in one sum that is a straight line; with instalments it comes near the effective interest
    method, as more is owed at first.
    """
    if not fee or not schedule:
        return fee
    left, since, used, whole = sum((part.principal for part in schedule), ZERO), start, ZERO, ZERO
    for part in sorted(schedule, key=lambda part: part.on):
        whole += left * (part.on - since).days
        used += left * max((min(part.on, on) - since).days, 0)
        left, since = left - part.principal, part.on
    return round_money(fee * used / whole, currency) if whole else fee


def _accruing(fee: Fee, schedule: Sequence[Due], balance: Balance) -> Decimal:
    """The part of the next periodic fee whose time has come, by days; nothing once everything is due."""
    following = min((part.on for part in schedule if part.on > balance.as_of), default=None)
    if not fee.periodic or following is None:
        return ZERO
    since = max((part.on for part in schedule if part.on <= balance.as_of), default=fee.start)
    return round_money(fee.periodic * (balance.as_of - since).days / (following - since).days, balance.currency)


def _due_later(schedule: Sequence[Due], on: date) -> Decimal:
    within_a_year = on + relativedelta(months=12)
    return sum((part.principal for part in schedule if part.on > within_a_year), ZERO)
