"""The financed purchase orders and vendor bills as the ERP states them: number, dates, supplier, totals."""

from __future__ import annotations

from datetime import date

from odoo import fields
from odoo.tools import SQL

from ..eligibility.facts import set_order_due_dates
from .headers import FiscalYears, Header, header_of


def read_purchase_headers(documents, *, company, today: date) -> tuple[Header, ...]:
    """Read the headers of `documents` (purchase orders or vendor bills, one model) in their order.

    A purchase order is dated by its confirmation; it falls due by its terms of payment once the goods are in.
    """
    is_order = documents._scf_kind == "purchase_order"
    rows = documents.env.execute_query_dict((_order_headers if is_order else _bill_headers)(documents.ids))
    if is_order:
        for row in rows:
            row["issue_date"] = fields.Date.context_today(documents, row["ordered_at"])
        set_order_due_dates(documents.env, rows, today)
    fiscal_years = FiscalYears(company)
    headers = {row["id"]: header_of(row, fiscal_years) for row in rows}
    return tuple(headers[document_id] for document_id in documents.ids)


def _bill_headers(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT move.id, move.name AS number, move.ref AS issuer_number, move.invoice_date AS issue_date,
               COALESCE(move.invoice_date_due, move.invoice_date) AS due_date,
               seller.id AS partner_id, seller.name AS partner_name, seller.vat AS partner_tax_id,
               term.name->>'en_US' AS payment_terms, currency.name AS currency,
               move.amount_untaxed::text AS net, move.amount_tax::text AS tax, move.amount_total::text AS gross
          FROM account_move move
          JOIN res_currency currency ON currency.id = move.currency_id
          JOIN res_partner partner ON partner.id = move.partner_id
          JOIN res_partner seller ON seller.id = COALESCE(partner.commercial_partner_id, partner.id)
          LEFT JOIN account_payment_term term ON term.id = move.invoice_payment_term_id
         WHERE move.id = ANY(%s)
        """,
        move_ids,
    )


def _order_headers(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT po.id, po.name AS number, COALESCE(po.date_approve, po.date_order) AS ordered_at,
               po.date_planned::date AS commitment_date, NULL AS lead_days,
               seller.id AS partner_id, seller.name AS partner_name, seller.vat AS partner_tax_id,
               term.id AS term_id, term.name->>'en_US' AS payment_terms, currency.name AS currency,
               po.amount_untaxed::text AS net, po.amount_tax::text AS tax, po.amount_total::text AS gross
          FROM purchase_order po
          JOIN res_currency currency ON currency.id = po.currency_id
          JOIN res_partner partner ON partner.id = po.partner_id
          JOIN res_partner seller ON seller.id = COALESCE(partner.commercial_partner_id, partner.id)
          LEFT JOIN account_payment_term term ON term.id = po.payment_term_id
         WHERE po.id = ANY(%s)
        """,
        order_ids,
    )
