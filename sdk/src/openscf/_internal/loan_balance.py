"""What a loan owes and what was paid on it, as values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from openscf.money import to_amount

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """What an amount was taken for, in the loan's currency."""

    penalty: Decimal = ZERO
    fee: Decimal = ZERO
    interest: Decimal = ZERO
    principal: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The sum of the four."""
        return self.penalty + self.fee + self.interest + self.principal

    def __add__(self, other: Allocation) -> Allocation:
        return Allocation(
            penalty=self.penalty + other.penalty,
            fee=self.fee + other.fee,
            interest=self.interest + other.interest,
            principal=self.principal + other.principal,
        )

    def __sub__(self, other: Allocation) -> Allocation:
        return Allocation(
            penalty=self.penalty - other.penalty,
            fee=self.fee - other.fee,
            interest=self.interest - other.interest,
            principal=self.principal - other.principal,
        )

    def to_wire(self, currency: str) -> dict[str, str]:
        """Return the wire's Allocation: decimal strings with the currency's decimals."""
        return {
            "penalty": to_amount(self.penalty, currency),
            "fee": to_amount(self.fee, currency),
            "interest": to_amount(self.interest, currency),
            "principal": to_amount(self.principal, currency),
        }


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What is owed at the end of the day `as_of`, interest and penalty accrued to it."""

    as_of: dt.date
    currency: str
    principal: Decimal
    interest: Decimal
    fee: Decimal
    penalty: Decimal
    total: Decimal

    def to_wire(self) -> dict[str, str]:
        """Return the wire's Balance: an ISO date and decimal strings with the currency's decimals."""
        return {
            "as_of": self.as_of.isoformat(),
            "currency": self.currency,
            "principal": to_amount(self.principal, self.currency),
            "interest": to_amount(self.interest, self.currency),
            "fee": to_amount(self.fee, self.currency),
            "penalty": to_amount(self.penalty, self.currency),
            "total": to_amount(self.total, self.currency),
        }


@dataclass(frozen=True, kw_only=True)
class NextDue:
    """What the schedule asks for next: the day, and the sum that falls due on it if nothing is paid until then."""

    due_date: dt.date
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class LoanState:
    """A loan as its events up to a day make it; money in the loan's currency.

    - `allocations` tells, per event id: how a repayment was spread on its day, what a reversal of it gave back, what
      a charge added to what is owed and its reversal took off, and what was written off. Repayments minus their
      reversals add up to `paid`, unless a charge was reversed after it was paid (see `posting`).
    - `unallocated` is money that came in above what was owed and was not paid on (`surplus`). It is below zero where a
      payment bounced whose surplus had been paid on: the applicant owes that back.
    - `past_due` is what should have been paid before `as_of`, grace included, and was not; `past_due_since` the due
      date of its oldest part, `days_past_due` the days since then. `due` is what is due but not past due.
    - `next_due` is the next due date from `as_of` on with something to pay; None where the last has passed.
    - `accrued` is all interest, penalty and fee (charges included, a deducted fee not) that ever became owed.
    - `available` is what can still be drawn of a revolving loan; 0 for all others.
    """

    balance: Balance
    allocations: Mapping[str, Allocation]
    paid: Allocation
    written_off: Allocation
    unallocated: Decimal
    surplus: Decimal
    past_due: Decimal
    past_due_since: dt.date | None
    due: Decimal
    next_due: NextDue | None
    available: Decimal

    @property
    def is_settled(self) -> bool:
        """Whether nothing is owed on the day of the balance."""
        return self.balance.total == 0

    @property
    def days_past_due(self) -> int:
        """Days from the due date of the oldest sum past due to the day of the balance; 0 where none is."""
        return 0 if self.past_due_since is None else (self.balance.as_of - self.past_due_since).days

    @property
    def accrued(self) -> Allocation:
        """All interest, penalty and fee that became owed up to the day of the balance, paid or not."""
        met = self.paid + self.written_off
        return Allocation(
            penalty=met.penalty + self.balance.penalty,
            fee=met.fee + self.balance.fee,
            interest=met.interest + self.balance.interest,
        )
