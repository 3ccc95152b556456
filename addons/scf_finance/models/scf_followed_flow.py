"""Which goods came, and which left: first in, first out, worked out anew from the transfers themselves.

Nothing is added up as transfers happen: a done transfer may be edited, returned or dated back later. Where goods of a
followed product move, all of its transfers since the oldest followed goods are read again, once per transaction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from odoo.tools import SQL

_TOUCHED = "scf_finance.followed_products"
_OPEN_PRODUCTS = "scf_finance.open_followed_products"


@dataclass(slots=True)
class Followed:
    """What became of goods that one line of a purchase, or one pledge, brought. Quantities in the product's unit.

    :ivar received: by lot; 0 stands for goods without one
    :ivar gone: by lot and outgoing move; None stands for goods that left with no move known to have taken them
    :ivar sent_back: quantity that came and was returned to the supplier
    """

    received: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    gone: defaultdict[tuple[int, int | None], float] = field(default_factory=lambda: defaultdict(float))
    sent_back: float = 0.0


def open_followed_products(env) -> frozenset[int]:
    """Products of which goods are being followed, in any company: one query per transaction."""
    products = env.cr.cache.get(_OPEN_PRODUCTS)
    if products is None:
        env["scf.followed.goods"].flush_model(["product_id", "is_open"])
        rows = env.execute_query(SQL("SELECT DISTINCT product_id FROM scf_followed_goods WHERE is_open"))
        products = env.cr.cache[_OPEN_PRODUCTS] = frozenset(product for (product,) in rows)
    return products


def forget_open_followed_products(env) -> None:
    """What `open_followed_products` knows has changed in this transaction."""
    env.cr.cache.pop(_OPEN_PRODUCTS, None)


def touch_followed(env, product_ids) -> None:
    """Have the goods of these products looked at again before the transaction ends, where any are followed."""
    products = open_followed_products(env) & set(product_ids)
    if not products:
        return
    waiting = env.cr.precommit.data
    if _TOUCHED not in waiting:
        waiting[_TOUCHED] = set()
        env.cr.precommit.add(lambda: _look_again(env))
    waiting[_TOUCHED].update(products)


def _look_again(env) -> None:
    # Whoever moves goods need not have a financing role: what follows from it is the system's own.
    env["scf.followed.goods"].sudo()._recompute(env.cr.precommit.data.pop(_TOUCHED))


def read_followed(env, product_ids) -> dict[int, Followed]:
    """What became of all followed goods of these products, in all companies: one statement.

    The company's own stock is what it owns in its internal and transit locations. Goods with lots queue by lot, others
    by product. In front of the queue stands what lay there when the oldest followed goods were ordered: what is on
    hand now, less what came and plus what left since. What a return gives back counts as if it had never moved. Pledged
    goods stand outside of the queue until the bank releases them: then they enter it. Drop-shipped goods leave as they
    come.

    :return: by the lowest id of the rows (`scf.followed.goods`) of one source
    """
    _flush(env)
    found: defaultdict[int, Followed] = defaultdict(Followed)
    for source_id, what, lot_id, move_id, quantity in env.execute_query(_statement(tuple(product_ids))):
        if what == "received":
            found[source_id].received[lot_id] += quantity
        elif what == "gone":
            found[source_id].gone[lot_id, move_id] += quantity
        else:
            found[source_id].sent_back += quantity
    return found


def _flush(env) -> None:
    for model, names in {
        "scf.followed.goods": None,
        "scf.pledge": ["state", "quantity", "released_quantity", "pledged_on"],
        "scf.pledge.release": ["state", "quantity", "released_on", "pledge_id"],
        "stock.move": ["state", "date", "origin_returned_move_id", "purchase_line_id", "company_id", "product_id"],
        "stock.move.line": ["quantity_product_uom", "lot_id", "owner_id", "location_id", "location_dest_id", "move_id"],
        "stock.quant": ["quantity", "lot_id", "owner_id", "location_id", "product_id"],
        "stock.location": ["usage", "company_id"],
        "product.template": ["tracking"],
        "purchase.order": ["date_approve", "date_order"],
    }.items():
        env[model].flush_model(names)


def _statement(product_ids) -> SQL:
    return SQL(
        """
        WITH source AS MATERIALIZED (
            SELECT MIN(goods.id) AS id, goods.company_id, goods.product_id, goods.purchase_line_id, goods.pledge_id,
                   goods.quantity_before AS lo, goods.quantity_before + goods.quantity_of_source AS hi
              FROM scf_followed_goods goods
             WHERE goods.is_open AND goods.why_not_followed IS NULL AND goods.product_id IN %(products)s
             GROUP BY goods.document_id, goods.bill_line_id, goods.purchase_line_id, goods.pledge_id, goods.company_id,
                      goods.product_id, goods.quantity_before, goods.quantity_of_source
        ), item AS MATERIALIZED (
            SELECT source.company_id, source.product_id, company.partner_id AS owner_id,
                   template.tracking <> 'none' AS by_lot,
                   MIN(LEAST(pledge.pledged_on, po.date_approve, po.date_order,
                             (SELECT MIN(move.date) FROM stock_move move
                               WHERE move.purchase_line_id = source.purchase_line_id AND move.state = 'done'))) AS since
              FROM source
              JOIN res_company company ON company.id = source.company_id
              JOIN product_product product ON product.id = source.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              LEFT JOIN scf_pledge pledge ON pledge.id = source.pledge_id
              LEFT JOIN purchase_order_line line ON line.id = source.purchase_line_id
              LEFT JOIN purchase_order po ON po.id = line.order_id
             GROUP BY source.company_id, source.product_id, company.partner_id, template.tracking
        ), crossing AS MATERIALIZED (
            SELECT item.company_id, item.product_id, move.id AS move_id, move.date, move.purchase_line_id,
                   first.id AS first_id, COALESCE(line.lot_id, 0) * item.by_lot::int AS lot_id,
                   CASE WHEN way.enters AND NOT way.leaves THEN 'in' WHEN way.leaves AND NOT way.enters THEN 'out'
                        WHEN origin.usage = 'supplier' THEN 'through' ELSE 'back' END AS direction,
                   SUM(line.quantity_product_uom) AS quantity
              FROM item
              JOIN stock_move move ON move.product_id = item.product_id AND move.company_id = item.company_id
                                  AND move.state = 'done' AND move.date >= item.since
              JOIN stock_move_line line ON line.move_id = move.id AND line.quantity_product_uom > 0
                                       AND (line.owner_id IS NULL OR line.owner_id = item.owner_id)
              JOIN stock_location origin ON origin.id = line.location_id
              JOIN stock_location destination ON destination.id = line.location_dest_id
              LEFT JOIN stock_move first ON first.id = move.origin_returned_move_id
                                        AND first.origin_returned_move_id IS NULL
              CROSS JOIN LATERAL (
                SELECT %(origin_is_own)s AS leaves, %(destination_is_own)s AS enters
              ) way
             WHERE way.leaves <> way.enters
                OR NOT way.leaves AND (origin.usage, destination.usage) IN (('supplier', 'customer'),
                                                                            ('customer', 'supplier'))
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        ), paired AS (
            -- A transfer and what gave it back stand together, under the transfer's own direction.
            SELECT crossing.*,
                   SUM(quantity) FILTER (WHERE first_id IS NULL) OVER pair AS first_quantity,
                   SUM(quantity) FILTER (WHERE first_id IS NOT NULL) OVER pair AS back_quantity
              FROM crossing
            WINDOW pair AS (PARTITION BY COALESCE(first_id, move_id), lot_id,
                                         CASE WHEN first_id IS NULL THEN direction
                                              ELSE CASE direction WHEN 'in' THEN 'out' WHEN 'out' THEN 'in'
                                                                  WHEN 'back' THEN 'through' ELSE 'back' END END)
        ), net AS MATERIALIZED (
            SELECT paired.*,
                   CASE WHEN first_id IS NULL THEN GREATEST(quantity - COALESCE(back_quantity, 0), 0)
                        WHEN first_quantity IS NULL THEN quantity
                        ELSE quantity * GREATEST(back_quantity - first_quantity, 0) / back_quantity END AS moved
              FROM paired
        ), receipt AS MATERIALIZED (
            SELECT net.*, SUM(net.moved) OVER sequence AS hi
              FROM net
             WHERE net.direction IN ('in', 'through') AND net.moved > 0
               AND net.purchase_line_id IN (SELECT purchase_line_id FROM source)
            WINDOW sequence AS (PARTITION BY net.purchase_line_id, net.product_id
                                ORDER BY net.date, net.move_id, net.lot_id, net.direction)
        ), release AS MATERIALIZED (
            SELECT release.id, release.pledge_id, release.released_on AS date, release.quantity AS moved,
                   pledge.company_id, pledge.product_id, COALESCE(pledge.lot_id, 0) * item.by_lot::int AS lot_id
              FROM item
              JOIN scf_pledge pledge ON pledge.company_id = item.company_id AND pledge.product_id = item.product_id
              JOIN scf_pledge_release release ON release.pledge_id = pledge.id AND release.state = 'released'
                                             AND release.released_on >= item.since
        ), part AS MATERIALIZED (
            SELECT source.id AS source_id, receipt.company_id, receipt.product_id, receipt.lot_id, receipt.date,
                   receipt.move_id, receipt.direction, GREATEST(receipt.hi - receipt.moved, source.lo) AS place,
                   LEAST(receipt.hi, source.hi) - GREATEST(receipt.hi - receipt.moved, source.lo) AS quantity
              FROM source
              JOIN receipt ON receipt.purchase_line_id = source.purchase_line_id
                          AND receipt.product_id = source.product_id
             WHERE LEAST(receipt.hi, source.hi) > GREATEST(receipt.hi - receipt.moved, source.lo)
        ), incoming AS MATERIALIZED (
            SELECT source_id, company_id, product_id, lot_id, date, 0 AS kind, move_id AS record_id, place, quantity
              FROM part
             WHERE direction = 'in'
             UNION ALL
            SELECT NULL, net.company_id, net.product_id, net.lot_id, net.date, 0, net.move_id, 'Infinity',
                   net.moved - COALESCE(taken.quantity, 0)
              FROM net
              LEFT JOIN (SELECT move_id, lot_id, SUM(quantity) AS quantity FROM part WHERE direction = 'in'
                          GROUP BY move_id, lot_id) taken ON taken.move_id = net.move_id AND taken.lot_id = net.lot_id
             WHERE net.direction = 'in'
             UNION ALL
            SELECT source.id, release.company_id, release.product_id, release.lot_id, release.date, 1, release.id, 0,
                   release.moved
              FROM release
              LEFT JOIN source ON source.pledge_id = release.pledge_id
        ), queue AS MATERIALIZED (
            SELECT line.company_id, line.product_id, line.lot_id,
                   COALESCE(stock.on_hand, 0) - COALESCE(pledged.held, 0) + COALESCE(left_it.quantity, 0)
                   - line.entered AS opening,
                   line.unfinanced
              FROM (SELECT company_id, product_id, lot_id, SUM(quantity) AS entered,
                           COALESCE(SUM(quantity) FILTER (WHERE source_id IS NULL), 0) AS unfinanced
                      FROM incoming
                     GROUP BY company_id, product_id, lot_id
                    HAVING COUNT(source_id) > 0) line
              JOIN item USING (company_id, product_id)
              LEFT JOIN (SELECT company_id, product_id, lot_id, SUM(moved) AS quantity FROM net
                          WHERE direction = 'out'
                          GROUP BY company_id, product_id, lot_id) left_it USING (company_id, product_id, lot_id)
              CROSS JOIN LATERAL (
                SELECT SUM(quant.quantity) AS on_hand
                  FROM stock_quant quant
                  JOIN stock_location spot ON spot.id = quant.location_id
                 WHERE quant.product_id = line.product_id AND %(spot_is_own)s
                   AND (quant.owner_id IS NULL OR quant.owner_id = item.owner_id)
                   AND (NOT item.by_lot OR COALESCE(quant.lot_id, 0) = line.lot_id)
              ) stock
              CROSS JOIN LATERAL (
                SELECT SUM(pledge.quantity - pledge.released_quantity) AS held
                  FROM scf_pledge pledge
                 WHERE pledge.state = 'active' AND pledge.company_id = line.company_id
                   AND pledge.product_id = line.product_id
                   AND (NOT item.by_lot OR COALESCE(pledge.lot_id, 0) = line.lot_id)
              ) pledged
        ), spared AS (
            SELECT incoming.*, queue.opening, GREATEST(-queue.opening, 0) AS lacking, queue.unfinanced,
                   SUM(CASE WHEN incoming.source_id IS NULL THEN incoming.quantity ELSE 0 END) OVER (
                       PARTITION BY company_id, product_id, lot_id
                       ORDER BY incoming.date, incoming.kind, incoming.record_id, incoming.place) AS unfinanced_hi
              FROM incoming
              JOIN queue USING (company_id, product_id, lot_id)
        ), standing AS (
            -- What left without having been there before took what came without a financing.
            SELECT spared.*,
                   CASE WHEN source_id IS NULL
                        THEN quantity - GREATEST(LEAST(unfinanced_hi, lacking) - (unfinanced_hi - quantity), 0)
                        ELSE quantity END AS stands,
                   GREATEST(opening, 0) - GREATEST(lacking - unfinanced, 0) AS behind
              FROM spared
        ), point AS (
            -- Where one layer of the stock ends, or one transfer has taken all that it took, in a queue of pieces.
            SELECT company_id, product_id, lot_id, behind + SUM(stands) OVER sequence AS at,
                   ARRAY[ROW_NUMBER() OVER sequence, COALESCE(source_id, 0)] AS layer, NULL::bigint[] AS taken
              FROM standing
            WINDOW sequence AS (PARTITION BY company_id, product_id, lot_id ORDER BY date, kind, record_id, place)
             UNION ALL
            SELECT DISTINCT company_id, product_id, lot_id, behind, ARRAY[0, 0]::bigint[], NULL::bigint[]
              FROM standing
             UNION ALL
            SELECT company_id, product_id, lot_id, SUM(moved) OVER sequence, NULL,
                   ARRAY[ROW_NUMBER() OVER sequence, move_id]
              FROM net
             WHERE direction = 'out' AND moved > 0
            WINDOW sequence AS (PARTITION BY company_id, product_id, lot_id ORDER BY date, move_id)
             UNION ALL
            SELECT company_id, product_id, lot_id, 0, NULL, ARRAY[0, 0]::bigint[]
              FROM queue
        ), segment AS (
            SELECT lot_id, at - LAG(at) OVER (PARTITION BY company_id, product_id, lot_id ORDER BY at) AS quantity,
                   (MIN(layer) OVER from_the_end)[2] AS source_id, (MIN(taken) OVER from_the_end)[2] AS move_id
              FROM point
            WINDOW from_the_end AS (PARTITION BY company_id, product_id, lot_id ORDER BY at DESC)
        )
        SELECT source_id, 'received', lot_id, NULL::int, SUM(quantity)
          FROM part
         GROUP BY source_id, lot_id
         UNION ALL
        SELECT source_id, 'gone', lot_id, NULLIF(move_id, 0), SUM(quantity)
          FROM segment
         WHERE source_id <> 0 AND move_id IS NOT NULL AND quantity > 0
         GROUP BY source_id, lot_id, move_id
         UNION ALL
        SELECT source_id, 'gone', lot_id, move_id, SUM(quantity)
          FROM part
         WHERE direction = 'through'
         GROUP BY source_id, lot_id, move_id
         UNION ALL
        SELECT source.id, 'sent back', 0, NULL,
               GREATEST(LEAST(source.hi, gross.quantity) - GREATEST(source.lo, gross.kept), 0)
          FROM source
          JOIN (SELECT purchase_line_id, product_id, SUM(quantity) AS quantity, SUM(moved) AS kept
                  FROM net
                 WHERE direction IN ('in', 'through')
                 GROUP BY purchase_line_id, product_id) gross
            ON gross.purchase_line_id = source.purchase_line_id AND gross.product_id = source.product_id
        """,
        products=product_ids,
        origin_is_own=is_own("origin", "item"),
        destination_is_own=is_own("destination", "item"),
        spot_is_own=is_own("spot", "line"),
    )


def is_own(location: str, company: str) -> SQL:
    """Whether a location is part of the company's own stock, as SQL; what lies between two companies is of neither.

    :param str location: alias of the location
    :param str company: alias of the row with the `company_id`
    """
    return SQL(
        "(%(location)s.usage IN ('internal', 'transit')"
        " AND COALESCE(%(location)s.company_id, 0) = %(company)s.company_id)",
        location=SQL.identifier(location),
        company=SQL.identifier(company),
    )
