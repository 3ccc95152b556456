"""What the suppliers billed, credited, and what of it is in dispute."""

from __future__ import annotations

from odoo.tools import SQL

from .orders import by_supplier
from .scope import Scope


def read_bills(scope: Scope) -> dict[int, dict]:
    """By supplier, of the posted bills of the period, net of tax: `invoices`, `invoiced`, `credited`, `disputed`.

    A bill is in dispute while its payment is blocked. One query.
    """
    return by_supplier(
        scope,
        SQL(
            """
        SELECT supplier_id, COUNT(*) FILTER (WHERE move_type = 'in_invoice') AS invoices,
               SUM(amount) FILTER (WHERE move_type = 'in_invoice')::text AS invoiced,
               SUM(amount) FILTER (WHERE move_type = 'in_refund')::text AS credited,
               SUM(amount) FILTER (WHERE move_type = 'in_invoice' AND payment_state = 'blocked')::text AS disputed
          FROM (SELECT move.commercial_partner_id AS supplier_id, move.move_type, move.payment_state,
                       CASE WHEN move.currency_id = %(currency)s THEN move.amount_untaxed
                            ELSE ABS(move.amount_untaxed_signed) * %(company_rate)s END AS amount
                  FROM account_move move
                 WHERE move.company_id = ANY(%(companies)s) AND move.state = 'posted'
                   AND move.move_type IN ('in_invoice', 'in_refund')
                   AND move.invoice_date >= %(start)s AND move.invoice_date <= %(as_of)s
                   AND move.commercial_partner_id = ANY(%(suppliers)s)) billed
         GROUP BY supplier_id
        """,
            currency=scope.currency.id,
            company_rate=scope.company_rate(SQL("move.invoice_date")),
            companies=scope.company_ids,
            start=scope.start,
            as_of=scope.as_of,
            suppliers=list(scope.supplier_ids),
        ),
    )
