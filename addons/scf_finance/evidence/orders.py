"""The orders behind the financed documents, and every posted invoice line that draws on them: those of sales are read
here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo.tools import SQL


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order. Quantities in its own unit, of which one is `factor` reference units."""

    id: int
    order_id: int
    line: int
    product_id: int | None
    product_code: str | None
    description: str
    ordered: Decimal
    delivered: Decimal
    invoiced: Decimal
    uom: str | None
    factor: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    net: Decimal
    tax: Decimal
    is_goods: bool
    is_down_payment: bool
    tax_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `total` in its own currency.

    `partner_ids` are the commercial partners on its other side: who ordered and who is to be invoiced, or the supplier.
    """

    id: int
    number: str
    partner_ids: tuple[int, ...]
    quoted_on: date | None
    ordered_on: date
    confirmed_on: date | None
    changed_on: date | None
    state: str
    currency: str
    total: Decimal
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """One line of a posted invoice, bill or credit note on one order line; `reversed_id` is what it credits."""

    id: int
    move_id: int
    number: str
    reversed_id: int | None
    is_credit: bool
    order_line_id: int
    quantity: Decimal
    factor: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    tax_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders by id, their lines by id, and the invoice lines on them, first invoice first."""

    by_id: dict[int, Order]
    lines: dict[int, OrderLine]
    invoiced: tuple[InvoicedLine, ...]


def read_orders(scope) -> Orders:
    """Read the orders of the scope: three queries."""
    order_ids = list(scope.order_ids)
    by_order = defaultdict(list)
    for row in scope.env.execute_query_dict(_lines(order_ids)):
        lines = by_order[row["order_id"]]
        lines.append(order_line_of(row, len(lines) + 1))
    orders = {
        row["id"]: _order(scope, row, tuple(by_order[row["id"]]))
        for row in scope.env.execute_query_dict(_orders(order_ids))
    }
    return Orders(
        by_id=orders,
        lines={line.id: line for order in orders.values() for line in order.lines},
        invoiced=tuple(invoiced_line_of(row) for row in scope.env.execute_query_dict(_invoiced(order_ids))),
    )


def _order(scope, row: dict, lines: tuple[OrderLine, ...]) -> Order:
    quoted_on, ordered_on = scope.day_of(row["create_date"]), scope.day_of(row["date_order"])
    return Order(
        id=row["id"],
        number=row["name"],
        partner_ids=(row["buyer_id"], row["invoiced_buyer_id"]),
        # An order that was entered after its own date never was a quotation here.
        quoted_on=quoted_on if quoted_on and quoted_on <= ordered_on else None,
        ordered_on=ordered_on,
        # Odoo sets an order's date to the moment of its confirmation.
        confirmed_on=ordered_on if row["state"] == "sale" else None,
        changed_on=scope.day_of(row["scf_changed_at"]),
        state=row["state"],
        currency=row["currency"],
        total=Decimal(row["total"] or 0),
        lines=lines,
    )


def order_line_of(row: dict, number: int) -> OrderLine:
    """The line from a row of a query that names its columns as the members are called; figures are text."""
    return OrderLine(
        id=row["id"],
        order_id=row["order_id"],
        line=number,
        product_id=row["product_id"],
        product_code=row["default_code"],
        description=row["name"].strip(),
        ordered=Decimal(row["ordered"]),
        delivered=Decimal(row["delivered"]),
        invoiced=Decimal(row["invoiced"]),
        uom=row["uom"],
        factor=Decimal(row["factor"]),
        unit_price=Decimal(row["unit_price"]),
        discount_percent=Decimal(row["discount"]),
        net=Decimal(row["net"]),
        tax=Decimal(row["tax"]),
        is_goods=row["product_type"] == "consu",
        is_down_payment=bool(row["is_downpayment"]),
        tax_ids=tuple(row["tax_ids"] or ()),
    )


