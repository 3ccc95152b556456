"""How the financed document was settled so far, and how its buyer has paid for a year."""

from decimal import Decimal

from openscf.money import round_money, to_amount

from odoo.tools import SQL

from .scope import buyer_key
from .wire_text import day, without_none


def cash_flow_section(scope) -> dict:
    """Payments of the document, and the buyer's history over the period: one query, however long it is."""
    return {"payments": list(_payments(scope)), "buyer_history": _buyer_history(scope)}


def _payments(scope):
    rows = (
        ((item.settlement, item.paid + item.credited) for item in scope.order_settlements)
        if scope.is_order
        else ((item, item.amount) for item in scope.settlements)
    )
    for settlement, amount in rows:
        if amount:
            yield {
                "document": scope.document.name,
                "date": day(settlement.settled_on),
                "amount": to_amount(amount, scope.currency),
                "currency": scope.currency,
                "kind": settlement.kind,
                "cleared": settlement.cleared,
            }


def _buyer_history(scope):
    rows = scope.env.execute_query_dict(
        SQL(
            """
        WITH invoice AS (
            SELECT move.id, move.commercial_partner_id AS buyer_id, move.currency_id, move.invoice_date,
                   COALESCE(move.invoice_date_due, move.invoice_date) AS due_date,
                   move.amount_total, move.amount_residual
              FROM account_move move
             WHERE move.company_id = %(company)s AND move.commercial_partner_id IN %(buyers)s
               AND move.move_type = 'out_invoice' AND move.state = 'posted'
               AND move.invoice_date BETWEEN %(start)s AND %(end)s
        ), payment AS (
            SELECT invoice.buyer_id, invoice.currency_id, partial.debit_amount_currency AS amount,
                   GREATEST(theirs.date - invoice.invoice_date, 0) AS days_to_pay,
                   GREATEST(theirs.date - invoice.due_date, 0) AS days_late
              FROM invoice
              JOIN account_move_line ours ON ours.move_id = invoice.id AND ours.display_type = 'payment_term'
              JOIN account_partial_reconcile partial ON partial.debit_move_id = ours.id
              JOIN account_move_line theirs ON theirs.id = partial.credit_move_id
              JOIN account_move their_move ON their_move.id = theirs.move_id AND their_move.move_type != 'out_refund'
             WHERE partial.debit_amount_currency > 0
        ), paid AS (
            SELECT buyer_id, currency_id, SUM(amount) AS amount,
                   SUM(amount * days_to_pay) AS money_days, SUM(amount * days_late) AS money_days_late,
                   SUM(amount) FILTER (WHERE days_late > 0) AS late
              FROM payment GROUP BY buyer_id, currency_id
        )
        SELECT invoice.buyer_id, currency.name AS currency, COUNT(*) AS invoices,
               SUM(invoice.amount_total)::text AS invoiced,
               COALESCE(MAX(paid.amount), 0)::text AS paid,
               COALESCE(SUM(invoice.amount_residual) FILTER (WHERE invoice.due_date < %(end)s), 0)::text AS overdue,
               ROUND((MAX(paid.money_days) / NULLIF(MAX(paid.amount), 0))::numeric, 1)::text AS weighted_days_to_pay,
               ROUND((MAX(paid.money_days_late) / NULLIF(MAX(paid.amount), 0))::numeric, 1)::text AS weighted_days_late,
               ROUND((100 * COALESCE(MAX(paid.late), 0) / NULLIF(MAX(paid.amount), 0))::numeric, 2)::text
                   AS late_share_percent
          FROM invoice
          JOIN res_currency currency ON currency.id = invoice.currency_id
          LEFT JOIN paid ON paid.buyer_id = invoice.buyer_id AND paid.currency_id = invoice.currency_id
         GROUP BY invoice.buyer_id, currency.name
         ORDER BY invoice.buyer_id, currency.name
        """,
            company=scope.company.id,
            buyers=scope.buyer_ids,
            start=scope.period_from,
            end=scope.period_to,
        )
    )
    return [
        without_none(
            {
                "buyer": buyer_key(row["buyer_id"]),
                "currency": row["currency"],
                "invoices": row["invoices"],
                **{
                    name: to_amount(round_money(Decimal(row[name]), row["currency"]), row["currency"])
                    for name in ("invoiced", "paid", "overdue")
                },
                **{name: row[name] for name in ("weighted_days_to_pay", "weighted_days_late", "late_share_percent")},
            }
        )
        for row in rows
    ]
