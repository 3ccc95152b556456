"""What an offer costs, as money and as one comparable rate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pyxirr

from openscf._internal.loan_events import Disbursement, Repayment
from openscf._internal.loan_replay import replay
from openscf._internal.loan_schedule import schedule
from openscf._internal.loan_terms import LoanTerms
from openscf.errors import InputInvalid
from openscf.money import EXACT

# 1 = 100 % a year. Above a millionfold the figure compares nothing; it comes from a fee that eats a short loan.
MAX_EFFECTIVE_RATE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class CashFlow:
    """Money to (positive) or from (negative) the borrower on a day."""

    on: dt.date
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class OfferCost:
    """What the borrower receives and pays, when every instalment is paid on its day or all so many days later.

    Money in the loan's currency; `total_cost` is `interest` + `fee` + `penalty`. `apr` is the effective annual rate in
    percent, rounded to two decimals: the rate at which the flows, discounted over actual days / 365, add up to zero.
    `flows` are dated, the disbursement first; `paid_off_on` is the day of the last one.
    """

    in_hand: Decimal
    total_cost: Decimal
    interest: Decimal
    fee: Decimal
    penalty: Decimal
    apr: Decimal
    flows: tuple[CashFlow, ...]

    @property
    def paid_off_on(self) -> dt.date:
        """The day on which nothing is owed any more."""
        return self.flows[-1].on


def offer_cost(terms: LoanTerms, start: dt.date, *, days_late: int = 0) -> OfferCost:
    """Return the cost of a loan disbursed on `start` whose payments all come `days_late` days after their due dates.

    The figures are the loan's own: the payments are replayed as its events, so that interest runs on, penalties
    accrue and the waterfall takes its order as they will. A late payment is of the sum that was due; what lateness
    added is paid with the last one. A fee `on_repayment` is paid with the first. Raises InputInvalid for negative
    `days_late`, and where the cost is out of all proportion (an effective rate above MAX_EFFECTIVE_RATE).
    """
    if days_late < 0:
        raise InputInvalid(f"days_late is {days_late}; give 0 for payments on their days, and more for later ones.")
    scheduled = _scheduled_payments(terms, start, dt.timedelta(days=days_late))
    disbursement = Disbursement(id="disbursement", on=start, amount=terms.principal)
    repayments = [Repayment(id=f"{number:04}", on=on, amount=paid) for number, (on, paid) in enumerate(scheduled)]
    with localcontext(EXACT):
        state = replay(terms, [disbursement, *repayments], scheduled[-1][0])
        flows = (
            CashFlow(on=start, amount=terms.in_hand),
            *_closing(scheduled, state.balance.total - state.unallocated),
        )
        interest = state.paid.interest + state.balance.interest
        penalty = state.paid.penalty + state.balance.penalty
        return OfferCost(
            in_hand=terms.in_hand,
            total_cost=interest + terms.fee + penalty,
            interest=interest,
            fee=terms.fee,
            penalty=penalty,
            apr=effective_annual_rate(flows),
            flows=flows,
        )


def _scheduled_payments(terms: LoanTerms, start: dt.date, late: dt.timedelta) -> list[tuple[dt.date, Decimal]]:
    """Return the sums of the schedule, a fee `on_repayment` with the first, each so much after its due date."""
    fee_later = terms.fee if terms.fee_timing == "on_repayment" else Decimal(0)
    return [(row.due_date + late, row.amount + (fee_later if row.number == 1 else 0)) for row in schedule(terms, start)]


def _closing(payments: list[tuple[dt.date, Decimal]], still_owed: Decimal) -> list[CashFlow]:
    """Return the payments as flows that close the loan to zero.

    The last one takes what is `still_owed`. Where that is negative (a waterfall that takes principal before interest
    makes a loan cheaper than its schedule), the last ones are lowered, or fall away.
    """
    kept = list(payments)
    while True:
        on, amount = kept.pop()
        still_owed += amount
        if still_owed > 0 or not kept:
            return [CashFlow(on=day, amount=-paid) for day, paid in [*kept, (on, still_owed)]]


def effective_annual_rate(flows: tuple[CashFlow, ...]) -> Decimal:
    """Return the internal rate of return per year in percent (XIRR, actual days / 365), to two decimals."""
    if sum(flow.amount for flow in flows) == 0:
        return Decimal("0.00")
    rate = pyxirr.xirr([flow.on for flow in flows], [float(flow.amount) for flow in flows])
    if rate is None or not rate < MAX_EFFECTIVE_RATE:
        raise InputInvalid("The offer's cost is out of all proportion; check its principal, fee and tenor.")
    return (Decimal(repr(rate)) * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
