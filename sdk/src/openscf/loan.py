"""Loan arithmetic, pure and in Decimal: schedules, accrual, the waterfall, back-dated events, and what an offer costs.

A loan's state is a function of its terms and its dated events. Events may arrive in any order and any number of
times; the same dated events give the same balances.

Rules, where a contract could choose:
- Interest is simple, on the principal outstanding, for the days after the disbursement up to and including the day
  of the balance. It accrues exactly; the accrued total is rounded (half up) when it is allocated or reported, so
  that rounding never adds up.
- A penalty accrues at `penalty_rate_pa`, on top of interest, on the principal that is past due, from the day after
  its due date. Interest and fees past due bear none (no interest on interest).
- A repayment is spread by the waterfall over what is owed on its day. What is more than owed stays unallocated.
- Principal paid is taken for the oldest instalment first.
- A reversal undoes its repayment as if it had never been made, for every balance from the reversal's date on.
- What an offer costs is what its loan would cost: `offer_cost` replays the payments, on time or late.
"""

from __future__ import annotations

from openscf._internal.loan_balance import Allocation, Balance, LoanState, NextDue
from openscf._internal.loan_cost import CashFlow, OfferCost, offer_cost
from openscf._internal.loan_events import (
    Call,
    Charge,
    ChargeReversal,
    Disbursement,
    Extension,
    LoanEvent,
    Repayment,
    RepaymentReversal,
    Surplus,
    WriteOff,
)
from openscf._internal.loan_replay import payoff_amount, posting, replay
from openscf._internal.loan_schedule import Instalment, schedule
from openscf._internal.loan_terms import LoanTerms

__all__ = [
    "Allocation",
    "Balance",
    "Call",
    "CashFlow",
    "Charge",
    "ChargeReversal",
    "Disbursement",
    "Extension",
    "Instalment",
    "LoanEvent",
    "LoanState",
    "LoanTerms",
    "NextDue",
    "OfferCost",
    "Repayment",
    "RepaymentReversal",
    "Surplus",
    "WriteOff",
    "offer_cost",
    "payoff_amount",
    "posting",
    "replay",
    "schedule",
]
