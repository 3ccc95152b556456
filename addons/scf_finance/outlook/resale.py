"""What the goods that a loan financed, or that secure it, are expected to bring, and when they will be sold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from odoo import fields
from odoo.tools import SQL

from ..eligibility.selling_speed import SPEED_DAYS, days_to_sell, quantity_on_hand, quantity_sold


@dataclass(frozen=True, slots=True)
class GoodsToSell:
    """Goods of one product that an application financed and that are not sold yet.

    :ivar left: how many, in the product's unit
    :ivar on_hand: what the company has of the product in all, theirs included as far as they came
    :ivar to_come: those of `left` that have not been received
    :ivar sold: what left for customers in the last `SPEED_DAYS`
    :ivar revenue: what that brought, untaxed, in the company's currency
    """

    application_id: int
    left: Decimal
    on_hand: Decimal
    to_come: Decimal
    sold: Decimal
    revenue: Decimal

    def by_week(self, today: date) -> Iterator[tuple[date, Decimal]]:
        """What they bring by the end of each week in which they are sold: at the speed, and the price, of the year.

        Goods leave as they came, so the last of them go when all that is there has gone. Nothing is expected of goods
        that did not sell within the year.
        """
        days = days_to_sell(max(self.on_hand, Decimal(0)) + self.to_come, self.sold)
        if days is None or self.revenue <= 0:
            return
        weeks = max(int((days / 7).to_integral_value(rounding=ROUND_CEILING)), 1)
        a_week = self.left * self.revenue / self.sold / weeks
        for week in range(1, weeks + 1):
            yield today + timedelta(weeks=week), a_week


def read_goods_to_sell(env, company, application_ids: list[int], today: date) -> list[GoodsToSell]:
    """The goods of these applications that are to be sold yet, by application and product: one query."""
    rows = env.execute_query(
        SQL(
            """
        WITH goods AS (
            SELECT application_id, product_id,
                   SUM(quantity_financed - quantity_sold - quantity_lost - quantity_returned)::numeric AS left_over,
                   SUM(GREATEST(quantity_financed - quantity_received, 0))::numeric AS to_come
              FROM scf_followed_goods
             WHERE application_id = ANY(%(applications)s) AND company_id = %(company)s AND is_open
               AND why_not_followed IS NULL
             GROUP BY application_id, product_id
        ), product AS (
            SELECT DISTINCT product_id AS id FROM goods WHERE left_over > 0
        ), stock AS MATERIALIZED (
            SELECT product.id, %(on_hand)s AS on_hand, %(sold)s AS sold, (
                   SELECT COALESCE(SUM(-item.balance), 0)
                     FROM account_move_line item
                     JOIN account_move invoice ON invoice.id = item.move_id
                      AND invoice.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                    WHERE item.product_id = product.id AND item.company_id = %(company)s
                      AND item.parent_state = 'posted' AND item.display_type = 'product'
                      AND invoice.invoice_date > %(since_day)s) AS revenue
              FROM product
        )
        SELECT goods.application_id, goods.left_over::text, stock.on_hand::numeric::text,
               LEAST(goods.to_come, goods.left_over)::text, stock.sold::numeric::text, stock.revenue::text
          FROM goods
          JOIN stock ON stock.id = goods.product_id
         WHERE goods.left_over > 0
         ORDER BY goods.application_id, goods.product_id
        """,
            applications=application_ids,
            company=company.id,
            on_hand=quantity_on_hand(SQL("product.id"), SQL("%s", company.id), SQL("%s", company.sudo().partner_id.id)),
            sold=quantity_sold(
                SQL("product.id"), SQL("%s", company.id), fields.Datetime.now() - timedelta(days=SPEED_DAYS)
            ),
            since_day=today - timedelta(days=SPEED_DAYS),
        )
    )
    return [GoodsToSell(application_id, *map(Decimal, figures)) for application_id, *figures in rows]
