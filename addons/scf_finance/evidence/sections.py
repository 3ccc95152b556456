"""All sections of a package: for any number of financed documents, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from openscf.money import round_money

from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..amounts import exact, wire_money
from .buyers import buyer_history, buyers, read_payers
from .cash_flow import payment_rows
from .cash_history import ageing, balances, cash_months
from .e_invoices import e_invoice_rows
from .evidence import evidence_rows
from .exposure import applications, loans, pledges
from .forecast import forecast
from .inventory import stock
from .logistics_flow import delivery_rows
from .logistics_history import logistics_months
from .money_moves import read_payments
from .order_flow import order_rows
from .order_history import order_months
from .party import applicant_row
from .query_plans import index_plans
from .resale import resale_rows
from .scope import buyer_id_of, read_scope
from .sellers import seller_rows
from .sides import SIDES
from .tax_flow import tax_rows
from .tax_history import tax_months
from .transaction import document_rows, outstanding_of
from .wire_text import day, instant

# Section → what it was read from; those about the documents as each side of the trade says.
SOURCES = {
    "party": "odoo/19.0 res.partner",
    "logistics_flow": "odoo/19.0 stock.picking",
    "tax_flow": "odoo/19.0 account.tax",
    "cash_flow": "odoo/19.0 account.partial.reconcile",
    "inventory": "odoo/19.0 stock.quant",
    "exposure": "odoo/19.0 scf.loan, scf.application",
    "forecast": "odoo/19.0 account.move.line",
}
WITH_HISTORY = ("order_flow", "logistics_flow", "tax_flow", "cash_flow")


@dataclass(frozen=True, slots=True)
class Request:
    """What a package is about: documents of one kind, company and currency, and the money asked for on them.

    `requested` and `eligible`, the most that the rules allow, are in the documents' currency.
    """

    documents: object
    requested: Decimal
    eligible: Decimal
    tenor_days: int

    @classmethod
    def of(cls, application) -> Request:
        """What `application` (a record of scf.application) asks for."""
        currency = application.currency_id.name
        return cls(
            application._documents(),
            exact(application.requested_amount, currency),
            exact(application.eligible_amount, currency),
            application.tenor_days,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sections without consent, checks and attachments, every company by name, and what they already tell of.

    `partial_ids` are the reconciliations that `payments` states.
    """

    sections: dict[str, dict]
    partial_ids: list[int]


def read_sections(
    application, request: Request | None = None, *, as_of: datetime, today: date, history_months: int
) -> Evidence:
    """Read the evidence for `application` (a record of scf.application), from the documents that it finances.

    :param request: what the package is about, where it is not what the application asked for
    :raise UserError: where less is left open than was requested
    """
    request = request or Request.of(application)
    return read_evidence(
        request.documents,
        company=application.company_id,
        technique=application.technique,
        requested=request.requested,
        eligible=request.eligible,
        tenor_days=request.tenor_days,
        as_of=as_of,
        today=today,
        history_months=history_months,
        application_id=application.id,
    )


def read_evidence(
    documents,
    *,
    company,
    technique: str,
    requested: Decimal,
    eligible: Decimal,
    tenor_days: int,
    as_of: datetime,
    today: date,
    history_months: int,
    application_id: int | None = None,
    for_checks: bool = False,
) -> Evidence:
    """Read the sections of docs/package.md for `documents`: the same number of queries for one and for a thousand.

    :param documents: documents of one kind (`sides.SIDES`), of `company` and in one currency
    :param requested: amount asked for, in the documents' currency
    :param eligible: the most that the rules allow, in the documents' currency; never more than they still bring
    :param as_of: the time that the sections state, UTC without a zone as Odoo keeps it
    :param today: the day that the history ends on; it begins `history_months` full months before this month
    :param application_id: the application that is sent, which is no exposure of its own
    :param for_checks: leave out the rows that no check on documents reads; they are most of the time in a long history
    :raise UserError: where the documents have several currencies, or less is left open than was requested
    """
    env, side = documents.env, SIDES[documents._scf_kind]
    env.flush_all()
    with index_plans(env):
        scope = read_scope(documents, side, company=company, as_of=as_of, today=today, history_months=history_months)
        trade = side.read_trade(scope)
        payments = read_payments(env, company, period=scope.period)
        payers = read_payers(env, company, period=scope.period, payments=payments)
        # Buyers are asked to confirm what they owe; nobody is asked about what the company itself owes or has.
        confirmations = documents._scf_confirmations() if scope.buyer_ids else []
        contents = {
            "transaction": {
                "technique": technique,
                **_amounts(scope, requested, eligible, payments),
                "tenor_days": tenor_days,
                "documents": document_rows(scope, trade.priced),
                "confirmations": confirmations,
            },
            **_streams(scope, trade, payers),
            **_holdings(scope, payers, application_id),
            "evidence": {
                **evidence_rows(trade),
                "contradictions": side.contradiction_rows(trade, confirmations),
            },
        }
        if not for_checks or not scope.headers:
            for name, rows in _history(scope, payments).items():
                contents[name].update(rows)
        contents["party"] = {
            "applicant": applicant_row(company),
            "buyers": buyers(env, company, _buyers_named(trade, contents["cash_flow"]["buyer_history"])),
        }
        if sellers := seller_rows(scope):
            contents["party"]["sellers"] = sellers
        if side.has_resale:
            contents["inventory"]["resale"] = resale_rows(trade)
    sources = {**SOURCES, **side.sources}
    return Evidence({name: _framed(scope, name, sources[name], contents[name]) for name in sources}, scope.partial_ids)


