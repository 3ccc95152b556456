"""The transfers of the orders' goods: what went to whom they were sold, or came in, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from odoo.tools import SQL

# Who signed for goods that went to somebody else is no customer of the sale: consents keep such names back.
ANOTHER_RECIPIENT = "another company than the buyer"


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One stock move. Quantities in its own unit, of which one is `factor` reference units; `done` is 0 until it is."""

    id: int
    line: int
    returned_id: int | None
    order_line_id: int
    product_id: int
    product_code: str | None
    description: str
    demanded: Decimal
    done: Decimal
    uom: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Delivery:
    """One transfer with its lines; `order_ids` are the orders that it serves.

    `direction` is the applicant's ("out", "in"); `comes_back` tells a return from what was ordered.
    """

    id: int
    number: str
    direction: str
    comes_back: bool
    state: str
    promised_on: date | None
    done_at: datetime | None
    done_on: date | None
    carrier: str | None
    tracking_reference: str | None
    signed_by: str | None
    backorder_id: int | None
    order_ids: tuple[int, ...]
    lines: tuple[DeliveryLine, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """How moves of one side of the trade are found, as SQL on `move`, `source` and `destination`.

    :ivar order_line: the table of order lines
    :ivar line_id: the order line's id on the move
    :ivar crosses: whether the goods change hands with the move
    :ivar comes_back: whether they do so against the order
    :ivar outward: the direction of what was ordered
    """

    order_line: SQL
    line_id: SQL
    crosses: SQL
    comes_back: SQL
    outward: bool

    def direction(self, comes_back: bool) -> str:
        return "out" if self.outward != comes_back else "in"


SALES = Route(
    order_line=SQL("sale_order_line"),
    line_id=SQL("move.sale_line_id"),
    crosses=SQL(
        """(source.usage = 'customer' OR destination.usage = 'customer'
                OR (destination.usage = 'transit' AND destination.company_id IS NULL))"""
    ),
    comes_back=SQL("source.usage = 'customer'"),
    outward=True,
)
PURCHASES = Route(
    order_line=SQL("purchase_order_line"),
    line_id=SQL("move.purchase_line_id"),
    crosses=SQL(
        """(source.usage = 'supplier' OR destination.usage = 'supplier'
                OR (source.usage = 'transit' AND source.company_id IS NULL)
                OR (destination.usage = 'transit' AND destination.company_id IS NULL))"""
    ),
    comes_back=SQL(
        """(destination.usage = 'supplier'
                OR (destination.usage = 'transit' AND destination.company_id IS NULL))"""
    ),
    outward=False,
)


def read_deliveries(scope, route: Route) -> tuple[Delivery, ...]:
    """Transfers of the scope's orders to or from the counterparties, and their returns: one query."""
    rows = scope.env.execute_query_dict(_moves(scope, route))
    moves_of: dict[int, list[dict]] = {}
    for row in rows:
        moves_of.setdefault(row["picking_id"], []).append(row)
    return tuple(_delivery(scope, route, moves) for moves in moves_of.values())


def _delivery(scope, route: Route, moves: list[dict]) -> Delivery:
    first = moves[0]
    is_done = first["state"] == "done"
    return Delivery(
        id=first["picking_id"],
        number=first["number"],
        direction=route.direction(first["comes_back"]),
        comes_back=first["comes_back"],
        state=first["state"],
        promised_on=scope.day_of(first["promised_at"]),
        done_at=first["date_done"] if is_done else None,
        done_on=scope.day_of(first["date_done"]) if is_done else None,
        carrier=first["carrier"] or None,
        tracking_reference=first["tracking_reference"] or None,
        signed_by=_signer(scope, first) if route.outward else None,
        backorder_id=first["backorder_id"],
        order_ids=tuple(dict.fromkeys(move["order_id"] for move in moves)),
        lines=tuple(
            DeliveryLine(
                id=move["id"],
                line=number,
                returned_id=move["origin_returned_move_id"],
                order_line_id=move["order_line_id"],
                product_id=move["product_id"],
                product_code=move["default_code"],
                description=(move["product_name"] or "").strip(),
                demanded=Decimal(move["demanded"] or 0),
                done=Decimal(move["done"] or 0) if move["move_state"] == "done" else Decimal(0),
                uom=move["uom"],
                factor=Decimal(move["factor"]),
            )
            for number, move in enumerate(moves, start=1)
        ),
    )


def _signer(scope, move: dict) -> str | None:
    if not move["signed_by"]:
        return None
    return move["signed_by"] if move["receiver_id"] in scope.buyer_ids else ANOTHER_RECIPIENT


def _moves(scope, route: Route) -> SQL:
    # Carriers exist only where Odoo's module `stock_delivery` is installed.
    has_carrier = "carrier_tracking_ref" in scope.env["stock.picking"]._fields
    return SQL(
        """
        SELECT move.id, move.picking_id, move.state AS move_state, move.origin_returned_move_id,
               order_line.id AS order_line_id, order_line.order_id, move.product_id, product.default_code,
               template.name->>'en_US' AS product_name,
               move.product_uom_qty::text AS demanded, move.quantity::text AS done, uom.name->>'en_US' AS uom,
               uom.factor::text AS factor,
               picking.name AS number, picking.state, COALESCE(picking.date_deadline, picking.scheduled_date)
                   AS promised_at,
               picking.date_done, picking.backorder_id, %(comes_back)s AS comes_back,
               %(carrier)s AS carrier, %(tracking)s AS tracking_reference,
               CASE WHEN signature.res_id IS NOT NULL THEN receiver.name END AS signed_by,
               receiver.commercial_partner_id AS receiver_id
          FROM stock_move move
          JOIN %(order_line)s order_line ON order_line.id = %(line_id)s
          JOIN stock_picking picking ON picking.id = move.picking_id
          JOIN stock_location source ON source.id = move.location_id
          JOIN stock_location destination ON destination.id = move.location_dest_id
          JOIN product_product product ON product.id = move.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN uom_uom uom ON uom.id = move.product_uom
          LEFT JOIN res_partner receiver ON receiver.id = picking.partner_id
          LEFT JOIN ir_attachment signature ON signature.res_model = 'stock.picking'
               AND signature.res_field = 'signature' AND signature.res_id = picking.id
          %(carriers)s
         WHERE order_line.order_id = ANY(%(orders)s) AND move.state != 'cancel'
           AND %(crosses)s
         ORDER BY picking.id, move.id
        """,
        orders=list(scope.order_ids),
        order_line=route.order_line,
        line_id=route.line_id,
        crosses=route.crosses,
        comes_back=route.comes_back,
        carrier=SQL("carrier.name->>'en_US'") if has_carrier else SQL("NULL"),
        tracking=SQL("picking.carrier_tracking_ref") if has_carrier else SQL("NULL"),
        carriers=SQL("LEFT JOIN delivery_carrier carrier ON carrier.id = picking.carrier_id")
        if has_carrier
        else SQL(""),
    )
