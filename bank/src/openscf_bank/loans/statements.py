"""The statement of a loan between two days."""

from __future__ import annotations

from datetime import date, timedelta

from openscf import wire
from sqlalchemy.orm import Session

from . import repository
from .models import Loan
from .views import balance, entry_as_wire


def statement(session: Session, loan: Loan, start: date | None, end: date | None, today: date) -> wire.Statement:
    """Entries with a value date from `start` (default: the loan's first day) to `end` (default: `today`).

    The opening balance is that of the day before `start`, the closing one that of `end`, both as known today.
    """
    first = start or loan.start_date or today
    last = end or today
    entries = repository.ledger(session, loan.id)
    return wire.Statement(
        loan_id=loan.id,
        currency=loan.currency,
        opening=balance(loan, entries, first - timedelta(days=1)),
        entries=tuple(entry_as_wire(entry, loan.currency) for entry in entries if first <= entry.value_date <= last),
        closing=balance(loan, entries, last),
    )
