"""How fast the goods of financed purchases and pledges turn into money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from odoo.tools import SQL

from ..eligibility.selling_speed import SPEED_DAYS, quantity_on_hand, quantity_sold
from .figures import money, ratio
from .graph import QUANTITY_UNIT, Carried
from .wire_text import plain, without_none

# The product of a financed line, by the table of the line or of the pledge.
LINES = {
    "purchase_order": SQL("purchase_order_line"),
    "vendor_bill": SQL("account_move_line"),
    "pledged_goods": SQL("scf_pledge"),
}


@dataclass(frozen=True, slots=True)
class Stocked:
    """What the company has of a product that is kept in stock, and sold of it within a year.

    Quantities in reference units of the product's unit; `sold_net` is untaxed, in the company's currency.
    """

    on_hand: Decimal
    sold: Decimal
    sold_net: Decimal


def resale_rows(trade) -> list[dict]:
    """Rows of ResaleRow, one for each financed line of goods that are kept in stock: one query."""
    numbers = {header.id: header.number for header in trade.scope.headers}
    return list(_rows(trade, numbers, _read_stocked(trade)))


def _rows(trade, numbers: dict[int, str], stocked: dict[int, Stocked]) -> Iterator[dict]:
    for carried in trade.graph:
        goods = stocked.get(_line_id(carried))
        if goods and carried.is_shared:
            yield _row(trade, numbers[carried.document_id], carried, goods)


def _row(trade, document: str, carried: Carried, goods: Stocked) -> dict:
    line = carried.line
    on_hand, sold = (_in_unit(quantity, line.factor) for quantity in (goods.on_hand, goods.sold))
    to_come = max(line.quantity - carried.delivered, Decimal(0)) if carried.needs_delivery else Decimal(0)
    left = max(on_hand, Decimal(0)) + to_come
    currency = trade.scope.company.currency_id.name
    return without_none(
        {
            "document": document,
            "line": carried.number,
            "product_code": line.product_code,
            "description": line.description,
            "quantity": plain(line.quantity),
            "uom": line.uom,
            "on_hand": plain(on_hand),
            "sold_quantity": plain(sold),
            "sold_net": money(goods.sold_net, currency),
            "currency": currency,
            "days_to_sell": ratio(left * SPEED_DAYS, sold, 1) if sold > 0 else None,
        }
    )


def _in_unit(quantity: Decimal, factor: Decimal) -> Decimal:
    return (quantity / factor).quantize(QUANTITY_UNIT, rounding=ROUND_HALF_UP)


def _line_id(carried: Carried) -> int:
    """What `_read_stocked` calls the line by: its own id, or the pledge's."""
    return carried.line.id or carried.document_id


def _read_stocked(trade) -> dict[int, Stocked]:
    """By line; nothing for services and goods that are not kept in stock.

    Sold is what left for customers less what they returned; its revenue is what was invoiced less what was credited.
    """
    scope, company = trade.scope, trade.scope.company
    product, company_id = SQL("goods.id"), SQL("%s", company.id)
    rows = scope.env.execute_query(
        SQL(
            """
        WITH line AS (
            SELECT line.id, line.product_id FROM %(lines)s line WHERE line.id = ANY(%(ids)s)
        ), goods AS (
            SELECT product.id, uom.factor
              FROM product_product product
              JOIN product_template template ON template.id = product.product_tmpl_id AND template.is_storable
              JOIN uom_uom uom ON uom.id = template.uom_id
             WHERE product.id IN (SELECT product_id FROM line)
        )
        SELECT line.id, (%(on_hand)s::numeric * goods.factor)::text, (%(sold)s::numeric * goods.factor)::text,
               revenue.net::text
          FROM line
          JOIN goods ON goods.id = line.product_id
         CROSS JOIN LATERAL (
               SELECT COALESCE(SUM(-item.balance), 0) AS net
                 FROM account_move_line item
                 JOIN account_move invoice ON invoice.id = item.move_id
                  AND invoice.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                WHERE item.product_id = goods.id AND item.company_id = %(company)s AND item.parent_state = 'posted'
                  AND item.display_type = 'product' AND invoice.invoice_date > %(since_day)s) revenue
        """,
            lines=LINES[scope.kind],
            ids=[_line_id(carried) for carried in trade.graph],
            company=company.id,
            on_hand=quantity_on_hand(product, company_id, SQL("%s", company.sudo().partner_id.id)),
            sold=quantity_sold(product, company_id, scope.as_of - timedelta(days=SPEED_DAYS)),
            since_day=scope.period.end - timedelta(days=SPEED_DAYS),
        )
    )
    return {line_id: Stocked(*map(Decimal, figures)) for line_id, *figures in rows}
