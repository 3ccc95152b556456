"""What a loan still costs if it is paid as it falls due, and how that changes: paid earlier, or due later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.loan import (
    Allocation,
    Charge,
    Extension,
    LoanEvent,
    LoanTerms,
    Repayment,
    payoff_amount,
    prepayment_saving,
    replay,
)

# Names of events that are only supposed; no bank's entry is called so.
SUPPOSED = "supposed:"


@dataclass(frozen=True, slots=True)
class EarlyRepayment:
    """What a repayment on a day does, in the loan's currency.

    :ivar owed: all that is owed on that day
    :ivar saved: by how much less is paid altogether than on the due dates; 0 where nothing is paid early
    :ivar day_costs: what one more day until the whole is repaid costs
    :ivar allocation: what the amount is taken for
    """

    owed: Decimal
    saved: Decimal
    day_costs: Decimal
    allocation: Allocation


def repaid_early(terms: LoanTerms, events: Sequence[LoanEvent], on: date, amount: Decimal) -> EarlyRepayment:
    """Look at a repayment of `amount` on the day `on`, beside paying everything on its due date.

    More than is owed counts as what is owed.
    """
    owed = payoff_amount(terms, events, on)
    day_costs = max(payoff_amount(terms, events, on + timedelta(days=1)) - owed, Decimal(0))
    paid = min(amount, owed)
    if paid <= 0:
        return EarlyRepayment(owed, Decimal(0), day_costs, Allocation())
    saving = prepayment_saving(terms, events, on, paid)
    return EarlyRepayment(owed, max(saving.total, Decimal(0)), day_costs, saving.taken)


def extension_costs(terms: LoanTerms, events: Sequence[LoanEvent], on: date, days: int, fee: Decimal) -> Decimal:
    """Return what it costs altogether, fee included, that everything not due yet is due `days` later."""
    extended = [*events, Extension(id=f"{SUPPOSED}extension", on=on, days=days)]
    if fee > 0:
        extended.append(Charge(id=f"{SUPPOSED}fee", on=on, amount=fee))
    return still_to_pay(terms, extended, on) - still_to_pay(terms, events, on)


def still_to_pay(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> Decimal:
    """Return the sum of all payments from the day `on` on, if what is due is paid now and the rest when it is due."""
    known, total = list(events), Decimal(0)

    def pay(day: date, amount: Decimal) -> None:
        nonlocal total
        if amount > 0:
            known.append(Repayment(id=f"{SUPPOSED}{len(known)}", on=day, amount=amount))
            total += amount

    state = replay(terms, known, on)
    pay(on, state.past_due + state.due)
    while next_due := replay(terms, known, on).next_due:
        on = next_due.due_date
        pay(on, next_due.amount)
    # What rounding, or a sum that no due date asks for, left over.
    pay(on, payoff_amount(terms, known, on))
    return total


def oldest_first(amount: Decimal, owed: Sequence[tuple[int, date | None, Decimal]]) -> dict[int, Decimal]:
    """Spread one payment over loans: what is due first is repaid first, the last one gets what is left.

    :param owed: id, due date and what is owed of each loan
    :return: what each gets, by id, in that order; the sum is `amount`, or all that is owed where it is less
    """
    spread, left = {}, amount
    for loan_id, _due, owes in sorted(owed, key=lambda item: (item[1] or date.max, item[0])):
        spread[loan_id] = max(min(left, owes), Decimal(0))
        left -= spread[loan_id]
    return spread
