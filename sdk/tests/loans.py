"""A small vocabulary for loan tests: terms, events, and random ones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from openscf._internal.loan_waterfall import COMPONENTS, TIMES
from openscf.loan import (
    Call,
    Charge,
    ChargeReversal,
    Disbursement,
    Extension,
    LoanEvent,
    LoanTerms,
    Repayment,
    RepaymentReversal,
    Surplus,
    WriteOff,
)
from openscf.money import minor_unit

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


CLASSIC = ("bullet", "instalment", "equal_principal")
KINDS = (*CLASSIC, "revolving", "sales_linked")
UNITS = (("EUR", Decimal("0.01")), ("JPY", Decimal(1)), ("KWD", Decimal("0.001")))
STEPS = [f"{time}.{component}" for time in TIMES for component in COMPONENTS]


@st.composite
def loan_terms(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> LoanTerms:
    """Terms of any kind, currency, day count and fee timing, with grace and with waterfalls of either form."""
    kind = draw(st.sampled_from(kinds))
    currency, unit = draw(st.sampled_from(UNITS))
    instalments = draw(st.sampled_from([1, 2, 3, 7, 12])) if kind in ("instalment", "equal_principal") else 1
    tenor_days = draw(st.integers(31 * (instalments - 1) + 4, 31 * instalments + 200))
    by_sales = {
        "minimum_percent": draw(st.decimals(0, 60, places=1)),
        "period_days": draw(st.integers(7, 90)),
        "sweep_percent": draw(st.decimals("0.5", 100, places=1)),
    }
    rate = st.decimals(0, 60, places=3)
    return LoanTerms(
        principal=draw(st.integers(1_000, 10**9)) * unit,
        currency=currency,
        rate_pa=draw(rate),
        penalty_rate_pa=draw(rate),
        day_count=draw(st.sampled_from(["ACT/360", "ACT/365", "30E/360", "ACT/ACT"])),
        repayment=kind,
        instalments=instalments,
        tenor_days=tenor_days,
        fee=draw(st.integers(0, 999)) * unit,
        fee_timing=draw(st.sampled_from(["deducted", "on_repayment", "up_front", "periodic"])),
        grace_days=draw(st.sampled_from([0, 0, 3, 30])),
        waterfall=tuple(draw(st.one_of(st.permutations(COMPONENTS), st.permutations(STEPS)))),
        **(by_sales if kind == "sales_linked" else {}),
    )


@st.composite
def loans(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> tuple[LoanTerms, list[LoanEvent]]:
    """Terms with disbursements, repayments and charges of any size and day, reversals of some, and what else happens.

    The disbursements come first in the list.
    """
    agreed = draw(loan_terms(kinds))
    days = st.integers(0, agreed.tenor_days + 120)
    events: list[LoanEvent] = [disbursed(agreed)]
    if agreed.repayment == "revolving":
        parts, drawn = draw(st.integers(1, 4)), shares("1")
        events = [
            Disbursement(id=f"d{part}", on=day(draw(days) if part else 0), amount=share(agreed, draw(drawn)))
            for part in range(parts)
        ]
    for number in range(draw(st.integers(0, 6))):
        on = draw(days)
        events.append(paid(f"r{number}", on, share(agreed, draw(shares("1.1")))))
        if draw(st.integers(0, 3)) == 0:
            events.append(undone(f"r{number}", on + draw(st.integers(0, 60))))
    for number in range(draw(st.sampled_from([0, 0, 1, 2]))):
        on = draw(days)
        component = draw(st.sampled_from(["fee", "penalty"]))
        events.append(Charge(id=f"c{number}", on=day(on), amount=share(agreed, Decimal("0.01")), component=component))
        if draw(st.integers(0, 1)) == 0:
            later = day(on + draw(st.integers(0, 60)))
            events.append(ChargeReversal(id=f"undo-c{number}", on=later, reverses=f"c{number}"))
    if draw(st.integers(0, 2)) == 0:
        for number in range(draw(st.integers(1, 2))):
            events.append(Extension(id=f"x{number}", on=day(draw(days)), days=draw(st.integers(1, 90))))
    if draw(st.integers(0, 4)) == 0:
        events.append(Call(id="call", on=day(draw(days))))
    if draw(st.integers(0, 4)) == 0:
        events.append(Surplus(id="s", on=day(draw(days)), amount=share(agreed, Decimal("0.02"))))
    if draw(st.integers(0, 5)) == 0:
        gives_up = draw(st.sampled_from([None, share(agreed, Decimal("0.1"))]))
        events.append(WriteOff(id="w", on=day(draw(days)), amount=gives_up))
    return agreed, events


def shares(most: str) -> st.SearchStrategy[Decimal]:
    """Parts of the principal, up to `most`."""
    return st.sampled_from([Decimal(part) for part in ("0.001", "0.1", "0.25", "0.5", most)])


def share(agreed: LoanTerms, part: Decimal) -> Decimal:
    """So much of the principal, at least a minor unit."""
    unit = minor_unit(agreed.currency)
    return max(unit, (agreed.principal * part).quantize(unit))


def charged(component: str, events: list[LoanEvent]) -> Decimal:
    """What is charged of a component and was not taken back."""
    undone = {event.reverses for event in events if isinstance(event, ChargeReversal)}
    return sum(
        (
            event.amount
            for event in events
            if isinstance(event, Charge) and event.component == component and event.id not in undone
        ),
        Decimal(0),
    )
