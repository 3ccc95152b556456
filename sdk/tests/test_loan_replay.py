"""What a loan owes, told as stories with figures worked by hand."""

from __future__ import annotations

import datetime as dt
import decimal
from decimal import Decimal

import pytest
from loans import START, day, disbursed, paid, terms, undone

from openscf.errors import InputInvalid
from openscf.loan import (
    Allocation,
    Disbursement,
    LoanTerms,
    Repayment,
    RepaymentReversal,
    WriteOff,
    payoff_amount,
    posting,
    replay,
    schedule,
)

BULLET = terms()  # a day's interest: 12 000 × 7.2 % / 360 = 2.40; due on day 90


def owed(agreed: LoanTerms, number: int, *events: Repayment | RepaymentReversal) -> tuple[str, ...]:
    """Principal, interest, fee and penalty on a day."""
    balance = replay(agreed, [disbursed(agreed), *events], day(number)).balance
    assert balance.total == balance.principal + balance.interest + balance.fee + balance.penalty
    return tuple(str(part) for part in (balance.principal, balance.interest, balance.fee, balance.penalty))


def test_interest_accrues_from_the_day_after_the_disbursement() -> None:
    assert owed(BULLET, 0) == ("12000.00", "0.00", "0.00", "0.00")
    assert owed(BULLET, 1) == ("12000.00", "2.40", "0.00", "0.00")
    assert owed(BULLET, 90) == ("12000.00", "216.00", "0.00", "0.00")


def test_before_the_disbursement_nothing_is_owed() -> None:
    assert replay(BULLET, [disbursed(BULLET)], day(-1)).is_settled
    assert replay(BULLET, [], day(10)).balance.total == 0


def test_a_part_payment_takes_interest_first_then_principal() -> None:
    state = replay(BULLET, [disbursed(BULLET), paid("r", 30, "4072.00")], day(30))
    assert state.allocations["r"] == Allocation(interest=Decimal("72.00"), principal=Decimal("4000.00"))
    assert owed(BULLET, 60, paid("r", 30, "4072.00")) == ("8000.00", "48.00", "0.00", "0.00")


def test_the_waterfall_is_the_terms_own() -> None:
    principal_first = terms(waterfall=("principal", "interest", "fee", "penalty"))
    state = replay(principal_first, [disbursed(principal_first), paid("r", 30, "4072.00")], day(30))
    assert state.allocations["r"] == Allocation(principal=Decimal("4072.00"))
    assert state.balance.interest == Decimal("72.00")


def test_a_fee_on_repayment_is_owed_from_the_start_and_a_deducted_one_never() -> None:
    later, deducted = terms(fee="100.00", fee_timing="on_repayment"), terms(fee="100.00")
    assert owed(later, 0) == ("12000.00", "0.00", "100.00", "0.00")
    assert owed(deducted, 0) == ("12000.00", "0.00", "0.00", "0.00")
    assert (later.in_hand, deducted.in_hand) == (Decimal("12000.00"), Decimal("11900.00"))
    state = replay(later, [disbursed(later), paid("r", 30, "150.00")], day(30))
    assert state.allocations["r"] == Allocation(fee=Decimal("100.00"), interest=Decimal("50.00"))


def test_payment_on_the_due_date_bears_no_penalty_and_a_day_later_it_does() -> None:
    """12 000 × 5 % / 360 = 1.666… a day."""
    assert owed(BULLET, 90)[3] == "0.00"
    assert owed(BULLET, 91) == ("12000.00", "218.40", "0.00", "1.67")
    assert owed(BULLET, 93) == ("12000.00", "223.20", "0.00", "5.00")


def test_late_payment_interest_as_published() -> None:
    """gov.uk, "Interest on late commercial payments": 1 000 at 8.5 % is 85 a year."""
    agreed = terms(
        principal="1000.00", currency="GBP", rate_pa="0", penalty_rate_pa="8.5", day_count="ACT/365", tenor_days=30
    )
    assert owed(agreed, 30 + 365) == ("1000.00", "0.00", "0.00", "85.00")


def test_a_penalty_stops_growing_on_what_was_paid() -> None:
    events = [paid("r", 96, "6240.40")]  # penalty 10.00, interest 230.40, principal 6 000.00
    assert owed(BULLET, 96, *events) == ("6000.00", "0.00", "0.00", "0.00")
    assert owed(BULLET, 102, *events) == ("6000.00", "7.20", "0.00", "5.00")


