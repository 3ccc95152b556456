"""What an offer costs, as money and as one comparable rate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import pyxirr

from openscf._internal.loan_schedule import schedule
from openscf._internal.loan_terms import LoanTerms
from openscf.errors import InputInvalid

# 1 = 100 % a year. Above a millionfold the figure compares nothing; it comes from a fee that eats a short loan.
MAX_EFFECTIVE_RATE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class CashFlow:
    """Money to (positive) or from (negative) the borrower on a day."""

    on: dt.date
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class OfferCost:
    """What the borrower receives and pays when every instalment is paid on its day.

    Money in the loan's currency; `apr` is the effective annual rate in percent, rounded to two decimals: the rate at
    which the flows, discounted over actual days / 365, add up to zero.
    """

    in_hand: Decimal
    total_cost: Decimal
    interest: Decimal
    fee: Decimal
    apr: Decimal
    flows: tuple[CashFlow, ...]


def offer_cost(terms: LoanTerms, start: dt.date) -> OfferCost:
    """Return the cost of a loan disbursed on `start` and paid on time.

    A fee `on_repayment` is paid with the first instalment. Raises InputInvalid where the cost is out of all proportion
    (an effective rate above MAX_EFFECTIVE_RATE).
    """
    rows = schedule(terms, start)
    fee_later = terms.fee if terms.fee_timing == "on_repayment" else Decimal(0)
    payments = tuple(
        CashFlow(on=row.due_date, amount=-row.amount - (fee_later if row.number == 1 else 0)) for row in rows
    )
    flows = (CashFlow(on=start, amount=terms.in_hand), *payments)
    interest = sum((row.interest for row in rows), Decimal(0))
    return OfferCost(
        in_hand=terms.in_hand,
        total_cost=interest + terms.fee,
        interest=interest,
        fee=terms.fee,
        apr=effective_annual_rate(flows),
        flows=flows,
    )


def effective_annual_rate(flows: tuple[CashFlow, ...]) -> Decimal:
    """Return the internal rate of return per year in percent (XIRR, actual days / 365), to two decimals."""
    if sum(flow.amount for flow in flows) == 0:
        return Decimal("0.00")
    rate = pyxirr.xirr([flow.on for flow in flows], [float(flow.amount) for flow in flows])
    if rate is None or not rate < MAX_EFFECTIVE_RATE:
        raise InputInvalid("The offer's cost is out of all proportion; check its principal, fee and tenor.")
    return (Decimal(repr(rate)) * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
