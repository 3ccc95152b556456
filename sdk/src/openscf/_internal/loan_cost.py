"""What an offer costs, as money and as one comparable rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pyxirr

from openscf._internal.loan_account import Account
from openscf._internal.loan_events import Disbursement, Repayment
from openscf._internal.loan_projection import Payments, pay_as_due
from openscf._internal.loan_replay import account_at
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


def offer_cost(
    terms: LoanTerms,
    start: dt.date,
    *,
    days_late: int = 0,
    collections: Iterable[tuple[dt.date, Decimal]] = (),
) -> OfferCost:
    """Return the cost of a loan disbursed in full on `start` whose payments all come `days_late` days too late.

    The figures are the loan's own: the payments are replayed as its events, so that interest runs on, penalties
    accrue and the waterfall takes its order as they will. A late payment is of the sum that was due; what lateness
    added is paid with the last one. A fee `on_repayment` is paid with the first, one `up_front` on `start`, late or
    not. Expected `collections`, (day, amount) each, repay the loan by their swept share, ahead of what falls due.
    Raises InputInvalid for negative `days_late`, and where the cost is out of all proportion (an effective rate above
    MAX_EFFECTIVE_RATE).
    """
    if days_late < 0:
        raise InputInvalid(f"days_late is {days_late}; give 0 for payments on their days, and more for later ones.")
    late, expected = dt.timedelta(days=days_late), list(collections)
    with localcontext(EXACT):
        if expected:
            payments, account = _swept_payments(terms, start, late, expected)
        else:
            payments, account = _closing_payments(terms, start, late)
        in_hand = CashFlow(on=start, amount=terms.in_hand)
        flows = (in_hand, *(CashFlow(on=on, amount=-amount) for on, amount in payments))
        interest, penalty = account.interest(), account.penalty()
        fee = account.fee() + (terms.fee if terms.fee_timing == "deducted" else 0)
        return OfferCost(
            in_hand=terms.in_hand,
            total_cost=interest + fee + penalty,
            interest=interest,
            fee=fee,
            penalty=penalty,
            apr=effective_annual_rate(flows),
            flows=flows,
        )


def _swept_payments(
    terms: LoanTerms, start: dt.date, late: dt.timedelta, collections: Payments
) -> tuple[Payments, Account]:
    """Return the payments that collections and due dates bring, and the account that they close."""
    account = Account(terms)
    account.apply(_disbursement(terms, start))
    begun = _due_at_start(terms, start)
    for on, amount in begun:
        account.apply(Repayment(id="up-front", on=on, amount=amount))
    return [*begun, *pay_as_due(account, late, ((on, amount) for on, amount in collections if on >= start))], account


def _closing_payments(terms: LoanTerms, start: dt.date, late: dt.timedelta) -> tuple[Payments, Account]:
    """Return the sums of the schedule, each so much after its due date, the last closing the account to zero."""
    scheduled = [*_due_at_start(terms, start), *_scheduled_payments(terms, start, late)]
    repayments = [
        Repayment(id=f"{number:04}", on=on, amount=paid) for number, (on, paid) in enumerate(scheduled) if paid
    ]
    account, _ = account_at(terms, [_disbursement(terms, start), *repayments], scheduled[-1][0])
    unallocated = account.received - account.paid.total
    return _closing(scheduled, account.owed().total - unallocated), account


def _disbursement(terms: LoanTerms, start: dt.date) -> Disbursement:
    return Disbursement(id="disbursement", on=start, amount=terms.principal)


def _due_at_start(terms: LoanTerms, start: dt.date) -> Payments:
    return [(start, terms.fee)] if terms.fee_timing == "up_front" and terms.fee else []


def _scheduled_payments(terms: LoanTerms, start: dt.date, late: dt.timedelta) -> Payments:
    """Return the sums of the schedule with the fees that fall due with them, each so much after its due date."""
    payments: Payments = []
    for row in schedule(terms, start):
        has_fee = terms.fee_timing == "periodic" or (terms.fee_timing == "on_repayment" and row.number == 1)
        payments.append((row.due_date + late, row.amount + (terms.fee if has_fee else 0)))
    return payments


def _closing(payments: Payments, still_owed: Decimal) -> Payments:
    """Return the payments that close the loan to zero; those of nothing are left out.

    The last one takes what is `still_owed`. Where that is negative (a waterfall that takes principal before interest
    makes a loan cheaper than its schedule), the last ones are lowered, or fall away.
    """
    kept = list(payments)
    while True:
        on, amount = kept.pop()
        still_owed += amount
        if still_owed > 0 or not kept:
            return [payment for payment in [*kept, (on, still_owed)] if payment[1]]


def effective_annual_rate(flows: tuple[CashFlow, ...]) -> Decimal:
    """Return the internal rate of return per year in percent (XIRR, actual days / 365), to two decimals."""
    if sum(flow.amount for flow in flows) == 0:
        return Decimal("0.00")
    rate = pyxirr.xirr([flow.on for flow in flows], [float(flow.amount) for flow in flows])
    if rate is None or not rate < MAX_EFFECTIVE_RATE:
        raise InputInvalid("The offer's cost is out of all proportion; check its principal, fee and tenor.")
    return (Decimal(repr(rate)) * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
