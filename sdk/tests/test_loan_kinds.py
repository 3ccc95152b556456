"""Every kind of repayment, fee and event, told as stories with figures worked by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from loans import START, STEPS, day, disbursed, paid, terms, undone

from openscf.errors import InputInvalid
from openscf.loan import (
    Allocation,
    Call,
    Charge,
    ChargeReversal,
    Disbursement,
    Extension,
    LoanEvent,
    LoanState,
    LoanTerms,
    NextDue,
    Surplus,
    WriteOff,
    accrued,
    advance,
    posting,
    prepayment_saving,
    replay,
    schedule,
    settle,
)

BULLET = terms()  # a day's interest: 12 000 × 7.2 % / 360 = 2.40; due on day 90; a day's penalty 5 % / 360 = 1.6667
LINE = terms(repayment="revolving")
LINKED = terms(repayment="sales_linked", minimum_percent="10", period_days=30)


def at(agreed: LoanTerms, number: int, *events: LoanEvent) -> LoanState:
    """The loan on a day, disbursed in full unless the events say how it was drawn."""
    drawn = any(isinstance(event, Disbursement) for event in events)
    return replay(agreed, [*events] if drawn else [disbursed(agreed), *events], day(number))


def drawn(name: str, number: int, amount: str) -> Disbursement:
    return Disbursement(id=name, on=day(number), amount=Decimal(amount))


def charge(name: str, number: int, amount: str, component: Any = "fee") -> Charge:
    return Charge(id=name, on=day(number), amount=Decimal(amount), component=component)


def extended(number: int, days: int) -> Extension:
    return Extension(id=f"x{number}", on=day(number), days=days)


def called(number: int) -> Call:
    return Call(id="call", on=day(number))


def money(text: str) -> Decimal:
    return Decimal(text)


# -- kinds ----------------------------------------------------------------------------------------------------------


def test_equal_principal_falls_with_interest_on_what_is_left() -> None:
    rows = schedule(terms(repayment="equal_principal", instalments=3), START)
    assert [(row.principal, row.interest) for row in rows] == [
        (money("4000.00"), money("74.40")), (money("4000.00"), money("44.80")), (money("4000.00"), money("24.80")),
    ]  # fmt: skip


def test_the_last_of_equal_parts_takes_what_rounding_left() -> None:
    rows = schedule(terms(principal="100.00", repayment="equal_principal", instalments=3), START)
    assert [row.principal for row in rows] == [money("33.33"), money("33.33"), money("33.34")]


def test_equal_parts_never_repay_more_than_there_is() -> None:
    """4 yen in 7 parts: a seventh rounds up to 1, so that four dates take it all."""
    rows = schedule(
        terms(principal="4", currency="JPY", repayment="equal_principal", instalments=7, tenor_days=210), START
    )
    assert [row.principal for row in rows] == [1, 1, 1, 1, 0, 0, 0]


def test_what_falls_due_next_leaves_out_what_is_late() -> None:
    """After 15 February unpaid: 4 000 and the 28 days of interest until 15 March."""
    state = at(terms(repayment="equal_principal", instalments=3), 40)
    assert state.past_due == money("4079.40")  # with 74.40 interest, and 9 days of penalty
    assert state.next_due == NextDue(due_date=day(59), amount=money("4067.20"))


def test_a_line_is_drawn_repaid_and_drawn_again_up_to_its_limit() -> None:
    """31 days of 5 000 and 21 of 2 000 at 7.2 %: 39.40, due on day 31 (15 February)."""
    two = (drawn("d1", 0, "5000.00"), drawn("d2", 10, "2000.00"))
    state = at(LINE, 10, *two)
    assert (state.balance.principal, state.available) == (money("7000.00"), money("5000.00"))
    assert state.next_due == NextDue(due_date=dt.date(2026, 2, 15), amount=money("39.40"))
    repaid = (*two, paid("r", 31, "3039.40"))
    assert at(LINE, 31, *repaid).allocations["r"] == Allocation(interest=money("39.40"), principal=money("3000.00"))
    assert at(LINE, 31, *repaid).available == money("8000.00")
    assert at(LINE, 40, *repaid, drawn("d3", 40, "8000.00")).available == 0


def test_a_line_that_has_ended_gives_nothing_more_and_owes_all() -> None:
    state = at(LINE, 91, drawn("d", 0, "1000.00"))
    assert (state.available, state.past_due) == (0, state.balance.total)
    assert at(LINE, 89, drawn("d", 0, "1000.00")).available == money("11000.00")


def test_a_drawdown_told_late_counts_from_its_day() -> None:
    told_late = drawn("d0", -5, "1000.00")
    state = at(LINE, 0, drawn("d1", 0, "5000.00"), told_late)
    assert state.balance.interest == money("1.00")


def test_a_drawdown_above_the_limit_is_refused() -> None:
    with pytest.raises(InputInvalid, match="above the limit 12000.00"):
        at(LINE, 1, drawn("d", 0, "12000.01"))


def test_a_bounced_repayment_may_leave_a_line_above_its_limit() -> None:
    """The money was drawn in good faith; nothing more is available then, and the balance tells the truth."""
    events = (drawn("d1", 0, "12000.00"), paid("r", 0, "6000.00"), drawn("d2", 0, "6000.00"), undone("r", 3))
    state = at(LINE, 3, *events)
    assert (state.balance.principal, state.available) == (money("18000.00"), 0)


def test_the_schedule_of_a_line_follows_what_is_drawn() -> None:
    rows = schedule(LINE, START, [drawn("d1", 0, "5000.00"), drawn("d2", 10, "2000.00")])
    assert [(row.principal, row.interest) for row in rows] == [
        (money("0.00"), money("39.40")), (money("0.00"), money("39.20")), (money("7000.00"), money("43.40")),
    ]  # fmt: skip
    assert sum(row.principal for row in schedule(LINE, START)) == LINE.principal


def test_sales_repay_and_the_minimum_asks_only_for_what_they_left() -> None:
    """1 000 on day 20 take 48.00 interest and 952 principal; 1 200 are due by day 30, with 10 days on 11 048."""
    swept = paid("swept", 20, "1000.00")
    assert at(LINKED, 20, swept).next_due == NextDue(due_date=day(30), amount=money("270.10"))
    assert at(LINKED, 31, swept).past_due == money("270.13")  # and a day's penalty on 248
    assert at(LINKED, 31, swept, paid("more", 30, "270.10")).past_due == 0
    assert [row.amount for row in schedule(LINKED, START)] == [money("1272.00"), money("1264.80"), money("9657.60")]


# -- fees and grace -------------------------------------------------------------------------------------------------


def test_a_fee_up_front_is_due_on_the_day_of_the_payout() -> None:
    agreed = terms(fee="100.00", fee_timing="up_front")
    assert agreed.in_hand == money("12000.00")
    assert (at(agreed, 0).due, at(agreed, 0).past_due) == (money("100.00"), 0)
    late = at(agreed, 3)
    assert (late.past_due, late.past_due_since, late.days_past_due) == (money("100.00"), START, 3)


def test_a_fee_on_repayment_is_due_with_the_first_instalment() -> None:
    agreed = terms(fee="100.00", fee_timing="on_repayment", repayment="equal_principal", instalments=3)
    assert (at(agreed, 30).balance.fee, at(agreed, 30).due) == (money("100.00"), 0)
    assert at(agreed, 30).next_due == NextDue(due_date=day(31), amount=money("4174.40"))


def test_a_periodic_fee_comes_with_every_due_date_as_long_as_money_is_lent() -> None:
    agreed = terms(fee="10.00", fee_timing="periodic", repayment="equal_principal", instalments=3)
    assert [at(agreed, number).balance.fee for number in (30, 31, 59, 90, 200)] == [
        money("0.00"), money("10.00"), money("20.00"), money("30.00"), money("30.00"),
    ]  # fmt: skip
    closed = paid("all", 40, "12111.00")  # 96.00 interest of 40 days, 5.00 penalty of 9, and the fee of day 31
    assert at(agreed, 40, closed).is_settled and at(agreed, 200, closed).is_settled


def test_a_line_costs_its_periodic_fee_also_while_nothing_is_drawn() -> None:
    agreed = terms(fee="10.00", fee_timing="periodic", repayment="revolving")
    repaid = (drawn("d", 0, "1000.00"), paid("r", 5, "1001.00"))
    assert [at(agreed, number, *repaid).balance.fee for number in (30, 31, 200)] == [
        money("0.00"), money("10.00"), money("30.00"),
    ]  # fmt: skip


def test_nothing_is_past_due_and_no_penalty_runs_before_the_grace_is_over() -> None:
    agreed = terms(grace_days=5)
    within = at(agreed, 95)
    assert (within.due, within.past_due, within.balance.penalty) == (money("12228.00"), 0, 0)
    after = at(agreed, 96)
    assert (after.due, after.past_due, after.days_past_due) == (0, after.balance.total, 6)
    assert after.balance.penalty == money("1.67")


# -- charges --------------------------------------------------------------------------------------------------------


def test_a_charge_is_owed_and_due_on_its_day() -> None:
    state = at(BULLET, 10, charge("c", 10, "25.00"))
    assert (state.balance.fee, state.due, state.past_due) == (money("25.00"), money("25.00"), 0)
    assert at(BULLET, 10, charge("c", 10, "25.00", "penalty")).balance.penalty == money("25.00")
    late = at(BULLET, 12, charge("c", 10, "25.00"))
    assert (late.past_due, late.past_due_since, late.days_past_due) == (money("25.00"), day(10), 2)


def test_what_is_late_is_late_since_its_oldest_sum() -> None:
    agreed = terms(repayment="equal_principal", instalments=3)
    assert at(agreed, 70).past_due_since == day(31)
    assert at(agreed, 70, charge("c", 10, "25.00")).past_due_since == day(10)
    assert at(agreed, 70, charge("c", 40, "25.00")).past_due_since == day(31)
    assert at(agreed, 70, paid("r", 31, "4074.40")).past_due_since == day(59)


def test_a_charge_taken_back_after_it_was_paid_gives_the_payment_to_the_rest() -> None:
    known = [disbursed(BULLET), charge("c", 30, "25.00"), paid("r", 30, "4072.00")]
    assert replay(BULLET, known, day(30)).allocations["r"] == Allocation(
        fee=money("25.00"), interest=money("72.00"), principal=money("3975.00")
    )
    back = ChargeReversal(id="back", on=day(40), reverses="c")
    state = replay(BULLET, [*known, back], day(40))
    assert (state.balance.principal, state.paid.fee) == (money("8000.00"), 0)
    assert posting(BULLET, known, back) == state.allocations["back"] == Allocation(principal=money("25.00"))


def test_a_charge_told_after_the_days_payment_is_booked_as_what_it_adds_to_the_debt() -> None:
    known = [disbursed(BULLET), paid("r", 30, "4072.00")]
    assert posting(BULLET, known, charge("c", 31, "25.00")) == Allocation(fee=money("25.00"))
    assert posting(BULLET, known, charge("c", 30, "25.00")) == Allocation(principal=money("25.00"))


def test_a_charge_is_a_fee_or_a_penalty() -> None:
    with pytest.raises(InputInvalid, match="'fee' or a 'penalty'"):
        charge("c", 1, "1.00", "interest")


# -- extension, call, write-off, surplus ----------------------------------------------------------------------------


def test_an_extension_moves_the_due_date_and_stops_the_penalty() -> None:
    """30 more days: 12 000 and 120 days of interest, 288.00, are due on day 120."""
    state = at(BULLET, 100, extended(80, 30))
    assert (state.past_due, state.balance.penalty) == (0, 0)
    assert state.next_due == NextDue(due_date=day(120), amount=money("12288.00"))
    (row,) = schedule(BULLET, START, [extended(80, 30)])
    assert (row.due_date, row.amount) == (day(120), money("12288.00"))


def test_an_extension_of_what_is_late_leaves_the_penalty_of_the_days_before() -> None:
    events = (extended(100, 30),)
    assert at(BULLET, 100, *events).balance.penalty == at(BULLET, 120, *events).balance.penalty == money("16.67")
    assert at(BULLET, 110, *events).past_due == money("16.67")
    assert at(BULLET, 121, *events).balance.penalty == money("18.33")


def test_an_extension_leaves_the_instalments_that_have_passed() -> None:
    agreed = terms(repayment="equal_principal", instalments=3)
    rows = schedule(agreed, START, [extended(40, 10)])
    assert [row.due_date for row in rows] == [day(31), day(69), day(100)]
    assert [row.principal for row in rows] == [money("4000.00")] * 3
    assert [row.interest for row in rows] == [money("74.40"), money("60.80"), money("24.80")]


def test_a_periodic_fee_paid_on_a_date_that_is_moved_later_stays_paid() -> None:
    agreed = terms(fee="10.00", fee_timing="periodic")
    events = (paid("r", 90, "1000.00"), extended(95, 30))
    assert [at(agreed, number, *events).balance.fee for number in (95, 119, 120)] == [0, 0, money("10.00")]


def test_a_called_loan_is_due_at_once_without_grace() -> None:
    agreed = terms(repayment="equal_principal", instalments=3, grace_days=10)
    state = at(agreed, 35, called(35))
    assert (state.due, state.past_due) == (state.balance.total, 0)
    late = at(agreed, 36, called(35))
    assert late.past_due == late.balance.total and late.next_due is None
    assert late.balance.penalty == money("1.67")  # one day on all of the principal
    rows = schedule(agreed, START, [called(35)])
    assert [row.due_date for row in rows] == [day(31), day(35)]
    assert [row.principal for row in rows] == [money("4000.00"), money("8000.00")]


def test_a_standstill_after_the_call_gives_time_again() -> None:
    state = at(BULLET, 60, called(50), extended(55, 20))
    assert state.past_due == money("8.33")  # the penalty of five days
    assert state.next_due == NextDue(due_date=day(70), amount=money("12168.00"))


def test_what_is_written_off_is_owed_no_more() -> None:
    """Day 120: 12 000 principal, 288.00 interest, 30 days of penalty 50.00."""
    gone = WriteOff(id="w", on=day(120))
    state = at(BULLET, 500, gone)
    assert state.is_settled and state.paid.total == 0
    assert state.written_off == Allocation(
        principal=money("12000.00"), interest=money("288.00"), penalty=money("50.00")
    )
    known = [disbursed(BULLET)]
    assert posting(BULLET, known, gone) == state.allocations["w"] == state.written_off
    part = at(BULLET, 90, WriteOff(id="w", on=day(90), amount=money("1000.00")))
    assert (part.written_off.interest, part.balance.principal) == (money("216.00"), money("11216.00"))


def test_what_bounces_after_a_write_off_is_posted_so_that_the_ledger_adds_up_to_what_is_owed() -> None:
    """The sum of the write-off stays, but it is taken for the interest first that the bounced payment had met."""
    known: list[LoanEvent] = [disbursed(BULLET), paid("r", 30, "4072.00")]
    owed = replay(BULLET, known, day(60)).balance
    gone = WriteOff(id="w", on=day(60), amount=owed.total)
    given_up, back = posting(BULLET, known, gone), posting(BULLET, [*known, gone], undone("r", 70))
    left = replay(BULLET, [*known, gone, undone("r", 70)], day(70)).balance
    assert back.total == money("4072.00")
    assert money("12000.00") - money("4000.00") - given_up.principal + back.principal == left.principal
    assert (back.principal, back.interest) == (money("4096.00"), money("-24.00"))


def test_a_line_that_was_written_off_costs_and_gives_nothing_more() -> None:
    agreed = terms(fee="10.00", fee_timing="periodic", repayment="revolving")
    state = at(agreed, 200, drawn("d", 0, "1000.00"), WriteOff(id="w", on=day(20)))
    assert state.is_settled and state.available == 0
    assert at(agreed, 20, drawn("d", 0, "1000.00"), WriteOff(id="w", on=day(20))).available == 0


def test_a_surplus_is_paid_on_and_owed_back_when_its_payment_bounces() -> None:
    events = (paid("r", 90, "12300.00"), Surplus(id="s", on=day(91), amount=money("84.00")))
    assert at(BULLET, 90, *events).unallocated == money("84.00")
    assert (at(BULLET, 91, *events).unallocated, at(BULLET, 91, *events).surplus) == (0, money("84.00"))
    assert at(BULLET, 95, *events, undone("r", 95)).unallocated == money("-84.00")


# -- waterfall by time ----------------------------------------------------------------------------------------------


def test_a_waterfall_by_time_takes_what_is_past_due_before_what_is_due_and_interest_to_come_last() -> None:
    by_time = [step for time in ("past_due", "due") for step in STEPS if step.startswith(time)]
    order = (*by_time, "in_advance.penalty", "in_advance.fee", "in_advance.principal", "in_advance.interest")
    agreed = terms(repayment="equal_principal", instalments=3, waterfall=order)
    ahead = at(agreed, 20, paid("r", 20, "5000.00"))
    assert ahead.allocations["r"] == Allocation(principal=money("5000.00"))
    late = at(agreed, 40, paid("r", 40, "4200.00"))  # 9 days of penalty on 4 000
    assert late.allocations["r"] == Allocation(
        penalty=money("5.00"), interest=money("74.40"), principal=money("4120.60")
    )


# -- books, prepayment, holdback ------------------------------------------------------------------------------------


def test_what_months_accrue_adds_up() -> None:
    events = [disbursed(BULLET), paid("r", 45, "6000.00"), charge("c", 50, "25.00")]
    january = accrued(BULLET, events, day(-30), dt.date(2026, 1, 31))
    february = accrued(BULLET, events, dt.date(2026, 1, 31), dt.date(2026, 2, 28))
    assert (january, february) == (Allocation(interest=money("38.40")), Allocation(interest=money("67.20")))
    march = accrued(BULLET, events, dt.date(2026, 2, 28), dt.date(2026, 3, 31))
    assert march.fee == money("25.00")
    assert january + february + march == replay(BULLET, events, dt.date(2026, 3, 31)).accrued


def test_paying_ahead_saves_the_interest_until_the_due_date() -> None:
    """4 000 less for 60 days at 7.2 %: 48.00; all of it for 60 days: 144.00."""
    part = prepayment_saving(BULLET, [disbursed(BULLET)], day(30), money("4072.00"))
    assert (part.taken.principal, part.total, part.paid_off_on) == (money("4000.00"), money("48.00"), day(90))
    whole = prepayment_saving(BULLET, [disbursed(BULLET)], day(30), money("12072.00"))
    assert (whole.interest, whole.paid_off_on) == (money("144.00"), day(30))


def test_closing_early_saves_the_periodic_fees_to_come() -> None:
    agreed = terms(fee="10.00", fee_timing="periodic", repayment="equal_principal", instalments=3)
    saving = prepayment_saving(agreed, [disbursed(agreed)], day(20), money("12048.00"))
    assert (saving.fee, saving.interest) == (money("30.00"), money("96.00"))


def test_paying_what_is_late_saves_its_penalty_until_the_next_due_date() -> None:
    agreed = terms(repayment="equal_principal", instalments=3)
    saving = prepayment_saving(agreed, [disbursed(agreed)], day(41), money("4103.96"))
    assert saving.penalty == money("10.00")  # 18 days on 4 000


def test_more_than_is_owed_cannot_be_prepaid() -> None:
    with pytest.raises(InputInvalid, match="more than the 12072.00 owed"):
        prepayment_saving(BULLET, [disbursed(BULLET)], day(30), money("12072.01"))


def test_a_collection_repays_the_loan_and_the_rest_of_the_holdback_goes_back() -> None:
    """10 000 at 80 %: 8 000 lent, 2 000 held back; 90 days cost 144.00."""
    invoice = advance(money("10000.00"), money("80"), "EUR")
    assert (invoice.advanced, invoice.held_back) == (money("8000.00"), money("2000.00"))
    agreed = terms(principal="8000.00")
    settlement = settle(agreed, [disbursed(agreed)], day(90), money("10000.00"))
    assert (settlement.repayment, settlement.surplus) == (money("8144.00"), money("1856.00"))
    assert settle(agreed, [disbursed(agreed)], day(90), money("5000.00")).surplus == 0
    for wrong in (("-1", "80"), ("1", "101")):
        with pytest.raises(InputInvalid, match="none"):
            advance(money(wrong[0]), money(wrong[1]), "EUR")
    with pytest.raises(InputInvalid, match="positive"):
        settle(agreed, [disbursed(agreed)], day(90), money("-1.00"))


@pytest.mark.parametrize("days", [0, -1, 40_000])
def test_an_extension_is_of_some_days(days: int) -> None:
    with pytest.raises(InputInvalid, match=f"of {days} days"):
        extended(1, days)
