"""What an offer costs, with the published figure for the rate."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from loans import START, loan_terms, terms

from openscf._internal.loan_cost import CashFlow, effective_annual_rate
from openscf.errors import InputInvalid
from openscf.loan import LoanTerms, offer_cost


def test_the_rate_is_xirr_as_published() -> None:
    """Microsoft, "XIRR function": the example's internal rate of return is 0.373362535, or 37.34 %."""
    flows = (
        CashFlow(on=dt.date(2008, 1, 1), amount=Decimal(-10_000)),
        CashFlow(on=dt.date(2008, 3, 1), amount=Decimal(2_750)),
        CashFlow(on=dt.date(2008, 10, 30), amount=Decimal(4_250)),
        CashFlow(on=dt.date(2009, 2, 15), amount=Decimal(3_250)),
        CashFlow(on=dt.date(2009, 4, 1), amount=Decimal(2_750)),
    )
    assert effective_annual_rate(flows) == Decimal("37.34")


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
