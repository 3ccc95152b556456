"""The lines of a company's own bank account out of a camt.053 or camt.054: one for each payment, each known again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf import camt

# What banks write where they have no reference.
NO_REFERENCE = {"NONREF", "NOTPROVIDED", "NONE", "N/A"}


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One line to be: `entry` and `part` name it for ever, so that it is taken in once."""

    entry: str
    part: int
    on: date
    amount: Decimal
    label: str
    counterparty: str
    account_number: str
    code: str
    end_to_end_id: str
    creditor_reference: str


def payments_of(statement: camt.Statement) -> Iterator[Payment]:
    """Each booked payment; an entry of several payments gives one for each, where they add up to it.

    An entry is known again by its servicer's reference, which camt.053 and camt.054 share. Where the bank gives none,
    its own number counts with day and amount, for banks number the entries of each statement anew.
    """
    parts: dict[str, int] = {}
    for entry in statement.entries:
        on = entry.booked_on or entry.value_on or statement.end
        if not entry.is_booked or on is None or not entry.amount:
            continue
        known_as = _known_as(entry, on)
        for transaction in _transactions(entry):
            parts[known_as] = parts.get(known_as, 0) + 1
            yield _payment(entry, transaction, on, known_as, parts[known_as])


def _known_as(entry: camt.Entry, on: date) -> str:
    if entry.servicer_reference and entry.servicer_reference.upper() not in NO_REFERENCE:
        # What goes out is never what came in: banks give a payment that they take back the reference that it had.
        return entry.servicer_reference if entry.amount > 0 else f"{entry.servicer_reference}/-"
    if entry.reference and entry.reference.upper() not in NO_REFERENCE:
        return f"{entry.reference}/{on}/{entry.amount}"
    details = repr((entry.code, entry.information, entry.transactions)).encode()
    return f"{on}/{entry.amount}/{hashlib.sha256(details).hexdigest()[:16]}"


def _transactions(entry: camt.Entry) -> tuple[camt.Transaction, ...]:
    details = entry.transactions
    if len(details) > 1 and sum(detail.amount for detail in details) == entry.amount:
        return details
    only = details[0] if len(details) == 1 else camt.Transaction(amount=entry.amount)
    # The account was changed by the entry's amount, whatever its one payment says (charges, another currency).
    return (only,)


def _payment(entry: camt.Entry, detail: camt.Transaction, on: date, known_as: str, part: int) -> Payment:
    is_whole = len(_transactions(entry)) == 1
    said = (detail.remittance, detail.creditor_reference, detail.end_to_end_id, entry.information)
    label = " ".join(dict.fromkeys(filter(None, said)))
    return Payment(
        entry=known_as,
        part=part,
        on=on,
        amount=entry.amount if is_whole else detail.amount,
        label=label or detail.counterparty or entry.code or known_as,
        counterparty=detail.counterparty,
        account_number=detail.counterparty_account.number if detail.counterparty_account else "",
        code=entry.code,
        end_to_end_id=detail.end_to_end_id,
        creditor_reference=detail.creditor_reference,
    )
