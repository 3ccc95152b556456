"""The applicant's sales orders by month."""

from odoo.tools import SQL

from .figures import money
from .months import month_ranges
from .period import Period


def order_months(env, company, *, period: Period) -> list[dict]:
    """Rows of OrderMonth, by the day of the order where the user is: one query.

    `quotations` counts everything that was offered, whatever became of it; `confirmed` and `cancelled` are parts of
    it. `changed` counts confirmed orders whose amount changed after their confirmation.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT month.name AS month, currency.name AS currency, orders.quotations, orders.confirmed,
               orders.confirmed_net::text, orders.changed, orders.cancelled, orders.cancelled_net::text
          FROM %(months)s
         CROSS JOIN LATERAL (
               SELECT currency_id, COUNT(*) AS quotations,
                      COUNT(*) FILTER (WHERE state = 'sale') AS confirmed,
                      SUM(amount_untaxed) FILTER (WHERE state = 'sale') AS confirmed_net,
                      COUNT(*) FILTER (WHERE state = 'sale' AND scf_changed_at IS NOT NULL) AS changed,
                      COUNT(*) FILTER (WHERE state = 'cancel') AS cancelled,
                      SUM(amount_untaxed) FILTER (WHERE state = 'cancel') AS cancelled_net
                 FROM sale_order
                WHERE company_id = %(company)s AND date_order >= month.start AND date_order < month.end
                GROUP BY currency_id) orders
          JOIN res_currency currency ON currency.id = orders.currency_id
         ORDER BY month.name, currency.name
        """,
            months=month_ranges(env, period),
            company=company.id,
        )
    )
    return [
        {
            **row,
            "confirmed_net": money(row["confirmed_net"], row["currency"]),
            "cancelled_net": money(row["cancelled_net"], row["currency"]),
        }
        for row in rows
    ]
