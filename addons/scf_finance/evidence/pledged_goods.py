"""Goods that are to be pledged, as documents: what they are worth at cost, and where they lie."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from openscf.money import round_money

from odoo import fields
from odoo.tools import SQL

from .graph import join
from .headers import FiscalYears, Header, PledgedGoods
from .orders import Orders
from .priced_lines import PricedDocument, PricedLine
from .scope import Linked, Reduction, Scope
from .trade import Trade


def read_goods_headers(pledges, *, company, today: date) -> tuple[Header, ...]:
    """Read the headers of pledges in their order: one query. They are dated by the day they were proposed."""
    fiscal_years = FiscalYears(company)
    headers = {}
    for row in pledges.env.execute_query_dict(_goods(pledges.ids)):
        row["issue_date"] = fields.Date.context_today(pledges, row["create_date"])
        row["oldest_on"] = fields.Date.context_today(pledges, row["oldest_at"]) if row["oldest_at"] else None
        headers[row["id"]] = _header(row, fiscal_years)
    return tuple(headers[pledge_id] for pledge_id in pledges.ids)


def read_linked(_pledges) -> Linked:
    """No order and no invoice belongs to goods, whatever brought them."""
    return Linked((), ())


def read_reductions(_pledges) -> tuple[Reduction, ...]:
    """Nobody pays goods off."""
    return ()


def read_goods(scope: Scope) -> Trade:
    """The goods as documents of one line. No queries."""
    priced = {header.id: PricedDocument((_line(header),), ()) for header in scope.headers}
    orders = Orders({}, {}, ())
    return Trade(scope, priced, orders, (), join(scope, priced, orders, ()))


def no_contradictions(_trade, _confirmations: list[dict]) -> list[dict]:
    """Goods have no second stream that could contradict."""
    return []


def _header(row: dict, fiscal_years: FiscalYears) -> Header:
    goods = PledgedGoods(
        product_id=row["product_id"],
        product_code=row["product_code"] or None,
        description=row["description"].strip(),
        lot=row["lot"] or None,
        place=row["place"],
        quantity=Decimal(row["quantity"]),
        on_hand=Decimal(row["on_hand"]),
        uom=row["uom"],
        factor=Decimal(row["factor"]),
        unit_value=Decimal(row["unit_value"]),
        oldest_on=row["oldest_on"],
    )
    value = round_money(goods.quantity * goods.unit_value, row["currency"])
    return Header(
        id=row["id"],
        number=row["number"],
        issue_date=row["issue_date"],
        due_date=None,
        fiscal_year=fiscal_years.year_of(row["issue_date"]),
        partner_id=None,
        partner_name=None,
        partner_tax_id=None,
        payment_terms=None,
        currency=row["currency"],
        net=value,
        tax=Decimal(0),
        gross=value,
        goods=goods,
    )


def _line(header: Header) -> PricedLine:
    goods = header.goods
    return PricedLine(
        id=None,
        is_product=True,
        is_goods=False,  # they are here: no delivery has to bring them
        is_down_payment=False,
        description=goods.description,
        product_code=goods.product_code,
        quantity=goods.quantity,
        uom=goods.uom,
        factor=goods.factor,
        unit_price=goods.unit_value,
        discount_percent=Decimal(0),
        net=header.net,
        tax=Decimal(0),
        tax_ids=(),
        tax_codes=(),
    )


def _goods(pledge_ids: list[int]) -> SQL:
    # Numbers that Odoo keeps as doubles are told with the decimals that they were typed with.
    return SQL(
        """
        SELECT pledge.id, pledge.name AS number, pledge.create_date, currency.name AS currency, pledge.product_id,
               product.default_code AS product_code, template.name->>'en_US' AS description, lot.name AS lot,
               place.complete_name AS place, uom.name->>'en_US' AS uom, uom.factor::text AS factor,
               (pledge.quantity::numeric - pledge.released_quantity::numeric)::text AS quantity,
               stock.on_hand::numeric::text AS on_hand, stock.oldest_at,
               COALESCE(CASE WHEN template.lot_valuated
                             THEN (lot.standard_price ->> pledge.company_id::text)::numeric END,
                        (product.standard_price ->> pledge.company_id::text)::numeric, 0)::text AS unit_value
          FROM scf_pledge pledge
          JOIN res_company company ON company.id = pledge.company_id
          JOIN res_currency currency ON currency.id = company.currency_id
          JOIN product_product product ON product.id = pledge.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
          JOIN uom_uom uom ON uom.id = template.uom_id
          JOIN stock_location place ON place.id = pledge.location_id
          LEFT JOIN stock_lot lot ON lot.id = pledge.lot_id
         CROSS JOIN LATERAL (
               SELECT COALESCE(SUM(quant.quantity), 0) AS on_hand,
                      MIN(quant.in_date) FILTER (WHERE quant.quantity > 0) AS oldest_at
                 FROM stock_quant quant
                 JOIN stock_location spot ON spot.id = quant.location_id
                WHERE quant.product_id = pledge.product_id
                  AND (pledge.lot_id IS NULL OR quant.lot_id = pledge.lot_id)
                  AND (quant.owner_id IS NULL OR quant.owner_id = company.partner_id)
                  AND spot.company_id = pledge.company_id AND spot.usage = 'internal' AND spot.active
                  AND STARTS_WITH(spot.parent_path, place.parent_path)
             ) stock
         WHERE pledge.id = ANY(%s)
        """,
        pledge_ids,
    )
