"""The statement of a loan's account as a file of ISO 20022: camt.053.001.08 (docs/protocol.md, "Statement as a file").

The account's balance is the principal owed, so that each line's amount is by how much it changed; the money that moved
and what it was taken for stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from openscf import camt
from openscf.money import round_money

from ..kit.ids import new_id
from .models import LedgerEntry, Loan

# What an entry does to the principal owed, by its allocation; what is not here leaves it as it is.
_LOWERS, _RAISES = ("repayment", "write_off", "charge_reversal"), ("repayment_reversal", "charge")
_REVERSALS = ("repayment_reversal", "charge_reversal")
_PARTS = ("penalty", "fee", "interest", "principal")
_LONGEST_REFERENCE = 35


def statement_file(
    loan: Loan, entries: Sequence[LedgerEntry], *, start: date | None, end: date | None, owner: str, now: datetime
) -> bytes:
    """The entries with a value date from `start` (default: the loan's first day) to `end` (default: today).

    Opening and closing balance are what the entries before and through the period leave of the principal.
    """
    first, last = start or loan.start_date or now.date(), end or now.date()
    before = [entry for entry in entries if entry.value_date < first]
    within = [entry for entry in entries if first <= entry.value_date <= last]
    opening = _principal_owed(before, loan.currency)
    closing = _principal_owed([*before, *within], loan.currency)
    statement = camt.Statement(
        id=f"{first:%Y%m%d}-{last:%Y%m%d}",
        account=camt.AccountId(other=loan.number),
        account_name=f"Loan {loan.number}",
        currency=loan.currency,
        created_at=now,
        start=first,
        end=last,
        balances=(
            camt.Balance(code="OPBD", amount=-opening, on=first),
            camt.Balance(code="CLBD", amount=-closing, on=last),
        ),
        entries=tuple(
            _line(entry, loan.currency)
            for entry in sorted(within, key=lambda entry: (entry.value_date, entry.sequence))
        ),
    )
    return camt.write_statement(statement, message_id=new_id("msg"), owner=owner)


def _principal_owed(entries: Sequence[LedgerEntry], currency: str) -> Decimal:
    return round_money(sum((_principal_change(entry) for entry in entries), Decimal(0)), currency)


def _principal_change(entry: LedgerEntry) -> Decimal:
    """By how much more is owed of the principal after the entry."""
    if entry.type == "disbursement":
        return entry.amount
    principal = entry.principal or Decimal(0)
    return principal if entry.type in _RAISES else -principal if entry.type in _LOWERS else Decimal(0)


def _line(entry: LedgerEntry, currency: str) -> camt.Entry:
    amount = round_money(-_principal_change(entry), currency)
    parts = {name: round_money(getattr(entry, name) or Decimal(0), currency) for name in _PARTS}
    is_known_there = entry.source_id and len(entry.source_id) <= _LONGEST_REFERENCE
    return camt.Entry(
        reference=entry.id,
        amount=amount,
        is_reversal=entry.type in _REVERSALS,
        booked_on=entry.booked_at.date(),
        value_on=entry.value_date,
        code=entry.type,
        transaction_amount=round_money(entry.amount, currency),
        parts=tuple(camt.Part(kind=name, amount=part) for name, part in parts.items() if part),
        transactions=(camt.Transaction(amount=amount, end_to_end_id=entry.source_id or ""),) if is_known_there else (),
        information=f"Takes back {entry.reverses}" if entry.reverses else "",
    )
