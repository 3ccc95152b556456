"""How far the running loans are repaid, what falls due in the next weeks, and what is late, for pictures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from odoo.fields import Domain
from odoo.tools import format_date

from .due import DAYS_OF_MONTH, DAYS_OF_WEEK, read_due_soon, read_weeks

MOST_DRAWN = 8
FIELDS = ("name", "state", "bank_id", "currency_id", "principal", "balance_principal", "balance_total", "due_date")


def running(env) -> Domain:
    """The running loans of the user's companies."""
    return Domain("company_id", "in", env.companies.ids) & Domain("state", "in", ("active", "overdue"))


def list_of_loans(name: str, domain: Domain) -> dict:
    """The action that opens the loans of a domain."""
    return {
        "type": "ir.actions.act_window",
        "name": name,
        "res_model": "scf.loan",
        "views": [(False, "list"), (False, "form")],
        "domain": list(domain),
    }


def loan_bars(env) -> tuple[list[dict], int]:
    """The running loans that end first, each with how much of its principal is repaid, and how many more there are.

    A line is repaid and drawn again: `lines` tells of it.
    """
    domain = running(env) & Domain("is_line", "=", False)
    loans = env["scf.loan"].search_fetch(domain, FIELDS, order="due_date, id", limit=MOST_DRAWN)
    count = len(loans) if len(loans) < MOST_DRAWN else env["scf.loan"].search_count(domain)
    bars = [
        {
            "id": loan.id,
            "name": loan.name,
            "bank": loan.bank_id.sudo().name,
            "is_overdue": loan.state == "overdue",
            "percent": round(loan.repaid_percent, 2),
            "repaid": loan.currency_id.format(loan.principal - loan.balance_principal),
            "principal": loan.currency_id.format(loan.principal),
            "remaining": loan.currency_id.format(loan.balance_total),
            "due_date": format_date(env, loan.due_date) if loan.due_date else "",
        }
        for loan in loans
    ]
    return bars, count - len(loans)


def weekly_bars(env, today) -> list[dict]:
    """For each currency the next weeks, with the height of each bar in percent of the highest one."""
    by_currency = read_weeks(env, today)
    charts = []
    for currency in env["res.currency"].browse(by_currency).sorted("name"):
        weeks = by_currency[currency.id]
        highest = max(week.amount + week.overdue for week in weeks)
        charts.append({"currency": currency.name, "weeks": [_bar(env, week, highest, currency) for week in weeks]})
    return charts


def _bar(env, week, highest: Decimal, currency) -> dict:
    first = format_date(env, week.start, date_format="d MMM")
    last = format_date(env, week.start + timedelta(days=6), date_format="d MMM")
    return {
        "label": first,
        "span": env._("%(first)s to %(last)s", first=first, last=last),
        "amount": currency.format(float(week.amount)) if week.amount else "",
        "overdue": currency.format(float(week.overdue)) if week.overdue else "",
        "percent": percent_of(week.amount, highest),
        "overdue_percent": percent_of(week.overdue, highest),
    }


def percent_of(amount: Decimal, whole: Decimal) -> float:
    """`amount` in percent of the whole, as the length of a bar."""
    return float(round(100 * amount / whole, 2)) if whole else 0.0


def due_rows(env, today) -> list[dict]:
    """What is overdue, and what falls due in 7 and in 30 days, by currency, with the loans that it belongs to."""
    due = read_due_soon(env, today)

    def row(code, label, tone, start, end):
        items = due[code]
        currencies = env["res.currency"].browse([item.currency_id for item in items])
        days = Domain("due_date", "<=", end.isoformat())
        if start:
            days &= Domain("due_date", ">=", start.isoformat())
        return {
            "code": code,
            "label": label,
            "tone": tone if items else "muted",
            "amounts": [currency.format(float(item.amount)) for currency, item in zip(currencies, items, strict=True)],
            "count": sum(item.loans for item in items),
            "action": list_of_loans(label, running(env) & Domain("due_ids", "any", days)) if items else None,
        }

    return [
        row("overdue", env._("Overdue"), "danger", None, today - timedelta(days=1)),
        row("week", env._("Due in 7 days"), "warning", today, today + timedelta(days=DAYS_OF_WEEK)),
        row("month", env._("Due in 30 days"), "info", today, today + timedelta(days=DAYS_OF_MONTH)),
    ]