def test_an_instalment_loan_penalises_only_the_instalments_missed() -> None:
    agreed = terms(repayment="instalment", instalments=3, tenor_days=90, rate_pa="0", penalty_rate_pa="36")
    assert owed(agreed, 31) == ("12000.00", "0.00", "0.00", "0.00")  # the first 4 000 is due on day 31
    assert owed(agreed, 41) == ("12000.00", "0.00", "0.00", "40.00")  # 4 000 × 36 % × 10 / 360
    assert owed(agreed, 59 + 10) == ("12000.00", "0.00", "0.00", "192.00")  # 28 days of 4 000, 10 days of 8 000
    assert owed(agreed, 41, paid("r", 20, "4000.00"))[3] == "0.00"  # paid ahead
    assert owed(agreed, 69, paid("r", 20, "6000.00"))[3] == "20.00"  # 2 000 of the second is missing for 10 days


def test_past_due_is_what_should_have_been_paid_before() -> None:
    agreed = terms(repayment="instalment", instalments=3, tenor_days=90)
    first, second, _ = schedule(agreed, START)
    events = [disbursed(agreed)]
    assert replay(agreed, events, first.due_date).past_due == 0
    late = replay(agreed, events, first.due_date + dt.timedelta(days=1))
    assert late.past_due == first.amount + late.balance.penalty
    paid_first = [*events, Repayment(id="r", on=first.due_date, amount=first.amount)]
    assert replay(agreed, paid_first, second.due_date).past_due == 0
    assert replay(agreed, paid_first, second.due_date + dt.timedelta(days=1)).past_due > second.amount
    over = replay(agreed, events, day(91))
    assert over.past_due == over.balance.total


def test_paying_the_schedule_closes_the_loan_to_zero() -> None:
    agreed = terms(repayment="instalment", instalments=3, tenor_days=90)
    rows = schedule(agreed, START)
    events = [Repayment(id=str(row.number), on=row.due_date, amount=row.amount) for row in rows]
    state = replay(agreed, [disbursed(agreed), *events], day(400))
    assert state.is_settled and state.past_due == 0 and state.unallocated == 0
    assert [state.allocations[str(row.number)].principal for row in rows] == [row.principal for row in rows]


def test_more_than_is_owed_stays_unallocated() -> None:
    state = replay(BULLET, [disbursed(BULLET), paid("r", 30, "12100.00")], day(60))
    assert state.unallocated == Decimal("28.00") and state.is_settled
    assert state.allocations["r"].total == Decimal("12072.00")


def test_a_reversal_undoes_its_repayment_from_its_own_date_on() -> None:
    events = (paid("r", 30, "4072.00"), undone("r", 60))
    assert owed(BULLET, 59, *events) == ("8000.00", "46.40", "0.00", "0.00")
    assert owed(BULLET, 60, *events) == owed(BULLET, 60) == ("12000.00", "144.00", "0.00", "0.00")
    state = replay(BULLET, [disbursed(BULLET), *events], day(60))
    assert (
        state.allocations["undo-r"]
        == state.allocations["r"]
        == Allocation(interest=Decimal("72.00"), principal=Decimal("4000.00"))
    )
    assert state.paid == Allocation(penalty=Decimal(0), fee=Decimal(0), interest=Decimal(0), principal=Decimal(0))


def test_a_reversal_moves_later_money_to_where_it_then_belongs() -> None:
    """Without r1, the 4 048.00 of day 60 pays 144.00 interest instead of 48.00; the reversal carries the difference."""
    events = [disbursed(BULLET), paid("r1", 30, "4072.00"), paid("r2", 60, "4048.00"), undone("r1", 70)]
    state = replay(BULLET, events, day(70))
    assert state.allocations["r2"] == Allocation(interest=Decimal("48.00"), principal=Decimal("4000.00"))
    assert state.allocations["undo-r1"] == Allocation(interest=Decimal("-24.00"), principal=Decimal("4096.00"))
    assert state.paid == Allocation(interest=Decimal("144.00"), principal=Decimal("3904.00"))
    assert state.balance.principal == Decimal("8096.00")


def test_a_bounced_payoff_replaced_on_the_same_day_is_taken_for_the_reopened_loan() -> None:
    events = [paid("a-bounced", 90, "12216.00"), undone("a-bounced", 95), paid("b-new", 95, "12236.33")]
    state = replay(BULLET, [disbursed(BULLET), *events], day(95))
    assert state.is_settled and state.unallocated == 0
    assert state.allocations["b-new"].total == Decimal("12236.33")


def test_a_repayment_undone_the_same_day_leaves_no_trace() -> None:
    events = [paid("r", 30, "500.00"), undone("r", 30), paid("z", 30, "72.00")]
    state = replay(BULLET, [disbursed(BULLET), *events], day(30))
    assert state.allocations["z"] == Allocation(interest=Decimal("72.00"))
    assert state.balance.total == Decimal("12000.00")


