"""The applicant's cash: money by month, what is open by age, and its bank accounts."""

from odoo.tools import SQL

from .figures import money
from .money_moves import WITH_SHARES
from .months import month_days
from .period import Period
from .wire_text import day, without_none


def cash_months(env, company, *, period: Period) -> list[dict]:
    """Rows of CashMonth, in the documents' currencies: one query.

    `invoiced` and `credited` are customer invoices and credit notes with tax, by invoice date. `collected` is money
    that came in for customers' items, by the date of the payment or statement line; `paid_out` is money that went out
    for suppliers' items and back to customers, less what suppliers paid back. Payments that are not matched with a
    document, discounts, write-offs, exchange differences and offsets are not counted.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        WITH flow AS (
            SELECT month.first AS month, documents.*, NULL::numeric AS collected, NULL::numeric AS paid_out
              FROM %(months)s
             CROSS JOIN LATERAL (
                SELECT currency_id,
                       SUM(amount_total) FILTER (WHERE move_type = 'out_invoice') AS invoiced,
                       SUM(amount_total) FILTER (WHERE move_type = 'out_refund') AS credited
                  FROM account_move
                 WHERE company_id = %(company)s AND state = 'posted' AND move_type IN ('out_invoice', 'out_refund')
                   AND invoice_date BETWEEN month.first AND month.last
                 GROUP BY currency_id) documents
             UNION ALL
            SELECT flowed.month, flowed.currency_id, NULL, NULL, flowed.collected, flowed.paid_out
              FROM %(months)s
             CROSS JOIN LATERAL (
                WITH settled AS (
                    SELECT side.*, kind.account_type = 'asset_receivable' AS is_receivable
                      FROM account_partial_reconcile partial
                      JOIN account_move_line debit ON debit.id = partial.debit_move_id
                                                  AND debit.parent_state = 'posted'
                      JOIN account_move_line credit ON credit.id = partial.credit_move_id
                                                   AND credit.parent_state = 'posted'
                      JOIN account_account kind ON kind.id = debit.account_id
                                               AND kind.account_type IN ('asset_receivable', 'liability_payable')
                                               AND kind.non_trade IS NOT TRUE
                     CROSS JOIN LATERAL (VALUES
                           (TRUE, credit.move_id, credit.payment_id, credit.balance, credit.date,
                            debit.currency_id, partial.debit_amount_currency),
                           (FALSE, debit.move_id, debit.payment_id, debit.balance, debit.date,
                            credit.currency_id, partial.credit_amount_currency)
                         ) side (came_in, move_id, payment_id, balance, date, currency_id, amount)
                     WHERE partial.company_id = %(company)s AND partial.max_date >= month.first
                       -- What is matched with a document of a later day is still money of the period.
                       AND partial.max_date <= COALESCE(NULLIF(month.last, %(end)s), 'infinity')
                       AND debit.company_id = %(company)s AND credit.company_id = %(company)s
                       AND side.date BETWEEN %(start)s AND %(end)s AND side.amount > 0
                ), money AS (%(with_shares)s)
                SELECT DATE_TRUNC('month', date)::date AS month, currency_id,
                       SUM(amount * share) FILTER (WHERE came_in AND is_receivable) AS collected,
                       SUM(-amount * share) FILTER (WHERE NOT came_in OR NOT is_receivable) AS paid_out
                  FROM money
                 WHERE CASE WHEN came_in THEN share > 0 ELSE share < 0 END
                 GROUP BY 1, 2) flowed
        )
        SELECT TO_CHAR(flow.month, 'YYYY-MM') AS month, currency.name AS currency,
               SUM(invoiced)::text AS invoiced, SUM(credited)::text AS credited,
               SUM(collected)::text AS collected, SUM(paid_out)::text AS paid_out
          FROM flow
          JOIN res_currency currency ON currency.id = flow.currency_id
         GROUP BY 1, 2
         ORDER BY 1, 2
        """,
            months=month_days(period),
            company=company.id,
            start=period.start,
            end=period.end,
            with_shares=WITH_SHARES,
        )
    )
    return [
        {
            **row,
            **{name: money(row[name], row["currency"]) for name in ("invoiced", "credited", "collected", "paid_out")},
        }
        for row in rows
    ]


BUCKETS = ("not_due", "1-30", "31-60", "61-90", "over_90")


