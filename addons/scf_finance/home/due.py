"""What is owed on running loans, and when: by the bank's schedule and the balance of its last word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WEEKS = 8


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of what is owed. `amount` in the loan's currency, `currency` an ISO 4217 code."""

    loan_id: int
    due_on: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from `start` on, and what falls due in them; the first one carries what is overdue too."""

    start: date
    amount: Decimal
    overdue: Decimal


def still_owed(
    loan_id: int, currency: str, owed: Decimal, schedule: Iterable[dict], due_date: date | None, as_of: date
) -> list[Instalment]:
    """What is owed of one loan, laid on its schedule from the last instalment back: money repays the oldest first.

    What is owed beyond the schedule (penalty interest, say) is due with its first open instalment. A loan without a
    schedule is due in one sum.

    :param owed: what is owed in all today
    :param schedule: instalments of docs/protocol.md, `due_date` and `amount` as text
    :param as_of: the day on which something without any date is due
    """
    if owed <= 0:
        return []
    planned = [(date.fromisoformat(item["due_date"]), Decimal(item["amount"])) for item in schedule or ()]
    if not planned:
        return [Instalment(loan_id, due_date or as_of, owed, currency)]
    parts: list[tuple[date, Decimal]] = []
    for due_on, amount in sorted(planned, reverse=True):
        part = min(amount, owed)
        if part > 0:
            parts.append((due_on, part))
            owed -= part
    if owed > 0:
        first_day, first = parts[-1]
        parts[-1] = (first_day, first + owed)
    return [Instalment(loan_id, due_on, amount, currency) for due_on, amount in reversed(parts)]


def by_week(instalments: Iterable[Instalment], today: date) -> list[Week]:
    """The next WEEKS weeks from today on, empty ones too; what falls due later is in none."""
    amounts, overdue = [Decimal(0)] * WEEKS, Decimal(0)
    for item in instalments:
        if item.due_on < today:
            overdue += item.amount
        elif (week := (item.due_on - today).days // 7) < WEEKS:
            amounts[week] += item.amount
    return [
        Week(today + timedelta(weeks=week), amount, overdue if week == 0 else Decimal(0))
        for week, amount in enumerate(amounts)
    ]


def sums(instalments: Iterable[Instalment]) -> dict[str, Decimal]:
    """Sums by currency, in the currencies' order."""
    totals: dict[str, Decimal] = {}
    for item in instalments:
        totals[item.currency] = totals.get(item.currency, Decimal(0)) + item.amount
    return dict(sorted(totals.items()))
