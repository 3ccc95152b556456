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
            SELECT month.name AS month, booked.*
              FROM %(months)s
             CROSS JOIN LATERAL (
                SELECT line.tax_line_id AS tax_id, line.group_tax_id AS group_id, 0 AS base, SUM(line.balance) AS amount
                  FROM account_move_line line
                 WHERE line.tax_line_id IS NOT NULL AND %(counts)s
                 GROUP BY line.tax_line_id, line.group_tax_id
                 UNION ALL
                SELECT COALESCE(child.child_tax, based.tax_id), child.parent_tax, based.balance, 0
                  FROM (SELECT rel.account_tax_id AS tax_id, SUM(line.balance) AS balance
                          FROM account_move_line line
                          JOIN account_move_line_account_tax_rel rel ON rel.account_move_line_id = line.id
                         WHERE %(counts)s
                         GROUP BY rel.account_tax_id) based
                  LEFT JOIN account_tax_filiation_rel child ON child.parent_tax = based.tax_id) booked
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
            counts=_counts(company),
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


def _counts(company) -> SQL:
    """Whether an item `line`, of a tax or of its base, counts in the `month`."""
    return SQL(
        """
        line.company_id = %(company)s AND line.parent_state = 'posted' AND line.date BETWEEN month.first AND month.last
        AND line.display_type NOT IN ('payment_term', 'cogs')
        AND NOT EXISTS (
            SELECT FROM account_move basis
             WHERE basis.id = line.move_id AND (basis.tax_cash_basis_rec_id IS NOT NULL
                                                OR basis.tax_cash_basis_origin_move_id IS NOT NULL))
        """,
        company=company.id,
    )
