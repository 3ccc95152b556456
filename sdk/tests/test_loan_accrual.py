"""Accrual against an independent model that walks the calendar with exact fractions and rounds only at the end."""

from __future__ import annotations

import calendar
import datetime as dt
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from loans import START, loans

from openscf.loan import Disbursement, LoanEvent, LoanTerms, Repayment, replay, schedule

DAYS_A_YEAR = {"ACT/360": 360, "ACT/365": 365}


@given(loans(), st.integers(0, 300))
def test_accrual_agrees_with_counting_day_by_day(story: tuple[LoanTerms, list[LoanEvent]], after: int) -> None:
    agreed, events = story
    if agreed.day_count == "30E/360":
        return
    told = [event for event in events if isinstance(event, (Disbursement, Repayment))]
    as_of = START + dt.timedelta(days=after)
    state = replay(agreed, told, as_of)
    start = min(event.on for event in told if isinstance(event, Disbursement))
    lent, repaid, interest, penalty = Fraction(0), Fraction(0), Fraction(0), Fraction(0)
    today = start
    while today <= as_of:
        late = max(Fraction(0), _due(agreed, start, today, lent) - repaid) if today > start else Fraction(0)
        yesterday = today - dt.timedelta(days=1)
        part_of_year = Fraction(1, DAYS_A_YEAR.get(agreed.day_count, 366 if calendar.isleap(yesterday.year) else 365))
        interest += (lent - repaid) * part_of_year * Fraction(agreed.rate_pa) / 100
        penalty += late * part_of_year * Fraction(agreed.penalty_rate_pa) / 100
        for event in told:
            if event.on == today:
                lent += Fraction(event.amount) if isinstance(event, Disbursement) else 0
                repaid += Fraction(state.allocations[event.id].principal) if isinstance(event, Repayment) else 0
        today += dt.timedelta(days=1)
    assert state.accrued.interest == _rounded(interest, agreed)
    assert state.accrued.penalty == _rounded(penalty, agreed)


def _due(agreed: LoanTerms, start: dt.date, today: dt.date, lent: Fraction) -> Fraction:
    """The principal that was due, grace included, before today."""
    passed = [row for row in schedule(agreed, start) if row.due_date + dt.timedelta(days=agreed.grace_days) < today]
    if agreed.repayment == "revolving":
        return lent if passed and passed[-1].due_date == start + dt.timedelta(days=agreed.tenor_days) else Fraction(0)
    return sum((Fraction(row.principal) for row in passed), Fraction(0))


def _rounded(value: Fraction, agreed: LoanTerms) -> Fraction:
    """To the currency's minor unit, half up."""
    unit = 10 ** -int(agreed.principal.as_tuple().exponent)
    return Fraction((value * unit + Fraction(1, 2)).__floor__(), unit)
