"""Which customer invoices sold financed goods, and which part of each is for them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from odoo.tools import SQL

from ..models.scf_followed_flow import is_own


def read_resale_shares(env, move_ids) -> dict[int, dict[int, Decimal]]:
    """The part of posted customer invoices that is for goods of open financings, with taxes: one query.

    The quantities of a sales order line that were delivered and those that were invoiced are matched in their order, so
    goods may be invoiced before or after they leave, in several deliveries and several invoices. Returned goods count
    as never delivered; what a credit note took off its invoice counts as never invoiced.

    :return: {move id: {application id: share of the invoice, above 0; together 1 at most}}
    """
    if not move_ids:
        return {}
    for model, names in {
        "scf.followed.goods": ["is_open", "document_id", "application_id", "product_id"],
        "scf.followed.use": None,
        "stock.move": ["state", "date", "product_id", "sale_line_id", "origin_returned_move_id"],
        "stock.move.line": ["quantity_product_uom", "location_id", "location_dest_id", "move_id"],
        "account.move": ["state", "move_type", "invoice_date", "reversed_entry_id"],
        "account.move.line": ["quantity", "price_total", "display_type", "move_id", "product_uom_id", "sale_line_ids"],
    }.items():
        env[model].flush_model(names)
    shares: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
    rows = env.execute_query(
        SQL(
            """
            SELECT sold.move_id, goods.application_id,
                   LEAST(SUM(sold.amount) / NULLIF(whole.amount, 0), 1)::text
              FROM (%s) sold
              JOIN scf_followed_goods goods ON goods.id = sold.goods_id
              CROSS JOIN LATERAL (
                SELECT SUM(CASE WHEN move.move_type = 'out_refund' THEN -line.price_total ELSE line.price_total END)
                       AS amount
                  FROM account_move move
                  JOIN account_move_line line ON line.move_id = move.id AND line.display_type = 'product'
                                             AND line.price_total > 0
                 WHERE move.id = sold.move_id
                    OR move.reversed_entry_id = sold.move_id AND move.move_type = 'out_refund'
                       AND move.state = 'posted'
              ) whole
             GROUP BY sold.move_id, goods.application_id, whole.amount
            HAVING SUM(sold.amount) > 0 AND whole.amount > 0
             ORDER BY sold.move_id, goods.application_id
            """,
            goods_on_invoices(move_ids),
        )
    )
    for move_id, application_id, share in rows:
        left = 1 - sum(shares[move_id].values())
        shares[move_id][application_id] = min(Decimal(share), left)
    return dict(shares)


def goods_on_invoices(move_ids) -> SQL:
    """Rows of `move_id`, `goods_id` and `amount`: the gross amount for followed goods on each of the invoices, as SQL.

    Reads no more than the sales order lines of these invoices by which followed goods were sold. Of a kit each part is
    matched by itself, as so many kits, with its share of the kit's price.
    """
    return SQL(
        """
        WITH used AS MATERIALIZED (
            SELECT use.sale_line_id, use.move_id, use.goods_id, goods.product_id, use.quantity, use.quantity_in_sold,
                   use.share_of_price
              FROM scf_followed_use use
              JOIN scf_followed_goods goods ON goods.id = use.goods_id AND goods.is_open
             WHERE use.kind = 'sold' AND use.sale_line_id IN (
                   SELECT rel.order_line_id
                     FROM account_move_line line
                     JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
                    WHERE line.move_id = ANY(%(moves)s))
        ), part AS MATERIALIZED (
            SELECT sale_line_id, product_id, MAX(quantity_in_sold) AS quantity_in_sold
              FROM used
             GROUP BY sale_line_id, product_id
        ), moved AS (
            SELECT part.sale_line_id, part.product_id, COALESCE(first.id, move.id) AS move_id,
                   SUM(line.quantity_product_uom / part.quantity_in_sold
                       * CASE WHEN %(origin_is_own)s OR origin.usage = 'supplier' THEN 1 ELSE -1 END) AS quantity
              FROM part
              JOIN stock_move move ON move.sale_line_id = part.sale_line_id AND move.product_id = part.product_id
                                  AND move.state = 'done'
              JOIN stock_move_line line ON line.move_id = move.id
              JOIN stock_location origin ON origin.id = line.location_id
              JOIN stock_location destination ON destination.id = line.location_dest_id
              LEFT JOIN stock_move first ON first.id = move.origin_returned_move_id
                                        AND first.origin_returned_move_id IS NULL
             WHERE %(origin_is_own)s <> %(destination_is_own)s
                OR (origin.usage, destination.usage) IN (('supplier', 'customer'), ('customer', 'supplier'))
             GROUP BY 1, 2, 3
        ), delivered AS MATERIALIZED (
            SELECT moved.*, SUM(moved.quantity) OVER sequence AS hi
              FROM moved
              JOIN stock_move move ON move.id = moved.move_id
             WHERE moved.quantity > 0
            WINDOW sequence AS (PARTITION BY moved.sale_line_id, moved.product_id ORDER BY move.date, move.id)
        ), billed AS (
            SELECT order_line.id AS sale_line_id,
                   CASE WHEN move.move_type = 'out_refund' THEN move.reversed_entry_id ELSE move.id END AS move_id,
                   SUM(line.quantity * unit.factor / product_unit.factor)
                       FILTER (WHERE move.move_type = 'out_invoice') AS quantity,
                   SUM(line.price_total) FILTER (WHERE move.move_type = 'out_invoice') AS gross,
                   COALESCE(SUM(line.price_total) FILTER (WHERE move.move_type = 'out_refund'), 0) AS refunded
              FROM (SELECT DISTINCT sale_line_id AS id FROM part) sold
              JOIN sale_order_line order_line ON order_line.id = sold.id
              JOIN product_product product ON product.id = order_line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom product_unit ON product_unit.id = template.uom_id
              JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
              JOIN account_move_line line ON line.id = rel.invoice_line_id AND line.display_type = 'product'
                                         AND line.quantity > 0 AND line.price_total > 0
              JOIN uom_uom unit ON unit.id = COALESCE(line.product_uom_id, template.uom_id)
              JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
                                    AND move.move_type IN ('out_invoice', 'out_refund')
             GROUP BY 1, 2
        ), invoiced AS MATERIALIZED (
            SELECT billed.sale_line_id, billed.move_id, billed.gross - billed.refunded AS amount,
                   billed.quantity * (1 - billed.refunded / billed.gross) AS quantity,
                   SUM(billed.quantity * (1 - billed.refunded / billed.gross)) OVER sequence AS hi
              FROM billed
              JOIN account_move move ON move.id = billed.move_id
             WHERE billed.quantity > 0 AND billed.refunded < billed.gross
            WINDOW sequence AS (PARTITION BY billed.sale_line_id ORDER BY move.invoice_date, move.id)
        )
        SELECT invoiced.move_id, used.goods_id,
               SUM(invoiced.amount / invoiced.quantity * used.share_of_price
                   * LEAST(used.quantity / used.quantity_in_sold / delivered.quantity, 1)
                   * (LEAST(invoiced.hi, delivered.hi)
                      - GREATEST(invoiced.hi - invoiced.quantity, delivered.hi - delivered.quantity))) AS amount
          FROM invoiced
          JOIN delivered ON delivered.sale_line_id = invoiced.sale_line_id
                        AND LEAST(invoiced.hi, delivered.hi)
                            > GREATEST(invoiced.hi - invoiced.quantity, delivered.hi - delivered.quantity)
          JOIN used ON used.sale_line_id = delivered.sale_line_id AND used.move_id = delivered.move_id
                   AND used.product_id = delivered.product_id
         WHERE invoiced.move_id = ANY(%(moves)s)
         GROUP BY invoiced.move_id, used.goods_id
        """,
        moves=list(move_ids),
        origin_is_own=is_own("origin", "move"),
        destination_is_own=is_own("destination", "move"),
    )
