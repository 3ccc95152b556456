"""The state of a loan, replayed from its dated events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal, localcontext

from openscf._internal.loan_account import Account
from openscf._internal.loan_balance import Allocation, LoanState
from openscf._internal.loan_events import (
    Charge,
    ChargeReversal,
    LoanEvent,
    Repayment,
    RepaymentReversal,
    Reversal,
    WriteOff,
)
from openscf._internal.loan_order import in_order
from openscf._internal.loan_terms import LoanTerms
from openscf.money import EXACT


def replay(terms: LoanTerms, events: Iterable[LoanEvent], as_of: dt.date) -> LoanState:
    """Return the state of the loan at the end of the day `as_of`.

    The order of `events` does not matter and repeats of the same event do not count; events after `as_of` are passed
    over. On one day disbursements come first, then charges and their reversals, extensions, calls, reversals of
    repayments, repayments by id, surpluses paid on, and write-offs. A reversal whose repayment or charge is not (yet)
    among the events changes nothing. Raises InputInvalid for events that contradict each other or the terms.
    """
    with localcontext(EXACT):
        account, allocations = account_at(terms, events, as_of)
        return account.state(as_of, allocations)


def payoff_amount(terms: LoanTerms, events: Iterable[LoanEvent], on: dt.date) -> Decimal:
    """Return what closes the loan to zero when paid on the day `on`, in the loan's currency."""
    return replay(terms, events, on).balance.total


def posting(terms: LoanTerms, known: Iterable[LoanEvent], event: LoanEvent) -> Allocation:
    """Return what a ledger that is never rewritten must add for `event`, told after the `known` ones.

    It is told as the wire's `allocation` is: for a repayment, a reversed charge and a write-off what they take off
    what is owed; for every other event what it adds. For an event told in the order of dates that is its
    `allocations[event.id]` of the replay. A back-dated one, the reversal of a charge that was paid, and that of a
    repayment made before a write-off also carry what the earlier entries must be corrected by, so that single parts
    may be negative: a write-off gives up the same sum, but of other parts.

    Entries made this way always add up: repayments less their reversals to `LoanState.paid`, unless entries of other
    events carry corrections; all of them, with their signs, to what was lent and charged less what was paid or given
    up. Money dated on or before the day of a write-off takes the place of what was given up, so that its entry lowers
    nothing: its parts do not add up to it, and a ledger can't take it.
    """
    earlier = list(known)
    latest = max(one.on for one in (*earlier, event))
    with localcontext(EXACT):
        before, _ = account_at(terms, earlier, latest)
        after, _ = account_at(terms, [*earlier, event], latest)
        added = after.left() - before.left()
        return Allocation() - added if isinstance(event, (Repayment, ChargeReversal, WriteOff)) else added


def account_at(terms: LoanTerms, events: Iterable[LoanEvent], as_of: dt.date) -> tuple[Account, dict[str, Allocation]]:
    """Return the loan's account at the end of `as_of`, and the allocations by event id; the caller sets EXACT."""
    dated = [event for event in in_order(terms, events) if event.on <= as_of]
    history = _History(
        terms, {event.reverses for event in dated if isinstance(event, (RepaymentReversal, ChargeReversal))}
    )
    allocations: dict[str, Allocation] = {}
    for event in dated:
        if isinstance(event, (RepaymentReversal, ChargeReversal)):
            before = history.account.booked()
            if history.undo(event):
                change = history.account.booked() - before
                allocations[event.id] = change if isinstance(event, RepaymentReversal) else Allocation() - change
        else:
            allocation = history.apply(event)
            if isinstance(event, (Repayment, Charge, WriteOff)):
                allocations[event.id] = allocation
    history.account.accrue_to(as_of)
    return history.account, allocations


class _History:
    """An account, with the way back to just before each event that is reversed later."""

    def __init__(self, terms: LoanTerms, reversed_later: set[str]) -> None:
        self.account = Account(terms)
        self._reversed_later = reversed_later
        self._applied: list[LoanEvent | None] = []
        self._before: dict[str, tuple[int, Account]] = {}

    def apply(self, event: LoanEvent) -> Allocation:
        self._applied.append(event)
        return self._apply(len(self._applied) - 1, event)

    def undo(self, reversal: Reversal) -> bool:
        """Redo everything since the reversed event without it; False where it is not among the events."""
        if reversal.reverses not in self._before:
            return False
        place, self.account = self._before.pop(reversal.reverses)
        self._applied[place] = None
        for later in range(place + 1, len(self._applied)):
            event = self._applied[later]
            if event is not None:
                self._apply(later, event)
        return True

    def _apply(self, place: int, event: LoanEvent) -> Allocation:
        if event.id in self._reversed_later:
            self._before[event.id] = place, self.account.snapshot()
        return self.account.apply(event)
