"""One asset through its forms: whose money the goods are that a document is about, as SQL for `facts.read_claims`.

A purchase that a bank paid becomes goods in stock, a delivery, an invoice, and money. Who finances one of these forms
finances all of them, so each finds the open claim on another.
"""

from odoo.tools import SQL

from ..models.scf_followed_flow import is_own
from .goods_sold import goods_on_invoices


def goods_of_orders(order_ids) -> SQL:
    """Claims on goods that these sales orders delivered, or that are reserved for them by lot."""
    return SQL(
        """
        SELECT order_line.order_id AS document_id, 'claim_id' AS field, goods.document_id AS record_id
          FROM sale_order_line order_line
          JOIN scf_followed_use use ON use.sale_line_id = order_line.id AND use.kind = 'sold'
          JOIN scf_followed_goods goods ON goods.id = use.goods_id AND goods.is_open
         WHERE order_line.order_id = ANY(%(orders)s)
         UNION
        SELECT order_line.order_id, 'claim_id', goods.document_id
          FROM sale_order_line order_line
          JOIN %(reserved)s ON move.sale_line_id = order_line.id
         WHERE order_line.order_id = ANY(%(orders)s)
        """,
        orders=list(order_ids),
        reserved=_RESERVED,
    )


def goods_of_invoices(move_ids) -> SQL:
    """Claims on goods that these customer invoices sold, or that are reserved by lot for what they invoice."""
    return SQL(
        """
        SELECT sold.move_id AS document_id, 'claim_id' AS field, goods.document_id AS record_id
          FROM (%(sold)s) sold
          JOIN scf_followed_goods goods ON goods.id = sold.goods_id
         UNION
        SELECT line.move_id, 'claim_id', goods.document_id
          FROM account_move_line line
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
          JOIN %(reserved)s ON move.sale_line_id = rel.order_line_id
         WHERE line.move_id = ANY(%(moves)s)
        """,
        sold=goods_on_invoices(move_ids),
        moves=list(move_ids),
        reserved=_RESERVED,
    )


def goods_of_pledges(pledge_ids) -> SQL:
    """Claims on purchases whose goods are in stock, where these pledges can't do without them.

    What the company has of the product (of the lot, where it has lots), less what banks paid for, has to be enough for
    all that is pledged or about to be.
    """
    return SQL(
        """
        SELECT pledge.id AS document_id, 'claim_id' AS field, goods.document_id AS record_id
          FROM scf_pledge pledge
          JOIN res_company company ON company.id = pledge.company_id
          JOIN product_product product ON product.id = pledge.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN scf_followed_goods goods ON goods.is_open AND goods.pledge_id IS NULL
                                       AND goods.company_id = pledge.company_id
                                       AND goods.product_id = pledge.product_id
                                       AND goods.quantity_received > goods.quantity_gone
                                       AND (template.tracking = 'none' OR goods.lot_id = pledge.lot_id)
          CROSS JOIN LATERAL (
            SELECT SUM(quant.quantity) AS quantity
              FROM stock_quant quant
              JOIN stock_location spot ON spot.id = quant.location_id
             WHERE quant.product_id = pledge.product_id AND %(spot_is_own)s
               AND (quant.owner_id IS NULL OR quant.owner_id = company.partner_id)
               AND (template.tracking = 'none' OR quant.lot_id = pledge.lot_id)
          ) on_hand
          CROSS JOIN LATERAL (
            SELECT SUM(bought.quantity_received - bought.quantity_gone) AS quantity
              FROM scf_followed_goods bought
             WHERE bought.is_open AND bought.pledge_id IS NULL AND bought.company_id = pledge.company_id
               AND bought.product_id = pledge.product_id
               AND (template.tracking = 'none' OR bought.lot_id = pledge.lot_id)
          ) financed
          CROSS JOIN LATERAL (
            SELECT SUM(other.quantity - other.released_quantity) AS quantity
              FROM scf_pledge other
             WHERE other.company_id = pledge.company_id AND other.product_id = pledge.product_id
               AND (template.tracking = 'none' OR other.lot_id = pledge.lot_id)
               AND (other.id = pledge.id OR other.state = 'active'
                    OR other.state = 'proposed' AND EXISTS (SELECT FROM scf_application_document claim
                                                             WHERE claim.pledge_id = other.id AND claim.is_open))
          ) pledged
         WHERE pledge.id = ANY(%(pledges)s)
           AND COALESCE(on_hand.quantity, 0) - financed.quantity < pledged.quantity
        """,
        pledges=list(pledge_ids),
        spot_is_own=is_own("spot", "pledge"),
    )


