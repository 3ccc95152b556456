"""The transfers of the sale: what really moved, and when."""

from decimal import Decimal

from odoo.tools import SQL

from .wire_text import day, plain, without_none

DIRECTIONS = {"outgoing": "out", "incoming": "in"}


def logistics_flow_section(scope) -> dict:
    """Deliveries to and returns from the buyer on the scope's orders: one query."""
    if not scope.order_ids:
        return {"deliveries": []}
    # A carrier's tracking number exists only where Odoo's module `delivery` is installed.
    has_tracking = "carrier_tracking_ref" in scope.env["stock.picking"]._fields
    rows = scope.env.execute_query_dict(
        SQL(
            """
        SELECT picking.id, picking.name, picking.state, so.name AS order_number, type.code,
               picking.scheduled_date::date AS promised_on, picking.date_done::date AS done_on,
               %(tracking)s AS tracking_reference,
               product.default_code, template.name->>'en_US' AS product_name,
               move.product_uom_qty::text AS ordered, move.quantity::text AS done, uom.name->>'en_US' AS uom
          FROM stock_move move
          JOIN sale_order_line line ON line.id = move.sale_line_id
          JOIN sale_order so ON so.id = line.order_id
          JOIN stock_picking picking ON picking.id = move.picking_id
          JOIN stock_picking_type type ON type.id = picking.picking_type_id
          JOIN product_product product ON product.id = move.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN uom_uom uom ON uom.id = move.product_uom
         WHERE line.order_id IN %(orders)s AND type.code IN ('outgoing', 'incoming') AND move.state != 'cancel'
         ORDER BY picking.id, so.id, move.id
        """,
            orders=scope.order_ids,
            tracking=SQL("picking.carrier_tracking_ref") if has_tracking else SQL("NULL::varchar"),
        )
    )
    deliveries: dict[tuple, dict] = {}
    for row in rows:
        delivery = deliveries.setdefault(
            (row["id"], row["order_number"]),
            without_none(
                {
                    "number": row["name"],
                    "order": row["order_number"],
                    "direction": DIRECTIONS[row["code"]],
                    "state": row["state"],
                    "promised_on": day(row["promised_on"]),
                    "done_on": day(row["done_on"]) if row["state"] == "done" else None,
                    "tracking_reference": row["tracking_reference"] or None,
                    "lines": [],
                }
            ),
        )
        delivery["lines"].append(
            without_none(
                {
                    "product_code": row["default_code"],
                    "description": (row["product_name"] or "").strip(),
                    "quantity_ordered": plain(Decimal(row["ordered"] or 0)),
                    "quantity_done": plain(Decimal(row["done"] or 0) if row["state"] == "done" else Decimal(0)),
                    "uom": row["uom"],
                }
            )
        )
    return {"deliveries": list(deliveries.values())}
