"""What an offer costs, on time, late, and out of collections."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loans import START, day, disbursed, loan_terms, paid, share, terms

from openscf.errors import InputInvalid
from openscf.loan import CashFlow, LoanTerms, offer_cost, payoff_amount, replay, schedule


def test_a_loan_of_a_year_at_ten_percent_costs_ten_percent() -> None:
    cost = offer_cost(terms(rate_pa="10", day_count="ACT/365", tenor_days=365), START)
    assert (cost.apr, cost.interest, cost.total_cost) == (Decimal("10.00"), Decimal("1200.00"), Decimal("1200.00"))


def test_a_deducted_fee_costs_more_than_one_paid_later() -> None:
    """12 000 for 90 days with 60.00 fee: 216.00 interest; (12 216 / 11 940)^(365/90) − 1 = 9.71 %."""
    deducted = offer_cost(terms(fee="60.00"), START)
    later = offer_cost(terms(fee="60.00", fee_timing="on_repayment"), START)
    assert (deducted.in_hand, deducted.fee, deducted.interest, deducted.total_cost) == (
        Decimal("11940.00"), Decimal("60.00"), Decimal("216.00"), Decimal("276.00"),
    )  # fmt: skip
    assert deducted.apr == (Decimal(str((12216 / 11940) ** (365 / 90) - 1)) * 100).quantize(Decimal("0.01"))
    assert later.total_cost == deducted.total_cost and later.apr < deducted.apr
    assert later.flows[-1].amount == Decimal("-12276.00")


def test_a_loan_for_nothing_costs_nothing() -> None:
    cost = offer_cost(terms(rate_pa="0"), START)
    assert (cost.apr, cost.total_cost) == (Decimal("0.00"), Decimal(0))


@given(loan_terms())
def test_flows_add_up_to_the_cost(agreed: LoanTerms) -> None:
    try:
        cost = offer_cost(agreed, START)
    except InputInvalid:
        assert agreed.fee * 100 > agreed.principal  # only a cost out of all proportion has no rate
        return
    assert -sum(flow.amount for flow in cost.flows) == cost.total_cost == cost.interest + cost.fee
    assert cost.in_hand == cost.flows[0].amount
    assert (cost.apr > 0) == (cost.total_cost > 0) or cost.apr == 0


@pytest.mark.parametrize("fee", ["11999.99", "6000.00"])
def test_a_fee_that_eats_a_short_loan_is_refused(fee: str) -> None:
    with pytest.raises(InputInvalid, match="out of all proportion"):
        offer_cost(terms(fee=fee, tenor_days=1), START)


def test_a_late_buyer_costs_interest_and_penalty_for_each_day() -> None:
    """30 days late: 12 000 × 7.20 % × 120/360 = 288.00 interest, 12 000 × 5 % × 30/360 = 50.00 penalty."""
    cost = offer_cost(terms(fee="60.00"), START, days_late=30)
    assert (cost.interest, cost.fee, cost.penalty, cost.total_cost) == (
        Decimal("288.00"), Decimal("60.00"), Decimal("50.00"), Decimal("398.00"),
    )  # fmt: skip
    assert (cost.paid_off_on, cost.flows[-1].amount) == (day(120), Decimal("-12338.00"))
    assert cost.apr == (Decimal(str((12338 / 11940) ** (365 / 120) - 1)) * 100).quantize(Decimal("0.01"))


def test_lateness_spreads_a_fee_over_more_days() -> None:
    """A dear fee on a short loan: paid later, the money costs more and the year less. Both are true, both are shown."""
    agreed = terms(fee="600.00", tenor_days=15, penalty_rate_pa="0")
    on_time, late = offer_cost(agreed, START), offer_cost(agreed, START, days_late=60)
    assert late.total_cost > on_time.total_cost and late.apr < on_time.apr


def test_late_instalments_are_each_paid_so_many_days_after_their_day() -> None:
    agreed = terms(repayment="instalment", instalments=3, penalty_rate_pa="0")
    cost = offer_cost(agreed, START, days_late=10)
    rows = schedule(agreed, START)
    assert [flow.on for flow in cost.flows[1:]] == [row.due_date + dt.timedelta(days=10) for row in rows]
    assert [-flow.amount for flow in cost.flows[1:3]] == [row.amount for row in rows[:2]]
    assert -cost.flows[3].amount > rows[2].amount


@given(loan_terms(), st.sampled_from([0, 1, 15, 30, 60]))
def test_the_flows_close_the_loan_as_its_own_ledger_has_it(agreed: LoanTerms, days_late: int) -> None:
    try:
        cost = offer_cost(agreed, START, days_late=days_late)
    except InputInvalid:
        return  # a cost out of all proportion; test_flows_add_up_to_the_cost bounds when
    number_of_day = [(flow.on - START).days for flow in cost.flows[1:]]
    payments = [paid(f"{n:04}", number, -flow.amount) for n, (number, flow) in enumerate(
        zip(number_of_day, cost.flows[1:], strict=True)
    )]  # fmt: skip
    state = replay(agreed, [disbursed(agreed), *payments], cost.paid_off_on)
    assert state.is_settled and state.unallocated == 0
    assert (state.paid.interest, state.paid.penalty) == (cost.interest, cost.penalty)
    assert -sum(flow.amount for flow in cost.flows) == cost.total_cost == cost.interest + cost.fee + cost.penalty


@given(loan_terms(kinds=("bullet",)), st.integers(1, 60))
def test_a_bullet_paid_late_costs_what_closes_it_on_that_day(agreed: LoanTerms, days_late: int) -> None:
    if agreed.fee * 100 > agreed.principal:
        return
    cost = offer_cost(agreed, START, days_late=days_late)
    up_front = [paid("fee", 0, agreed.fee)] if agreed.fee_timing == "up_front" and agreed.fee else []
    assert -cost.flows[-1].amount == payoff_amount(agreed, [disbursed(agreed), *up_front], cost.paid_off_on)
    assert cost.total_cost >= offer_cost(agreed, START).total_cost


@given(loan_terms())
def test_paid_on_time_the_flows_are_the_schedule(agreed: LoanTerms) -> None:
    if agreed.waterfall[-1] != "principal" or agreed.fee * 100 > agreed.principal or agreed.fee_timing == "periodic":
        return  # a waterfall that takes principal early lowers the interest below the schedule's
    rows = [row for row in schedule(agreed, START) if row.amount]
    flows = offer_cost(agreed, START).flows[1:]
    if agreed.fee_timing == "up_front" and agreed.fee:
        assert (flows[0].on, flows[0].amount) == (START, -agreed.fee)
        flows = flows[1:]
    fee = agreed.fee if agreed.fee_timing == "on_repayment" else 0
    if not fee:
        assert [flow.on for flow in flows] == [row.due_date for row in rows]
    assert -sum(flow.amount for flow in flows) == sum(row.amount for row in rows) + fee


def test_a_waterfall_that_takes_principal_first_is_cheaper_than_its_schedule() -> None:
    agreed = terms(
        repayment="instalment", instalments=3, rate_pa="60", waterfall=("principal", "penalty", "fee", "interest")
    )
    assert offer_cost(agreed, START).interest < sum(row.interest for row in schedule(agreed, START))


def test_earlier_than_due_is_no_lateness() -> None:
    with pytest.raises(InputInvalid, match="days_late is -1"):
        offer_cost(terms(), START, days_late=-1)


COLLECTED = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["0.01", "0.3", "0.8", "2"])), min_size=1, max_size=6
)


@given(loan_terms(), COLLECTED, st.sampled_from([0, 10]))
def test_what_collections_repay_closes_the_loan_as_its_own_ledger_has_it(
    agreed: LoanTerms, collected: list[tuple[int, str]], days_late: int
) -> None:
    collections = [(day(number), share(agreed, Decimal(part))) for number, part in collected]
    try:
        cost = offer_cost(agreed, START, days_late=days_late, collections=collections)
    except InputInvalid:
        return  # a cost out of all proportion
    payments = [paid(f"{n:04}", (flow.on - START).days, -flow.amount) for n, flow in enumerate(cost.flows[1:])]
    state = replay(agreed, [disbursed(agreed), *payments], cost.paid_off_on)
    assert state.is_settled and state.unallocated == 0
    assert -sum(flow.amount for flow in cost.flows) == cost.total_cost == cost.interest + cost.fee + cost.penalty


def test_a_sweep_repays_ahead_and_saves_the_interest() -> None:
    """6 072 on day 30: 72.00 interest, 6 000 principal; the other 6 000 bear 72.00 until day 90."""
    cost = offer_cost(terms(), START, collections=[(day(30), Decimal("6072.00"))])
    assert [(flow.on, flow.amount) for flow in cost.flows[1:]] == [
        (day(30), Decimal("-6072.00")), (day(90), Decimal("-6072.00")),
    ]  # fmt: skip
    assert cost.interest == Decimal("144.00") < offer_cost(terms(), START).interest
    half = terms(sweep_percent="50")
    assert offer_cost(half, START, collections=[(day(30), Decimal("12144.00"))]).flows == cost.flows


def test_sales_that_do_not_come_leave_the_minimum_to_pay() -> None:
    """10 % every 30 days: 1 200 + 72.00 on day 30, 1 200 + 64.80 on day 60, the rest with 57.60 on day 90."""
    agreed = terms(repayment="sales_linked", minimum_percent="10", period_days=30)
    expected = [(day(30), Decimal("-1272.00")), (day(60), Decimal("-1264.80")), (day(90), Decimal("-9657.60"))]
    for collections in ([], [(day(95), Decimal("5000.00"))]):
        cost = offer_cost(agreed, START, collections=collections)
        assert [(flow.on, flow.amount) for flow in cost.flows[1:]] == expected
    swept = offer_cost(agreed, START, collections=[(day(20), Decimal("1000.00"))])
    assert [flow.on for flow in swept.flows[1:]] == [day(20), day(30), day(60), day(90)]
    assert swept.interest < cost.interest


def test_a_fee_up_front_costs_what_a_deducted_one_does() -> None:
    up_front, deducted = (
        offer_cost(terms(fee="60.00", fee_timing=timing), START) for timing in ("up_front", "deducted")
    )
    assert (up_front.in_hand, up_front.flows[1]) == (Decimal("12000.00"), CashFlow(on=START, amount=Decimal("-60.00")))
    assert (up_front.apr, up_front.total_cost) == (deducted.apr, deducted.total_cost)


def test_a_periodic_fee_is_paid_with_every_sum_due() -> None:
    cost = offer_cost(terms(fee="10.00", fee_timing="periodic", repayment="equal_principal", instalments=3), START)
    assert [-flow.amount for flow in cost.flows[1:]] == [Decimal("4084.40"), Decimal("4054.80"), Decimal("4034.80")]
    assert cost.fee == Decimal("30.00")
