"""The applicant's sales and purchase taxes by month."""

from odoo.tools import SQL

from .figures import money
from .months import month_days
from .period import Period


def tax_months(env, company, *, period: Period) -> list[dict]:
    """Rows of TaxMonth, by accounting date, in the company's currency: one query.

    Everything posted that carries a tax counts as in the tax return: credit notes and early payment discounts reduce,
    journal entries with taxes are included. Only cash basis entries are not: they repeat what the invoice states.
    Bases come from the items that the tax was computed on, so that sales at 0 % are there too. A tax of a group is
    stated by itself.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        WITH taxed AS (
            SELECT month.name AS month, part.*
              FROM %(months)s
             CROSS JOIN LATERAL (
                WITH item AS (
                    SELECT line.id, line.balance, line.tax_line_id, line.group_tax_id
                      FROM account_move move
                      JOIN account_move_line line ON line.move_id = move.id
                                                 AND line.display_type NOT IN ('payment_term', 'cogs')
                     WHERE move.company_id = %(company)s AND move.state = 'posted'
                       AND move.date BETWEEN month.first AND month.last
                       AND move.tax_cash_basis_rec_id IS NULL AND move.tax_cash_basis_origin_move_id IS NULL
                )
                SELECT tax_line_id AS tax_id, group_tax_id AS group_id, 0 AS base, SUM(balance) AS amount
                  FROM item
                 WHERE tax_line_id IS NOT NULL
                 GROUP BY tax_line_id, group_tax_id
                 UNION ALL
                SELECT COALESCE(child.child_tax, based.tax_id), child.parent_tax, based.balance, 0
                  FROM (SELECT rel.account_tax_id AS tax_id, SUM(item.balance) AS balance
                          FROM item
                          JOIN account_move_line_account_tax_rel rel ON rel.account_move_line_id = item.id
                         GROUP BY rel.account_tax_id) based
                  LEFT JOIN account_tax_filiation_rel child ON child.parent_tax = based.tax_id) part
        )
        SELECT taxed.month, use.direction, tax.name->>'en_US' AS tax_code,
               SUM(CASE use.direction WHEN 'sale' THEN -taxed.base ELSE taxed.base END)::text AS base,
               SUM(CASE use.direction WHEN 'sale' THEN -taxed.amount ELSE taxed.amount END)::text AS amount
          FROM taxed
          JOIN account_tax tax ON tax.id = taxed.tax_id
          LEFT JOIN account_tax bundle ON bundle.id = taxed.group_id
         CROSS JOIN LATERAL (
                   SELECT CASE WHEN tax.type_tax_use = 'none' THEN bundle.type_tax_use
                               ELSE tax.type_tax_use END AS direction) use
         WHERE use.direction IN ('sale', 'purchase')
         GROUP BY 1, 2, 3
         ORDER BY 1, 2 DESC, 3
        """,
            months=month_days(period),
            company=company.id,
        )
    )
    currency = company.currency_id.name
    return [
        {
            **row,
            "currency": currency,
            "base": money(row["base"], currency),
            "amount": money(row["amount"], currency),
        }
        for row in rows
    ]
