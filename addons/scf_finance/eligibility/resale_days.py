"""How long purchased goods take to come, to be sold, and to be paid for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from odoo import fields
from odoo.tools import SQL

from ..models.kits import is_kit
from .facts import DEFAULT_CREDIT_DAYS
from .selling_speed import SPEED_DAYS, days_to_sell, quantity_on_hand, quantity_sold

# So many paid invoices, the newest, tell how long buyers take to pay.
INVOICES = 300


@dataclass(frozen=True, slots=True)
class PurchasedGoods:
    """One product of a purchase. Quantities in its own unit of measure.

    :ivar is_kit: whether it comes and goes in its parts
    :ivar to_come: what of the purchase was not received yet, expected on `arrives_on` (None where nothing is to come)
    :ivar on_hand: own quantity in all of the company's stock
    :ivar sold: what left for customers in the last `SPEED_DAYS`, net of what came back
    """

    name: str
    is_storable: bool
    is_kit: bool
    to_come: Decimal
    arrives_on: date | None
    on_hand: Decimal
    sold: Decimal

    def days_to_sell(self, today: date) -> int | None:
        """Days until all that is on hand and to come is sold, None where nothing was sold; goods leave as they came."""
        days = days_to_sell(self.on_hand + self.to_come, self.sold)
        if days is None:
            return None
        if self.arrives_on:
            days = max(days, max((self.arrives_on - today).days, 0) + days_to_sell(self.to_come, self.sold))
        return int(days.to_integral_value(rounding=ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Resale:
    """How the goods of one purchase turn into money.

    :ivar unsold: names of goods of which nothing was sold in the last 12 months
    :ivar kits: names of what comes and goes in its parts, so that its own speed of sale is not known
    :ivar untracked: names of what is not kept in stock, so that nobody can tell when it is sold
    :ivar days: until all of the goods are sold and paid for; None where that is not known of one of them
    """

    unsold: tuple[str, ...] = ()
    kits: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    days: int | None = None


def read_resales(env, company, lines: SQL, today: date) -> dict[int, Resale]:
    """How the goods of purchases turn into money, by document: two queries.

    :param lines: rows of `document_id`, `product_id`, `to_come` in the product's unit, and `date_planned`
    """
    goods: dict[int, list[PurchasedGoods]] = {}
    for row in env.execute_query_dict(_goods_query(env, company, lines)):
        goods.setdefault(row["document_id"], []).append(
            PurchasedGoods(
                name=row["name"],
                is_storable=row["is_storable"],
                is_kit=row["is_kit"],
                to_come=Decimal(row["to_come"]),
                arrives_on=fields.Date.to_date(row["arrives_at"]),
                on_hand=max(Decimal(row["on_hand"]), Decimal(0)),
                sold=Decimal(row["sold"]),
            )
        )
    days_to_pay = read_days_to_pay(env, company, today) if goods else 0
    return {document_id: _resale(of_document, days_to_pay, today) for document_id, of_document in goods.items()}


def _resale(goods: list[PurchasedGoods], days_to_pay: int, today: date) -> Resale:
    kits = tuple(item.name for item in goods if item.is_kit)
    storable = [item for item in goods if item.is_storable and not item.is_kit]
    days = [item.days_to_sell(today) for item in storable]
    is_known = days and None not in days and not kits
    return Resale(
        unsold=tuple(item.name for item, number in zip(storable, days, strict=True) if number is None),
        kits=kits,
        untracked=tuple(item.name for item in goods if not item.is_storable and not item.is_kit),
        days=max(days) + days_to_pay if is_known else None,
    )


def read_days_to_pay(env, company, today: date) -> int:
    """How many days after the invoice the company's buyers pay: the mean by amount, one query.

    Taken from the newest `INVOICES` customer invoices of the last 12 months that are paid in full; without any, the
    usual `DEFAULT_CREDIT_DAYS`.
    """
    [(days,)] = env.execute_query(
        SQL(
            """
        SELECT (SUM((settled.day - paid.invoice_date) * paid.amount) / NULLIF(SUM(paid.amount), 0))::text
          FROM (SELECT id, invoice_date, ABS(amount_total_signed) AS amount
                  FROM account_move
                 WHERE company_id = %(company)s AND state = 'posted' AND move_type = 'out_invoice'
                   AND invoice_date >= %(since)s AND payment_state IN ('paid', 'in_payment')
                 ORDER BY invoice_date DESC
                 LIMIT %(invoices)s) paid
         CROSS JOIN LATERAL (
                SELECT MAX(partial.max_date) AS day
                  FROM account_move_line item
                  JOIN account_partial_reconcile partial ON partial.debit_move_id = item.id
                 WHERE item.move_id = paid.id) settled
         WHERE settled.day IS NOT NULL
        """,
            company=company.id,
            since=today - timedelta(days=SPEED_DAYS),
            invoices=INVOICES,
        )
    )
    if days is None:
        return DEFAULT_CREDIT_DAYS
    return max(int(Decimal(days).to_integral_value(rounding=ROUND_CEILING)), 0)


def _goods_query(env, company, lines: SQL) -> SQL:
    product, company_id = SQL("product.product_id"), SQL("%s", company.id)
    return SQL(
        """
        WITH line AS (%(lines)s), wanted AS (
            SELECT document_id, product_id, SUM(to_come) AS to_come,
                   MAX(date_planned) FILTER (WHERE to_come > 0) AS arrives_at
              FROM line WHERE product_id IS NOT NULL
             GROUP BY document_id, product_id
        ), product AS (SELECT DISTINCT product_id FROM wanted), stock AS (
            SELECT product.product_id, %(on_hand)s AS on_hand, %(sold)s AS sold
              FROM product
        )
        SELECT wanted.document_id, %(name)s AS name, COALESCE(template.is_storable, FALSE) AS is_storable,
               %(is_kit)s AS is_kit,
               wanted.to_come::numeric::text AS to_come, wanted.arrives_at, stock.on_hand::numeric::text AS on_hand,
               stock.sold::numeric::text AS sold
          FROM wanted
          JOIN stock USING (product_id)
          JOIN product_product ON product_product.id = wanted.product_id
          JOIN product_template template ON template.id = product_product.product_tmpl_id
         ORDER BY wanted.document_id, wanted.product_id
        """,
        lines=lines,
        on_hand=quantity_on_hand(product, company_id, SQL("%s", company.sudo().partner_id.id)),
        sold=quantity_sold(product, company_id, fields.Datetime.now() - timedelta(days=SPEED_DAYS)),
        name=env["product.template"]._field_to_sql("template", "name"),
        is_kit=is_kit(env, "product_product", company),
    )
