"""The applicant's sales and purchase taxes by month."""

from odoo.tools import SQL

from .figures import money
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
        WITH booked AS (
            SELECT line.date, line.tax_line_id AS tax_id, line.group_tax_id AS group_id,
                   0 AS base, SUM(line.balance) AS amount
              FROM account_move_line line
             WHERE line.tax_line_id IS NOT NULL AND %(counts)s
             GROUP BY line.date, line.tax_line_id, line.group_tax_id
             UNION ALL
            SELECT based.date, COALESCE(child.child_tax, based.tax_id), child.parent_tax, based.balance, 0
              FROM (SELECT line.date, rel.account_tax_id AS tax_id, SUM(line.balance) AS balance
                      FROM account_move_line line
                      JOIN account_move_line_account_tax_rel rel ON rel.account_move_line_id = line.id
                     WHERE %(counts)s
                     GROUP BY line.date, rel.account_tax_id) based
              LEFT JOIN account_tax_filiation_rel child ON child.parent_tax = based.tax_id
        ), taxed AS (
            SELECT DATE_TRUNC('month', date::timestamp) AS month, tax_id, group_id, SUM(base) AS base,
                   SUM(amount) AS amount
              FROM booked
             GROUP BY 1, 2, 3
        )
        SELECT TO_CHAR(taxed.month, 'YYYY-MM') AS month, use.direction, tax.name->>'en_US' AS tax_code,
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
            counts=_counts(company, period),
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


def _counts(company, period: Period) -> SQL:
    """Whether an item `line` of a tax or of its base counts in the period."""
    return SQL(
        """
        line.company_id = %(company)s AND line.parent_state = 'posted' AND line.date BETWEEN %(start)s AND %(end)s
        AND line.display_type NOT IN ('payment_term', 'cogs')
        AND NOT EXISTS (
            SELECT FROM account_move basis
             WHERE basis.id = line.move_id AND (basis.tax_cash_basis_rec_id IS NOT NULL
                                                OR basis.tax_cash_basis_origin_move_id IS NOT NULL))
        """,
        company=company.id,
        start=period.start,
        end=period.end,
    )
