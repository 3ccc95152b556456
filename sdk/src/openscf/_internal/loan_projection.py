"""What would be paid from a day on: what is due on its day, and a share of what is collected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from openscf._internal.loan_account import Account
from openscf._internal.loan_balance import ZERO
from openscf._internal.loan_due import owed_by_time
from openscf._internal.loan_events import Repayment
from openscf.money import round_money

Payments = list[tuple[dt.date, Decimal]]


def pay_as_due(
    account: Account, late: dt.timedelta = dt.timedelta(0), collected: Iterable[tuple[dt.date, Decimal]] = ()
) -> Payments:
    """Pay on every due date of the account from its day on what is due then, and return the payments.

    The swept share of what is `collected` is paid on its day. All days are so much `late`; on the last due date all
    that is owed is paid. The caller sets the decimal context EXACT.
    """
    if account.day is None or not account.dues:
        return []
    collections: dict[dt.date, Decimal] = {}
    for on, amount in collected:
        collections[on + late] = collections.get(on + late, ZERO) + amount
    due_days = {due.on + late for due in account.dues}
    last, payments = max(due_days), Payments()
    for day in sorted(due_days | {on for on in collections if on < last}):
        if day < account.day:
            continue
        account.accrue_to(day)
        paid = _pay(account, day, _swept(account, collections.get(day, ZERO)))
        if day == last:
            paid += _pay(account, day, account.owed().total)
        elif day in due_days:
            paid += _pay(account, day, _due_now(account))
        if paid:
            payments.append((day, paid))
    return payments


def _swept(account: Account, collected: Decimal) -> Decimal:
    share = round_money(collected * account.terms.sweep_percent / 100, account.terms.currency)
    return min(share, account.owed().total)


def _due_now(account: Account) -> Decimal:
    return sum((part for step, part in owed_by_time(account).items() if not step.startswith("in_advance")), ZERO)


def _pay(account: Account, on: dt.date, amount: Decimal) -> Decimal:
    if amount > 0:
        account.apply(Repayment(id="projected", on=on, amount=amount))
    return amount