def pledged_lots_of_purchases(purchase_lines: SQL) -> SQL:
    """Claims on pledges of lots that these purchases brought.

    :param purchase_lines: rows of `document_id` and `purchase_line_id`
    """
    return SQL(
        """
        SELECT purchase.document_id, 'claim_id' AS field, claim.id AS record_id
          FROM (%s) purchase
          JOIN stock_move move ON move.purchase_line_id = purchase.purchase_line_id AND move.state = 'done'
          JOIN stock_move_line line ON line.move_id = move.id
          JOIN scf_pledge pledge ON pledge.lot_id = line.lot_id AND pledge.company_id = move.company_id
                                AND pledge.state IN ('proposed', 'active')
          JOIN scf_application_document claim ON claim.pledge_id = pledge.id AND claim.is_open
        """,
        purchase_lines,
    )


def pledged_stock_of_purchases(purchase_lines: SQL, field: str) -> SQL:
    """Claims on pledges of goods without lots, where these purchases can't do without them.

    What is left of a purchase is told by first in, first out: what is on hand, less what was received after it. What
    the company has, less what other documents' banks paid for and what is pledged or about to be, has to be enough for
    all of that. Goods that are still to come, and those that have long been sold, ask for nothing.

    :param purchase_lines: rows of `document_id`, `purchase_line_id` and `quantity`: how many, in the product's unit,
        the document is about at most; NULL for all that came
    :param str field: of a line of an application, which says that it is about the document itself
    """
    return SQL(
        """
        SELECT needed.document_id, 'claim_id' AS field, claim.id AS record_id
          FROM (
            WITH purchase AS MATERIALIZED (%(purchase_lines)s
            ), held AS MATERIALIZED (
                SELECT pledge.id, pledge.company_id, pledge.product_id, company.partner_id AS owner_id,
                       pledge.quantity - pledge.released_quantity AS quantity
                  FROM scf_pledge pledge
                  JOIN res_company company ON company.id = pledge.company_id
                  JOIN product_product product ON product.id = pledge.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE template.tracking = 'none'
                   AND (pledge.state = 'active'
                        OR pledge.state = 'proposed' AND EXISTS (SELECT FROM scf_application_document claim
                                                                  WHERE claim.pledge_id = pledge.id AND claim.is_open))
                   AND EXISTS (SELECT FROM purchase
                                 JOIN stock_move move ON move.purchase_line_id = purchase.purchase_line_id
                                WHERE move.product_id = pledge.product_id AND move.company_id = pledge.company_id
                                  AND move.state = 'done')
            ), stock AS MATERIALIZED (
                SELECT pledged.company_id, pledged.product_id, pledged.owner_id, pledged.quantity AS pledged,
                       on_hand.quantity AS on_hand
                  FROM (SELECT company_id, product_id, owner_id, SUM(quantity) AS quantity
                          FROM held GROUP BY company_id, product_id, owner_id) pledged
                  CROSS JOIN LATERAL (
                    SELECT COALESCE(SUM(quant.quantity), 0) AS quantity
                      FROM stock_quant quant
                      JOIN stock_location spot ON spot.id = quant.location_id
                     WHERE quant.product_id = pledged.product_id AND %(spot_is_own)s
                       AND (quant.owner_id IS NULL OR quant.owner_id = pledged.owner_id)
                  ) on_hand
            ), receipt AS MATERIALIZED (
                -- What customers return was received before; what went back to the supplier never was.
                SELECT move.company_id, move.product_id, move.purchase_line_id, move.date, move.id,
                       GREATEST(SUM(line.quantity_product_uom) - COALESCE(MIN(sent_back.quantity), 0), 0) AS quantity
                  FROM stock
                  JOIN stock_move move ON move.product_id = stock.product_id AND move.company_id = stock.company_id
                                      AND move.state = 'done'
                  JOIN stock_move_line line ON line.move_id = move.id
                                           AND (line.owner_id IS NULL OR line.owner_id = stock.owner_id)
                  JOIN stock_location origin ON origin.id = line.location_id
                  JOIN stock_location destination ON destination.id = line.location_dest_id
                  LEFT JOIN stock_move first ON first.id = move.origin_returned_move_id
                  LEFT JOIN LATERAL (
                    SELECT SUM(item.quantity_product_uom) AS quantity
                      FROM stock_move back
                      JOIN stock_move_line item ON item.move_id = back.id
                      JOIN stock_location target ON target.id = item.location_dest_id
                     WHERE back.origin_returned_move_id = move.id AND back.state = 'done' AND NOT %(target_is_own)s
                  ) sent_back ON TRUE
                 WHERE %(destination_is_own)s AND NOT %(origin_is_own)s
                   AND (first.id IS NULL OR first.origin_returned_move_id IS NOT NULL)
                 GROUP BY move.id
            ), layer AS MATERIALIZED (
                SELECT receipt.*,
                       SUM(quantity) OVER (PARTITION BY company_id, product_id ORDER BY date DESC, id DESC) - quantity
                           AS received_after
                  FROM receipt
            ), remaining AS (
                SELECT purchase.document_id, layer.company_id, layer.product_id,
                       LEAST(SUM(GREATEST(LEAST(layer.quantity, stock.on_hand - layer.received_after), 0)),
                             MIN(purchase.quantity) FILTER (WHERE layer.product_id = ordered.product_id)) AS quantity
                  FROM (SELECT document_id, purchase_line_id, SUM(quantity) AS quantity
                          FROM purchase GROUP BY document_id, purchase_line_id) purchase
                  JOIN purchase_order_line ordered ON ordered.id = purchase.purchase_line_id
                  JOIN layer ON layer.purchase_line_id = purchase.purchase_line_id
                  JOIN stock ON stock.company_id = layer.company_id AND stock.product_id = layer.product_id
                 GROUP BY purchase.document_id, purchase.purchase_line_id, layer.company_id, layer.product_id
            )
            SELECT remaining.document_id, held.id AS pledge_id
              FROM (SELECT document_id, company_id, product_id, SUM(quantity) AS quantity
                      FROM remaining GROUP BY document_id, company_id, product_id) remaining
              JOIN stock ON stock.company_id = remaining.company_id AND stock.product_id = remaining.product_id
              JOIN held ON held.company_id = remaining.company_id AND held.product_id = remaining.product_id
              CROSS JOIN LATERAL (
                SELECT COALESCE(SUM(goods.quantity_received - goods.quantity_gone), 0) AS quantity
                  FROM scf_followed_goods goods
                  JOIN scf_application_document financed ON financed.id = goods.document_id
                 WHERE goods.is_open AND goods.pledge_id IS NULL AND goods.company_id = remaining.company_id
                   AND goods.product_id = remaining.product_id
                   AND financed.%(field)s IS DISTINCT FROM remaining.document_id
              ) bought
             WHERE stock.on_hand - bought.quantity - stock.pledged < remaining.quantity AND remaining.quantity > 0
          ) needed
          JOIN scf_application_document claim ON claim.pledge_id = needed.pledge_id AND claim.is_open
        """,
        purchase_lines=purchase_lines,
        spot_is_own=is_own("spot", "pledged"),
        origin_is_own=is_own("origin", "move"),
        destination_is_own=is_own("destination", "move"),
        target_is_own=is_own("target", "back"),
        field=SQL.identifier(field),
    )


# What waits for a customer, by lot, and comes from goods that are followed.
_RESERVED = SQL(
    """
    (stock_move move
     JOIN stock_move_line item ON item.move_id = move.id AND item.lot_id IS NOT NULL
     JOIN scf_followed_goods goods ON goods.lot_id = item.lot_id AND goods.is_open
                                  AND goods.company_id = move.company_id
                                  AND goods.quantity_received > goods.quantity_gone
                                  AND move.state NOT IN ('draft', 'done', 'cancel'))
    """
)
