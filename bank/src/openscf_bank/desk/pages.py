"""Rendering the desk's pages: one template environment, escaping everything, with the filters that the pages share."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from openscf.money import decimals

from ..applications.repository import count_waiting
from ..clients.repository import count_pending
from ..gateway import Gateway
from ..loans.repository import count_waiting as count_waiting_of_loans
from ..members.repository import count_waiting as count_waiting_members
from ..payables.repository import count_overdue
from ..programs.repository import count_waiting as count_waiting_programs
from .service import LoggedIn

FOLDER = Path(__file__).parent

TECHNIQUES = {
    "receivables_discounting": "Receivables discounting",
    "pre_shipment": "Pre-shipment finance",
    "distributor_finance": "Distributor finance",
    "inventory_loan": "Inventory loan",
    "revolving_line": "Revolving line",
}
PROGRAMS = {"payables_finance": "Payables finance", "distributor_finance": "Distributor finance"}
# What an application's `counterparty_name` names; of sales, its buyers. Of a line, nobody: all customers repay it.
COUNTERPARTIES = {"distributor_finance": "supplier", "inventory_loan": "goods", "revolving_line": "customers"}
FEES = {
    "deducted": "Fee, deducted",
    "on_repayment": "Fee, repaid with the loan",
    "up_front": "Fee, due with the payout",
    "periodic": "Fee, on every due date",
}
KINDS = {
    "customer_invoice": "Invoice",
    "sales_order": "Order",
    "purchase_order": "Purchase order",
    "vendor_bill": "Supplier's bill",
    "pledged_goods": "Pledge",
}

# Colour is never the only sign: each status is also a word.
TONES = {
    "PENDING": "wait", "PROCESSING": "wait", "ACTION_REQUIRED": "ask", "OFFERED": "open", "OPEN": "open",
    "OFFER_ACCEPTED": "good", "GRANTED": "good", "DISBURSEMENT_INITIATED": "good", "DISBURSEMENT_COMPLETED": "good",
    "ACTIVE": "good", "APPROVED": "good", "ACCEPTED": "good", "REJECTED": "bad", "DECLINED": "bad", "SUSPENDED": "bad",
    "DISBURSED_FAILED": "bad", "CANCELLED": "done", "CLOSED": "done", "EXPIRED": "done", "WITHDRAWN": "done",
    "green": "good", "amber": "ask", "red": "bad", "grey": "done",
    "REGISTERED": "open", "CONFIRMED": "good", "PAID": "good", "OVERDUE": "bad", "SETTLED": "done", "REFUSED": "bad",
    "FAILED": "bad",
    "RECEIVED": "wait", "LEFT": "done", "DECIDED": "good", "REFERRED": "ask",
    "RELEASED": "good", "WAITING": "wait", "REQUESTED": "wait", "PROPOSED": "wait", "DROPPED": "done", "LAPSED": "done",
    "POSTED": "good",
    "pass": "good", "refer": "ask", "decline": "bad", "offer": "good", "error": "bad", "warning": "ask",
}  # fmt: skip


def render(
    request: Request,
    gateway: Gateway,
    template: str,
    *,
    officer: LoggedIn | None = None,
    http_status: int = 200,
    **content: Any,
) -> HTMLResponse:
    """A page. With an officer it carries the navigation with the counts of what waits."""
    waiting = {"applications": 0, "clients": 0, "loans": 0, "programs": 0, "payables": 0}
    if officer is not None:
        with gateway.db.read() as session:
            waiting = {
                "applications": count_waiting(session),
                "clients": count_pending(session),
                "loans": count_waiting_of_loans(session),
                "programs": count_waiting_programs(session) + count_waiting_members(session),
                "payables": count_overdue(session),
            }
    html = (
        _environment()
        .get_template(template)
        .render(bank=gateway.profile.bank, officer=officer, waiting=waiting, path=request.url.path, **content)
    )
    return HTMLResponse(html, status_code=http_status)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": amount,
        "money": money,
        "quantity": quantity,
        "day": day,
        "later": lambda value, days: (value + timedelta(days=days)).isoformat(),
        "moment": moment,
        "words": words,
        "tone": lambda status: TONES.get(status, "done"),
        "counterparty": lambda code: COUNTERPARTIES.get(code, "buyer"),
        "fee": lambda timing: FEES.get(timing, "Fee"),
        "kind": lambda code: KINDS.get(code, words(code)),
        "program_kind": lambda code: PROGRAMS.get(code, words(code)),
        "technique": lambda code: TECHNIQUES.get(code, words(code)),
    }
    return environment


def amount(value: Decimal | str, currency: str) -> str:
    """1234.5 → 1,234.50, with the currency's decimals."""
    places = "0" * decimals(currency)
    return format_decimal(Decimal(value), format=f"#,##0.{places}" if places else "#,##0", locale="en_GB")


def money(value: Any, currency: str | None = None) -> str:
    """With the currency: a wire Money, its JSON, or an amount and a code."""
    if currency is not None:
        return f"{amount(value, currency)} {currency}"
    parts = value if isinstance(value, dict) else {"amount": value.amount, "currency": value.currency}
    return f"{amount(parts['amount'], parts['currency'])} {parts['currency']}"


def quantity(value: Decimal) -> str:
    """As the ERP keeps it, grouped, without zeros that say nothing."""
    return format_decimal(value, format="#,##0.######", locale="en_GB")


def day(value: date | str | None) -> str:
    """22 Nov 2026."""
    if value is None:
        return "–"
    return format_date(date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y", locale="en_GB")


def moment(value: datetime | None) -> str:
    """22 Nov 2026, 05:55 UTC."""
    if value is None:
        return "–"
    utc = value.astimezone(timezone.utc)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def words(code: str) -> str:
    """DISBURSEMENT_COMPLETED → Disbursement completed."""
    return code.replace("_", " ").replace(".", " ").capitalize()
