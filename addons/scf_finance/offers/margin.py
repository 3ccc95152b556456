"""What a sale earns before the cost of financing it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from openscf.money import round_money

from odoo.tools import SQL


@dataclass(frozen=True, slots=True)
class Margin:
    """The margin of the financed documents, in their currency, net of tax.

    `amount` is None where a line that sells something has no cost in the ERP (`unknown_lines` of `lines`).
    """

    net: Decimal
    amount: Decimal | None
    lines: int
    unknown_lines: int

    def percent_of_net(self, amount: Decimal) -> Decimal | None:
        """`amount` in percent of the net sales, to one decimal; None where nothing was sold."""
        if not self.net:
            return None
        return (amount * 100 / self.net).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def read_margin(orders, invoices, company, currency: str) -> Margin | None:
    """Read the margin of documents of one `company` and `currency`, with one query; None for who may not know it.

    He has to be able to read every document and the cost of products. Goods that left the stock cost what the stock
    valuation says they did; others cost what the product costs today. Down payments are no sale.
    """
    products = orders.env["product.product"].with_company(company)
    may_know = (
        all(documents.has_access("read") for documents in (orders, invoices) if documents)
        and products.has_access("read")
        and products._has_field_access(products._fields["standard_price"], "read")
    )
    if not may_know:
        return None
    orders.env.flush_all()
    [(net, cost, lines, unknown)] = orders.env.execute_query(
        SQL(
            """
            SELECT COALESCE(SUM(net), 0)::text, COALESCE(SUM(cost * rate), 0)::text, COUNT(*),
                   COUNT(*) FILTER (WHERE cost IS NULL AND net > 0)
              FROM (%s) costed
            """,
            _costed_lines(orders.ids, invoices.ids, products),
        )
    )
    net = round_money(Decimal(net), currency)
    is_known = lines and not unknown
    return Margin(
        net=net,
        amount=net - round_money(Decimal(cost), currency) if is_known else None,
        lines=lines,
        unknown_lines=unknown,
    )


def read_margins(env, order_ids: list[int], move_ids: list[int], company) -> dict[tuple[str, int], Margin]:
    """Margins by document ("order" or "invoice", and its id) in the company's currency: one query, whoever asks.

    It asks nobody what he may know: what is read has to be kept from those who may not.
    """
    products, currency = env["product.product"].with_company(company), company.currency_id.name
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """
            SELECT kind, document_id, COALESCE(SUM(net / rate), 0)::text, COALESCE(SUM(cost), 0)::text, COUNT(*),
                   COUNT(*) FILTER (WHERE cost IS NULL AND net > 0)
              FROM (%s) costed
             GROUP BY kind, document_id
            """,
            _costed_lines(order_ids, move_ids, products),
        )
    )
    margins = {}
    for kind, document_id, net_text, cost, lines, unknown in rows:
        net = round_money(Decimal(net_text), currency)
        amount = None if unknown else net - round_money(Decimal(cost), currency)
        margins[kind, document_id] = Margin(net, amount, lines, unknown)
    return margins


def _costed_lines(order_ids: list[int], move_ids: list[int], products) -> SQL:
    """Rows of `kind`, `document_id`, `net` in the document's currency, its `rate`, and `cost` in the company's."""
    return SQL(
        """
        WITH sold AS (
            SELECT 'order' AS kind, document.id AS document_id, line.price_subtotal AS net,
                   line.product_uom_qty AS quantity, line.product_uom_id AS uom_id, line.product_id,
                   ARRAY[line.id] AS order_line_ids,
                   COALESCE(NULLIF(document.currency_rate, 0), 1)::numeric AS rate
              FROM sale_order_line line
              JOIN sale_order document ON document.id = line.order_id
             WHERE line.order_id = ANY(%(orders)s) AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
             UNION ALL
            SELECT 'invoice', document.id, -line.amount_currency, line.quantity, line.product_uom_id, line.product_id,
                   ARRAY(SELECT order_line_id FROM sale_order_line_invoice_rel WHERE invoice_line_id = line.id),
                   COALESCE(NULLIF(document.invoice_currency_rate, 0), 1)::numeric
              FROM account_move_line line
              JOIN account_move document ON document.id = line.move_id
             WHERE line.move_id = ANY(%(moves)s) AND line.display_type = 'product'
               AND line.is_downpayment IS NOT TRUE
        )
        SELECT sold.kind, sold.document_id, sold.net, sold.rate,
               sold.quantity * COALESCE(uom.factor / product_uom.factor, 1)::numeric
               * COALESCE(NULLIF(moved.value / NULLIF(GREATEST(moved.quantity, 0), 0), 0),
                          NULLIF(%(standard_price)s, 0)::numeric) AS cost
          FROM sold
          LEFT JOIN product_product product ON product.id = sold.product_id
          LEFT JOIN product_template template ON template.id = product.product_tmpl_id
          LEFT JOIN uom_uom product_uom ON product_uom.id = template.uom_id
          LEFT JOIN uom_uom uom ON uom.id = sold.uom_id
          LEFT JOIN LATERAL (
               SELECT SUM(CASE WHEN move.is_out THEN move.value ELSE -move.value END) AS value,
                      SUM(CASE WHEN move.is_out THEN move.quantity ELSE -move.quantity END
                          * (move_uom.factor / product_uom.factor)::numeric) AS quantity
                 FROM stock_move move
                 JOIN uom_uom move_uom ON move_uom.id = move.product_uom
                WHERE move.sale_line_id = ANY(sold.order_line_ids) AND move.product_id = sold.product_id
                  AND move.state = 'done' AND (move.is_out OR move.is_in)) moved ON TRUE
        """,
        orders=order_ids,
        moves=move_ids,
        standard_price=products._field_to_sql("product", "standard_price"),
    )
