"""What always holds for a loan, over random terms and events."""

from __future__ import annotations

import datetime as dt
import random
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from loans import START, disbursed, loan_terms, loans

from openscf.loan import (
    Allocation,
    LoanEvent,
    LoanTerms,
    Repayment,
    RepaymentReversal,
    payoff_amount,
    posting,
    replay,
    schedule,
)

YEAR = dt.timedelta(days=365)
Story = tuple[LoanTerms, list[LoanEvent]]


def last_day(events: list[LoanEvent]) -> dt.date:
    return max(event.on for event in events)


@given(loans(), st.randoms(use_true_random=False), st.integers(0, 400))
def test_any_order_of_arrival_gives_the_same_state(story: Story, shuffle: random.Random, after: int) -> None:
    agreed, events = story
    as_of = START + dt.timedelta(days=after)
    expected = replay(agreed, events, as_of)
    arrived = [*events, *shuffle.sample(events, len(events) // 2)]
    shuffle.shuffle(arrived)
    assert replay(agreed, arrived, as_of) == expected


@given(loans())
def test_allocations_add_up_to_the_amounts(story: Story) -> None:
    agreed, events = story
    state = replay(agreed, events, last_day(events))
    standing = Decimal(0)
    allocated = Allocation()
    reversed_ids = {event.reverses for event in events if isinstance(event, RepaymentReversal)}
    for event in events:
        if isinstance(event, Repayment):
            spread = state.allocations[event.id]
            assert min(spread.penalty, spread.fee, spread.interest, spread.principal) >= 0
            assert spread.total <= event.amount
            allocated += spread
            standing += 0 if event.id in reversed_ids else event.amount
        elif isinstance(event, RepaymentReversal):
            allocated -= state.allocations[event.id]
    assert allocated == state.paid
    assert state.paid.total + state.unallocated == standing
    assert state.balance.principal == agreed.principal - state.paid.principal >= 0
    assert min(state.balance.interest, state.balance.fee, state.balance.penalty, state.unallocated) >= 0
    assert 0 <= state.past_due <= state.balance.total


@given(loans(), st.integers(0, 300))
def test_paying_what_is_owed_closes_to_exactly_zero_for_good(story: Story, later: int) -> None:
    agreed, events = story
    on = last_day(events) + dt.timedelta(days=later)
    amount = payoff_amount(agreed, events, on)
    if amount:
        events = [*events, Repayment(id="payoff", on=on, amount=amount)]
        assert replay(agreed, events, on).allocations["payoff"].total == amount
    for as_of in (on, on + YEAR):
        assert replay(agreed, events, as_of).is_settled


@given(loan_terms())
def test_paying_the_schedule_on_time_closes_to_exactly_zero(agreed: LoanTerms) -> None:
    rows = schedule(agreed, START)
    fee = agreed.fee if agreed.fee_timing == "on_repayment" else Decimal(0)
    payments = [
        Repayment(id=str(row.number), on=row.due_date, amount=row.amount + (fee if row.number == 1 else 0))
        for row in rows
        if row.amount + (fee if row.number == 1 else 0)
    ]
    state = replay(agreed, [disbursed(agreed), *payments], rows[-1].due_date + YEAR)
    assert state.is_settled and state.paid.penalty == 0
    if agreed.waterfall.index("principal") == 3:  # elsewhere principal is repaid ahead, and less interest accrues
        assert state.unallocated == 0 and state.paid.interest == sum(row.interest for row in rows)


@given(loans())
def test_reversed_repayments_leave_the_balance_as_if_never_made(story: Story) -> None:
    agreed, events = story
    as_of = last_day(events)
    undone = {event.reverses for event in events if isinstance(event, RepaymentReversal)}
    never_made = [event for event in events if not isinstance(event, RepaymentReversal) and event.id not in undone]
    left, right = replay(agreed, events, as_of), replay(agreed, never_made, as_of)
    assert (left.balance, left.paid, left.unallocated, left.past_due) == (
        right.balance, right.paid, right.unallocated, right.past_due,
    )  # fmt: skip


@given(loans(), st.randoms(use_true_random=False))
def test_a_ledger_posted_in_any_order_of_arrival_adds_up_to_what_is_paid(story: Story, shuffle: random.Random) -> None:
    agreed, events = story
    arrived = [event for event in events if isinstance(event, Repayment)]
    shuffle.shuffle(arrived)
    arriving: list[Repayment | RepaymentReversal] = [
        *arrived, *(event for event in events if isinstance(event, RepaymentReversal)),
    ]  # fmt: skip
    known: list[LoanEvent] = [disbursed(agreed)]
    ledger = Allocation()
    for event in arriving:
        booked = posting(agreed, known, event)
        ledger = ledger + booked if isinstance(event, Repayment) else ledger - booked
        known.append(event)
    assert ledger == replay(agreed, events, last_day(events)).paid


@given(loans())
def test_in_the_order_of_dates_the_posting_is_the_allocation(story: Story) -> None:
    agreed, events = story
    in_order = sorted(events[1:], key=lambda event: (event.on, isinstance(event, Repayment), event.id))
    days = [event.on for event in in_order]
    if len(set(days)) < len(days):
        return
    known: list[LoanEvent] = events[:1]
    for event in in_order:
        allocations = replay(agreed, [*known, event], event.on).allocations
        assert posting(agreed, known, event) == allocations[event.id]  # type: ignore[arg-type]
        known.append(event)


@given(loans(), st.integers(0, 300))
def test_accrual_agrees_with_counting_day_by_day(story: Story, after: int) -> None:
    """An independent model for actual day counts: walk the calendar with exact fractions, rounding only at the end."""
    agreed, events = story
    if agreed.day_count == "30E/360" or any(isinstance(event, RepaymentReversal) for event in events):
        return
    as_of = START + dt.timedelta(days=after)
    state = replay(agreed, events, as_of)
    base = Fraction(100 * (360 if agreed.day_count == "ACT/360" else 365))
    rows = schedule(agreed, START)
    principal, interest, penalty = Fraction(agreed.principal), Fraction(0), Fraction(0)
    today = START
    while True:
        for event in events:
            if isinstance(event, Repayment) and event.on == today <= as_of:
                principal -= Fraction(state.allocations[event.id].principal)
        if today >= as_of:
            break
        due = sum(Fraction(row.principal) for row in rows if row.due_date <= today)
        late = max(Fraction(0), due - (Fraction(agreed.principal) - principal))
        interest += principal * Fraction(agreed.rate_pa) / base
        penalty += late * Fraction(agreed.penalty_rate_pa) / base
        today += dt.timedelta(days=1)
    assert state.balance.interest + state.paid.interest == rounded(interest, agreed)
    assert state.balance.penalty + state.paid.penalty == rounded(penalty, agreed)


def rounded(value: Fraction, agreed: LoanTerms) -> Decimal:
    digits = -int(agreed.principal.as_tuple().exponent)
    scaled = value * 10**digits
    return (
        Decimal((scaled + Fraction(1, 2)).__floor__())
        .scaleb(-digits)
        .quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    )
