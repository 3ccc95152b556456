"""The agreed due dates, and how much principal is due by each of them."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import count, takewhile

from openscf._internal.day_count import units_between
from openscf._internal.loan_terms import IN_INSTALMENTS, LoanTerms
from openscf.money import EXACT, round_money


@dataclass(frozen=True, kw_only=True)
class Due:
    """A due date: what falls due on the day `on` is past due after the day `late_after`.

    `principal` is all the principal that is due by then, earlier dates included.
    """

    on: dt.date
    late_after: dt.date
    principal: Decimal

    def moved(self, days: int) -> Due:
        """Return the same, so many days later."""
        by = dt.timedelta(days=days)
        return Due(on=self.on + by, late_after=self.late_after + by, principal=self.principal)


@lru_cache(maxsize=1024)
def planned(terms: LoanTerms, start: dt.date) -> tuple[Due, ...]:
    """Return the due dates of a loan that starts on `start`; by the last one all principal is due."""
    grace = dt.timedelta(days=terms.grace_days)
    with localcontext(EXACT):
        dates = _due_dates(terms, start)
        return tuple(
            Due(on=on, late_after=on + grace, principal=principal)
            for on, principal in zip(dates, _principal_due(terms, start, dates), strict=True)
        )


def _due_dates(terms: LoanTerms, start: dt.date) -> tuple[dt.date, ...]:
    """Return the due dates from `start`, the last when the tenor ends."""
    end = start + dt.timedelta(days=terms.tenor_days)
    if terms.repayment in IN_INSTALMENTS:
        return (*(_months_later(start, number) for number in range(1, terms.instalments)), end)
    if terms.repayment == "revolving":
        return (*takewhile(lambda on: on < end, (_months_later(start, number) for number in count(1))), end)
    if terms.period_days is not None:
        days = range(terms.period_days, terms.tenor_days, terms.period_days)
        return (*(start + dt.timedelta(days=number) for number in days), end)
    return (end,)


def _principal_due(terms: LoanTerms, start: dt.date, dates: tuple[dt.date, ...]) -> list[Decimal]:
    """Return the principal due by each date; the last takes what rounding left."""
    before_last = range(1, len(dates))
    due: list[Decimal] = []
    if terms.repayment == "instalment":
        due = _annuity_principal(terms, start, dates)
    elif terms.repayment == "equal_principal":
        part = round_money(terms.principal / len(dates), terms.currency)
        due = [min(part * number, terms.principal) for number in before_last]
    elif terms.repayment == "revolving":
        due = [Decimal(0) for _ in before_last]
    elif terms.minimum_percent is not None:
        shares = (min(terms.minimum_percent * number, Decimal(100)) for number in before_last)
        due = [round_money(terms.principal * share / 100, terms.currency) for share in shares]
    return [*due, terms.principal]


def _annuity_principal(terms: LoanTerms, start: dt.date, dates: tuple[dt.date, ...]) -> list[Decimal]:
    """Return what the annuities have repaid after each date but the last, when each takes its interest first."""
    spans = [units_between(begin, end, terms.day_count) for begin, end in zip((start, *dates), dates, strict=False)]
    annuity = _annuity(terms, spans)
    repaid, units, interest_before = Decimal(0), Decimal(0), Decimal(0)
    due: list[Decimal] = []
    for span in spans[:-1]:
        units += (terms.principal - repaid) * span
        interest_total = terms.interest_on(units, terms.rate_pa)
        interest, interest_before = interest_total - interest_before, interest_total
        repaid = min(repaid + max(annuity - interest, Decimal(0)), terms.principal)
        due.append(repaid)
    return due


def _annuity(terms: LoanTerms, spans: list[int]) -> Decimal:
    """Return the equal payment A for which P·Π(1+iₖ) = Σ A·Π(1+iⱼ, j>k), iₖ being the rate of the k-th span."""
    growth, growths_after = Decimal(1), Decimal(0)
    for span in reversed(spans):
        growths_after += growth
        growth *= 1 + terms.exact_interest_on(Decimal(span), terms.rate_pa)
    return round_money(terms.principal * growth / growths_after, terms.currency)


def _months_later(date: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or that month's last day where it is shorter."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(date.day, last_day))
