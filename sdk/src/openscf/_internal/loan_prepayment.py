"""What paying ahead saves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from openscf._internal.loan_balance import Allocation
from openscf._internal.loan_events import LoanEvent, Repayment
from openscf._internal.loan_projection import pay_as_due
from openscf._internal.loan_replay import account_at
from openscf._internal.loan_terms import LoanTerms
from openscf.errors import InputInvalid
from openscf.money import EXACT, to_amount


@dataclass(frozen=True, kw_only=True)
class PrepaymentSaving:
    """What a payment saves, in the loan's currency, against paying only what falls due, on its day.

    `taken` is what the payment would be taken for. `paid_off_on` is the day of the last payment that is left with it,
    the day of the payment itself where it closes the loan.
    """

    taken: Allocation
    interest: Decimal
    fee: Decimal
    penalty: Decimal
    paid_off_on: dt.date

    @property
    def total(self) -> Decimal:
        """The sum of the three."""
        return self.interest + self.fee + self.penalty


def prepayment_saving(terms: LoanTerms, events: Iterable[LoanEvent], on: dt.date, amount: Decimal) -> PrepaymentSaving:
    """Return what paying `amount` on the day `on` saves until the loan's end.

    Without it, and after it, what falls due is paid on its day, and what is past due with the next such day. A sum
    paid ahead is taken for the oldest principal first, so that the next instalments become lower. After the last due
    date there is no schedule left to save against: the saving is 0. Raises InputInvalid for more than is owed.
    """
    with localcontext(EXACT):
        account, _ = account_at(terms, events, on)
        owed = account.owed().total
        if Decimal(to_amount(amount, terms.currency)) > owed:
            raise InputInvalid(f"{amount} is more than the {owed} owed on {on}; pay at most that.")
        paying = account.snapshot()
        taken = paying.apply(Repayment(id="prepayment", on=on, amount=amount))
        pay_as_due(account)
        left = pay_as_due(paying)
        return PrepaymentSaving(
            taken=taken,
            interest=account.interest() - paying.interest(),
            fee=account.fee() - paying.fee(),
            penalty=account.penalty() - paying.penalty(),
            paid_off_on=left[-1][0] if left else on,
        )
