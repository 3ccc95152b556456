"""The connected banks: what is owed to each, and the largest loan that it publishes."""

from __future__ import annotations

from decimal import Decimal

from odoo.tools import format_amount, format_list

from ..eligibility.facts import bank_terms
from ..models.labels import label_of


def read_banks(env) -> list[dict]:
    """The banks of the user's companies, with what is owed to them by currency: a fixed number of queries."""
    banks = env["scf.bank"].sudo().search([("company_id", "in", env.companies.ids), ("state", "!=", "draft")])
    owed: dict[int, list] = {}
    groups = env["scf.loan"]._read_group(
        [("company_id", "in", env.companies.ids), ("state", "in", ("active", "overdue"))],
        ["bank_id", "currency_id"],
        ["__count", "balance_total:sum"],
    )
    for bank, currency, count, total in groups:
        owed.setdefault(bank.id, []).append({"count": count, "amount": format_amount(env, total, currency)})
    techniques = env["scf.application"]._fields["technique"]._description_selection(env)
    currencies = {currency.name: currency for currency in env["res.currency"].search([])}
    return [
        {
            "id": bank.id,
            "name": bank.name,
            "company": bank.company_id.name,
            "state": bank.state,
            "state_label": label_of(bank, "state"),
            "is_open": bank._is_open(),
            "is_away": bool(bank.unreachable_since),
            "owed": owed.get(bank.id, []),
            "lends": _lends(env, bank, techniques, currencies),
        }
        for bank in banks
    ]


def _lends(env, bank, techniques, currencies) -> list[dict]:
    """The largest loans that the bank publishes, each with the kinds of financing that it holds for."""
    kinds: dict[str, list[str]] = {}
    for code, label in techniques:
        if largest := _largest(env, bank, code, currencies):
            kinds.setdefault(largest, []).append(label)
    return [{"label": format_list(env, labels), "largest": largest} for largest, labels in kinds.items()]


def _largest(env, bank, technique, currencies) -> str:
    """The largest loan that the bank publishes for the technique, in the company's currency where it lends in it."""
    for terms in bank_terms(bank, technique):
        known = [code for code in terms.currencies if code in currencies]
        own = bank.company_id.currency_id.name
        if known:
            currency = currencies[own if own in known else known[0]]
            return format_amount(env, float(Decimal(terms.max_amount)), currency)
    return ""
