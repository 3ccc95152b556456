"""The lines of the financed purchase orders and vendor bills with their net, tax and gross."""

from __future__ import annotations

from odoo.tools import SQL

from .priced_lines import (
    PricedDocument,
    agreeing,
    computed_line,
    computed_taxes,
    read_invoice_lines,
    stated_order,
)

# Odoo's tax engine takes the lines of one order at a time, and would read these for each order anew.
READ_BY_TAX_ENGINE = (
    "order_line.display_type",
    "order_line.product_id.type",
    "order_line.product_uom_id.name",
    "order_line.tax_ids.repartition_line_ids.factor_percent",
    "order_line.tax_ids.children_tax_ids.repartition_line_ids.factor_percent",
)


def read_purchase_prices(scope, orders) -> dict[int, PricedDocument]:
    """Read the lines of the financed documents, by document id, in a fixed number of queries."""
    return agreeing(scope, _read_orders(scope, orders) if scope.is_order else read_invoice_lines(scope, sign=1))


def _read_orders(scope, orders) -> dict[int, PricedDocument]:
    """As of sales orders: what the lines say where that is all there is to know, else what the tax engine says."""
    taxes = {row["id"]: row for row in scope.env.execute_query_dict(_taxes_of_orders(scope.ids))}
    priced = {header.id: stated_order(header, orders.by_id[header.id], taxes) for header in scope.headers}
    computed = scope.documents.filtered(lambda order: priced[order.id] is None).with_context(lang="en_US")
    for path in READ_BY_TAX_ENGINE if computed else ():
        computed.mapped(path)
    return {**priced, **{order.id: _compute_order(order, scope.currency) for order in computed}}


def _taxes_of_orders(order_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT DISTINCT tax.id, tax.name->>'en_US' AS name, tax.amount_type, tax.amount::text AS amount
          FROM purchase_order_line line
          JOIN account_tax_purchase_order_line_rel rel ON rel.purchase_order_line_id = line.id
          JOIN account_tax tax ON tax.id = rel.account_tax_id
         WHERE line.order_id = ANY(%s)
        """,
        order_ids,
    )


def _compute_order(order, currency: str) -> PricedDocument:
    tax_engine = order.env["account.tax"]
    lines = order.order_line.filtered(lambda line: not line.display_type)
    base_lines = [line._prepare_base_line_for_taxes_computation() for line in lines]
    tax_engine._add_tax_details_in_base_lines(base_lines, order.company_id)
    tax_engine._round_base_lines_tax_details(base_lines, order.company_id)
    return PricedDocument(
        lines=tuple(computed_line(base_line, currency, of="purchase.order.line") for base_line in base_lines),
        taxes=computed_taxes(base_lines, currency),
    )
