"""What pledges ask of the stock: how much has to stay in which place, and how much lies there."""

from dataclasses import dataclass

from odoo.fields import Domain
from odoo.tools import SQL

OPEN_STATES = ("proposed", "active")
_OPEN_PRODUCTS = "scf_finance.pledged_products"


@dataclass(frozen=True)
class Claim:
    """What all active pledges of one product (and lot) hold in one place, and what lies there.

    Pledges in places inside this one count as well: they need their own goods. Quantities are in the product's unit.

    :ivar lot_id: None for goods without lots: whatever lot they lie there under
    :ivar path: the place's `parent_path`; the place is this location with all below it
    :ivar held: quantity that has to stay
    :ivar on_hand: own quantity in the place's internal locations, no matter in which package
    :ivar reserved: how much of it is reserved for transfers
    """

    company_id: int
    partner_id: int
    product_id: int
    lot_id: int | None
    location_id: int
    path: str
    held: float
    on_hand: float
    reserved: float

    @property
    def free(self) -> float:
        """What can still be reserved for leaving the place."""
        return self.on_hand - self.held - self.reserved

    def has(self, location, lot, owner) -> bool:
        """Whether goods of the product at this location, of this lot and owner, are goods of this claim."""
        return (
            location.usage == "internal"
            and location.active
            and (location.parent_path or "").startswith(self.path)
            and location.company_id.id == self.company_id
            and self.lot_id in (None, lot.id)
            and owner.id in (False, self.partner_id)
        )

    def quants_domain(self) -> Domain:
        """The quants of the product that the claim is on."""
        domain = Domain("location_id", "child_of", self.location_id) & Domain("location_id.usage", "=", "internal")
        domain &= Domain("location_id.active", "=", True) & Domain("owner_id", "in", [False, self.partner_id])
        return domain & Domain("lot_id", "=", self.lot_id) if self.lot_id else domain


def open_products(env) -> frozenset[int]:
    """Products with a proposed or active pledge, in any company: one query per transaction."""
    products = env.cr.cache.get(_OPEN_PRODUCTS)
    if products is None:
        env["scf.pledge"].flush_model(["product_id", "state"])
        query = SQL("SELECT DISTINCT product_id FROM scf_pledge WHERE state IN %s", OPEN_STATES)
        products = env.cr.cache[_OPEN_PRODUCTS] = frozenset(product for (product,) in env.execute_query(query))
    return products


def forget_open_products(env) -> None:
    """What `open_products` knows has changed in this transaction."""
    env.cr.cache.pop(_OPEN_PRODUCTS, None)


def read_claims(env, product_ids, *, as_if_active=()) -> list[Claim]:
    """The claims on these products, in all companies: one query.

    :param as_if_active: ids of proposed pledges that are to count as if the bank had taken them
    """
    product_ids = tuple(product_ids)
    if not product_ids:
        return []
    env["scf.pledge"].flush_model()
    env["stock.quant"].flush_model(["product_id", "location_id", "lot_id", "owner_id", "quantity", "reserved_quantity"])
    env["stock.location"].flush_model(["parent_path", "usage", "active", "company_id"])
    rows = env.execute_query_dict(
        SQL(
            """
            WITH pledged AS (
                SELECT pledge.company_id, pledge.product_id, pledge.lot_id, pledge.location_id,
                       pledge.quantity - pledge.released_quantity AS held, place.parent_path AS path
                  FROM scf_pledge pledge
                  JOIN stock_location place ON place.id = pledge.location_id
                 WHERE pledge.product_id IN %(products)s AND (pledge.state = 'active' OR pledge.id IN %(also)s)
            ), place AS (
                SELECT DISTINCT company_id, product_id, lot_id, location_id, path FROM pledged
            )
            SELECT place.*, company.partner_id, held.quantity AS held,
                   COALESCE(stock.on_hand, 0) AS on_hand, COALESCE(stock.reserved, 0) AS reserved
              FROM place
              JOIN res_company company ON company.id = place.company_id
              CROSS JOIN LATERAL (
                SELECT SUM(pledged.held) AS quantity
                  FROM pledged
                 WHERE pledged.company_id = place.company_id AND pledged.product_id = place.product_id
                   AND pledged.lot_id IS NOT DISTINCT FROM place.lot_id
                   AND starts_with(pledged.path, place.path)
              ) held
              CROSS JOIN LATERAL (
                SELECT SUM(quant.quantity) AS on_hand, SUM(quant.reserved_quantity) AS reserved
                  FROM stock_quant quant
                  JOIN stock_location spot ON spot.id = quant.location_id
                 WHERE quant.product_id = place.product_id
                   AND (place.lot_id IS NULL OR quant.lot_id = place.lot_id)
                   AND (quant.owner_id IS NULL OR quant.owner_id = company.partner_id)
                   AND spot.company_id = place.company_id AND spot.usage = 'internal' AND spot.active
                   AND starts_with(spot.parent_path, place.path)
              ) stock
             ORDER BY place.product_id, place.lot_id, place.path
            """,
            products=product_ids,
            also=tuple(as_if_active) or (0,),
        )
    )
    return [
        Claim(
            **{**row, "held": float(row["held"]), "on_hand": float(row["on_hand"]), "reserved": float(row["reserved"])}
        )
        for row in rows
    ]
