"""What was ordered of each supplier, how steadily, and at how steady a price."""

from __future__ import annotations

from odoo.tools import SQL

from .scope import Scope


def read_orders(scope: Scope) -> dict[int, dict]:
    """By supplier: `first_order_on` (ever), `last_order_on`, `orders` and `months_active` of the period. One query.

    `all_ordered` is what the company ordered of everybody in the period, net of tax.
    """
    return by_supplier(
        scope,
        SQL(
            """
        SELECT supplier_id, MIN(ordered_on) AS first_order_on,
               MAX(ordered_on) FILTER (WHERE ordered_on >= %(start)s) AS last_order_on,
               COUNT(*) FILTER (WHERE ordered_on >= %(start)s) AS orders,
               COUNT(DISTINCT DATE_TRUNC('month', ordered_on)) FILTER (WHERE ordered_on >= %(start)s) AS months_active,
               (SELECT SUM(po.amount_untaxed * %(rate)s) FROM purchase_order po
                 WHERE po.company_id = ANY(%(companies)s) AND po.state = 'purchase'
                   AND COALESCE(po.date_approve, po.date_order) >= %(starts_at)s
                   AND COALESCE(po.date_approve, po.date_order) < %(ends_at)s)::text AS all_ordered
          FROM (SELECT partner.commercial_partner_id AS supplier_id, %(ordered_on)s AS ordered_on
                  FROM purchase_order po
                  JOIN res_partner partner ON partner.id = po.partner_id
                 WHERE po.company_id = ANY(%(companies)s) AND po.state = 'purchase'
                   AND COALESCE(po.date_approve, po.date_order) < %(ends_at)s
                   AND partner.commercial_partner_id = ANY(%(suppliers)s)) placed
         GROUP BY supplier_id
        """,
            start=scope.start,
            ordered_on=ordered_on(scope),
            rate=_rate(scope),
            companies=scope.company_ids,
            starts_at=scope.starts_at(),
            ends_at=scope.ends_at(),
            suppliers=list(scope.supplier_ids),
        ),
    )


def read_order_lines(scope: Scope) -> dict[int, dict]:
    """By supplier, of the orders of the period: `order_lines`, `ordered`, `accepted`, `price_deviation_percent`.

    One query. Amounts are net of tax. `accepted` is the worth of what comes without a transfer of its own (services,
    kits): what was entered as received or, where nobody enters that, was billed. The deviation is that of each line's
    price from the mean price of the same product, supplier and currency, weighted by what was spent; quantities are
    compared in the reference unit of their measure. Lines of one price are taken together: their deviation is one.
    """
    return by_supplier(
        scope,
        SQL(
            """
        WITH placed AS MATERIALIZED (
            SELECT po.id, partner.commercial_partner_id AS supplier_id, po.currency_id, %(rate)s AS rate
              FROM purchase_order po
              JOIN res_partner partner ON partner.id = po.partner_id
             WHERE po.company_id = ANY(%(companies)s) AND po.state = 'purchase'
               AND COALESCE(po.date_approve, po.date_order) >= %(starts_at)s
               AND COALESCE(po.date_approve, po.date_order) < %(ends_at)s
               AND partner.commercial_partner_id = ANY(%(suppliers)s)
        ), bought AS (
            SELECT placed.supplier_id, placed.currency_id, line.product_id, line.price_subtotal * placed.rate AS spent,
                   line.price_subtotal, line.product_qty * COALESCE(uom.factor, 1) AS quantity,
                   CASE WHEN line.qty_received_method IS DISTINCT FROM 'stock_moves'
                        THEN GREATEST(line.qty_received, line.qty_invoiced) * %(unit_price)s * placed.rate
                        WHEN %(is_kit)s THEN line.qty_received * %(unit_price)s * placed.rate END AS accepted,
                   CASE WHEN line.product_id IS NOT NULL AND line.product_qty > 0 AND line.price_subtotal > 0
                        THEN line.price_subtotal / (line.product_qty * COALESCE(uom.factor, 1)) END AS price
              FROM purchase_order_line line
              JOIN placed ON placed.id = line.order_id
              LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
             WHERE line.display_type IS NULL AND line.is_downpayment IS NOT TRUE
        ), priced AS (
            SELECT supplier_id, currency_id, product_id, price, COUNT(*) AS lines, SUM(spent) AS spent,
                   SUM(price_subtotal) AS own, SUM(quantity) AS quantity, SUM(accepted) AS accepted
              FROM bought
             GROUP BY supplier_id, currency_id, product_id, price
        ), compared AS (
            SELECT priced.*,
                   SUM(own) FILTER (WHERE price IS NOT NULL) OVER product
                   / SUM(quantity) FILTER (WHERE price IS NOT NULL) OVER product AS mean
              FROM priced
            WINDOW product AS (PARTITION BY supplier_id, currency_id, product_id)
        )
        SELECT supplier_id, SUM(lines)::bigint AS order_lines, SUM(spent)::text AS ordered,
               SUM(accepted)::text AS accepted,
               (100 * SUM(spent * ABS(price - mean) / mean) FILTER (WHERE price IS NOT NULL)
                / SUM(spent) FILTER (WHERE price IS NOT NULL))::text AS price_deviation_percent
          FROM compared
         GROUP BY supplier_id
        """,
            rate=_rate(scope),
            companies=scope.company_ids,
            starts_at=scope.starts_at(),
            ends_at=scope.ends_at(),
            unit_price=UNIT_PRICE,
            is_kit=_IS_KIT if scope.has_kits else SQL("FALSE"),
            suppliers=list(scope.supplier_ids),
        ),
    )


UNIT_PRICE = SQL(
    """CASE WHEN line.product_qty <> 0 THEN line.price_subtotal / line.product_qty
            ELSE line.price_unit * (1 - COALESCE(line.discount, 0) / 100) END"""
)
"""Net of tax, for one of an order line's own unit, in the order's currency."""
_IS_KIT = SQL(
    """EXISTS (SELECT FROM stock_move part
                WHERE part.purchase_line_id = line.id AND part.product_id <> line.product_id
                  AND part.state <> 'cancel')"""
)


def ordered_on(scope: Scope) -> SQL:
    """The day on which the order `po` was confirmed."""
    return scope.local_day(SQL("COALESCE(po.date_approve, po.date_order)"))


def _rate(scope: Scope) -> SQL:
    return scope.rate(SQL("po.currency_id"), SQL("po.currency_rate"), ordered_on(scope))


def by_supplier(scope: Scope, statement: SQL) -> dict[int, dict]:
    """The rows of a statement by their `supplier_id`."""
    return {row.pop("supplier_id"): row for row in scope.env.execute_query_dict(statement)}