def invoiced_line_of(row: dict) -> InvoicedLine:
    """The line from a row of a query that names its columns as the members are called; figures are text."""
    return InvoicedLine(
        id=row["id"],
        move_id=row["move_id"],
        number=row["number"],
        reversed_id=row["reversed_entry_id"],
        is_credit=row["move_type"] in ("out_refund", "in_refund"),
        order_line_id=row["order_line_id"],
        quantity=Decimal(row["quantity"]),
        factor=Decimal(row["factor"]),
        unit_price=Decimal(row["unit_price"]),
        discount_percent=Decimal(row["discount"]),
        tax_ids=tuple(row["tax_ids"] or ()),
    )


def _orders(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT so.id, so.name, so.state, so.create_date, so.date_order, so.scf_changed_at,
               so.amount_total::text AS total, currency.name AS currency,
               COALESCE(partner.commercial_partner_id, partner.id) AS buyer_id,
               COALESCE(invoiced.commercial_partner_id, invoiced.id) AS invoiced_buyer_id
          FROM sale_order so
          JOIN res_currency currency ON currency.id = so.currency_id
          JOIN res_partner partner ON partner.id = so.partner_id
          JOIN res_partner invoiced ON invoiced.id = so.partner_invoice_id
         WHERE so.id = ANY(%s) ORDER BY so.id
        """,
        order_ids,
    )


def _lines(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT line.id, line.order_id, line.product_id, product.default_code, template.type AS product_type, line.name,
               COALESCE(line.product_uom_qty, 0)::text AS ordered, COALESCE(line.qty_delivered, 0)::text AS delivered,
               COALESCE(line.qty_invoiced, 0)::text AS invoiced, uom.name->>'en_US' AS uom,
               COALESCE(uom.factor, 1)::text AS factor, COALESCE(line.price_unit, 0)::text AS unit_price,
               COALESCE(line.discount, 0)::text AS discount, COALESCE(line.price_subtotal, 0)::text AS net,
               COALESCE(line.price_total - line.price_subtotal, 0)::text AS tax, line.is_downpayment, tax.tax_ids
          FROM sale_order_line line
          LEFT JOIN product_product product ON product.id = line.product_id
          LEFT JOIN product_template template ON template.id = product.product_tmpl_id
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
          LEFT JOIN LATERAL (SELECT ARRAY_AGG(rel.account_tax_id ORDER BY rel.account_tax_id) AS tax_ids
                               FROM account_tax_sale_order_line_rel rel
                              WHERE rel.sale_order_line_id = line.id) tax ON TRUE
         WHERE line.order_id = ANY(%s) AND line.display_type IS NULL
         ORDER BY line.order_id, line.sequence, line.id
        """,
        order_ids,
    )


def _invoiced(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT line.id, line.move_id, move.name AS number, move.move_type, move.reversed_entry_id, rel.order_line_id,
               COALESCE(line.quantity, 0)::text AS quantity, COALESCE(uom.factor, 1)::text AS factor,
               COALESCE(line.price_unit, 0)::text AS unit_price, COALESCE(line.discount, 0)::text AS discount,
               tax.tax_ids
          FROM sale_order_line order_line
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = order_line.id
          JOIN account_move_line line ON line.id = rel.invoice_line_id AND line.display_type = 'product'
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
               AND move.move_type IN ('out_invoice', 'out_refund')
          LEFT JOIN uom_uom uom ON uom.id = line.product_uom_id
          LEFT JOIN LATERAL (SELECT ARRAY_AGG(tax.account_tax_id ORDER BY tax.account_tax_id) AS tax_ids
                               FROM account_move_line_account_tax_rel tax
                              WHERE tax.account_move_line_id = line.id) tax ON TRUE
         WHERE order_line.order_id = ANY(%s)
         ORDER BY move.invoice_date, move.id, line.sequence, line.id, rel.order_line_id
        """,
        order_ids,
    )
