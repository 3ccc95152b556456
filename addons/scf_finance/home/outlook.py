"""How late the running loans are, and whether what is expected will repay them: sums by SQL."""

from __future__ import annotations

from decimal import Decimal

from odoo.fields import Domain

from ..models.labels import label_of
from .picture import list_of_loans, percent_of, running


def read_buckets(env) -> list[dict]:
    """What is owed on running loans by the days past due, each currency by itself: empty where nothing is late."""
    loans = env["scf.loan"]
    groups = loans._read_group(
        running(env) & Domain("bucket", "!=", False), ["currency_id", "bucket"], ["__count", "balance_total:sum"]
    )
    owed: dict = {}
    for currency, bucket, count, amount in groups:
        owed.setdefault(currency, {})[bucket] = (count, Decimal(str(amount)))
    buckets = loans._fields["bucket"]._description_selection(env)
    charts = []
    for currency in sorted(owed, key=lambda currency: currency.name):
        of_currency = owed[currency]
        if set(of_currency) == {"current"}:
            continue
        highest = max(amount for _count, amount in of_currency.values())
        rows = []
        for code, label in buckets:
            count, amount = of_currency.get(code, (0, Decimal(0)))
            domain = running(env) & Domain("bucket", "=", code) & Domain("currency_id", "=", currency.id)
            rows.append(
                {
                    "code": code,
                    "label": label,
                    "is_late": code != "current",
                    "count": count,
                    "amount": currency.format(float(amount)) if count else "",
                    "percent": percent_of(amount, highest),
                    "action": list_of_loans(label, domain) if count else None,
                }
            )
        charts.append({"currency": currency.name, "rows": rows})
    return charts


def read_payoffs(env) -> list[dict]:
    """When the running loans are expected to be repaid from what they financed, each kind with its sums: one query."""
    loans = env["scf.loan"]
    groups = loans._read_group(
        running(env) & Domain("payoff", "!=", False), ["payoff", "currency_id"], ["__count", "balance_total:sum"]
    )
    found: dict = {}
    for payoff, currency, count, amount in groups:
        found.setdefault(payoff, []).append((count, currency.format(amount)))
    tones = {"in_time": "success", "late": "warning", "own_money": "danger"}
    return [
        {
            "code": code,
            "label": label,
            "tone": tones[code],
            "count": sum(count for count, _amount in found[code]),
            "amounts": [amount for _count, amount in found[code]],
            "action": list_of_loans(label, running(env) & Domain("payoff", "=", code)),
        }
        for code, label in loans._fields["payoff"]._description_selection(env)
        if code in found
    ]


def read_warnings(env, most: int = 5) -> list[dict]:
    """The loans that are warned of, those that fall due first at the beginning, with what to do."""
    loans = env["scf.loan"].search(
        running(env) & Domain("near_breach", "=", True), order="outlook_date, id", limit=most
    )
    return [
        {
            "id": loan.id,
            "name": loan.name,
            "bank": loan.bank_id.sudo().name,
            "state": label_of(loan, "outlook"),
            "sentences": (loan.warning or "").split("\n"),
        }
        for loan in loans
    ]
