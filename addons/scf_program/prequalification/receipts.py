"""What came of what was ordered, when, and what went back."""

from __future__ import annotations

from odoo.tools import SQL

from odoo.addons.scf_finance.evidence.deliveries import PURCHASES

from .orders import UNIT_PRICE, by_supplier, ordered_on
from .scope import Scope


def read_receipts(scope: Scope) -> dict[int, dict]:
    """By supplier, of the transfers done in the period: what came, late or in time, and what was sent back. One query.

    `received` and `returned` are quantities at the price of their order, in the order's unit, at the order's rate.
    A delivery is one line of a receipt; it is late when it was done after the day promised for it, `days_late` is the
    mean of the late ones. Steps inside the own warehouse are no deliveries. Parts of a kit are deliveries without a
    price: what came of the kit is on the order's line (`accepted` of `orders.read_order_lines`).
    """
    return by_supplier(
        scope,
        SQL(
            """
        SELECT supplier_id, COUNT(*) FILTER (WHERE NOT comes_back) AS deliveries,
               COUNT(*) FILTER (WHERE NOT comes_back AND days_late > 0) AS deliveries_late,
               ROUND(AVG(days_late) FILTER (WHERE NOT comes_back AND days_late > 0), 1)::text AS days_late,
               SUM(worth) FILTER (WHERE NOT comes_back)::text AS received,
               SUM(worth) FILTER (WHERE comes_back)::text AS returned
          FROM (SELECT partner.commercial_partner_id AS supplier_id, %(comes_back)s AS comes_back,
                       %(done_on)s - %(promised_on)s AS days_late,
                       CASE WHEN move.product_id = line.product_id
                            THEN move.quantity * COALESCE(uom.factor / NULLIF(line_uom.factor, 0), 1)
                                 * %(unit_price)s * %(rate)s END AS worth
                  FROM stock_move move
                  JOIN purchase_order_line line ON line.id = move.purchase_line_id
                  JOIN purchase_order po ON po.id = line.order_id
                  JOIN res_partner partner ON partner.id = po.partner_id
                  JOIN stock_location source ON source.id = move.location_id
                  JOIN stock_location destination ON destination.id = move.location_dest_id
                  LEFT JOIN uom_uom uom ON uom.id = move.product_uom
                  LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
                 WHERE move.state = 'done' AND move.date >= %(starts_at)s AND move.date < %(ends_at)s
                   AND po.company_id = ANY(%(companies)s) AND po.state = 'purchase' AND %(crosses)s
                   AND partner.commercial_partner_id = ANY(%(suppliers)s)) moved
         GROUP BY supplier_id
        """,
            comes_back=PURCHASES.comes_back,
            crosses=PURCHASES.crosses,
            done_on=scope.local_day(SQL("move.date")),
            promised_on=scope.local_day(SQL("COALESCE(move.date_deadline, line.date_planned)")),
            unit_price=UNIT_PRICE,
            rate=scope.rate(SQL("po.currency_id"), SQL("po.currency_rate"), ordered_on(scope)),
            starts_at=scope.starts_at(),
            ends_at=scope.ends_at(),
            companies=scope.company_ids,
            suppliers=list(scope.supplier_ids),
        ),
    )
