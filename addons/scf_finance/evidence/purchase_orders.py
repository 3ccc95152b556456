"""The purchase orders behind the financed documents, and every posted bill line that draws on them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from odoo.tools import SQL

from .orders import Order, Orders, invoiced_line_of, order_line_of


def read_purchase_orders(scope) -> Orders:
    """Read the scope's orders from the suppliers of the financed documents: three queries.

    An order that was placed with another company carries none of its bills: nothing else of it is told.
    """
    rows = scope.env.execute_query_dict(_orders(list(scope.order_ids), list(scope.seller_ids)))
    order_ids = [row["id"] for row in rows]
    by_order = defaultdict(list)
    for row in scope.env.execute_query_dict(_lines(order_ids)):
        lines = by_order[row["order_id"]]
        lines.append(order_line_of(row, len(lines) + 1))
    orders = {row["id"]: _order(scope, row, tuple(by_order[row["id"]])) for row in rows}
    return Orders(
        by_id=orders,
        lines={line.id: line for order in orders.values() for line in order.lines},
        invoiced=tuple(invoiced_line_of(row) for row in scope.env.execute_query_dict(_billed(order_ids))),
    )


def _order(scope, row: dict, lines: tuple) -> Order:
    quoted_on, ordered_on = scope.day_of(row["create_date"]), scope.day_of(row["ordered_at"])
    return Order(
        id=row["id"],
        number=row["name"],
        partner_ids=(row["seller_id"],),
        # An order that was entered after its own date never was a request for quotation here.
        quoted_on=quoted_on if quoted_on and quoted_on <= ordered_on else None,
        ordered_on=ordered_on,
        confirmed_on=scope.day_of(row["date_approve"]) if row["state"] == "purchase" else None,
        changed_on=scope.day_of(row["scf_changed_at"]),
        state=row["state"],
        currency=row["currency"],
        total=Decimal(row["total"] or 0),
        lines=lines,
    )


def _orders(order_ids: list[int], seller_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT po.id, po.name, po.state, po.create_date, COALESCE(po.date_approve, po.date_order) AS ordered_at,
               po.date_approve, po.scf_changed_at, po.amount_total::text AS total, currency.name AS currency,
               COALESCE(partner.commercial_partner_id, partner.id) AS seller_id
          FROM purchase_order po
          JOIN res_currency currency ON currency.id = po.currency_id
          JOIN res_partner partner ON partner.id = po.partner_id
         WHERE po.id = ANY(%(orders)s)
           AND COALESCE(partner.commercial_partner_id, partner.id) = ANY(%(sellers)s)
         ORDER BY po.id
        """,
        orders=order_ids,
        sellers=seller_ids,
    )


def _lines(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT line.id, line.order_id, line.product_id, product.default_code, template.type AS product_type, line.name,
               COALESCE(line.product_qty, 0)::text AS ordered, COALESCE(line.qty_received, 0)::text AS delivered,
               COALESCE(line.qty_invoiced, 0)::text AS invoiced, uom.name->>'en_US' AS uom,
               COALESCE(uom.factor, 1)::text AS factor, COALESCE(line.price_unit, 0)::text AS unit_price,
               COALESCE(line.discount, 0)::text AS discount, COALESCE(line.price_subtotal, 0)::text AS net,
               COALESCE(line.price_total - line.price_subtotal, 0)::text AS tax, line.is_downpayment, tax.tax_ids
          FROM purchase_order_line line
          LEFT JOIN product_product product ON product.id = line.product_id
          LEFT JOIN product_template template ON template.id = product.product_tmpl_id
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
          LEFT JOIN LATERAL (SELECT ARRAY_AGG(rel.account_tax_id ORDER BY rel.account_tax_id) AS tax_ids
                               FROM account_tax_purchase_order_line_rel rel
                              WHERE rel.purchase_order_line_id = line.id) tax ON TRUE
         WHERE line.order_id = ANY(%s) AND line.display_type IS NULL
         ORDER BY line.order_id, line.sequence, line.id
        """,
        order_ids,
    )


def _billed(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT line.id, line.move_id, move.name AS number, move.move_type, move.reversed_entry_id,
               order_line.id AS order_line_id,
               COALESCE(line.quantity, 0)::text AS quantity, COALESCE(uom.factor, 1)::text AS factor,
               COALESCE(line.price_unit, 0)::text AS unit_price, COALESCE(line.discount, 0)::text AS discount,
               tax.tax_ids
          FROM purchase_order_line order_line
          JOIN account_move_line line ON line.purchase_line_id = order_line.id AND line.display_type = 'product'
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
               AND move.move_type IN ('in_invoice', 'in_refund')
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
          LEFT JOIN LATERAL (SELECT ARRAY_AGG(tax.account_tax_id ORDER BY tax.account_tax_id) AS tax_ids
                               FROM account_move_line_account_tax_rel tax
                              WHERE tax.account_move_line_id = line.id) tax ON TRUE
         WHERE order_line.order_id = ANY(%s)
         ORDER BY move.invoice_date, move.id, line.sequence, line.id
        """,
        order_ids,
    )
