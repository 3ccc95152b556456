"""What is to be paid on running loans in the next weeks, and what is overdue: sums by SQL, however many loans run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from odoo.tools import SQL

WEEKS = 8
DAYS_OF_WEEK, DAYS_OF_MONTH = 7, 30


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from `start` on, and what falls due in them; the first one carries what is overdue too."""

    start: date
    amount: Decimal
    overdue: Decimal


@dataclass(frozen=True, slots=True)
class DueSoon:
    """Sums in one currency (an id), and the number of loans that they are to be paid on."""

    currency_id: int
    amount: Decimal
    loans: int


def read_weeks(env, today: date) -> dict[int, list[Week]]:
    """The next WEEKS weeks of the user's companies by currency, empty ones too: one query."""
    rows = env.execute_query(
        SQL(
            """
        SELECT currency_id, GREATEST(due_date - %(today)s, -1) / 7 AS week, due_date < %(today)s AS is_overdue,
               SUM(amount)::text
          FROM scf_loan_due
         WHERE company_id = ANY(%(companies)s) AND due_date < %(end)s
         GROUP BY 1, 2, 3
        """,
            companies=env.companies.ids,
            today=today,
            end=today + timedelta(weeks=WEEKS),
        )
    )
    sums: dict[int, dict[tuple[int, bool], Decimal]] = {}
    for currency_id, week, is_overdue, amount in rows:
        sums.setdefault(currency_id, {})[week, is_overdue] = Decimal(amount)
    return {
        currency_id: [
            Week(
                today + timedelta(weeks=week),
                of_currency.get((week, False), Decimal(0)),
                of_currency.get((week, True), Decimal(0)),
            )
            for week in range(WEEKS)
        ]
        for currency_id, of_currency in sums.items()
    }


def read_due_soon(env, today: date) -> dict[str, list[DueSoon]]:
    """What is overdue, and what falls due within 7 and within 30 days from today on, by currency: one query."""
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT currency_id,
               SUM(amount) FILTER (WHERE %(overdue)s)::text AS overdue,
               COUNT(DISTINCT loan_id) FILTER (WHERE %(overdue)s) AS overdue_loans,
               SUM(amount) FILTER (WHERE %(week)s)::text AS week,
               COUNT(DISTINCT loan_id) FILTER (WHERE %(week)s) AS week_loans,
               SUM(amount) FILTER (WHERE NOT %(overdue)s)::text AS month,
               COUNT(DISTINCT loan_id) FILTER (WHERE NOT %(overdue)s) AS month_loans
          FROM scf_loan_due
         WHERE company_id = ANY(%(companies)s) AND due_date <= %(end)s
         GROUP BY currency_id
         ORDER BY currency_id
        """,
            companies=env.companies.ids,
            overdue=SQL("(due_date < %s)", today),
            week=SQL("(due_date BETWEEN %s AND %s)", today, today + timedelta(days=DAYS_OF_WEEK)),
            end=today + timedelta(days=DAYS_OF_MONTH),
        )
    )
    return {
        span: [
            DueSoon(row["currency_id"], Decimal(row[span]), row[f"{span}_loans"])
            for row in rows
            if row[f"{span}_loans"]
        ]
        for span in ("overdue", "week", "month")
    }
