"""The applicant's cash: money by month, what is open by age, and its bank accounts."""

from collections.abc import Sequence

from odoo.tools import SQL

from .figures import money
from .money_moves import Moved, Payments
from .months import month_days
from .period import Period
from .wire_text import day, without_none


def cash_months(env, company, *, period: Period, payments: Payments) -> list[dict]:
    """Rows of CashMonth, in the documents' currencies, with the `payments` of the period: one query.

    `invoiced` and `credited` are customer invoices and credit notes with tax, by invoice date. `collected` is money
    that came in for customers' items, by the date of the payment or statement line; `paid_out` is money that went out
    for suppliers' items and back to customers, less what suppliers paid back. Payments that are not matched with a
    document, discounts, write-offs, exchange differences and offsets are not counted.
    """
    rows = env.execute_query(
        SQL(
            """
        SELECT month.name, currency.name, invoiced::text, credited::text
          FROM %(months)s
         CROSS JOIN LATERAL (
            SELECT currency_id,
                   SUM(amount_total) FILTER (WHERE move_type = 'out_invoice') AS invoiced,
                   SUM(amount_total) FILTER (WHERE move_type = 'out_refund') AS credited
              FROM account_move
             WHERE company_id = %(company)s AND state = 'posted' AND move_type IN ('out_invoice', 'out_refund')
               AND invoice_date BETWEEN month.first AND month.last
             GROUP BY currency_id) documents
          JOIN res_currency currency ON currency.id = documents.currency_id
        """,
            months=month_days(period),
            company=company.id,
        )
    )
    documents = {(month, currency): amounts for month, currency, *amounts in rows}
    months = sorted(documents.keys() | payments.by_month.keys())
    return [_cash_month(key, documents.get(key, (None, None)), payments.of_month(*key)) for key in months]


def _cash_month(key: tuple[str, str], documents: Sequence[str | None], moved: Moved) -> dict:
    (month, currency), (invoiced, credited) = key, documents
    return {
        "month": month,
        "currency": currency,
        "invoiced": money(invoiced, currency),
        "credited": money(credited, currency),
        "collected": money(moved.collected, currency),
        "paid_out": money(moved.paid_out, currency),
    }


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
    """Rows of BalanceRow for the company's bank and cash journals, in the journal's currency: two queries.

    The balance is the general ledger's, with what branches booked on the account; the account is named by the last
    four characters of its number, or by the journal's code where it has none.
    """
    journals = env.execute_query_dict(
        SQL(
            """
        SELECT CASE WHEN LENGTH(bank.sanitized_acc_number) >= 8
                    THEN '****' || RIGHT(bank.sanitized_acc_number, 4) ELSE journal.code END AS account,
               journal.default_account_id AS ledger_id, currency.name AS currency,
               currency.id = company.currency_id AS is_companys,
               statement.date AS last_statement_on, statement.balance_end_real::text AS last_statement_balance
          FROM account_journal journal
          JOIN res_company company ON company.id = journal.company_id
          JOIN res_currency currency ON currency.id = COALESCE(journal.currency_id, company.currency_id)
          LEFT JOIN res_partner_bank bank ON bank.id = journal.bank_account_id
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
    ledgers = _ledger_balances(env, company, [row["ledger_id"] for row in journals if row["ledger_id"]], today=today)
    return [_balance(row, *ledgers.get(row["ledger_id"], (None, None))) for row in journals]


def _ledger_balances(env, company, ledger_ids: list[int], *, today) -> dict[int, tuple[str, str]]:
    """The balance of each account (id) in the company's currency and in the items': one query.

    The accounts are named in the query, so that PostgreSQL knows how few items some of them have.
    """
    rows = env.execute_query(
        SQL(
            """
        SELECT item.account_id, SUM(item.balance)::text, SUM(item.amount_currency)::text
          FROM account_move_line item
         WHERE item.account_id = ANY(%(ledgers)s) AND item.parent_state = 'posted' AND item.date <= %(today)s
           AND item.company_id IN (SELECT booking.id FROM res_company booking WHERE booking.parent_path LIKE %(below)s)
         GROUP BY item.account_id
        """,
            ledgers=ledger_ids,
            today=today,
            below=f"{company.sudo().parent_path}%",
        )
    )
    return {ledger_id: tuple(balances) for ledger_id, *balances in rows}


def _balance(row: dict, balance: str | None, amount_currency: str | None) -> dict:
    currency = row["currency"]
    return without_none(
        {
            "account": row["account"],
            "currency": currency,
            "balance": money(balance if row["is_companys"] else amount_currency, currency),
            "last_statement_on": day(row["last_statement_on"]),
            "last_statement_balance": money(row["last_statement_balance"], currency)
            if row["last_statement_on"]
            else None,
        }
    )
