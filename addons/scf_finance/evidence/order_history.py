"""The applicant's sales orders by month."""

from odoo.tools import SQL

from .figures import money
from .period import Period


def order_months(env, company, *, period: Period) -> list[dict]:
    """Rows of OrderMonth, by the UTC day of the order: one query.

    `quotations` counts everything that was offered, whatever became of it; `confirmed` and `cancelled` are parts of
    it. `changed` counts confirmed orders whose amount changed after their confirmation, as the chatter tracked it.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        WITH field AS (
            SELECT id, name = 'state' AS is_state
              FROM ir_model_fields
             WHERE model = 'sale.order' AND name IN ('amount_untaxed', 'amount_total', 'state')
        ), orders AS (
            SELECT id, date_order, state, currency_id, amount_untaxed
              FROM sale_order
             WHERE company_id = %(company)s
               AND date_order >= %(start)s AND date_order < %(end)s::date + 1
        ), changed AS (
            SELECT DISTINCT orders.id
              FROM orders
              JOIN mail_message message ON message.model = 'sale.order' AND message.res_id = orders.id
                                       AND message.date > orders.date_order
              JOIN mail_tracking_value value ON value.mail_message_id = message.id
              JOIN field ON field.id = value.field_id
             WHERE orders.state = 'sale'
             GROUP BY orders.id, message.id
            HAVING NOT BOOL_OR(field.is_state)
        )
        SELECT TO_CHAR(orders.date_order, 'YYYY-MM') AS month, currency.name AS currency,
               COUNT(*) AS quotations,
               COUNT(*) FILTER (WHERE orders.state = 'sale') AS confirmed,
               COALESCE(SUM(orders.amount_untaxed) FILTER (WHERE orders.state = 'sale'), 0)::text AS confirmed_net,
               COUNT(changed.id) AS changed,
               COUNT(*) FILTER (WHERE orders.state = 'cancel') AS cancelled,
               COALESCE(SUM(orders.amount_untaxed) FILTER (WHERE orders.state = 'cancel'), 0)::text AS cancelled_net
          FROM orders
          JOIN res_currency currency ON currency.id = orders.currency_id
          LEFT JOIN changed ON changed.id = orders.id
         GROUP BY 1, 2
         ORDER BY 1, 2
        """,
            company=company.id,
            start=period.start,
            end=period.end,
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