def ageing(env, company, *, today) -> list[dict]:
    """Rows of AgeingRow, by the due date of each instalment, in the items' currencies: one query.

    All open items on trade receivables and payables, as in Odoo's aged reports: unmatched payments and open credit
    notes reduce their bucket, so an amount may be negative. What is owed, to or by the company, is positive.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        WITH open AS (
            SELECT item.move_id, kind.account_type, item.currency_id, item.amount_residual_currency AS residual,
                   %(today)s::date - COALESCE(item.date_maturity, item.date) AS days
              FROM account_account kind
              JOIN account_move_line item ON item.account_id = kind.id AND item.reconciled IS NOT TRUE
             WHERE kind.id IN (SELECT account_account_id FROM account_account_res_company_rel
                                WHERE res_company_id IN %(owners)s)
               AND kind.account_type IN ('asset_receivable', 'liability_payable') AND kind.non_trade IS NOT TRUE
               AND item.company_id = %(company)s AND item.parent_state = 'posted'
               AND item.amount_residual_currency != 0
        )
        SELECT CASE account_type WHEN 'asset_receivable' THEN 'receivable' ELSE 'payable' END AS direction,
               currency.name AS currency,
               CASE WHEN days <= 0 THEN 0 WHEN days <= 30 THEN 1 WHEN days <= 60 THEN 2 WHEN days <= 90 THEN 3
                    ELSE 4 END AS bucket,
               COUNT(DISTINCT move_id) AS documents,
               SUM(CASE account_type WHEN 'asset_receivable' THEN residual ELSE -residual END)::text AS amount
          FROM open
          JOIN res_currency currency ON currency.id = open.currency_id
         GROUP BY account_type, currency.name, bucket
         ORDER BY direction DESC, currency.name, bucket
        """,
            company=company.id,
            owners=tuple(company.sudo().parent_ids.ids),
            today=today,
        )
    )
    return [{**row, "bucket": BUCKETS[row["bucket"]], "amount": money(row["amount"], row["currency"])} for row in rows]


def balances(env, company, *, today) -> list[dict]:
    """Rows of BalanceRow for the company's bank and cash journals, in the journal's currency: one query.

    The balance is the general ledger's, with what branches booked on the account; the account is named by the last
    four characters of its number, or by the journal's code where it has none.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT CASE WHEN LENGTH(bank.sanitized_acc_number) >= 8
                    THEN '****' || RIGHT(bank.sanitized_acc_number, 4) ELSE journal.code END AS account,
               currency.name AS currency, book.balance::text AS balance,
               statement.date AS last_statement_on, statement.balance_end_real::text AS last_statement_balance
          FROM account_journal journal
          JOIN res_company company ON company.id = journal.company_id
          JOIN res_currency currency ON currency.id = COALESCE(journal.currency_id, company.currency_id)
          LEFT JOIN res_partner_bank bank ON bank.id = journal.bank_account_id
         CROSS JOIN LATERAL (
               SELECT SUM(CASE WHEN currency.id = company.currency_id THEN item.balance
                               ELSE item.amount_currency END) AS balance
                 FROM account_move_line item
                 JOIN res_company booking ON booking.id = item.company_id
                                         AND booking.parent_path LIKE company.parent_path || '%%'
                WHERE item.account_id = journal.default_account_id AND item.parent_state = 'posted'
                  AND item.date <= %(today)s) book
          LEFT JOIN LATERAL (
               SELECT date, balance_end_real
                 FROM account_bank_statement
                WHERE journal_id = journal.id AND first_line_index IS NOT NULL AND date <= %(today)s
                ORDER BY date DESC, id DESC
                LIMIT 1) statement ON TRUE
         WHERE journal.company_id = %(company)s AND journal.type IN ('bank', 'cash') AND journal.active
         ORDER BY journal.sequence, journal.id
        """,
            company=company.id,
            today=today,
        )
    )
    return [
        without_none(
            {
                "account": row["account"],
                "currency": row["currency"],
                "balance": money(row["balance"], row["currency"]),
                "last_statement_on": day(row["last_statement_on"]),
                "last_statement_balance": money(row["last_statement_balance"], row["currency"])
                if row["last_statement_on"]
                else None,
            }
        )
        for row in rows
    ]
