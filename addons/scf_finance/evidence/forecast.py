"""What the applicant's open invoices are expected to bring in, week by week."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from odoo.tools import SQL

from .buyers import Payer
from .figures import money

# Half a year, the longest tenor that banks lend on receivables for. What is expected later is left out.
WEEKS = 26


def forecast(env, company, *, today, payers: list[Payer], financed_move_ids=()) -> tuple[list[dict], list[dict]]:
    """Rows of ForecastWeek for WEEKS weeks from the one of `today`, and their totals: one query.

    Each open instalment of a posted customer invoice or receipt is expected on its due date plus the days by which
    its buyer paid late on average over the history (`payers`), or, for a buyer without one, all buyers did. Weeks
    without any are left out.

    :param financed_move_ids: ids of the invoices whose part `financed` states
    """
    habits = days_late(payers)
    monday = today - timedelta(days=today.weekday())
    rows = env.execute_query_dict(
        SQL(
            """
        WITH habit AS (
            SELECT * FROM UNNEST(%(buyers)s::int[], %(days)s::int[]) AS habit (buyer_id, days_late)
        ), expected AS (
            SELECT item.move_id, item.currency_id, item.amount_residual_currency AS amount,
                   GREATEST(COALESCE(item.date_maturity, item.date)
                            + COALESCE(habit.days_late, %(usual_days)s), %(today)s) AS day
              FROM account_account kind
              JOIN account_move_line item ON item.account_id = kind.id AND item.reconciled IS NOT TRUE
              JOIN account_move move ON move.id = item.move_id AND move.move_type IN ('out_invoice', 'out_receipt')
              LEFT JOIN habit ON habit.buyer_id = move.commercial_partner_id
             WHERE kind.id IN (SELECT account_account_id FROM account_account_res_company_rel
                                WHERE res_company_id IN %(owners)s)
               AND kind.account_type = 'asset_receivable' AND kind.non_trade IS NOT TRUE
               AND item.company_id = %(company)s AND item.parent_state = 'posted' AND item.display_type = 'payment_term'
               AND item.amount_residual_currency > 0
        )
        SELECT %(monday)s + 7 * weeks.number AS week, currency.name AS currency, weeks.documents,
               weeks.expected::text, weeks.financed::text
          FROM (SELECT (day - %(monday)s) / 7 AS number, currency_id, COUNT(DISTINCT move_id) AS documents,
                       SUM(amount) AS expected, SUM(amount) FILTER (WHERE move_id = ANY(%(financed)s)) AS financed
                  FROM expected
                 GROUP BY 1, 2) weeks
          JOIN res_currency currency ON currency.id = weeks.currency_id
         WHERE weeks.number < %(weeks)s
         ORDER BY 1, 2
        """,
            company=company.id,
            owners=tuple(company.sudo().parent_ids.ids),
            today=today,
            monday=monday,
            weeks=WEEKS,
            buyers=[buyer for buyer in habits if buyer],
            days=[days for buyer, days in habits.items() if buyer],
            usual_days=habits[None],
            financed=list(financed_move_ids),
        )
    )
    totals: dict[str, Decimal] = {}
    for row in rows:
        currency = row["currency"]
        row["week"] = row["week"].isoformat()
        row["expected"], row["financed"] = money(row["expected"], currency), money(row["financed"], currency)
        totals[currency] = totals.get(currency, Decimal(0)) + Decimal(row["expected"])
    return rows, [{"currency": currency, "amount": money(totals[currency], currency)} for currency in sorted(totals)]


def days_late(payers: list[Payer]) -> dict[int | None, int]:
    """Whole days late by buyer, weighted by amount over all currencies; None is for buyers without payments."""
    paid: dict[int | None, Decimal] = {}
    days: dict[int | None, Decimal] = {}
    for payer in payers:
        for buyer in (payer.buyer_id, None):
            paid[buyer] = paid.get(buyer, Decimal(0)) + payer.money.company_paid
            days[buyer] = days.get(buyer, Decimal(0)) + payer.money.company_late_days
    usual = {
        buyer: int((days[buyer] / paid[buyer]).quantize(Decimal(1), ROUND_HALF_UP)) for buyer in paid if paid[buyer]
    }
    return {None: 0, **usual}
