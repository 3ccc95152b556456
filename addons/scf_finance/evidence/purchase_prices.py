"""The lines of the financed purchase orders and vendor bills with their net, tax and gross."""

from __future__ import annotations

from odoo.tools import SQL

from .priced_lines import PricedDocument, agreeing, read_invoice_lines, read_order_lines


def read_purchase_prices(scope, orders) -> dict[int, PricedDocument]:
    """Read the lines of the financed documents, by document id, in a fixed number of queries."""
    if not scope.is_order:
        return agreeing(scope, read_invoice_lines(scope, sign=1))
    tax_ids = SQL(
        """
        SELECT rel.account_tax_id
          FROM purchase_order_line line
          JOIN account_tax_purchase_order_line_rel rel ON rel.purchase_order_line_id = line.id
         WHERE line.order_id = ANY(%s)
        """,
        scope.ids,
    )
    return agreeing(scope, read_order_lines(scope, orders, tax_ids=tax_ids, base_lines_of=_base_lines_of))


def _base_lines_of(order) -> list[dict]:
    lines = order.order_line.filtered(lambda line: not line.display_type)
    return [line._prepare_base_line_for_taxes_computation() for line in lines]
