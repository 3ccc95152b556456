"""The facts of purchases: what is still owed to the supplier, and when the goods will have turned into money."""

from __future__ import annotations

from datetime import date, timedelta

from odoo import fields
from odoo.tools import SQL

from .facts import COMPANY_SETUP, DEFAULT_CREDIT_DAYS, DISTRIBUTOR_FINANCE, DocumentFacts, facts_of, read_claims


def read_purchase_order_facts(orders, *, banks, today: date) -> tuple[DocumentFacts, ...]:
    """Facts of purchase orders, in their order: the same number of queries for one and for a thousand."""
    rows = orders.env.execute_query_dict(
        SQL(
            """
        SELECT po.id, po.name, po.state, po.company_id, po.invoice_status, po.amount_total::text AS total,
               (po.amount_total - COALESCE(billed.settled, 0))::text AS open_amount,
               COALESCE(po.date_approve, po.date_order) AS ordered_at,
               currency.name AS currency, supplier.name AS counterparty_name, supplier.vat AS counterparty_tax_id,
               supplier.id = company.partner_id AS is_own_company,
               GREATEST(SCALE(TRIM_SCALE(po.amount_total)), SCALE(TRIM_SCALE(po.amount_untaxed)),
                        (SELECT MAX(SCALE(TRIM_SCALE(line.price_subtotal))) FROM purchase_order_line line
                          WHERE line.order_id = po.id)) AS amount_decimals,
               %(setup)s
          FROM purchase_order po
          JOIN res_currency currency ON currency.id = po.currency_id
          JOIN res_company company ON company.id = po.company_id
          JOIN res_partner partner ON partner.id = po.partner_id
          JOIN res_partner supplier ON supplier.id = COALESCE(partner.commercial_partner_id, partner.id)
          LEFT JOIN LATERAL (%(settled)s) billed ON TRUE
         WHERE po.id = ANY(%(orders)s)
        """,
            orders=orders.ids,
            setup=COMPANY_SETUP,
            settled=_SETTLED_OF_ORDER,
        )
    )
    for row in rows:
        row["issue_date"] = fields.Date.context_today(orders, row["ordered_at"])
        row["due_date"] = today + timedelta(days=DEFAULT_CREDIT_DAYS)
    same_asset = SQL(
        """
        SELECT id AS document_id, 'purchase_order_id' AS field, id AS record_id FROM unnest(%(orders)s) id
         UNION
        SELECT order_line.order_id, 'move_id', line.move_id
          FROM purchase_order_line order_line
          JOIN account_move_line line ON line.purchase_line_id = order_line.id
         WHERE order_line.order_id = ANY(%(orders)s)
        """,
        orders=orders.ids,
    )
    return facts_of(orders, rows, DISTRIBUTOR_FINANCE, read_claims(orders.env, same_asset), banks, today)


def read_bill_facts(moves, *, banks, today: date) -> tuple[DocumentFacts, ...]:
    """Facts of vendor bills, in their order: the same number of queries for one and for a thousand."""
    rows = moves.env.execute_query_dict(
        SQL(
            """
        SELECT move.id, move.name, move.state, move.move_type, move.payment_state, move.company_id,
               move.amount_total::text AS total, move.amount_residual::text AS open_amount,
               move.invoice_date AS issue_date,
               currency.name AS currency, supplier.name AS counterparty_name, supplier.vat AS counterparty_tax_id,
               GREATEST(SCALE(TRIM_SCALE(move.amount_total)), SCALE(TRIM_SCALE(move.amount_untaxed)),
                        SCALE(TRIM_SCALE(move.amount_residual)),
                        (SELECT MAX(SCALE(TRIM_SCALE(line.price_subtotal))) FROM account_move_line line
                          WHERE line.move_id = move.id AND line.display_type = 'product')) AS amount_decimals,
               COALESCE(supplier.id = company.partner_id, FALSE) AS is_own_company,
               %(setup)s
          FROM account_move move
          JOIN res_currency currency ON currency.id = move.currency_id
          JOIN res_company company ON company.id = move.company_id
          LEFT JOIN res_partner supplier ON supplier.id = move.commercial_partner_id
         WHERE move.id = ANY(%(moves)s)
        """,
            moves=moves.ids,
            setup=COMPANY_SETUP,
        )
    )
    for row in rows:
        row["due_date"] = today + timedelta(days=DEFAULT_CREDIT_DAYS)
    same_asset = SQL(
        """
        SELECT id AS document_id, 'move_id' AS field, id AS record_id FROM unnest(%(moves)s) id
         UNION
        SELECT line.move_id, 'purchase_order_id', order_line.order_id
          FROM account_move_line line
          JOIN purchase_order_line order_line ON order_line.id = line.purchase_line_id
         WHERE line.move_id = ANY(%(moves)s)
        """,
        moves=moves.ids,
    )
    return facts_of(moves, rows, DISTRIBUTOR_FINANCE, read_claims(moves.env, same_asset), banks, today)


# The order's part of what its posted bills don't owe any more, in the order's currency.
_SETTLED_OF_ORDER = SQL(
    """
    SELECT SUM(part.amount * (bill.amount_total - bill.amount_residual) / bill.amount_total
               * CASE WHEN bill.currency_id = po.currency_id THEN 1
                      ELSE po.currency_rate / bill.invoice_currency_rate END) AS settled
      FROM (SELECT line.move_id, SUM(line.price_total) AS amount
              FROM purchase_order_line order_line
              JOIN account_move_line line ON line.purchase_line_id = order_line.id
             WHERE order_line.order_id = po.id
             GROUP BY line.move_id) part
      JOIN account_move bill ON bill.id = part.move_id
     WHERE bill.move_type = 'in_invoice' AND bill.state = 'posted' AND bill.amount_total != 0
    """
)
