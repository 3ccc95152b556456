"""A small vocabulary for loan tests: terms, events, and random ones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from openscf.loan import Disbursement, LoanEvent, LoanTerms, Repayment, RepaymentReversal

START = dt.date(2026, 1, 15)


def terms(**changes: Any) -> LoanTerms:
    """12 000.00 EUR at 7.20 % ACT/360 for 90 days, in one sum; 5 % more on what is past due."""
    agreed: dict[str, Any] = {
        "principal": "12000.00",
        "currency": "EUR",
        "rate_pa": "7.20",
        "tenor_days": 90,
        "penalty_rate_pa": "5.00",
    }
    return LoanTerms(**{**agreed, **changes})


def day(number: int) -> dt.date:
    """The day so many days after the disbursement."""
    return START + dt.timedelta(days=number)


def disbursed(agreed: LoanTerms) -> Disbursement:
    return Disbursement(id="disbursement", on=START, amount=agreed.principal)


def paid(name: str, number: int, amount: str | Decimal) -> Repayment:
    return Repayment(id=name, on=day(number), amount=Decimal(amount))


def undone(name: str, number: int) -> RepaymentReversal:
    return RepaymentReversal(id=f"undo-{name}", on=day(number), reverses=name)


def dates() -> st.SearchStrategy[dt.date]:
    return st.dates(dt.date(2020, 1, 1), dt.date(2032, 12, 31))


@st.composite
def loan_terms(draw: st.DrawFn) -> LoanTerms:
    currency, unit = draw(st.sampled_from([("EUR", Decimal("0.01")), ("JPY", Decimal(1)), ("KWD", Decimal("0.001"))]))
    principal = draw(st.integers(1_000, 10**9)) * unit
    instalments = draw(st.sampled_from([1, 1, 2, 3, 7, 12]))
    fee_timing = draw(st.sampled_from(["deducted", "on_repayment"]))
    rate = st.decimals(0, 60, places=3)
    return LoanTerms(
        principal=principal,
        currency=currency,
        rate_pa=draw(rate),
        penalty_rate_pa=draw(rate),
        day_count=draw(st.sampled_from(["ACT/360", "ACT/365", "30E/360"])),
        repayment="instalment" if instalments > 1 else draw(st.sampled_from(["bullet", "instalment"])),
        instalments=instalments,
        tenor_days=draw(st.integers(31 * (instalments - 1) + 4, 31 * instalments + 200)),
        fee=draw(st.integers(0, 999)) * unit,
        fee_timing=fee_timing,
        waterfall=tuple(draw(st.permutations(["penalty", "fee", "interest", "principal"]))),
    )


@st.composite
def loans(draw: st.DrawFn) -> tuple[LoanTerms, list[LoanEvent]]:
    """Terms with a disbursement, some repayments of any size and day, and reversals of some of them."""
    agreed = draw(loan_terms())
    events: list[LoanEvent] = [disbursed(agreed)]
    for number in range(draw(st.integers(0, 6))):
        share = draw(
            st.sampled_from([Decimal("0.001"), Decimal("0.1"), Decimal("0.25"), Decimal("0.5"), Decimal("1.1")])
        )
        unit = Decimal(1).scaleb(agreed.principal.as_tuple().exponent)  # type: ignore[arg-type]
        amount = max(unit, (agreed.principal * share).quantize(unit))
        on = draw(st.integers(0, agreed.tenor_days + 120))
        events.append(paid(f"r{number}", on, amount))
        if draw(st.integers(0, 3)) == 0:
            events.append(undone(f"r{number}", on + draw(st.integers(0, 60))))
    return agreed, events
