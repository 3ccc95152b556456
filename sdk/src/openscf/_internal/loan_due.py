"""What of a loan is past due, due, or in advance, since when, and what falls due next."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from openscf._internal.day_count import units_between
from openscf._internal.loan_accrual import Accrual
from openscf._internal.loan_balance import ZERO, Allocation, NextDue

ONE_DAY = dt.timedelta(days=1)


def owed_by_time(account: Accrual) -> dict[str, Decimal]:
    """Return all that is owed by `TIME.COMPONENT`, as the waterfall names it.

    A penalty that accrues is past due at once, since it comes from what is.
    """
    owed, past, due = account.owed(), past_due(account), _due(account)
    found: dict[str, Decimal] = {}
    for component in ("penalty", "fee", "interest", "principal"):
        owed_one, past_one, due_one = (getattr(part, component) for part in (owed, past, due))
        found[f"past_due.{component}"] = past_one
        found[f"due.{component}"] = due_one - past_one
        found[f"in_advance.{component}"] = owed_one - due_one
    return found


def past_due(account: Accrual) -> Allocation:
    """Return what should have been paid before the account's day, grace included, and was not."""
    if account.day is None:
        return _unmet(account, 0, dt.date.min)
    return _unmet(account, _late_before(account), account.day - dt.timedelta(days=account.terms.grace_days + 1))


def past_due_since(account: Accrual) -> dt.date | None:
    """Return the due date of the oldest sum that is past due; None where nothing is."""
    if account.day is None or not past_due(account).total:
        return None
    by = account.day - dt.timedelta(days=account.terms.grace_days + 1)
    late = _late_before(account)
    candidates = [due.on for due in account.dues[:late][_first_unpaid(account, late) :][:1]]
    if account.terms.fee_timing == "up_front" and account.start and account.start <= by:
        candidates += [account.start] if account.met.fee < account.terms.fee else []
    for component in ("fee", "penalty"):
        dated = sorted({one.on for one in account.charges if one.component == component and one.on <= by})
        candidates += [on for on in dated if _unpaid_charges(account, component, late, on)][:1]
    # What is left may be a penalty, or interest that accrued after the last due date: it fell due day by day.
    fallback = account.dues[late - 1].on if late else account.day - ONE_DAY
    return min(candidates, default=fallback)


def next_due(account: Accrual) -> NextDue | None:
    """Return the next due date from the account's day on with something to pay, if nothing is paid until then."""
    if account.day is None:
        return None
    passed = sum(due.on < account.day for due in account.dues)
    before = _unmet_by_dues(account, passed, account.units)
    units, day = account.units, account.day
    principal = account.principal()
    for number, due in enumerate(account.dues[passed:], start=passed + 1):
        units, day = units + principal * units_between(day, due.on, account.terms.day_count), due.on
        amount = _unmet_by_dues(account, number, units) - before + _fees_to_come(account, passed, number)
        if amount > 0:
            return NextDue(due_date=due.on, amount=amount)
    return None


def _due(account: Accrual) -> Allocation:
    """Return what is due by the account's day, past due or not, and unpaid."""
    return _unmet(account, len(account.reached), account.day or dt.date.min)


def _unmet(account: Accrual, count: int, by: dt.date) -> Allocation:
    """Return what the first `count` due dates, and other sums due up to the day `by`, ask for beyond what was met."""
    met = account.met
    return Allocation(
        penalty=max(ZERO, account.penalty(by) - met.penalty),
        fee=max(ZERO, account.fee_due(count, by) - met.fee),
        interest=max(ZERO, account.interest_by(count) - met.interest),
        principal=account.unpaid_of_first(count),
    )


def _late_before(account: Accrual) -> int:
    """Return how many due dates are past due on the account's day: late since the day before."""
    count = account.late
    while count and account.day is not None and account.dues[count - 1].late_after >= account.day:
        count -= 1
    return count


def _first_unpaid(account: Accrual, late: int) -> int:
    """Return the place of the first of the `late` due dates of which something is unpaid, `late` where none is."""
    met = account.met
    for count in range(1, late + 1):
        if account.unpaid_of_first(count) or account.interest_by(count) > met.interest:
            return count - 1
        if account.fee_due(count, dt.date.min) > met.fee:
            return count - 1
    return late


def _unpaid_charges(account: Accrual, component: str, late: int, on: dt.date) -> bool:
    """Whether what was charged up to a day is more than was paid for it and all that fell due before."""
    if component == "penalty":
        return account.penalty(on) > account.met.penalty
    due_before = sum(due.on <= on for due in account.dues[:late])
    return account.fee_due(due_before, on) > account.met.fee


def _unmet_by_dues(account: Accrual, count: int, units: Decimal) -> Decimal:
    """Return the principal and interest that the first `count` due dates ask for, `units` being those of the last."""
    if count == 0:
        return ZERO
    if count <= len(account.reached) and count < len(account.dues):
        units = account.reached[count - 1].units
    interest = account.terms.interest_on(units, account.terms.rate_pa)
    return account.unpaid_of_first(count) + max(ZERO, interest - account.met.interest)


def _fees_to_come(account: Accrual, passed: int, number: int) -> Decimal:
    """Return the unpaid fees of the due dates after the `passed` ones up to the `number`-th."""
    reached = len(account.reached)
    periodic = account.fees_by(min(number, reached)) + account.periodic_fee() * max(0, number - reached)
    agreed = account.terms.fee if account.terms.fee_timing == "on_repayment" else ZERO
    before = account.fees_by(passed) + (agreed if passed else ZERO)
    return max(ZERO, agreed + periodic - account.met.fee) - max(ZERO, before - account.met.fee)
