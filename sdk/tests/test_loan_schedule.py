"""Schedules, day counts and terms; published figures are in test_loan_golden.py."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loans import CLASSIC, START, dates, loan_terms, terms

from openscf._internal.day_count import units_between
from openscf.errors import InputInvalid
from openscf.loan import LoanTerms, schedule


@given(dates(), dates(), dates(), st.sampled_from(["ACT/360", "ACT/365", "30E/360", "ACT/ACT"]))
def test_day_counts_add_up_over_any_date_between(a: dt.date, b: dt.date, c: dt.date, day_count: Any) -> None:
    a, b, c = sorted((a, b, c))
    first, second = units_between(a, b, day_count), units_between(b, c, day_count)
    assert first >= 0 and first + second == units_between(a, c, day_count)


@pytest.mark.parametrize(
    ("day_count", "tenor_days", "interest"),
    [("ACT/360", 365, "101.39"), ("ACT/365", 365, "100.00"), ("30E/360", 365, "100.00")],
)
def test_a_year_of_interest_by_each_day_count(day_count: Any, tenor_days: int, interest: str) -> None:
    """2006 ISDA Definitions, section 4.16 (d), (e), (g): 1 000.00 at 10 % from 15 January 2026 to 15 January 2027."""
    (row,) = schedule(terms(principal="1000.00", rate_pa="10", day_count=day_count, tenor_days=tenor_days), START)
    assert (row.due_date, row.principal, row.interest) == (dt.date(2027, 1, 15), Decimal("1000.00"), Decimal(interest))


def test_instalments_fall_monthly_and_the_last_when_the_tenor_ends() -> None:
    rows = schedule(terms(repayment="instalment", instalments=4, tenor_days=110), dt.date(2026, 1, 31))
    assert [row.due_date.isoformat() for row in rows] == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-21"]


def test_a_loan_without_interest_is_split_evenly() -> None:
    rows = schedule(terms(principal="100.00", rate_pa="0", repayment="instalment", instalments=3, tenor_days=90), START)
    assert [row.amount for row in rows] == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert not any(row.interest for row in rows)


def test_a_currency_without_decimals_has_whole_instalments() -> None:
    rows = schedule(
        terms(principal="1000000", currency="JPY", repayment="instalment", instalments=3, tenor_days=90, fee="0"), START
    )
    assert all(row.amount == row.amount.to_integral_value() for row in rows)
    assert sum(row.principal for row in rows) == 1_000_000


@given(loan_terms())
def test_a_schedule_adds_up_and_its_dates_rise(agreed: LoanTerms) -> None:
    rows = schedule(agreed, START)
    due = [row.due_date for row in rows]
    assert due == sorted(set(due)) and due[0] > START
    assert (due[-1] - START).days == agreed.tenor_days
    assert sum(row.principal for row in rows) == agreed.principal
    assert all(row.principal >= 0 and row.interest >= 0 and row.amount == row.principal + row.interest for row in rows)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    if agreed.repayment in CLASSIC:
        assert len(rows) == agreed.instalments


@given(loan_terms())
def test_terms_survive_the_wire(agreed: LoanTerms) -> None:
    assert LoanTerms.from_wire({**agreed.to_wire(), "technique": "pre_shipment", "recourse": True}) == agreed


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"principal": "0"}, "principal"),
        ({"principal": "10.001"}, "decimals"),
        ({"principal": 10.5}, "not exact"),
        ({"rate_pa": "-1"}, "rate_pa"),
        ({"rate_pa": "1001"}, "rate_pa"),
        ({"penalty_rate_pa": "-0.1"}, "penalty_rate_pa"),
        ({"fee": "-1"}, "fee"),
        ({"fee": "12000.00"}, "leaves nothing"),
        ({"fee_timing": "never"}, "fee_timing"),
        ({"day_count": "ACT/364"}, "day_count"),
        ({"repayment": "balloon"}, "repayment"),
        ({"tenor_days": 0}, "tenor"),
        ({"tenor_days": 40_000}, "tenor"),
        ({"instalments": 3}, "bullet"),
        ({"repayment": "instalment", "instalments": 0}, "instalments"),
        ({"repayment": "instalment", "instalments": 5, "tenor_days": 90}, "do not fit"),
        ({"repayment": "revolving", "instalments": 3}, "revolving"),
        ({"grace_days": 91}, "grace_days"),
        ({"sweep_percent": "0"}, "sweep_percent"),
        ({"sweep_percent": "100.5"}, "sweep_percent"),
        ({"minimum_percent": "10"}, "sales_linked"),
        ({"repayment": "sales_linked", "period_days": 30}, "minimum_percent"),
        ({"repayment": "sales_linked", "period_days": 30, "minimum_percent": "101"}, "minimum_percent"),
        ({"repayment": "sales_linked", "period_days": 0, "minimum_percent": "1"}, "period_days"),
        ({"waterfall": ("principal", "interest")}, "waterfall"),
        ({"waterfall": ("penalty", "fee", "interest", "past_due.principal", "due.principal")}, "waterfall"),
        ({"waterfall": ("principal", "principal", "fee", "interest")}, "waterfall"),
        ({"currency": "ZZZZ"}, "ISO 4217"),
    ],
)
def test_terms_that_make_no_loan_are_refused_with_the_reason(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InputInvalid, match=named):
        terms(**changes)


def test_new_members_of_the_terms_are_written_only_where_they_differ_from_the_default() -> None:
    assert set(terms().to_wire()) == {
        "principal", "rate_pa", "day_count", "repayment", "tenor_days", "instalments", "fee", "fee_timing",
        "penalty_rate_pa", "waterfall",
    }  # fmt: skip
    linked = terms(
        repayment="sales_linked", minimum_percent="10", period_days=30, sweep_percent="12.5", grace_days=5
    ).to_wire()
    assert (linked["minimum_percent"], linked["period_days"]) == ("10", 30)
    assert (linked["sweep_percent"], linked["grace_days"]) == ("12.5", 5)


def test_wire_terms_that_are_incomplete_or_mixed_are_refused() -> None:
    wire = terms().to_wire()
    for broken in (
        {},
        {**wire, "principal": "100"},
        {**wire, "fee": {"amount": "1.00", "currency": "USD"}},
        {**wire, "tenor_days": "45"},
        {name: value for name, value in wire.items() if name != "rate_pa"},
    ):
        with pytest.raises(InputInvalid):
            LoanTerms.from_wire(broken)
