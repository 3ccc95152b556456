"""Loan arithmetic, pure and in Decimal: schedules, accrual, the waterfall, back-dated events, and what an offer costs.

A loan's state is a function of its terms and its dated events. Events may arrive in any order and any number of
times; the same dated events give the same balances.

Rules, where a contract could choose:
- Interest is simple, on the principal outstanding, for the days after the disbursement up to and including the day
  of the balance. It accrues exactly; the accrued total is rounded (half up) when it is allocated or reported, so
  that rounding never adds up.
- A penalty accrues at `penalty_rate_pa`, on top of interest, on the principal that is past due, from the day after
  its due date and the days of grace. Interest and fees past due bear none (no interest on interest).
- A repayment is spread by the waterfall over what is owed on its day. What is more than owed stays unallocated, until
  it is paid on to the applicant as a surplus.
- Principal paid is taken for the oldest instalment first.
- After the last due date, and once the loan is called, everything owed is past due, also what accrues anew.
- A reversal undoes its repayment or charge as if it had never been made, for every balance from its own date on.
- An extension moves the due dates that have not passed; principal stays as planned, interest due grows by the days.
- A periodic fee is owed on every due date on which principal is lent; of a revolving loan until the tenor ends.
- Writing off takes what is left after the day's payments; nothing accrues on what was given up.
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
from openscf._internal.loan_holdback import Advance, Settlement, advance, settle
from openscf._internal.loan_period import accrued
from openscf._internal.loan_prepayment import PrepaymentSaving, prepayment_saving
from openscf._internal.loan_replay import payoff_amount, posting, replay
from openscf._internal.loan_schedule import Instalment, schedule
from openscf._internal.loan_terms import LoanTerms

__all__ = [
    "Advance",
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
    "PrepaymentSaving",
    "Repayment",
    "RepaymentReversal",
    "Settlement",
    "Surplus",
    "WriteOff",
    "accrued",
    "advance",
    "offer_cost",
    "payoff_amount",
    "posting",
    "prepayment_saving",
    "replay",
    "schedule",
    "settle",
]