def test_a_back_dated_repayment_moves_the_later_ones() -> None:
    """Told last, counted first: the interest of days 10 to 30 then runs on 6 000 less."""
    late_news = paid("late", 10, "6024.00")
    known = [disbursed(BULLET), paid("r", 30, "1000.00")]
    assert replay(BULLET, known, day(30)).allocations["r"] == Allocation(
        interest=Decimal("72.00"), principal=Decimal("928.00")
    )
    state = replay(BULLET, [*known, late_news], day(30))
    assert state.allocations["late"] == Allocation(interest=Decimal("24.00"), principal=Decimal("6000.00"))
    assert state.allocations["r"] == Allocation(interest=Decimal("24.00"), principal=Decimal("976.00"))


def test_a_ledger_that_is_never_rewritten_books_the_correction_with_the_late_news() -> None:
    known = [disbursed(BULLET), paid("r", 30, "1000.00")]
    booked = posting(BULLET, known, paid("late", 10, "6024.00"))
    assert booked == Allocation(interest=Decimal("-24.00"), principal=Decimal("6048.00"))
    assert booked.total == Decimal("6024.00")


def test_what_is_not_known_yet_changes_nothing() -> None:
    assert owed(BULLET, 60, undone("never-told", 50)) == owed(BULLET, 60)
    assert owed(BULLET, 60, paid("tomorrow", 61, "100.00")) == owed(BULLET, 60)


def test_the_same_event_told_twice_counts_once() -> None:
    once = paid("r", 30, "4072.00")
    assert owed(BULLET, 60, once, once) == owed(BULLET, 60, once)


def test_payoff_closes_to_exactly_zero() -> None:
    events = [disbursed(BULLET), paid("r", 7, "33.33")]
    amount = payoff_amount(BULLET, events, day(101))
    state = replay(BULLET, [*events, paid("last", 101, amount)], day(500))
    assert state.is_settled and state.unallocated == 0


def test_the_callers_decimal_context_does_not_matter() -> None:
    events = [disbursed(BULLET), paid("r", 30, "4072.00")]
    expected = replay(BULLET, events, day(77)), schedule(BULLET, START), BULLET.to_wire()
    with decimal.localcontext(decimal.Context(prec=3, rounding=decimal.ROUND_DOWN)):
        assert (replay(BULLET, events, day(77)), schedule(BULLET, START), terms().to_wire()) == expected


@pytest.mark.parametrize(
    ("events", "named"),
    [
        ([paid("r", 1, "1.00"), paid("r", 2, "1.00")], "the id 'r'"),
        ([paid("r", 1, "1.001")], "decimals"),
        ([Disbursement(id="d2", on=START, amount=Decimal(12000))], "2 times"),
        ([paid("r", 5, "1.00"), undone("r", 4)], "dated before"),
        ([RepaymentReversal(id="x", on=START, reverses="disbursement")], "no repayment"),
        ([undone("r", 9), RepaymentReversal(id="x", on=day(9), reverses="r")], "reversed twice"),
    ],
)
def test_events_that_contradict_each_other_are_refused(events: list[Repayment], named: str) -> None:
    with pytest.raises(InputInvalid, match=named):
        replay(BULLET, [disbursed(BULLET), *events], day(60))


def test_a_disbursement_of_another_amount_is_refused() -> None:
    with pytest.raises(InputInvalid, match="full principal"):
        replay(terms(fee="100.00"), [Disbursement(id="d", on=START, amount=Decimal("11900.00"))], day(1))


@pytest.mark.parametrize("amount", ["0", "-1.00"])
def test_an_event_has_a_positive_amount(amount: str) -> None:
    with pytest.raises(InputInvalid, match="positive"):
        paid("r", 1, amount)


def test_balance_and_allocation_have_the_wires_shape() -> None:
    state = replay(BULLET, [disbursed(BULLET), paid("r", 30, "4072.00")], day(30))
    assert state.balance.to_wire() == {
        "as_of": "2026-02-14",
        "currency": "EUR",
        "principal": "8000.00",
        "interest": "0.00",
        "fee": "0.00",
        "penalty": "0.00",
        "total": "8000.00",
    }
    assert state.allocations["r"].to_wire("EUR") == {
        "penalty": "0.00",
        "fee": "0.00",
        "interest": "72.00",
        "principal": "4000.00",
    }


def test_a_line_of_which_all_was_written_off_is_given_up_whether_or_not_the_amount_is_told() -> None:
    """A ledger tells the amount; nothing can be drawn of the line after it, and no further fee falls due."""
    terms = LoanTerms(
        principal=Decimal("9000.00"), currency="EUR", rate_pa=Decimal(0), tenor_days=90, repayment="revolving",
        fee=Decimal("10.00"), fee_timing="periodic",
    )  # fmt: skip
    drawn = Disbursement(id="d", on=dt.date(2026, 1, 1), amount=Decimal("500.00"))
    for amount in (None, Decimal("500.00")):
        written_off = WriteOff(id="w", on=dt.date(2026, 1, 10), amount=amount)
        later = replay(terms, [drawn, written_off], dt.date(2026, 3, 20))
        assert (later.balance.total, later.available) == (0, 0)
