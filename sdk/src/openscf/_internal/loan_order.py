"""The one order in which the events of a loan count, however they arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from openscf._internal.loan_events import (
    Call,
    Charge,
    ChargeReversal,
    Disbursement,
    Extension,
    LoanEvent,
    Repayment,
    RepaymentReversal,
    Reversal,
    Surplus,
    WriteOff,
)
from openscf._internal.loan_terms import LoanTerms
from openscf.errors import InputInvalid
from openscf.money import to_amount

# The order within a day. What a day brings is owed before the day's money is spread, money that bounced on the day
# does not count in that, and what is given up is what the day's money left.
_RANK: dict[type[LoanEvent], int] = {
    Disbursement: 0,
    Charge: 1,
    ChargeReversal: 2,
    Extension: 3,
    Call: 4,
    RepaymentReversal: 6,
    Repayment: 7,
    Surplus: 8,
    WriteOff: 9,
}
_REPAID_AND_REVERSED_ON_ONE_DAY = 5

_REVERSED_BY = {
    RepaymentReversal: (Repayment, "repayment"),
    ChargeReversal: (Charge, "charge"),
}


def in_order(terms: LoanTerms, events: Iterable[LoanEvent]) -> list[LoanEvent]:
    """Return the distinct events in the one order in which they count: by day, then by kind, then by id.

    Raises InputInvalid for events that contradict each other or the terms.
    """
    by_id: dict[str, LoanEvent] = {}
    for event in events:
        if by_id.setdefault(event.id, event) != event:
            raise InputInvalid(f"Two different events have the id {event.id!r}; give each its own.")
    _check_amounts(terms, by_id.values())
    reversal_of = _reversals(by_id)

    def rank(event: LoanEvent) -> tuple[dt.date, int, str]:
        place = _RANK[type(event)]
        if isinstance(event, Repayment) and event.id in reversal_of and reversal_of[event.id].on == event.on:
            place = _REPAID_AND_REVERSED_ON_ONE_DAY
        return event.on, place, event.id

    return sorted(by_id.values(), key=rank)


def _check_amounts(terms: LoanTerms, events: Iterable[LoanEvent]) -> None:
    disbursements: list[Disbursement] = []
    for event in events:
        amount = getattr(event, "amount", None)
        if amount is not None:
            to_amount(amount, terms.currency)
        if isinstance(event, Disbursement):
            disbursements.append(event)
    if terms.repayment == "revolving":
        for drawn in disbursements:
            if drawn.amount > terms.principal:
                raise InputInvalid(f"The drawdown {drawn.id!r} of {drawn.amount} is above the limit {terms.principal}.")
    elif len(disbursements) > 1:
        raise InputInvalid(
            f"The loan was disbursed {len(disbursements)} times; only a revolving one is drawn in parts."
        )
    elif disbursements and disbursements[0].amount != terms.principal:
        raise InputInvalid(
            f"The disbursement is {disbursements[0].amount}, the principal {terms.principal}; give the full principal, "
            "of which a deducted fee is a part."
        )


def _reversals(by_id: Mapping[str, LoanEvent]) -> dict[str, Reversal]:
    """Return the reversal of each reversed repayment or charge."""
    found: dict[str, Reversal] = {}
    for event in by_id.values():
        if not isinstance(event, (RepaymentReversal, ChargeReversal)):
            continue
        kind, noun = _REVERSED_BY[type(event)]
        if event.reverses in found:
            raise InputInvalid(f"The {noun} {event.reverses!r} is reversed twice; a {noun} is undone once.")
        reversed_one = by_id.get(event.reverses)
        if reversed_one is not None and not isinstance(reversed_one, kind):
            raise InputInvalid(f"The reversal {event.id!r} names {event.reverses!r}, which is no {noun}.")
        if reversed_one is not None and event.on < reversed_one.on:
            raise InputInvalid(f"The reversal {event.id!r} is dated before the {noun} that it undoes.")
        found[event.reverses] = event
    return found
