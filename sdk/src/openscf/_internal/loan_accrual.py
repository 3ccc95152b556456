"""How a loan accrues: interest, penalties and fees, day by day along its due dates."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from openscf._internal.day_count import units_between
from openscf._internal.loan_balance import ZERO, Allocation
from openscf._internal.loan_events import Charge
from openscf._internal.loan_plan import Due, planned
from openscf._internal.loan_terms import LoanTerms


class Reached(NamedTuple):
    """A due date that has come: principal × units up to it, and all periodic fees that fell due up to it."""

    units: Decimal
    fees: Decimal


@dataclass
class Accrual:
    """What has accrued at the end of `day`.

    Interest is kept as principal × day count units and penalties as past-due principal × units: exact sums, divided
    and rounded only when somebody asks. `reached` tells of the first of the `dues`, those up to `day`; `late` counts
    those after which a day's principal is past due. `met` is what was paid or given up. The caller sets the decimal
    context EXACT.
    """

    terms: LoanTerms
    day: dt.date | None = None
    start: dt.date | None = None
    dues: tuple[Due, ...] = ()
    reached: list[Reached] = field(default_factory=list)
    late: int = 0
    disbursed: Decimal = ZERO
    units: Decimal = ZERO
    late_units: Decimal = ZERO
    charges: list[Charge] = field(default_factory=list)
    met: Allocation = field(default_factory=Allocation)
    given_up: bool = False
    # Periodic fees of a due date that had passed when it was moved: they stay owed, and it brings its fee again.
    fees_kept: Decimal = ZERO

    def accrue_to(self, day: dt.date) -> None:
        """Let the days up to and including `day` pass; before the loan's start they bring nothing."""
        while self.day is not None and self.day < day:
            stop = day
            if len(self.reached) < len(self.dues):
                stop = min(stop, self.dues[len(self.reached)].on)
            if self.late < len(self.dues):
                stop = min(stop, self.dues[self.late].late_after)
            units = units_between(self.day, stop, self.terms.day_count)
            self.units += self.principal() * units
            self.late_units += self.unpaid_of_first(self.late) * units
            self.day = stop
            self._reach()

    def disburse(self, on: dt.date, amount: Decimal) -> None:
        """Lend `amount`; the first time starts the loan."""
        if self.day is None:
            self.day = self.start = on
            self.dues = planned(self.terms, on)
        self.disbursed += amount

    def extend(self, on: dt.date, days: int) -> None:
        """Move the due dates from `on`, or the last one where all have passed."""
        if self.dues:
            first = min(bisect_left([due.on for due in self.dues], on), len(self.dues) - 1)
            if self.dues[first].on < on:
                self.fees_kept += self.fees_by(len(self.reached)) - self.fees_by(first)
            self._reschedule((*self.dues[:first], *(due.moved(days) for due in self.dues[first:])), first)

    def call(self, on: dt.date) -> None:
        """Make all that is to come due on `on`, and end all grace with that day."""
        if not self.dues:
            return
        kept = [
            Due(on=due.on, late_after=min(due.late_after, on), principal=due.principal)
            for due in self.dues
            if due.on <= on
        ]
        called = [Due(on=on, late_after=on, principal=due.principal) for due in self.dues[len(kept) :][-1:]]
        self._reschedule((*kept, *called), len(kept))

    def _reschedule(self, dues: tuple[Due, ...], unchanged: int) -> None:
        self.dues = dues
        del self.reached[unchanged:]
        self.late = 0
        self._reach()

    def _reach(self) -> None:
        """Note the due dates that `day` has reached, and those after which it is late."""
        assert self.day is not None  # noqa: S101  only a started loan has due dates
        while len(self.reached) < len(self.dues) and self.dues[len(self.reached)].on <= self.day:
            self.reached.append(Reached(self.units, self.fees_by(len(self.reached)) + self.periodic_fee()))
        while self.late < len(self.dues) and self.dues[self.late].late_after <= self.day:
            self.late += 1

    def periodic_fee(self) -> Decimal:
        """Return what a due date costs now: a line costs its fee while it is open, a loan while it is lent."""
        is_running = self.principal() > 0 or (self.terms.repayment == "revolving" and not self.given_up)
        return self.terms.fee if self.terms.fee_timing == "periodic" and is_running else ZERO

    # -- what is owed -----------------------------------------------------------------------------------------------

    def owed(self) -> Allocation:
        """Return all that is owed at the end of the day."""
        return Allocation(
            penalty=self.penalty() - self.met.penalty,
            fee=self.fee() - self.met.fee,
            interest=self.interest() - self.met.interest,
            principal=self.principal(),
        )

    def principal(self) -> Decimal:
        """Return the principal that is lent."""
        return self.disbursed - self.met.principal

    def interest(self) -> Decimal:
        """Return all interest so far."""
        return self.terms.interest_on(self.units, self.terms.rate_pa)

    def penalty(self, charged_by: dt.date = dt.date.max) -> Decimal:
        """Return all penalties so far; of the charged ones those of a day up to `charged_by`."""
        return self.terms.interest_on(self.late_units, self.terms.penalty_rate_pa) + self._charged(
            "penalty", charged_by
        )

    def fee(self) -> Decimal:
        """Return all fees so far, due or not; one that is deducted was never owed."""
        agreed = self.terms.fee if self.start and self.terms.fee_timing in ("up_front", "on_repayment") else ZERO
        return agreed + self.fees_kept + self.fees_by(len(self.reached)) + self._charged("fee", dt.date.max)

    # -- what is due ------------------------------------------------------------------------------------------------

    def unpaid_of_first(self, count: int) -> Decimal:
        """Return the principal due by the first `count` due dates, less all principal paid or given up."""
        if count == 0:
            return ZERO
        due = self.disbursed if count == len(self.dues) else self.dues[count - 1].principal
        return max(ZERO, due - self.met.principal)

    def interest_by(self, count: int) -> Decimal:
        """Return the interest due by the first `count` of the due dates reached; after the last that is all of it."""
        if count == 0:
            return ZERO
        units = self.units if count == len(self.dues) else self.reached[count - 1].units
        return self.terms.interest_on(units, self.terms.rate_pa)

    def fees_by(self, count: int) -> Decimal:
        """Return the periodic fees of the first `count` of the due dates reached."""
        return self.reached[count - 1].fees if count else ZERO

    def fee_due(self, count: int, by: dt.date) -> Decimal:
        """Return the fees due by the first `count` due dates, or by themselves on a day up to `by`."""
        agreed = ZERO
        if self.terms.fee_timing == "on_repayment" and count:
            agreed = self.terms.fee
        elif self.terms.fee_timing == "up_front" and self.start and self.start <= by:
            agreed = self.terms.fee
        return agreed + self.fees_kept + self.fees_by(count) + self._charged("fee", by)

    def _charged(self, component: str, by: dt.date) -> Decimal:
        if not self.charges:
            return ZERO
        return sum((one.amount for one in self.charges if one.component == component and one.on <= by), ZERO)
