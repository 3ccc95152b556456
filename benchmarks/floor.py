"""The floor of a package: the same facts by plain SQL, one query for each list, as JSON, with one SHA-256.

It is what anybody would write who wanted the figures and nothing else: no rounding rules, no shared-out quantities, no
pseudonyms, no leaves, no signature. Months are read as in any report, by one range of days.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date

OPEN_ITEMS = """
      FROM account_move_line item
      JOIN account_account account ON account.id = item.account_id
      JOIN account_move move ON move.id = item.move_id
      JOIN res_currency currency ON currency.id = item.currency_id
     WHERE item.company_id = %(company)s AND item.parent_state = 'posted' AND item.reconciled IS NOT TRUE
       AND account.account_type {accounts} AND item.amount_residual_currency != 0"""
MONEY = """
      FROM account_partial_reconcile partial
      JOIN account_move_line debit ON debit.id = partial.debit_move_id
      JOIN account_move_line credit ON credit.id = partial.credit_move_id
      JOIN account_account account ON account.id = debit.account_id AND account.account_type = 'asset_receivable'
      JOIN account_payment payment ON payment.id = credit.payment_id"""

OF_DOCUMENTS = {
    "documents": """
        SELECT move.id, move.name, move.invoice_date, move.invoice_date_due, move.amount_untaxed, move.amount_tax,
               move.amount_total, move.amount_residual, currency.name AS currency, term.name->>'en_US' AS terms,
               buyer.id AS buyer_id, buyer.name AS buyer, buyer.vat, country.code AS country
          FROM account_move move
          JOIN res_currency currency ON currency.id = move.currency_id
          JOIN res_partner buyer ON buyer.id = move.commercial_partner_id
          LEFT JOIN res_country country ON country.id = buyer.country_id
          LEFT JOIN account_payment_term term ON term.id = move.invoice_payment_term_id
         WHERE move.id = ANY(%(moves)s)""",
    "lines": """
        SELECT line.id, line.move_id, line.name, product.default_code, line.quantity, uom.name->>'en_US' AS uom,
               line.price_unit, line.discount, line.price_subtotal, line.price_total,
               ARRAY(SELECT account_tax_id FROM account_move_line_account_tax_rel
                      WHERE account_move_line_id = line.id) AS taxes
          FROM account_move_line line
          LEFT JOIN product_product product ON product.id = line.product_id
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
         WHERE line.move_id = ANY(%(moves)s) AND line.display_type = 'product'""",
    "taxes": """
        SELECT line.move_id, tax.name->>'en_US' AS tax, tax.amount AS rate, line.tax_base_amount, line.amount_currency
          FROM account_move_line line
          JOIN account_tax tax ON tax.id = line.tax_line_id
         WHERE line.move_id = ANY(%(moves)s)""",
    "payments": """
        SELECT debit.move_id, credit.date, credit.move_id AS settling, partial.debit_amount_currency, payment.state
          FROM account_move_line debit
          JOIN account_partial_reconcile partial ON partial.debit_move_id = debit.id
          JOIN account_move_line credit ON credit.id = partial.credit_move_id
          LEFT JOIN account_payment payment ON payment.id = credit.payment_id
         WHERE debit.move_id = ANY(%(moves)s)""",
    "orders": """
        SELECT so.id, so.name, so.state, so.create_date, so.date_order, so.amount_total, so.partner_id,
               line.id AS line_id, line.name AS description, product.default_code, line.product_uom_qty,
               line.qty_delivered, line.qty_invoiced, line.price_unit, rel.invoice_line_id
          FROM account_move_line invoiced
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = invoiced.id
          JOIN sale_order_line line ON line.id = rel.order_line_id
          JOIN sale_order so ON so.id = line.order_id
          LEFT JOIN product_product product ON product.id = line.product_id
         WHERE invoiced.move_id = ANY(%(moves)s)""",
    "deliveries": """
        SELECT picking.name, picking.state, picking.date_deadline, picking.date_done, picking.backorder_id,
               move.sale_line_id, move.product_uom_qty, move.quantity, product.default_code
          FROM account_move_line invoiced
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = invoiced.id
          JOIN stock_move move ON move.sale_line_id = rel.order_line_id
          JOIN stock_picking picking ON picking.id = move.picking_id
          JOIN product_product product ON product.id = move.product_id
         WHERE invoiced.move_id = ANY(%(moves)s)""",
}
OF_COMPANY = {
    "applicant": """
        SELECT partner.name, partner.vat, country.code AS country, bank.acc_number, bank.allow_out_payment
          FROM res_company company
          JOIN res_partner partner ON partner.id = company.partner_id
          LEFT JOIN res_country country ON country.id = partner.country_id
          LEFT JOIN res_partner_bank bank ON bank.id = company.scf_collection_bank_account_id
         WHERE company.id = %(company)s""",
    "order_months": """
        SELECT DATE_TRUNC('month', date_order) AS month, currency_id, state, COUNT(*), SUM(amount_untaxed)
          FROM sale_order
         WHERE company_id = %(company)s AND date_order >= %(start)s
         GROUP BY 1, 2, 3""",
    "transfer_months": """
        SELECT DATE_TRUNC('month', date_done) AS month, picking_type_id, COUNT(*),
               COUNT(*) FILTER (WHERE date_done > date_deadline) AS late,
               AVG(date_done - date_deadline) FILTER (WHERE date_done > date_deadline) AS lateness
          FROM stock_picking
         WHERE company_id = %(company)s AND state = 'done' AND date_done >= %(start)s
         GROUP BY 1, 2""",
    "tax_months": """
        SELECT DATE_TRUNC('month', line.date) AS month, line.tax_line_id, SUM(line.tax_base_amount), SUM(line.balance)
          FROM account_move_line line
         WHERE line.company_id = %(company)s AND line.parent_state = 'posted' AND line.date >= %(start)s
           AND line.tax_line_id IS NOT NULL
         GROUP BY 1, 2""",
    "invoice_months": """
        SELECT DATE_TRUNC('month', invoice_date) AS month, currency_id, move_type, SUM(amount_total)
          FROM account_move
         WHERE company_id = %(company)s AND state = 'posted' AND move_type IN ('out_invoice', 'out_refund')
           AND invoice_date >= %(start)s
         GROUP BY 1, 2, 3""",
    "money_months": "SELECT DATE_TRUNC('month', credit.date) AS month, SUM(partial.debit_amount_currency) AS collected"
    + MONEY
    + """
     WHERE partial.company_id = %(company)s AND partial.max_date >= %(start)s AND credit.date <= %(today)s
     GROUP BY 1""",
    "buyer_history": """
        SELECT move.commercial_partner_id, move.currency_id, COUNT(*), SUM(move.amount_total)
          FROM account_move move
         WHERE move.company_id = %(company)s AND move.state = 'posted' AND move.move_type = 'out_invoice'
           AND move.invoice_date >= %(start)s
         GROUP BY 1, 2""",
    "buyer_payments": """
        SELECT debit.partner_id, SUM(partial.debit_amount_currency) AS paid,
               SUM(partial.debit_amount_currency * (credit.date - debit.invoice_date)) AS money_days,
               SUM(partial.debit_amount_currency * GREATEST(credit.date - debit.date_maturity, 0)) AS late_days"""
    + MONEY
    + """
         WHERE partial.company_id = %(company)s AND debit.invoice_date >= %(start)s
         GROUP BY 1""",
    "ageing": """
        SELECT account.account_type, currency.name AS currency,
               WIDTH_BUCKET(%(today)s - COALESCE(item.date_maturity, item.date), ARRAY[1, 31, 61, 91]) AS bucket,
               COUNT(DISTINCT item.move_id), SUM(item.amount_residual_currency)"""
    + OPEN_ITEMS.format(accounts="IN ('asset_receivable', 'liability_payable')")
    + " GROUP BY 1, 2, 3",
    "forecast": """
        SELECT DATE_TRUNC('week', GREATEST(COALESCE(item.date_maturity, item.date), %(today)s)) AS week,
               currency.name AS currency, COUNT(DISTINCT item.move_id), SUM(item.amount_residual_currency),
               SUM(item.amount_residual_currency) FILTER (WHERE item.move_id = ANY(%(moves)s)) AS financed"""
    + OPEN_ITEMS.format(accounts="= 'asset_receivable'")
    + " GROUP BY 1, 2",
    "balances": """
        SELECT journal.code, SUM(item.balance)
          FROM account_journal journal
          JOIN account_move_line item ON item.account_id = journal.default_account_id
         WHERE journal.company_id = %(company)s AND journal.type IN ('bank', 'cash') AND item.parent_state = 'posted'
         GROUP BY journal.id""",
    "stock": """
        SELECT product.default_code, SUM(quant.quantity), MIN(quant.in_date),
               SUM(quant.quantity * (product.standard_price->>%(company_key)s)::numeric) AS value
          FROM stock_quant quant
          JOIN stock_location location ON location.id = quant.location_id AND location.usage = 'internal'
          JOIN product_product product ON product.id = quant.product_id
         WHERE quant.company_id = %(company)s
         GROUP BY product.id
         ORDER BY value DESC""",
    "turnover": """
        SELECT product_id, SUM(value)
          FROM stock_move
         WHERE company_id = %(company)s AND state = 'done' AND is_out AND date >= %(year_ago)s
         GROUP BY product_id""",
    "loans": "SELECT principal, balance_principal, state, due_date FROM scf_loan WHERE company_id = %(company)s",
}


def read_facts(cursor, *, company_id: int, move_ids: list[int], start: date, year_ago: date, today: date) -> dict:
    """Rows by list; `cursor` is psycopg2's own."""
    values = {
        "company": company_id,
        "company_key": str(company_id),
        "moves": move_ids,
        "start": start,
        "year_ago": year_ago,
        "today": today,
    }
    facts = {}
    for name, statement in (OF_DOCUMENTS | OF_COMPANY).items():
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        facts[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return facts


def digest_of(facts: dict) -> str:
    """SHA-256 of the facts as JSON with sorted members and no spaces."""
    return hashlib.sha256(json.dumps(facts, default=str, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
