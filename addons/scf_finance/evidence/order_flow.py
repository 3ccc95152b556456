"""The sales orders of the sale: what was ordered, delivered and invoiced."""

from decimal import Decimal

from openscf.money import round_money, to_amount

from odoo.tools import SQL

from .scope import buyer_key
from .wire_text import day, plain, without_none


def order_flow_section(scope) -> dict:
    """Orders of the scope with their lines and the numbers of their invoices: three queries."""
    if not scope.order_ids:
        return {"orders": []}
    orders = scope.env.execute_query_dict(
        SQL(
            """
        SELECT so.id, so.name, so.state, so.date_order::date AS ordered_on, so.amount_total::text AS total,
               currency.name AS currency, COALESCE(partner.commercial_partner_id, partner.id) AS buyer_id
          FROM sale_order so
          JOIN res_currency currency ON currency.id = so.currency_id
          JOIN res_partner partner ON partner.id = so.partner_id
         WHERE so.id IN %s ORDER BY so.id
        """,
            scope.order_ids,
        )
    )
    lines = scope.env.execute_query_dict(
        SQL(
            """
        SELECT line.order_id, product.default_code, line.name, line.product_uom_qty::text AS ordered,
               line.qty_delivered::text AS delivered, line.qty_invoiced::text AS invoiced,
               uom.name->>'en_US' AS uom, line.price_unit::text AS unit_price
          FROM sale_order_line line
          LEFT JOIN product_product product ON product.id = line.product_id
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
         WHERE line.order_id IN %s AND line.display_type IS NULL
         ORDER BY line.order_id, line.sequence, line.id
        """,
            scope.order_ids,
        )
    )
    invoices = scope.env.execute_query_dict(
        SQL(
            """
        SELECT DISTINCT order_line.order_id, move.name
          FROM sale_order_line order_line
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
          JOIN account_move_line line ON line.id = rel.invoice_line_id
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted' AND move.move_type = 'out_invoice'
         WHERE order_line.order_id IN %s AND move.id IN %s
         ORDER BY order_line.order_id, move.name
        """,
            scope.order_ids,
            scope.move_ids or (0,),
        )
    )
    return {
        "orders": [
            without_none(
                {
                    "number": order["name"],
                    "buyer": buyer_key(order["buyer_id"]),
                    "ordered_on": day(order["ordered_on"]),
                    "state": order["state"],
                    "currency": order["currency"],
                    "total": to_amount(round_money(Decimal(order["total"]), order["currency"]), order["currency"]),
                    "documents": [row["name"] for row in invoices if row["order_id"] == order["id"]],
                    "lines": [
                        without_none(
                            {
                                "line": number,
                                "product_code": line["default_code"],
                                "description": line["name"].strip(),
                                "ordered": plain(Decimal(line["ordered"] or 0)),
                                "delivered": plain(Decimal(line["delivered"] or 0)),
                                "invoiced": plain(Decimal(line["invoiced"] or 0)),
                                "uom": line["uom"],
                                "unit_price": plain(Decimal(line["unit_price"] or 0)),
                            }
                        )
                        for number, line in enumerate(
                            (line for line in lines if line["order_id"] == order["id"]), start=1
                        )
                    ],
                }
            )
            for order in orders
        ]
    }
