"""What a loan accrues in a period, for the books of a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import localcontext

from openscf._internal.loan_account import Account
from openscf._internal.loan_balance import Allocation
from openscf._internal.loan_events import LoanEvent
from openscf._internal.loan_replay import account_at
from openscf._internal.loan_terms import LoanTerms
from openscf.money import EXACT


def accrued(terms: LoanTerms, events: Iterable[LoanEvent], begin: dt.date, end: dt.date) -> Allocation:
    """Return the interest, penalty and fee that became owed after the day `begin`, up to and including `end`.

    Periods that follow each other add up to `LoanState.accrued`, as each is rounded from the loan's start. What a
    reversal dated in the period changes for the days before it is in the period; so is the interest of a payment
    back-dated into an earlier period not: book the difference between `LoanState.accrued` and what is booked where
    periods were closed before all was told. A deducted fee is none of it, since it was never owed.
    """
    told = list(events)
    with localcontext(EXACT):
        return _total(account_at(terms, told, end)[0]) - _total(account_at(terms, told, begin)[0])


def _total(account: Account) -> Allocation:
    return Allocation(penalty=account.penalty(), fee=account.fee(), interest=account.interest())