def _amounts(scope, requested: Decimal, eligible: Decimal, payments) -> dict:
    if not scope.headers:
        return _amounts_of_company(scope, requested, eligible, payments)
    env, outstanding = scope.env, outstanding_of(scope)
    if requested > min(eligible, outstanding):
        raise UserError(
            env._(
                "%(requested)s was requested, but only %(left)s is left open on %(documents)s. "
                "Withdraw the request and ask again.",
                requested=format_amount(env, float(requested), scope.documents.currency_id),
                left=format_amount(env, float(outstanding), scope.documents.currency_id),
                documents=", ".join(header.number for header in scope.headers),
            )
        )
    return {
        "requested": wire_money(requested, scope.currency),
        "eligible": wire_money(min(eligible, outstanding), scope.currency),
    }


def _amounts_of_company(scope, requested: Decimal, eligible: Decimal, payments) -> dict:
    """The amounts of a line: no more than what was collected in the history that the bank gets to read."""
    collected = round_money(payments.collected_in(scope.currency), scope.currency)
    if requested > collected:
        raise UserError(
            scope.env._(
                "%(requested)s was requested, but customers paid only %(collected)s in the history that the bank would "
                "read. Let it read more months, or ask for less.",
                requested=format_amount(scope.env, float(requested), scope.documents.currency_id),
                collected=format_amount(scope.env, float(collected), scope.documents.currency_id),
            )
        )
    return {
        "requested": wire_money(requested, scope.currency),
        "eligible": wire_money(min(eligible, collected), scope.currency),
    }


def _streams(scope, trade, payers) -> dict[str, dict]:
    """What belongs to the documents and their buyers."""
    return {
        "order_flow": {"orders": order_rows(trade)},
        "logistics_flow": {"deliveries": delivery_rows(trade)},
        "tax_flow": {"taxes": tax_rows(scope, trade.priced), "e_invoices": e_invoice_rows(scope)},
        "cash_flow": {
            "payments": payment_rows(scope),
            "buyer_history": buyer_history(payers, scope.buyer_ids),
        },
        "inventory": {},
    }


def _history(scope, payments) -> dict[str, dict]:
    """What the applicant did over the period in all, and what lies in stock and is owed to it today."""
    env, company, period = scope.env, scope.company, scope.period
    goods, goods_totals = stock(env, company, today=period.end)
    return {
        "order_flow": {"months": order_months(env, company, period=period)},
        "logistics_flow": {"months": logistics_months(env, company, period=period)},
        "tax_flow": {"months": tax_months(env, company, period=period)},
        "cash_flow": {
            "months": cash_months(env, company, period=period, payments=payments),
            "ageing": ageing(env, company, today=period.end),
            "balances": balances(env, company, today=period.end),
        },
        "inventory": {"stock": goods, "totals": goods_totals},
    }


def _holdings(scope, payers, application_id: int | None) -> dict[str, dict]:
    """What the applicant owes, and expects."""
    env, company, today = scope.env, scope.company, scope.period.end
    financed_move_ids = scope.ids if scope.kind == "customer_invoice" else ()
    debts, debt_totals = loans(env, company)
    weeks, week_totals = forecast(env, company, today=today, payers=payers, financed_move_ids=financed_move_ids)
    return {
        "exposure": {
            "loans": debts,
            "applications": applications(env, company, but_for=application_id),
            "pledges": pledges(env, company, but_for=application_id),
            "totals": debt_totals,
        },
        "forecast": {"weeks": weeks, "totals": week_totals},
    }


def _buyers_named(trade, history: list[dict]) -> list[int]:
    """The financed buyers first, then everybody else whom a section names."""
    buyer_ids = trade.scope.buyer_ids
    return list(
        dict.fromkeys(
            (
                *buyer_ids,
                *(order.partner_ids[0] for order in trade.orders.by_id.values() if buyer_ids),
                *(buyer_id_of(row["buyer"]) for row in history if "buyer" in row),
            )
        )
    )


def _framed(scope, name: str, source: str, content: dict) -> dict:
    period = {"from": day(scope.period.start), "to": day(scope.period.end)} if name in WITH_HISTORY else None
    return {
        "as_of": instant(scope.as_of),
        "period": period,
        "source": source,
        "assurance": _assurance(scope, content) if name == "transaction" else "asserted",
        **content,
    }


def _assurance(scope, transaction: dict) -> str:
    """The transaction is as well founded as its weakest document: all buyers confirmed, or it is only asserted.

    The other sections hold what the applicant's books say, whatever papers lie behind single rows of them.
    """
    confirmed = {row["document"] for row in transaction["confirmations"] if row["answer"] == "confirmed"}
    disputed = {row["document"] for row in transaction["confirmations"] if row["answer"] == "disputed"}
    is_confirmed = bool(scope.headers) and confirmed - disputed >= {header.number for header in scope.headers}
    return "counterparty_confirmed" if is_confirmed else "asserted"
