"""How punctual the applicant's transfers were, by month."""

from odoo.tools import SQL

from .months import local_day, month_ranges
from .period import Period
from .wire_text import without_none


def logistics_months(env, company, *, period: Period) -> list[dict]:
    """Rows of LogisticsMonth, by the day on which a transfer was done where the user is: one query.

    Direction `out` is to customers (drop shipments too), `in` is from suppliers; `returns` are what came back from
    customers, or went back to suppliers, and are not counted as done. Steps inside the own warehouse are left out.
    A transfer is late if it was done after the day promised: its deadline, or, without one, its planned day.
    `backorders` are done transfers of what an earlier one left over. `mean_days_late` is the mean over the late ones.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT month.name AS month, transfers.*
          FROM %(months)s
         CROSS JOIN LATERAL (
               SELECT kind.direction,
                      COUNT(*) FILTER (WHERE NOT is_return) AS done,
                      COUNT(*) FILTER (WHERE NOT is_return AND COALESCE(days_late, 0) <= 0) AS on_time,
                      COUNT(*) FILTER (WHERE NOT is_return AND days_late > 0) AS late,
                      COUNT(*) FILTER (WHERE is_return) AS returns,
                      COUNT(*) FILTER (WHERE NOT is_return AND picking.backorder_id IS NOT NULL) AS backorders,
                      ROUND(AVG(days_late) FILTER (WHERE NOT is_return AND days_late > 0), 1)::text AS mean_days_late
                 FROM stock_picking picking
                 JOIN stock_picking_type type ON type.id = picking.picking_type_id
                 JOIN stock_location here ON here.id = picking.location_id
                 JOIN stock_location there ON there.id = picking.location_dest_id
                CROSS JOIN LATERAL (
                      SELECT %(done_on)s - %(promised_on)s AS days_late,
                             here.usage = 'customer' OR (there.usage = 'supplier' AND here.usage != 'customer')
                                 AS is_return,
                             CASE WHEN 'customer' IN (here.usage, there.usage) THEN 'out'
                                  WHEN 'supplier' IN (here.usage, there.usage) THEN 'in'
                                  WHEN type.code = 'outgoing' THEN 'out'
                                  WHEN type.code = 'incoming' THEN 'in' END AS direction) kind
                WHERE picking.company_id = %(company)s AND picking.state = 'done'
                  AND picking.date_done >= month.start AND picking.date_done < month.end
                  AND kind.direction IS NOT NULL
                GROUP BY kind.direction) transfers
         ORDER BY month.name, transfers.direction DESC
        """,
            months=month_ranges(env, period),
            company=company.id,
            done_on=local_day(env, SQL("picking.date_done")),
            promised_on=local_day(env, SQL("COALESCE(picking.date_deadline, picking.scheduled_date)")),
        )
    )
    return [without_none(row) for row in rows]
