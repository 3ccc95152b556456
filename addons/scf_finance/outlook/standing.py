"""Where a loan stands on a day: what of it is past due, since when, and what falls due next. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.loan import LoanEvent, LoanTerms, replay

# Upper ends of the buckets, in days past due; what is later is in the last one.
BUCKETS = (("current", 0), ("late_30", 30), ("late_60", 60), ("late_90", 90), ("late_more", None))


@dataclass(frozen=True, slots=True)
class Due:
    """What has to be paid on one day, if everything that was due before is paid. In the loan's currency."""

    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """A loan on the day `as_of`. Amounts in its currency.

    :ivar owed: what would close it on that day
    :ivar past_due: what should have been paid, and the days of grace are over
    :ivar days_past_due: days since the oldest due date of that, 0 where nothing is past due
    :ivar dues: what is still to pay, past due first; interest counts up to each day as if nothing came before
    """

    as_of: date
    owed: Decimal
    past_due: Decimal
    days_past_due: int
    dues: tuple[Due, ...]

    @property
    def bucket(self) -> str:
        """Code of the bucket that the days past due fall into."""
        return bucket_of(self.days_past_due)

    @property
    def next_due(self) -> Due | None:
        """What falls due next, today included; what is past due is not in it."""
        return next((due for due in self.dues if due.on >= self.as_of and due.amount > 0), None)

    def to_pay_by(self, day: date) -> Decimal:
        """What has to be paid by the end of that day in all."""
        return sum((due.amount for due in self.dues if due.on <= day), Decimal(0))


def bucket_of(days_past_due: int) -> str:
    """Code of the bucket: current, 1 to 30, 31 to 60, 61 to 90 days, or more."""
    return next(code for code, end in BUCKETS if end is None or days_past_due <= end)


def standing(terms: LoanTerms, events: Iterable[LoanEvent], due_dates: Iterable[date], today: date) -> Standing:
    """Where the loan stands today, from its ledger alone.

    :param due_dates: the days of the bank's schedule: for what is due, and within the days of grace
    :raise InputInvalid: where the ledger contradicts the terms
    """
    events = list(events)
    state = replay(terms, events, today)
    dues = []
    if state.past_due > 0:
        dues.append(Due(state.past_due_since, state.past_due))
    coming = state.next_due
    in_grace = state.due - (coming.amount if coming and coming.due_date == today else 0)
    if in_grace > 0:
        since = max((day for day in due_dates if day < today), default=today)
        dues.append(Due(since, in_grace))
    while coming:
        dues.append(Due(coming.due_date, coming.amount))
        coming = replay(terms, events, coming.due_date + timedelta(days=1)).next_due
    return Standing(
        as_of=today,
        owed=state.balance.total,
        past_due=state.past_due,
        days_past_due=state.days_past_due,
        dues=_by_day(dues),
    )


def _by_day(dues: Iterable[Due]) -> tuple[Due, ...]:
    """One sum for each day: where a loan was called, what was due on that day anyway is called with it."""
    amounts: dict[date, Decimal] = {}
    for due in dues:
        amounts[due.on] = amounts.get(due.on, Decimal(0)) + due.amount
    return tuple(Due(day, amounts[day]) for day in sorted(amounts))
