"""The facts about pledged goods, and the SQL that reads them: a fixed number of queries, however many goods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from odoo import fields
from odoo.tools import SQL

from ..models.scf_pledge_claims import read_claims as read_pledge_claims
from .facts import COMPANY_SETUP, INVENTORY_LOAN, DocumentFacts, facts_of, read_claims
from .selling_speed import SPEED_DAYS, days_to_sell, quantity_on_hand, quantity_sold


@dataclass(frozen=True, slots=True)
class Goods:
    """The goods of one pledge. Quantities in the product's unit; the place is a location with all below it.

    :ivar quantity: what is pledged
    :ivar on_hand: own quantity in the place, in company stock and of the lot where there is one
    :ivar held: how much of it pledges hold; those that banks are asked about and that are assessed together count too
    :ivar reserved: how much of it is reserved for transfers
    :ivar consigned: what lies there and belongs to somebody else
    :ivar is_negative: whether a place below has less than nothing, so that the books don't tell what is there
    :ivar days_to_sell: how long all that the company has of the product takes to sell, None where nothing sold
    :ivar expires_on: when the lot expires, where lots expire at all
    """

    label: str
    unit: str
    place: str
    quantity: Decimal
    on_hand: Decimal
    held: Decimal
    reserved: Decimal
    consigned: Decimal
    is_negative: bool
    is_storable: bool
    is_own_place: bool
    days_to_sell: int | None
    expires_on: date | None

    @property
    def free(self) -> Decimal:
        """What of the goods no other pledge holds and no transfer waits for."""
        return self.on_hand - self.held - self.reserved + self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsFacts(DocumentFacts):
    """Goods that are to be pledged as the rules see them: a document whose amounts are the goods' value at cost."""

    goods: Goods

    def with_expected_payment(self) -> GoodsFacts:
        """The goods are paid for as fast as they sell, and no later than the longest loan that a bank gives on them."""
        longest = self.longest_tenor_days
        days = longest if self.goods.days_to_sell is None else min(self.goods.days_to_sell, longest)
        return replace(self, expected_payment=self.today + timedelta(days=days))


def read_goods_facts(pledges, *, banks, today: date) -> tuple[GoodsFacts, ...]:
    """Facts of the goods of pledges, proposed ones as if they held already; in the pledges' order."""
    env = pledges.env
    env["scf.pledge"].flush_model()
    rows = env.execute_query_dict(
        SQL(
            """
            SELECT pledge.id, pledge.name, pledge.state, pledge.company_id, pledge.product_id, pledge.lot_id,
                   pledge.create_date, pledge.quantity::numeric::text AS quantity, currency.name AS currency,
                   FALSE AS is_own_company, NULL AS counterparty_name, NULL AS counterparty_tax_id,
                   value.total::text AS total, value.total::text AS open_amount,
                   SCALE(TRIM_SCALE(value.total)) AS amount_decimals, %(expiry)s AS expires_on,
                   template.is_storable,
                   place.usage = 'internal' AND place.active AND place.company_id = pledge.company_id AS is_own_place,
                   stock.consigned::numeric::text AS consigned, stock.is_negative, %(setup)s
              FROM scf_pledge pledge
              JOIN res_company company ON company.id = pledge.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
              JOIN product_product product ON product.id = pledge.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN stock_location place ON place.id = pledge.location_id
              LEFT JOIN stock_lot lot ON lot.id = pledge.lot_id
              CROSS JOIN LATERAL (
                SELECT ROUND((pledge.quantity - pledge.released_quantity)::numeric * COALESCE(
                           CASE WHEN template.lot_valuated
                                THEN (lot.standard_price ->> pledge.company_id::text)::numeric END,
                           (product.standard_price ->> pledge.company_id::text)::numeric, 0),
                       currency.decimal_places) AS total
              ) value
              CROSS JOIN LATERAL (
                SELECT COALESCE(SUM(quant.quantity) FILTER (WHERE quant.owner_id <> company.partner_id), 0)
                           AS consigned,
                       COALESCE(BOOL_OR(quant.quantity < 0), FALSE) AS is_negative
                  FROM stock_quant quant
                  JOIN stock_location spot ON spot.id = quant.location_id
                 WHERE quant.product_id = pledge.product_id
                   AND (pledge.lot_id IS NULL OR quant.lot_id = pledge.lot_id)
                   AND spot.company_id = pledge.company_id AND spot.usage = 'internal' AND spot.active
                   AND starts_with(spot.parent_path, place.parent_path)
              ) stock
             WHERE pledge.id = ANY(%(pledges)s)
            """,
            pledges=pledges.ids,
            setup=COMPANY_SETUP,
            expiry=expiry_of(env),
        )
    )
    for row in rows:
        row["issue_date"] = fields.Date.context_today(pledges, row["create_date"])
        row["due_date"] = None
    facts = facts_of(
        pledges,
        rows,
        INVENTORY_LOAN,
        read_claims(env, pledges._scf_same_asset()),
        banks,
        today,
    )
    goods = _goods(pledges, {row["id"]: row for row in rows})
    return tuple(
        GoodsFacts(**of_pledge.in_common(), goods=goods[pledge_id]).with_expected_payment()
        for pledge_id, of_pledge in zip(pledges.ids, facts, strict=True)
    )


