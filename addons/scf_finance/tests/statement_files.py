from datetime import datetime, timezone
from decimal import Decimal

from openscf import camt
from openscf.money import round_money

from odoo import fields

from ..statements.comparison import PARTS, principal_change


def loan_statement(loan, entries, start, end, *, change=None, **members):
    """The camt.053 that a bank with these ledger entries (wire dicts) would send, as bytes.

    :param change: called with each `openscf.camt.Entry`; gives what the bank sends in its place
    """
    currency = loan.currency_id.name
    before = [entry for entry in entries if entry["value_date"] < str(start)]
    within = [entry for entry in entries if str(start) <= entry["value_date"] <= str(end)]
    opening = sum(map(_principal_change, before), Decimal(0))
    closing = opening + sum(map(_principal_change, within), Decimal(0))
    lines = [_line(entry, currency) for entry in within]
    statement = camt.Statement(
        **{
            "id": f"{start:%Y%m%d}",
            "account": camt.AccountId(other=loan.name),
            "currency": currency,
            "created_at": datetime.now(timezone.utc),
            "start": start,
            "end": end,
            "balances": (
                camt.Balance(code="OPBD", amount=round_money(-opening, currency), on=start),
                camt.Balance(code="CLBD", amount=round_money(-closing, currency), on=end),
            ),
            "entries": tuple(lines),
            **members,
        }
    )
    content = camt.write_statement(statement, message_id="M1")
    return change(content) if change else content


def own_statement(account, entries, *, opening="0.00", number="S1", kind="camt.053", currency="USD"):
    """A camt.053 of the company's own account with these `openscf.camt.Entry`, as bytes; or a camt.054."""
    today, start = fields.Date.today(), Decimal(opening)
    booked = sum((entry.amount for entry in entries if entry.is_booked), Decimal(0))
    content = camt.write_statement(
        camt.Statement(
            id=number,
            account=camt.AccountId(iban=account),
            currency=currency,
            created_at=datetime.now(timezone.utc),
            balances=(
                camt.Balance(code="OPBD", amount=start, on=today),
                camt.Balance(code="CLBD", amount=start + booked, on=today),
            ),
            entries=tuple(entries),
        ),
        message_id="M1",
    )
    if kind == "camt.054":
        for old, new in (
            (b"camt.053", b"camt.054"),
            (b"BkToCstmrStmt", b"BkToCstmrDbtCdtNtfctn"),
            (b"Stmt>", b"Ntfctn>"),
        ):
            content = content.replace(old, new)
    return content


def _principal_change(entry):
    principal = Decimal((entry.get("allocation") or {}).get("principal", "0"))
    return principal_change(entry["type"], Decimal(entry["amount"]), principal)


def _line(entry, currency):
    allocation = entry.get("allocation") or {}
    parts = {name: round_money(Decimal(allocation.get(name, "0")), currency) for name in PARTS}
    return camt.Entry(
        reference=entry["id"],
        amount=round_money(-_principal_change(entry), currency),
        booked_on=fields.Date.to_date(entry["value_date"]),
        value_on=fields.Date.to_date(entry["value_date"]),
        code=entry["type"],
        transaction_amount=round_money(Decimal(entry["amount"]), currency),
        parts=tuple(camt.Part(kind=name, amount=amount) for name, amount in parts.items() if amount),
    )
