"""How far the running loans are repaid, and what falls due in the next weeks, as figures for a picture."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from odoo.tools import format_date

from ..amounts import exact
from .due import Instalment, by_week, still_owed, sums

MOST_DRAWN = 8
FIELDS = (
    "name",
    "state",
    "bank_id",
    "currency_id",
    "principal",
    "balance_principal",
    "balance_total",
    "due_date",
    "schedule",
)


def read_running(env):
    """The running loans of the user's companies, those that end first at the beginning: one query."""
    return env["scf.loan"].search_fetch(
        [("company_id", "in", env.companies.ids), ("state", "in", ("active", "overdue"))], FIELDS, order="due_date, id"
    )


def instalments_of(loans, today) -> list[Instalment]:
    """What is owed on the loans, part by part."""
    return [
        item
        for loan in loans
        for item in still_owed(
            loan.id,
            loan.currency_id.name,
            exact(loan.balance_total, loan.currency_id.name),
            loan.schedule,
            loan.due_date,
            today,
        )
    ]


def loan_bars(loans) -> list[dict]:
    """The loans that end first, each with how much of its principal is repaid."""
    return [
        {
            "id": loan.id,
            "name": loan.name,
            "bank": loan.bank_id.sudo().name,
            "is_overdue": loan.state == "overdue",
            "percent": round(loan.repaid_percent, 2),
            "repaid": loan.currency_id.format(loan.principal - loan.balance_principal),
            "principal": loan.currency_id.format(loan.principal),
            "remaining": loan.currency_id.format(loan.balance_total),
            "due_date": format_date(loan.env, loan.due_date) if loan.due_date else "",
        }
        for loan in loans[:MOST_DRAWN]
    ]


def weekly_bars(env, instalments, today) -> list[dict]:
    """For each currency the next weeks, with the height of each bar in percent of the highest one."""
    currencies = {currency.name: currency for currency in env["res.currency"].search([])}
    charts = []
    for code in sums(instalments):
        weeks = by_week([item for item in instalments if item.currency == code], today)
        highest = max(week.amount + week.overdue for week in weeks)
        if not highest:
            continue
        charts.append({"currency": code, "weeks": [_bar(env, week, highest, currencies[code]) for week in weeks]})
    return charts


def _bar(env, week, highest: Decimal, currency) -> dict:
    def percent(amount):
        return float(round(100 * amount / highest, 2))

    first = format_date(env, week.start, date_format="d MMM")
    last = format_date(env, week.start + timedelta(days=6), date_format="d MMM")
    return {
        "label": first,
        "span": env._("%(first)s to %(last)s", first=first, last=last),
        "amount": currency.format(float(week.amount)) if week.amount else "",
        "overdue": currency.format(float(week.overdue)) if week.overdue else "",
        "percent": percent(week.amount),
        "overdue_percent": percent(week.overdue),
    }


def due_rows(env, instalments, today) -> list[dict]:
    """What is overdue, and what falls due in 7 and in 30 days, by currency, with the loans that it belongs to."""
    currencies = {currency.name: currency for currency in env["res.currency"].search([])}

    def row(code, label, tone, items):
        return {
            "code": code,
            "label": label,
            "tone": tone if items else "muted",
            "amounts": [currencies[name].format(float(amount)) for name, amount in sums(items).items()],
            "count": len({item.loan_id for item in items}),
            "action": {
                "type": "ir.actions.act_window",
                "name": label,
                "res_model": "scf.loan",
                "views": [(False, "list"), (False, "form")],
                "domain": [("id", "in", sorted({item.loan_id for item in items}))],
            }
            if items
            else None,
        }

    def within(days):
        return [item for item in instalments if today <= item.due_on <= today + timedelta(days=days)]

    overdue = [item for item in instalments if item.due_on < today]
    return [
        row("overdue", env._("Overdue"), "danger", overdue),
        row("week", env._("Due in 7 days"), "warning", within(7)),
        row("month", env._("Due in 30 days"), "info", within(30)),
    ]
