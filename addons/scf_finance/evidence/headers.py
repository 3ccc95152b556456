"""The financed orders, invoices and bills as the ERP states them: number, dates, counterparty, totals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf.money import round_money

from odoo import fields
from odoo.tools import SQL

from ..eligibility.facts import set_order_due_dates
from .wire_text import tax_id_of


@dataclass(frozen=True, slots=True)
class PledgedGoods:
    """What is pledged, in the product's unit of which one is `factor` reference units, and where it lies.

    `unit_value` is the cost of a unit in the company's currency; `on_hand` is all that lies in the place.
    """

    product_id: int
    product_code: str | None
    description: str
    lot: str | None
    place: str
    quantity: Decimal
    on_hand: Decimal
    uom: str
    factor: Decimal
    unit_value: Decimal
    oldest_on: date | None


@dataclass(frozen=True, slots=True)
class Header:
    """One financed document; amounts in `currency`.

    The partner is the counterparty's commercial one: the buyer of a sale, the supplier of a purchase; goods have none.
    `issuer_number` is the number that a supplier gave to its bill.
    """

    id: int
    number: str
    issue_date: date
    due_date: date | None
    fiscal_year: str
    partner_id: int | None
    partner_name: str | None
    partner_tax_id: str | None
    payment_terms: str | None
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    issuer_number: str | None = None
    goods: PledgedGoods | None = None


def read_headers(documents, *, company, today: date) -> tuple[Header, ...]:
    """Read the headers of `documents` (orders, invoices or bills, one model and one kind) in their order.

    An order falls due by its terms of payment once the goods are delivered, or are in. A purchase order is dated by
    its confirmation.
    """
    orders = ORDERS.get(documents._scf_kind)
    rows = documents.env.execute_query_dict((orders or _moves)(documents.ids))
    if orders:
        for row in rows:
            row["issue_date"] = fields.Date.context_today(documents, row["ordered_at"])
        set_order_due_dates(documents.env, rows, today)
    fiscal_years = FiscalYears(company)
    headers = {row["id"]: _header(row, fiscal_years) for row in rows}
    return tuple(headers[document_id] for document_id in documents.ids)


class FiscalYears:
    """The company's fiscal years, asked for once each: an ERP may keep them in a table."""

    def __init__(self, company):
        self._company = company
        self._spans: list[tuple[date, date]] = []

    def year_of(self, day: date) -> str:
        """The year in which the fiscal year of `day` ends, as text."""
        for start, end in self._spans:
            if start <= day <= end:
                return str(end.year)
        span = self._company.compute_fiscalyear_dates(day)
        self._spans.append((span["date_from"], span["date_to"]))
        return str(span["date_to"].year)


def _header(row: dict, fiscal_years: FiscalYears) -> Header:
    net, tax, gross = (round_money(Decimal(row[name] or 0), row["currency"]) for name in ("net", "tax", "gross"))
    return Header(
        id=row["id"],
        number=row["number"],
        issue_date=row["issue_date"],
        due_date=row["due_date"],
        fiscal_year=fiscal_years.year_of(row["issue_date"]),
        partner_id=row["partner_id"],
        partner_name=row["partner_name"],
        partner_tax_id=tax_id_of(row["partner_tax_id"]),
        payment_terms=row["payment_terms"] or None,
        currency=row["currency"],
        net=net,
        tax=tax,
        gross=gross,
        issuer_number=row.get("issuer_number") or None,
    )


def _moves(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT move.id, move.name AS number, move.invoice_date AS issue_date,
               CASE WHEN move.move_type = 'in_invoice' THEN move.ref END AS issuer_number,
               COALESCE(move.invoice_date_due, move.invoice_date) AS due_date,
               company.id AS partner_id, company.name AS partner_name, company.vat AS partner_tax_id,
               term.name->>'en_US' AS payment_terms, currency.name AS currency,
               move.amount_untaxed::text AS net, move.amount_tax::text AS tax, move.amount_total::text AS gross
          FROM account_move move
          JOIN res_currency currency ON currency.id = move.currency_id
          JOIN res_partner partner ON partner.id = move.partner_id
          JOIN res_partner company ON company.id = COALESCE(partner.commercial_partner_id, partner.id)
          LEFT JOIN account_payment_term term ON term.id = move.invoice_payment_term_id
         WHERE move.id = ANY(%s)
        """,
        move_ids,
    )


def _sales_orders(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT so.id, so.name AS number, so.date_order AS ordered_at, so.commitment_date::date AS commitment_date,
               (SELECT MAX(line.customer_lead) FROM sale_order_line line WHERE line.order_id = so.id) AS lead_days,
               company.id AS partner_id, company.name AS partner_name, company.vat AS partner_tax_id,
               term.id AS term_id, term.name->>'en_US' AS payment_terms, currency.name AS currency,
               so.amount_untaxed::text AS net, so.amount_tax::text AS tax, so.amount_total::text AS gross
          FROM sale_order so
          JOIN res_currency currency ON currency.id = so.currency_id
          JOIN res_partner partner ON partner.id = so.partner_id
          JOIN res_partner company ON company.id = COALESCE(partner.commercial_partner_id, partner.id)
          LEFT JOIN account_payment_term term ON term.id = so.payment_term_id
         WHERE so.id = ANY(%s)
        """,
        order_ids,
    )


def _purchase_orders(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT po.id, po.name AS number, COALESCE(po.date_approve, po.date_order) AS ordered_at,
               po.date_planned::date AS commitment_date, NULL AS lead_days,
               company.id AS partner_id, company.name AS partner_name, company.vat AS partner_tax_id,
               term.id AS term_id, term.name->>'en_US' AS payment_terms, currency.name AS currency,
               po.amount_untaxed::text AS net, po.amount_tax::text AS tax, po.amount_total::text AS gross
          FROM purchase_order po
          JOIN res_currency currency ON currency.id = po.currency_id
          JOIN res_partner partner ON partner.id = po.partner_id
          JOIN res_partner company ON company.id = COALESCE(partner.commercial_partner_id, partner.id)
          LEFT JOIN account_payment_term term ON term.id = po.payment_term_id
         WHERE po.id = ANY(%s)
        """,
        order_ids,
    )


# The query by the kind of order; invoices and bills, which say their dates themselves, have one in common.
ORDERS = {"sales_order": _sales_orders, "purchase_order": _purchase_orders}
