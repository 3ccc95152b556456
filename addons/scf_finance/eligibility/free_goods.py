"""Goods that could be pledged: the company's own, in its own stock, neither reserved nor held; by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

from odoo import fields
from odoo.tools import SQL

from ..models.scf_pledge_claims import read_claims
from .goods_facts import expiry_of, read_days_to_sell

# So many are looked at, the most valuable first. Whoever has more has enough to choose from.
MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class FreeGoods:
    """One product (and lot) at one location. Quantities in the product's unit, `unit_value` in company currency.

    :ivar on_hand: the company's own quantity there
    :ivar free: what of it no transfer and no pledge needs
    :ivar days_to_sell: how long all that the company has of the product takes to sell; None where nothing sold
    """

    product_id: int
    lot_id: int | None
    location_id: int
    on_hand: Decimal
    free: Decimal
    unit_value: Decimal
    days_to_sell: int | None
    expires_on: date | None

    def is_fit(self, today: date) -> bool:
        """Whether a bank would lend on it at all."""
        return self.free > 0 and self.unit_value > 0 and not (self.expires_on and self.expires_on <= today)


def read_free_goods(env, domain) -> tuple[list[FreeGoods], int]:
    """The goods of quants of one company, the most valuable first, and how many there are of them.

    :param domain: of `stock.quant`; what the user may not see is left out
    """
    quants = env["stock.quant"]._search(domain)
    env["stock.quant"].flush_model()
    env["product.product"].flush_model(["standard_price"])
    env["stock.lot"].flush_model(["standard_price"])
    env["product.template"].flush_model(["lot_valuated", "tracking", "is_storable"])
    rows = env.execute_query_dict(
        SQL(
            """
            SELECT quant.product_id, lot.id AS lot_id, quant.location_id, spot.company_id, spot.parent_path AS path,
                   SUM(quant.quantity)::numeric::text AS on_hand,
                   SUM(quant.reserved_quantity)::numeric::text AS reserved,
                   unit.value::text AS unit_value, %(expiry)s AS expires_on, COUNT(*) OVER () AS number
              FROM stock_quant quant
              JOIN stock_location spot ON spot.id = quant.location_id
              JOIN res_company company ON company.id = spot.company_id
              JOIN product_product product ON product.id = quant.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              LEFT JOIN stock_lot lot ON lot.id = quant.lot_id AND template.tracking <> 'none'
              CROSS JOIN LATERAL (
                SELECT COALESCE(
                           CASE WHEN template.lot_valuated
                                THEN (lot.standard_price ->> company.id::text)::numeric END,
                           (product.standard_price ->> company.id::text)::numeric, 0) AS value
              ) unit
             WHERE quant.id IN %(quants)s AND spot.usage = 'internal' AND spot.active AND template.is_storable
               AND (quant.owner_id IS NULL OR quant.owner_id = company.partner_id)
               AND (template.tracking = 'none' OR quant.lot_id IS NOT NULL)
             GROUP BY quant.product_id, lot.id, quant.location_id, spot.id, unit.value
            HAVING SUM(quant.quantity) > 0
             ORDER BY SUM(quant.quantity - quant.reserved_quantity) * unit.value DESC, quant.product_id, lot.id
             LIMIT %(most)s
            """,
            quants=quants.subselect(),
            expiry=expiry_of(env),
            most=MOST_LISTED,
        )
    )
    return _less_held(env, rows), rows[0]["number"] if rows else 0


def _less_held(env, rows: list[dict]) -> list[FreeGoods]:
    """Take off what pledges hold, and those that banks are being asked about; of a shared place, once."""
    products = list(dict.fromkeys(row["product_id"] for row in rows))
    asked = env["scf.pledge"].sudo()._scf_asked_for(env["product.product"].browse(products))
    claims = read_claims(env, products, as_if_active=asked.ids)
    left = {claim: Decimal(repr(claim.free)) for claim in claims}
    days_to_sell = read_days_to_sell(env, list({row["company_id"] for row in rows}), products)
    goods = []
    for row in rows:
        free = Decimal(row["on_hand"]) - Decimal(row["reserved"])
        held_in = [
            claim
            for claim in claims
            if claim.company_id == row["company_id"]
            and claim.product_id == row["product_id"]
            and claim.lot_id in (None, row["lot_id"])
            and row["path"].startswith(claim.path)
        ]
        free = max(min([free, *(left[claim] for claim in held_in)]), Decimal(0))
        for claim in held_in:
            left[claim] -= free
        goods.append(
            FreeGoods(
                product_id=row["product_id"],
                lot_id=row["lot_id"],
                location_id=row["location_id"],
                on_hand=Decimal(row["on_hand"]),
                free=free,
                unit_value=Decimal(row["unit_value"]),
                days_to_sell=days_to_sell.get((row["company_id"], row["product_id"])),
                expires_on=row["expires_on"] and fields.Date.to_date(row["expires_on"]),
            )
        )
    return goods


def enough(goods: list[FreeGoods], amount: Decimal, rate: Decimal, step_of) -> dict[FreeGoods, Decimal] | None:
    """The quantities that reach `amount`: what sells fastest first, as its loan is the shortest; of the last a part.

    Of goods that sell equally fast the most valuable come first, so that few are held.

    :param rate: what a bank lends, in percent of the value
    :param step_of: the smallest quantity of goods that can be pledged
    :return: None where all goods together do not reach it
    """
    missing, taken = amount, {}
    for item in sorted(goods, key=_speed):
        lent = item.unit_value * rate / 100
        if missing <= 0 or lent <= 0:
            continue
        step = step_of(item)
        needed = (missing / lent / step).to_integral_value(rounding=ROUND_CEILING) * step
        taken[item] = min(needed, (item.free / step).to_integral_value(rounding=ROUND_DOWN) * step)
        missing -= taken[item] * lent
    return None if missing > 0 else {item: quantity for item, quantity in taken.items() if quantity}


def _speed(item: FreeGoods):
    return (item.days_to_sell is None, item.days_to_sell or 0, -item.free * item.unit_value)
