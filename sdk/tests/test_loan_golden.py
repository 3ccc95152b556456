"""Loan arithmetic against published figures: days to the day, money to the cent, rates to one basis point.

Each case names its public source. `read` means that the figure was read there; `computed` that the source states the
formula and the figure follows from it by hand. A source that rounds each period's interest by itself differs from ours
by a cent here and there, since we round the running total; of such a source only what both agree on is here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from openscf._internal.day_count import UNITS_A_YEAR, DayCount, units_between
from openscf._internal.loan_cost import CashFlow, effective_annual_rate
from openscf.loan import Instalment, LoanTerms, offer_cost, schedule

ISDA_30_360 = "ISDA, '30/360 Day Count Conventions', 22 December 2008, worked figures for 30E/360 (read)"
ISDA_ACTUAL = "ISDA, 'EMU and Market Conventions', 1998, as in QuantLib, test-suite/daycounters.cpp (read)"
YEARFRAC_APPLE = "Apple, Formulas and Functions Help, YEARFRAC (read)"
YEARFRAC_EXCEL = "Microsoft, YEARFRAC function: 1 January to 30 July 2012 (computed: 211 days of 366, of 365)"


class Days(NamedTuple):
    """A part of a year, as a fraction or as days of 30E/360."""

    source: str
    day_count: DayCount
    start: str
    end: str
    year_fraction: str = ""
    days: int = 0


DAY_COUNTS = [
    Days(ISDA_30_360, "30E/360", "2006-08-20", "2007-02-20", days=180),
    Days(ISDA_30_360, "30E/360", "2006-08-31", "2007-02-28", days=178),
    Days(ISDA_30_360, "30E/360", "2007-02-28", "2007-08-31", days=182),
    Days(ISDA_30_360, "30E/360", "2007-08-31", "2008-02-29", days=179),
    Days(ISDA_30_360, "30E/360", "2008-02-29", "2008-08-31", days=181),
    Days(ISDA_30_360, "30E/360", "2006-01-31", "2006-02-28", days=28),
    Days(ISDA_30_360, "30E/360", "2006-02-28", "2006-03-03", days=5),
    Days(ISDA_30_360, "30E/360", "2006-09-30", "2006-10-31", days=30),
    Days(ISDA_30_360, "30E/360", "2006-10-31", "2006-11-28", days=28),
    Days(ISDA_30_360, "30E/360", "2007-02-26", "2008-02-29", days=363),
    Days(ISDA_30_360, "30E/360", "2008-02-28", "2008-03-31", days=32),
    Days(ISDA_ACTUAL, "ACT/ACT", "2003-11-01", "2004-05-01", "0.497724380567"),
    Days(ISDA_ACTUAL, "ACT/ACT", "1999-02-01", "1999-07-01", "0.410958904110"),
    Days(ISDA_ACTUAL, "ACT/ACT", "1999-07-01", "2000-07-01", "1.0013773486"),
    Days(ISDA_ACTUAL, "ACT/ACT", "2002-08-15", "2003-07-15", "0.915068493151"),
    Days(ISDA_ACTUAL, "ACT/ACT", "2003-07-15", "2004-01-15", "0.504004790778"),
    Days(ISDA_ACTUAL, "ACT/ACT", "1999-07-30", "2000-01-30", "0.503892506924"),
    Days(ISDA_ACTUAL, "ACT/ACT", "2000-01-30", "2000-06-30", "0.415300546448"),
    Days(YEARFRAC_APPLE, "30E/360", "2009-12-15", "2010-06-30", "0.541666666666667"),
    Days(YEARFRAC_APPLE, "ACT/ACT", "2009-12-15", "2010-06-30", "0.53972602739726"),
    Days(YEARFRAC_APPLE, "ACT/360", "2009-12-15", "2010-06-30", "0.547222222222222"),
    Days(YEARFRAC_APPLE, "ACT/365", "2009-12-15", "2010-06-30", "0.53972602739726"),
    Days(YEARFRAC_EXCEL, "ACT/ACT", "2012-01-01", "2012-07-30", "0.57650273"),
    Days(YEARFRAC_EXCEL, "ACT/365", "2012-01-01", "2012-07-30", "0.57808219"),
]


@pytest.mark.parametrize("case", DAY_COUNTS, ids=lambda case: f"{case.day_count} {case.start} {case.end}")
def test_days_are_counted_as_published(case: Days) -> None:
    units = units_between(dt.date.fromisoformat(case.start), dt.date.fromisoformat(case.end), case.day_count)
    if case.year_fraction:
        expected = Decimal(case.year_fraction)
        fraction = Decimal(units) / UNITS_A_YEAR[case.day_count]
        assert fraction.quantize(Decimal(1).scaleb(expected.as_tuple().exponent)) == expected  # type: ignore[arg-type]
    else:
        assert units == case.days


Rows = tuple[Instalment, ...]


def amount(number: int) -> Callable[[Rows], Decimal]:
    return lambda rows: rows[number - 1].amount


def interest(first: int, last: int) -> Callable[[Rows], Decimal]:
    return lambda rows: sum((row.interest for row in rows[first - 1 : last]), Decimal(0))


def principal(first: int, last: int) -> Callable[[Rows], Decimal]:
    return lambda rows: sum((row.principal for row in rows[first - 1 : last]), Decimal(0))


def table(last: int) -> Callable[[Rows], str]:
    return lambda rows: " ".join(f"{row.principal}+{row.interest}" for row in rows[:last])


class Schedule(NamedTuple):
    """A figure of a monthly schedule with twelve equal months (30E/360 from the first of a month)."""

    source: str
    principal: str
    rate_pa: str
    instalments: int
    figure: Callable[[Rows], Any]
    expected: str
    repayment: str = "instalment"


FINERACT = "Apache Fineract, fineract-e2e-tests-runner, EMICalculation-Part1.feature"
MORTGAGE = "Microsoft and LibreOffice, CUMIPMT and CUMPRINC functions (read)"
EQUAL_PRINCIPAL = "Equal principal payments: total interest = (n + 1) · P · i / 2 (computed)"

SCHEDULES = [
    Schedule("Microsoft, PMT function (read)", "10000", "8", 10, amount(1), "1037.03"),
    Schedule("Claris FileMaker Pro Help, PMT (read)", "21000", "6.9", 48, amount(1), "501.90"),
    Schedule("Mescius, Document Solutions, PMT (read)", "5000", "6", 15, amount(1), "346.82"),
    Schedule("LibreOffice Help, PMT (read)", "25000", "1.99", 36, amount(1), "715.96"),
    Schedule("NumPy Financial, pmt (read)", "200000", "7.5", 180, amount(1), "1854.02"),
    Schedule("Wikipedia, Mortgage calculator (read)", "200000", "6.5", 360, amount(1), "1264.14"),
    Schedule("Wikipedia, Mortgage calculator (computed)", "200000", "6.5", 360, interest(1, 1), "1083.33"),
    Schedule("PyPI, amortization, README and tests (read)", "150000", "10", 36, amount(1), "4840.08"),
    Schedule(
        "PyPI, amortization, tests (read)", "150000", "10", 36, table(4),
        "3590.08+1250.00 3620.00+1220.08 3650.16+1189.92 3680.58+1159.50",
    ),
    Schedule("Microsoft, IPMT function (read)", "8000", "10", 36, interest(1, 1), "66.67"),
    Schedule("Microsoft, PPMT function (read)", "2000", "10", 24, principal(1, 1), "75.62"),
    Schedule(MORTGAGE, "125000", "9", 360, interest(1, 1), "937.50"),
    Schedule(MORTGAGE, "125000", "9", 360, principal(1, 1), "68.28"),
    Schedule(MORTGAGE, "125000", "9", 360, interest(13, 24), "11135.23"),
    Schedule("NumPy Financial, ipmt: sum of the interest (read)", "2500", "8.24", 12, interest(1, 12), "112.98"),
    Schedule(
        f"{FINERACT}, C3154: 360/30, integer (read)", "100", "12", 6, table(6),
        "16.25+1.00 16.41+0.84 16.58+0.67 16.74+0.51 16.91+0.34 17.11+0.17",
    ),
    Schedule(
        f"{FINERACT}, C3155: 360/30, decimal (read)", "100", "9.4822", 6, table(6),
        "16.34+0.79 16.47+0.66 16.60+0.53 16.73+0.40 16.86+0.27 17.00+0.13",
    ),
    Schedule(EQUAL_PRINCIPAL, "120000", "6", 12, interest(1, 12), "3900.00", "equal_principal"),
    Schedule(EQUAL_PRINCIPAL, "12000", "24", 4, table(4),
             "3000.00+240.00 3000.00+180.00 3000.00+120.00 3000.00+60.00", "equal_principal"),
    Schedule(EQUAL_PRINCIPAL, "300000", "4.8", 240, interest(1, 240), "144600.00", "equal_principal"),
]  # fmt: skip


@pytest.mark.parametrize("case", SCHEDULES, ids=lambda case: f"{case.source} {case.expected[:20]}")
def test_schedules_are_the_published_ones_to_the_cent(case: Schedule) -> None:
    start = dt.date(2024, 1, 1)
    years, month = divmod(case.instalments, 12)
    terms = LoanTerms(
        principal=Decimal(case.principal),
        currency="EUR",
        rate_pa=Decimal(case.rate_pa),
        day_count="30E/360",
        repayment=case.repayment,  # type: ignore[arg-type]
        instalments=case.instalments,
        tenor_days=(dt.date(2024 + years, month + 1, 1) - start).days,
    )
    rows = schedule(terms, start)
    assert str(case.figure(rows)) == case.expected
    assert sum(row.principal for row in rows) == Decimal(case.principal)


class Rate(NamedTuple):
    """Dated flows and the effective annual rate at which they add up to zero, in percent."""

    source: str
    flows: dict[str, str]
    percent: str


DIRECTIVE = "Directive 98/7/EC, Annex III, A: calendar basis"
UK = "FSharp.Finance.Personal, AprUnitedKingdomTests (read)"

RATES = [
    Rate(
        "Microsoft, XIRR function (read)",
        {"2008-01-01": "-10000", "2008-03-01": "2750", "2008-10-30": "4250", "2009-02-15": "3250",
         "2009-04-01": "2750"},
        "37.34",
    ),
    Rate(
        "docs.rs, xirr, as LibreOffice Calc (read)",
        {"2015-06-11": "-1000", "2015-07-21": "-9000", "2015-10-17": "-3000", "2018-06-10": "20000"},
        "16.35",
    ),
    Rate(f"{DIRECTIVE}, first example (read)", {"1994-01-01": "1000", "1995-07-01": "-1200"}, "12.96"),
    Rate(f"{DIRECTIVE}, second example: 16,9 % (read)", {"1994-01-01": "950", "1995-07-01": "-1200"}, "16.90"),
    Rate(
        f"{DIRECTIVE}, third example (read)",
        {"1994-01-01": "1000", "1995-01-01": "-600", "1996-01-01": "-600"}, "13.07",
    ),
    Rate(UK, {"2012-10-10": "500", "2012-10-15": "-510"}, "324.44"),
    Rate(UK, {"2012-10-10": "500", "2012-11-10": "-270", "2012-12-10": "-270"}, "84.63"),
    Rate("php-apr-calculator, CalculatorSpec (read)", {"2025-01-01": "100", "2026-01-01": "-101"}, "1.00"),
]  # fmt: skip


@pytest.mark.parametrize("case", RATES, ids=lambda case: case.source)
def test_rates_are_the_published_ones_to_a_basis_point(case: Rate) -> None:
    flows = tuple(CashFlow(on=dt.date.fromisoformat(on), amount=Decimal(paid)) for on, paid in case.flows.items())
    assert abs(effective_annual_rate(flows) - Decimal(case.percent)) <= Decimal("0.01")


def test_a_fee_that_is_kept_back_counts_as_the_law_counts_it() -> None:
    """Directive 98/7/EC, second example, as an offer: 1000, of which 50 is retained; 1200 after 546 days: 16.9 %."""
    retained = LoanTerms(
        principal=Decimal(1000), currency="EUR", rate_pa=Decimal("13.37"), day_count="ACT/365", tenor_days=546,
        fee=Decimal(50),
    )  # fmt: skip
    cost = offer_cost(retained, dt.date(1994, 1, 1))
    assert (cost.in_hand, -cost.flows[-1].amount, cost.apr) == (Decimal(950), Decimal(1200), Decimal("16.90"))


def test_there_are_at_least_forty_golden_cases() -> None:
    assert len(DAY_COUNTS) + len(SCHEDULES) + len(RATES) >= 40
