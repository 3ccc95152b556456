"""One line of a loan's statement beside our ledger and our books, and the cause where they disagree.

Amounts are `Decimal`, in the loan's currency. A *principal change* is positive where more is owed after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf import camt

PARTS = ("penalty", "fee", "interest", "principal")
# What an entry of the ledger does to the principal owed, by the principal of its allocation; others leave it as it is.
# A charge that was paid frees its money for principal when it is taken back.
LOWERS, RAISES = ("repayment", "write_off", "charge_reversal"), ("repayment_reversal", "charge")
# Of these the journal entry says how much money moved; others may be booked without any.
MOVES_MONEY = {"disbursement": 1, "fee": -1, "repayment": -1, "repayment_reversal": 1}

AGREED, EXPLAINED, DIFFERENT = "agreed", "explained", "different"
# Causes that leave nothing to do: both sides mean the same, and the books say why they look otherwise.
HARMLESS = {"rounding", "moved", "in_transit"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """An entry of a loan as one side tells it; `parts` is None where that side does not say what it was taken for."""

    reference: str
    kind: str
    value_on: date | None
    amount: Decimal
    principal_change: Decimal
    parts: dict[str, Decimal] | None = None


@dataclass(frozen=True, kw_only=True)
class Booked:
    """The journal entry of one or more entries that were told together, and what these make of it.

    `state` is that of the journal entry, or empty where there is none; `money` is what came (positive) or went, None
    where it can't be told from the journal; `off` is by how much the conversion was rounded, in the company's currency.
    """

    state: str = ""
    on: date | None = None
    wanted_on: date | None = None
    principal_change: Decimal = Decimal(0)
    wanted_principal_change: Decimal = Decimal(0)
    money: Decimal | None = None
    wanted_money: Decimal = Decimal(0)
    is_matched: bool = True
    off: Decimal = Decimal(0)

    @property
    def agrees(self) -> bool:
        """Whether the amounts in the books are the ledger's."""
        return self.principal_change == self.wanted_principal_change and self.money in (None, self.wanted_money)


def principal_change(kind: str, amount: Decimal, principal: Decimal) -> Decimal:
    """By how much more is owed of the principal after an entry of that type."""
    if kind == "disbursement":
        return amount
    return principal if kind in RAISES else -principal if kind in LOWERS else Decimal(0)


def told_by_bank(entry: camt.Entry) -> Told:
    """A line of the bank's file, as docs/protocol.md has it; a plain camt.053 without parts is read too."""
    parts = {part.kind: part.amount for part in entry.parts if part.kind in PARTS}
    amount = abs(entry.amount) if entry.transaction_amount is None else entry.transaction_amount
    return Told(
        reference=entry.reference,
        kind=entry.code,
        value_on=entry.value_on or entry.booked_on,
        amount=amount,
        principal_change=-entry.amount,
        parts={name: parts.get(name, Decimal(0)) for name in PARTS} if parts else None,
    )


def find_cause(theirs: Told | None, ours: Told | None, booked: Booked) -> str:
    """The first cause, by weight, why the three sides disagree; AGREED where they don't.

    What is missing on one side is `missing_here` or `missing_there`: why, only the inbox and the clock know.
    """
    if ours is None:
        return "missing_here"
    if theirs is None:
        return "missing_there"
    return _of_the_two(theirs, ours) or _of_the_books(ours, booked) or AGREED


def status_of(cause: str) -> str:
    """AGREED, EXPLAINED (nothing to do) or DIFFERENT."""
    return AGREED if cause == AGREED else EXPLAINED if cause in HARMLESS else DIFFERENT


def _of_the_two(theirs: Told, ours: Told) -> str:
    if theirs.kind != ours.kind:
        return "type"
    if theirs.amount != ours.amount:
        return "amount"
    if theirs.value_on != ours.value_on:
        return "value_date"
    if theirs.principal_change != ours.principal_change:
        return "allocation"
    if theirs.parts is not None and ours.parts is not None and theirs.parts != ours.parts:
        return "allocation"
    return ""


def _of_the_books(ours: Told, booked: Booked) -> str:
    if not booked.state:
        return "unbooked" if ours.principal_change or ours.kind in MOVES_MONEY and ours.amount else ""
    if booked.state != "posted":
        return "draft"
    if not booked.agrees:
        return "changed"
    if not booked.is_matched:
        return "unmatched"
    if booked.on != booked.wanted_on:
        return "moved"
    return "rounding" if booked.off else ""
