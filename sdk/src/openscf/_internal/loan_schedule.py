"""When a loan is due, and with how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from openscf._internal.day_count import units_between
from openscf._internal.loan_balance import ZERO
from openscf._internal.loan_events import Call, Disbursement, Extension, LoanEvent
from openscf._internal.loan_plan import Due, planned
from openscf._internal.loan_replay import account_at
from openscf._internal.loan_terms import LoanTerms
from openscf.money import EXACT, round_money


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """One sum due: `amount` = `principal` + `interest`, in the loan's currency."""

    number: int
    due_date: dt.date
    principal: Decimal
    interest: Decimal
    amount: Decimal


def schedule(terms: LoanTerms, start: dt.date, events: Iterable[LoanEvent] = ()) -> tuple[Instalment, ...]:
    """Return the sums due of a loan that starts on `start`, each paid on its day and nothing ahead.

    Annuities are equal, rounded to the currency; the last takes the remainder, so that the principal adds up exactly
    and paying the schedule closes the loan to zero. Fees are not in it. Extensions and calls among the `events` move
    the due dates. A revolving loan is taken as its `events` draw and repay it, the last balance staying until the
    end; before any drawdown, as drawn in full on `start`. A sales-linked one is repaid by its minimum.
    """
    told = list(events)
    with localcontext(EXACT):
        if terms.repayment == "revolving" and any(isinstance(event, Disbursement) for event in told):
            return _of_what_is_drawn(terms, told)
        moving = [event for event in told if isinstance(event, (Extension, Call))]
        dues = planned(terms, start)
        if moving:
            whole = Disbursement(id="\0", on=start, amount=terms.principal)
            dues = account_at(terms, [whole, *moving], max(event.on for event in (whole, *moving)))[0].dues
        return _paid_as_planned(terms, start, dues)


def _paid_as_planned(terms: LoanTerms, start: dt.date, dues: tuple[Due, ...]) -> tuple[Instalment, ...]:
    units, repaid, day = ZERO, ZERO, start
    reached: list[tuple[dt.date, Decimal, Decimal]] = []
    for due in dues:
        units += (terms.principal - repaid) * units_between(day, due.on, terms.day_count)
        repaid, day = due.principal, due.on
        reached.append((due.on, units, repaid))
    return _instalments(terms, reached)


def _of_what_is_drawn(terms: LoanTerms, events: list[LoanEvent]) -> tuple[Instalment, ...]:
    account, _ = account_at(terms, events, max(event.on for event in events))
    repaid_in_the_end = account.principal()
    account.accrue_to(account.dues[-1].on)
    last = len(account.dues)
    return _instalments(
        terms,
        [
            (due.on, reached.units, repaid_in_the_end if number == last else ZERO)
            for number, (due, reached) in enumerate(zip(account.dues, account.reached, strict=True), start=1)
        ],
    )


def _instalments(terms: LoanTerms, reached: list[tuple[dt.date, Decimal, Decimal]]) -> tuple[Instalment, ...]:
    """Return the rows from the due dates with principal × units and principal due by each."""
    rows: list[Instalment] = []
    interest_before, principal_before = ZERO, ZERO
    for number, (on, units, principal_due) in enumerate(reached, start=1):
        interest_due = terms.interest_on(units, terms.rate_pa)
        interest, principal = (
            interest_due - interest_before,
            round_money(principal_due - principal_before, terms.currency),
        )
        rows.append(
            Instalment(number=number, due_date=on, principal=principal, interest=interest, amount=principal + interest)
        )
        interest_before, principal_before = interest_due, principal_due
    return tuple(rows)
