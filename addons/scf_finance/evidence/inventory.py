"""What lies in the applicant's own stock."""

from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

from .figures import money, ratio
from .months import local_day
from .wire_text import day, plain, without_none

# More products than these share one row: the largest make up nearly all of the value.
LARGEST_PRODUCTS = 50
OTHER_GOODS = "Other goods"


def stock(env, company, *, today) -> tuple[list[dict], list[dict]]:
    """Rows of StockRow by value, and the totals, in the company's currency: one query.

    Own goods (no other owner) in internal locations, valued at the product's cost, or the lot's where it is valued by
    lot: Odoo keeps there the standard price, the average cost, or the value per unit of the FIFO stack. Age runs from
    the day on which goods came in. The turnover's cost is what went to customers and into production within a year,
    less what customers returned; the value a year ago is today's with the year's valued moves taken back.
    """
    currency = company.currency_id.name
    rows = [_row(row, currency) for row in env.execute_query_dict(_query(env, company, today))]
    total = sum((Decimal(row["value"]) for row in rows), Decimal(0))
    return rows, [{"currency": currency, "amount": money(total, currency)}] if rows else []


def _query(env, company, today) -> SQL:
    product = env["product.product"].with_company(company)
    return SQL(
        """
        WITH lying AS (
            SELECT quant.product_id, SUM(quant.quantity) AS quantity,
                   SUM(quant.quantity * COALESCE(
                       CASE WHEN template.lot_valuated THEN (lot.standard_price ->> %(key)s)::numeric END,
                       (product.standard_price ->> %(key)s)::numeric, %(no_cost)s)) AS value,
                   MIN(quant.in_date) FILTER (WHERE quant.quantity > 0) AS oldest,
                   SUM(quant.quantity * (%(today)s::date - %(came_in_on)s))
                       FILTER (WHERE quant.quantity > 0) AS quantity_days,
                   SUM(quant.quantity) FILTER (WHERE quant.quantity > 0) AS on_hand
              FROM stock_location location
              JOIN stock_quant quant ON quant.location_id = location.id
              JOIN product_product product ON product.id = quant.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              LEFT JOIN stock_lot lot ON lot.id = quant.lot_id
             WHERE location.company_id = %(company)s AND location.usage = 'internal'
               AND quant.quantity != 0 AND (quant.owner_id IS NULL OR quant.owner_id = %(own)s)
             GROUP BY quant.product_id
            HAVING SUM(quant.quantity) != 0
        ), moved AS (
            SELECT move.product_id,
                   SUM(CASE WHEN move.is_in THEN move.value ELSE -move.value END) AS gained,
                   SUM(CASE WHEN move.is_out AND there.usage IN ('customer', 'production') THEN move.value
                            WHEN move.is_in AND here.usage = 'customer' THEN -move.value END) AS cost
              FROM stock_move move
              JOIN stock_location here ON here.id = move.location_id
              JOIN stock_location there ON there.id = move.location_dest_id
             WHERE move.company_id = %(company)s AND move.state = 'done' AND (move.is_in OR move.is_out)
               AND move.date >= %(year_ago)s
             GROUP BY move.product_id
        ), ranked AS (
            SELECT lying.*, moved.cost, COALESCE(moved.gained, 0) AS gained,
                   LEAST(ROW_NUMBER() OVER (ORDER BY lying.value DESC, lying.product_id), %(largest)s + 1) AS place
              FROM lying LEFT JOIN moved USING (product_id)
        ), placed AS (
            SELECT place, MIN(product_id) AS product_id, COUNT(*) AS products, SUM(quantity) AS quantity,
                   SUM(value) AS value, MIN(oldest) AS oldest, SUM(quantity_days) AS quantity_days,
                   SUM(on_hand) AS on_hand, SUM(cost) AS cost, SUM(value) - SUM(gained) AS value_a_year_ago
              FROM ranked GROUP BY place
        )
        SELECT placed.place > %(largest)s AS is_rest, placed.products, placed.quantity::text, placed.value::text,
               %(oldest_on)s AS oldest_on, placed.quantity_days::text, placed.on_hand::text,
               placed.cost::text, placed.value_a_year_ago::text,
               product.default_code, template.name->>'en_US' AS product_name, uom.name->>'en_US' AS uom
          FROM placed
          JOIN product_product product ON product.id = placed.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN uom_uom uom ON uom.id = template.uom_id
         ORDER BY placed.place
        """,
        company=company.id,
        key=str(company.id),
        no_cost=product._fields["standard_price"].get_company_dependent_fallback(product) or 0,
        own=company.sudo().partner_id.id,
        today=today,
        year_ago=today - relativedelta(years=1),
        came_in_on=local_day(env, SQL("quant.in_date")),
        oldest_on=local_day(env, SQL("placed.oldest")),
        largest=LARGEST_PRODUCTS,
    )


def _row(row: dict, currency: str) -> dict:
    value, value_a_year_ago = Decimal(row["value"]), Decimal(row["value_a_year_ago"])
    mean_value = max((value + value_a_year_ago) / 2, Decimal(0))
    figures = {
        "products": row["products"],
        "value": money(value, currency),
        "currency": currency,
        "oldest_on": day(row["oldest_on"]),
        "mean_age_days": ratio(row["quantity_days"], row["on_hand"], 1),
        "turnover_pa": ratio(max(Decimal(row["cost"] or 0), Decimal(0)), mean_value, 2),
    }
    if row["is_rest"]:
        return without_none({"description": OTHER_GOODS, **figures})
    return without_none(
        {
            "product_code": row["default_code"] or None,
            "description": (row["product_name"] or "").strip() or row["default_code"],
            "quantity": plain(Decimal(row["quantity"])),
            "uom": row["uom"],
            **figures,
        }
    )