def _goods(pledges, rows: dict[int, dict]) -> dict[int, Goods]:
    # What lies in a place is named to whoever proposes its goods, whatever else of the stock he may read.
    pledges = pledges.sudo()
    counted = pledges | pledges._scf_asked_for(pledges.product_id)
    claims = read_pledge_claims(pledges.env, pledges.product_id.ids, as_if_active=counted.ids)
    selling_days = read_days_to_sell(pledges.env, pledges.company_id.ids, pledges.product_id.ids)
    goods = {}
    for pledge in pledges:
        row = rows[pledge.id]
        binding = min(
            (claim for claim in claims if pledge._is_under(claim)),
            key=lambda claim: claim.free,
            default=None,
        )
        goods[pledge.id] = Goods(
            label=pledge.lot_id.display_name or pledge.product_id.display_name,
            unit=pledge.product_uom_id.name,
            place=pledge.location_id.display_name,
            quantity=Decimal(row["quantity"]),
            on_hand=_exact(binding.on_hand if binding else 0.0),
            held=_exact(binding.held if binding else 0.0),
            reserved=_exact(binding.reserved if binding else 0.0),
            consigned=Decimal(row["consigned"]),
            is_negative=row["is_negative"],
            is_storable=bool(row["is_storable"]),
            is_own_place=row["is_own_place"],
            days_to_sell=selling_days.get((pledge.company_id.id, pledge.product_id.id)),
            expires_on=fields.Date.context_today(pledges, row["expires_on"]) if row["expires_on"] else None,
        )
    return goods


def read_days_to_sell(env, company_ids: list[int], product_ids: list[int]) -> dict[tuple[int, int], int]:
    """How many days all own goods of each product take to leave for customers at the speed of the last 12 months.

    One query.

    :return: by company and product; nothing for products of which nothing went out, net of what came back
    """
    env["stock.quant"].flush_model(["product_id", "quantity", "owner_id", "location_id"])
    env["stock.move"].flush_model(["state", "date", "product_id", "product_qty"])
    product, company = SQL("goods.id"), SQL("company.id")
    rows = env.execute_query(
        SQL(
            """
            SELECT company.id, goods.id, %(on_hand)s::numeric::text, %(sold)s::numeric::text
              FROM res_company company
              CROSS JOIN unnest(%(products)s::int[]) goods (id)
             WHERE company.id = ANY(%(companies)s)
            """,
            products=product_ids,
            companies=company_ids,
            on_hand=quantity_on_hand(product, company, SQL("company.partner_id")),
            sold=quantity_sold(product, company, fields.Datetime.now() - timedelta(days=SPEED_DAYS)),
        )
    )
    return {
        (company_id, product_id): int(days.to_integral_value(rounding=ROUND_CEILING))
        for company_id, product_id, on_hand, sold in rows
        if (days := days_to_sell(max(Decimal(on_hand), Decimal(0)), Decimal(sold))) is not None
    }


def expiry_of(env) -> SQL:
    """The day on which the lot expires: only with lots that do (module product_expiry)."""
    return SQL("lot.expiration_date") if "expiration_date" in env["stock.lot"]._fields else SQL("NULL::timestamp")


def _exact(quantity: float) -> Decimal:
    return Decimal(repr(quantity))
