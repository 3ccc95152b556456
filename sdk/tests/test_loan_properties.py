"""What always holds for a loan of any kind, over random terms and events."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st
from loans import START, STEPS, charged, disbursed, loan_terms, loans

from openscf._internal.loan_due import owed_by_time
from openscf._internal.loan_replay import account_at
from openscf._internal.loan_waterfall import COMPONENTS, expanded, spread
from openscf.loan import (
    Allocation,
    Charge,
    ChargeReversal,
    Disbursement,
    LoanEvent,
    LoanTerms,
    Repayment,
    RepaymentReversal,
    WriteOff,
    accrued,
    payoff_amount,
    posting,
    replay,
    schedule,
)
from openscf.money import EXACT

YEAR = dt.timedelta(days=365)
Story = tuple[LoanTerms, list[LoanEvent]]
REVERSALS = (RepaymentReversal, ChargeReversal)


def last_day(events: list[LoanEvent]) -> dt.date:
    return max(event.on for event in events)


def lent(events: list[LoanEvent]) -> Decimal:
    return sum((event.amount for event in events if isinstance(event, Disbursement)), Decimal(0))


@given(loans(), st.randoms(use_true_random=False), st.integers(0, 400))
def test_any_order_of_arrival_gives_the_same_state(story: Story, shuffle: random.Random, after: int) -> None:
    agreed, events = story
    as_of = START + dt.timedelta(days=after)
    expected = replay(agreed, events, as_of)
    arrived = [*events, *shuffle.sample(events, len(events) // 2)]
    shuffle.shuffle(arrived)
    assert replay(agreed, arrived, as_of) == expected


@given(loans())
def test_allocations_never_exceed_the_cash(story: Story) -> None:
    agreed, events = story
    state = replay(agreed, events, last_day(events))
    undone = {event.reverses for event in events if isinstance(event, RepaymentReversal)}
    cash = Decimal(0)
    for event in events:
        if isinstance(event, Repayment):
            taken = state.allocations[event.id]
            assert min(taken.penalty, taken.fee, taken.interest, taken.principal) >= 0
            assert taken.total <= event.amount
            cash += 0 if event.id in undone else event.amount
    assert state.paid.total <= cash
    assert state.paid.total + state.unallocated + state.surplus == cash


@given(loans(), st.integers(0, 300))
def test_what_is_owed_is_what_was_lent_and_accrued_less_what_was_paid_or_given_up(story: Story, later: int) -> None:
    agreed, events = story
    state = replay(agreed, events, last_day(events) + dt.timedelta(days=later))
    balance, gone = state.balance, state.paid + state.written_off
    assert balance.principal == lent(events) - gone.principal
    assert min(balance.principal, balance.interest, balance.fee, balance.penalty) >= 0
    assert balance.total == balance.principal + balance.interest + balance.fee + balance.penalty
    assert state.past_due >= 0 and state.due >= 0 and state.past_due + state.due <= balance.total
    assert (state.past_due > 0) == (state.past_due_since is not None)
    assert (state.days_past_due > 0) == (state.past_due > 0)
    assert state.next_due is None or (state.next_due.due_date >= balance.as_of and state.next_due.amount > 0)
    assert 0 <= state.available <= agreed.principal


@given(loans(), st.integers(0, 300))
def test_paying_what_is_owed_closes_to_exactly_zero_for_good(story: Story, later: int) -> None:
    agreed, events = story
    on = last_day(events) + dt.timedelta(days=later)
    amount = payoff_amount(agreed, events, on)
    if amount:
        events = [*events, Repayment(id="payoff", on=on, amount=amount)]
        assert replay(agreed, events, on).allocations["payoff"].total == amount
    assert replay(agreed, events, on).is_settled
    if agreed.repayment != "revolving" or agreed.fee_timing != "periodic":  # a line costs its fee until it ends
        assert replay(agreed, events, on + YEAR).is_settled


@given(loans(kinds=("revolving",)), st.integers(0, 30))
def test_drawn_repaid_and_closed_a_line_leaves_zero_everywhere(story: Story, later: int) -> None:
    agreed, events = story
    closed_on = max(last_day(events), START + dt.timedelta(days=agreed.tenor_days + 180 + later))
    amount = payoff_amount(agreed, events, closed_on)
    if amount:
        events = [*events, Repayment(id="payoff", on=closed_on, amount=amount)]
    state = replay(agreed, events, closed_on + YEAR)
    assert state.is_settled and state.available == 0 and state.next_due is None and state.past_due == 0
    assert lent(events) == (state.paid + state.written_off).principal


@given(loan_terms())
def test_paying_the_schedule_on_time_closes_to_exactly_zero(agreed: LoanTerms) -> None:
    rows = schedule(agreed, START)
    first = agreed.fee if agreed.fee_timing == "on_repayment" else Decimal(0)
    each = agreed.fee if agreed.fee_timing == "periodic" else Decimal(0)
    due = [(START, agreed.fee)] if agreed.fee_timing == "up_front" else []
    due += [(row.due_date, row.amount + each + (first if row.number == 1 else 0)) for row in rows]
    payments = [
        Repayment(id=f"{number:04}", on=on, amount=sum_due) for number, (on, sum_due) in enumerate(due) if sum_due
    ]
    state = replay(agreed, [disbursed(agreed), *payments], rows[-1].due_date + YEAR)
    assert state.is_settled and state.paid.penalty == 0
    if agreed.waterfall[-1] == "principal":  # elsewhere principal may be repaid ahead, and less interest accrues
        assert state.unallocated == 0 and state.paid.interest == sum(row.interest for row in rows)


@given(loans())
def test_undoing_restores_what_was_before(story: Story) -> None:
    agreed, events = story
    as_of = last_day(events)
    undone = {event.reverses for event in events if isinstance(event, REVERSALS)}
    never_made = [event for event in events if not isinstance(event, REVERSALS) and event.id not in undone]
    left, right = replay(agreed, events, as_of), replay(agreed, never_made, as_of)
    for name in ("balance", "paid", "written_off", "unallocated", "past_due", "past_due_since", "due", "next_due"):
        assert getattr(left, name) == getattr(right, name), name


@given(loans(), st.randoms(use_true_random=False))
def test_a_ledger_posted_in_any_order_of_arrival_adds_up(story: Story, shuffle: random.Random) -> None:
    """Its entries, with their signs, come to what was lent and charged less what was paid."""
    agreed, events = story
    arriving = [event for event in events if not isinstance(event, WriteOff)]
    shuffle.shuffle(arriving)
    known: list[LoanEvent] = []
    ledger = Allocation()
    for event in arriving:
        booked = posting(agreed, known, event)
        ledger = ledger - booked if isinstance(event, (Repayment, ChargeReversal)) else ledger + booked
        known.append(event)
    owing = {component: charged(component, events) for component in ("fee", "penalty")}
    assert ledger == Allocation(principal=lent(events), **owing) - replay(agreed, known, last_day(events)).paid


@given(loans())
def test_repayments_less_their_reversals_add_up_to_what_is_paid(story: Story) -> None:
    agreed, events = story
    kept = [event for event in events if isinstance(event, (Disbursement, Repayment, RepaymentReversal))]
    known = [event for event in kept if isinstance(event, Disbursement)]
    ledger = Allocation()
    for event in kept[len(known) :]:
        booked = posting(agreed, known, event)
        ledger = ledger + booked if isinstance(event, Repayment) else ledger - booked
        known.append(event)
    assert ledger == replay(agreed, kept, last_day(kept)).paid


@given(loans())
def test_in_the_order_of_dates_the_posting_is_the_allocation(story: Story) -> None:
    agreed, events = story
    in_order = sorted(events, key=lambda event: event.on)
    if len({event.on for event in in_order}) < len(in_order):
        return
    for place, event in enumerate(in_order):
        known = in_order[:place]
        allocations = replay(agreed, [*known, event], event.on).allocations
        corrects = isinstance(event, RepaymentReversal) and any(isinstance(one, WriteOff) for one in known)
        if event.id in allocations and not corrects and not isinstance(event, (Charge, ChargeReversal)):
            assert posting(agreed, known, event) == allocations[event.id]


OWED = st.fixed_dictionaries({step: st.integers(0, 50).map(Decimal) for step in STEPS})


@given(OWED, st.integers(0, 700), st.permutations(STEPS))
def test_no_step_of_the_waterfall_takes_before_the_ones_above_it(
    owed: dict[str, Decimal], amount: int, order: list[str]
) -> None:
    expected = dict.fromkeys(COMPONENTS, Decimal(0))
    above = Decimal(0)
    for step in order:
        expected[step.split(".")[1]] += min(max(Decimal(amount) - above, Decimal(0)), owed[step])  # type: ignore[index]
        above += owed[step]
    assert spread(Decimal(amount), owed, tuple(order)) == Allocation(**expected)


@given(loans())
def test_a_repayment_is_spread_over_what_is_past_due_due_and_in_advance_on_its_day(story: Story) -> None:
    agreed, events = story
    plain = sorted((event for event in events if isinstance(event, (Disbursement, Repayment))), key=lambda one: one.on)
    allocations = replay(agreed, plain, last_day(plain)).allocations
    for event in plain:
        earlier = [one for one in plain if one.on < event.on or (one.on == event.on and _counts_before(one, event))]
        if isinstance(event, Repayment):
            with localcontext(EXACT):
                times = owed_by_time(account_at(agreed, earlier, event.on)[0])
            assert min(times.values()) >= 0
            assert spread(event.amount, times, expanded(agreed.waterfall)) == allocations[event.id]


def _counts_before(one: LoanEvent, other: LoanEvent) -> bool:
    return isinstance(one, Disbursement) or one.id < other.id


@given(loans(), st.lists(st.integers(0, 500), min_size=1, max_size=4))
def test_the_accruals_of_periods_that_follow_each_other_add_up(story: Story, cuts: list[int]) -> None:
    agreed, events = story
    ends = [START + dt.timedelta(days=cut) for cut in sorted(cuts)]
    begins = [START - YEAR, *ends]
    total = Allocation()
    for begin, end in zip(begins, ends, strict=False):
        total += accrued(agreed, events, begin, end)
    assert total == replay(agreed, events, ends[-1]).accrued
