"""Holdback: the part of a document that is not lent, and what of a collection goes back to the applicant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from openscf._internal.loan_events import LoanEvent
from openscf._internal.loan_replay import payoff_amount
from openscf._internal.loan_terms import LoanTerms
from openscf.errors import InputInvalid
from openscf.money import round_money, to_amount, to_decimal


@dataclass(frozen=True, kw_only=True)
class Advance:
    """What a document of the amount `carried` brings now, and what is held back until it is collected."""

    carried: Decimal
    advanced: Decimal

    @property
    def held_back(self) -> Decimal:
        """What is not lent: `carried` less `advanced`."""
        return self.carried - self.advanced


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """A collection in two: what repays the loan, and the `surplus` that is paid on to the applicant."""

    repayment: Decimal
    surplus: Decimal


def advance(carried: Decimal, advance_rate: Decimal, currency: str) -> Advance:
    """Return the advance of `advance_rate` percent, rounded to the currency, on a document.

    Raises InputInvalid for a negative amount, or a rate that is not between 0 and 100.
    """
    amount, rate = Decimal(to_amount(carried, currency)), to_decimal(advance_rate)
    if amount < 0 or not 0 <= rate <= 100:
        raise InputInvalid(
            f"An advance of {rate} percent on {amount} is none; give 0 to 100 percent of a positive sum."
        )
    return Advance(carried=amount, advanced=round_money(amount * rate / 100, currency))


def settle(terms: LoanTerms, events: Iterable[LoanEvent], on: dt.date, collected: Decimal) -> Settlement:
    """Return how a sum `collected` for the loan on the day `on` is divided: all that is owed first, then the surplus.

    With one document that is the holdback less interest and what else the loan cost. Raises InputInvalid for a sum
    that is negative.
    """
    amount = Decimal(to_amount(collected, terms.currency))
    if amount < 0:
        raise InputInvalid(f"A collection of {amount} is none; give a positive sum.")
    repayment = min(amount, payoff_amount(terms, events, on))
    return Settlement(repayment=repayment, surplus=amount - repayment)
