"""What a program's home shows of its payables: sums by SQL, however many bills there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WEEKS = 8


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from `start` on, and what is due to banks in them; the first one carries what is overdue, too."""

    start: date
    amount: Decimal
    overdue: Decimal


def due_by_week(dues: Iterable[tuple[date, Decimal]], today: date) -> list[Week]:
    """The next WEEKS weeks from today on, empty ones too; what is due later is left out."""
    amounts, overdue = [Decimal(0)] * WEEKS, Decimal(0)
    for day, amount in dues:
        if day < today:
            overdue += amount
        elif (week := (day - today).days // 7) < WEEKS:
            amounts[week] += amount
    return [
        Week(today + timedelta(weeks=number), amount, Decimal(0) if number else overdue)
        for number, amount in enumerate(amounts)
    ]


def percent_of(amount: Decimal, whole: Decimal) -> float:
    """`amount` in percent of the whole, from 0 to 100, as the length of a bar."""
    return float(round(min(max(100 * amount / whole, Decimal(0)), Decimal(100)), 2)) if whole else 0.0
