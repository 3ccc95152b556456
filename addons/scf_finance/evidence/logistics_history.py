"""How punctual the applicant's transfers were, by month."""

from odoo.tools import SQL

from .period import Period
from .wire_text import without_none


def logistics_months(env, company, *, period: Period) -> list[dict]:
    """Rows of LogisticsMonth, by the UTC day on which a transfer was done: one query.

    Direction `out` is to customers (drop shipments too), `in` is from suppliers; `returns` are what came back from
    customers, or went back to suppliers, and are not counted as done. Steps inside the own warehouse are left out.
    A transfer is late if it was done after the day promised: its deadline, or, without one, its planned day.
    `backorders` are done transfers of what an earlier one left over. `mean_days_late` is the mean over the late ones.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        WITH transfer AS (
            SELECT TO_CHAR(picking.date_done, 'YYYY-MM') AS month,
                   CASE WHEN 'customer' IN (there.usage, here.usage) THEN 'out'
                        WHEN 'supplier' IN (there.usage, here.usage) THEN 'in'
                        WHEN type.code = 'outgoing' THEN 'out' ELSE 'in' END AS direction,
                   here.usage = 'customer' OR (there.usage = 'supplier' AND here.usage != 'customer') AS is_return,
                   picking.backorder_id IS NOT NULL AS is_backorder,
                   picking.date_done::date
                       - COALESCE(picking.date_deadline, picking.scheduled_date)::date AS days_late
              FROM stock_picking picking
              JOIN stock_picking_type type ON type.id = picking.picking_type_id
              JOIN stock_location here ON here.id = picking.location_id
              JOIN stock_location there ON there.id = picking.location_dest_id
             WHERE picking.company_id = %(company)s AND picking.state = 'done'
               AND picking.date_done >= %(start)s AND picking.date_done < %(end)s::date + 1
               AND (type.code IN ('outgoing', 'incoming') OR 'customer' IN (here.usage, there.usage)
                                                          OR 'supplier' IN (here.usage, there.usage))
        )
        SELECT month, direction,
               COUNT(*) FILTER (WHERE NOT is_return) AS done,
               COUNT(*) FILTER (WHERE NOT is_return AND COALESCE(days_late, 0) <= 0) AS on_time,
               COUNT(*) FILTER (WHERE NOT is_return AND days_late > 0) AS late,
               COUNT(*) FILTER (WHERE is_return) AS returns,
               COUNT(*) FILTER (WHERE NOT is_return AND is_backorder) AS backorders,
               ROUND(AVG(days_late) FILTER (WHERE NOT is_return AND days_late > 0), 1)::text AS mean_days_late
          FROM transfer
         GROUP BY month, direction
         ORDER BY month, direction DESC
        """,
            company=company.id,
            start=period.start,
            end=period.end,
        )
    )
    return [without_none(row) for row in rows]
