"""How fast goods sell: what a company has of a product, and what of it left for customers within a year."""

from __future__ import annotations

from decimal import Decimal

from odoo.tools import SQL

# How long sales are looked back on to say how fast goods sell.
SPEED_DAYS = 365


def days_to_sell(quantity: Decimal, sold: Decimal) -> Decimal | None:
    """How many days `quantity` takes to leave; None where nothing was sold, so that nobody can tell.

    :param sold: what left within `SPEED_DAYS`, in the unit of `quantity`
    """
    return quantity * SPEED_DAYS / sold if sold > 0 else None


def quantity_on_hand(product: SQL, company: SQL, partner: SQL) -> SQL:
    """The company's own quantity of a product in all of its stock, in the product's unit, as SQL.

    :param product: id of the product; a column is named with its table, for the query has tables of its own
    :param company: id of the company
    :param partner: id of the company's own partner: goods of other owners are not its own
    """
    return SQL(
        """
        (SELECT COALESCE(SUM(quant.quantity), 0)
           FROM stock_quant quant
           JOIN stock_location spot ON spot.id = quant.location_id
          WHERE quant.product_id = %(product)s AND spot.company_id = %(company)s
            AND spot.usage = 'internal' AND spot.active
            AND (quant.owner_id IS NULL OR quant.owner_id = %(partner)s))
        """,
        product=product,
        company=company,
        partner=partner,
    )


def quantity_sold(product: SQL, company: SQL, since) -> SQL:
    """What of a product left for customers since then, net of what came back, in the product's unit, as SQL."""
    return SQL(
        """
        (SELECT COALESCE(SUM(CASE WHEN target.usage = 'customer' THEN move.product_qty ELSE -move.product_qty END), 0)
           FROM stock_move move
           JOIN stock_location source ON source.id = move.location_id
           JOIN stock_location target ON target.id = move.location_dest_id
          WHERE move.product_id = %(product)s AND move.company_id = %(company)s
            AND move.state = 'done' AND move.date >= %(since)s
            AND (source.usage = 'customer') <> (target.usage = 'customer'))
        """,
        product=product,
        company=company,
        since=since,
    )
