"""A bank's book of a program beside the anchor's: step by step, each with the cause where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

# What raises what is owed, and what lowers it.
PAID, SETTLED = "paid", "settled"
Step = tuple[str, str]  # the kind and the number of the payable that both sides know


@dataclass(frozen=True, slots=True)
class Compared:
    """One step of one payable: the bank's amount and ours in the period, and how they stand to each other.

    :ivar cause: "agrees", "only_bank", "only_ours" or "other_amount"
    """

    kind: str
    payable_ref: str
    bank: Decimal
    ours: Decimal
    cause: str


def add_up(steps: Iterable[tuple[str, str, Decimal]]) -> dict[Step, Decimal]:
    """Sums of (kind, payable, amount) by kind and payable."""
    sums: dict[Step, Decimal] = defaultdict(Decimal)
    for kind, payable_ref, amount in steps:
        sums[kind, payable_ref] += amount
    return dict(sums)


def compare(bank: Mapping[Step, Decimal], ours: Mapping[Step, Decimal]) -> list[Compared]:
    """Both sides' sums, those that differ first."""
    rows = [
        Compared(*step, bank.get(step, Decimal(0)), ours.get(step, Decimal(0)), _cause(bank.get(step), ours.get(step)))
        for step in sorted(bank.keys() | ours.keys())
    ]
    return sorted(rows, key=lambda row: row.cause == "agrees")


def _cause(bank: Decimal | None, ours: Decimal | None) -> str:
    if not ours:
        return "only_bank" if bank else "agrees"
    if not bank:
        return "only_ours"
    return "agrees" if bank == ours else "other_amount"
