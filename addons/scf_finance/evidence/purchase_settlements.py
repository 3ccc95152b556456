"""What settlements of vendor bills take off the financed purchase orders and bills."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from openscf.money import round_money

from odoo.tools import SQL

from ..eligibility.settlements import CREDIT_NOTE, read_bill_settlements
from .scope import Reduction


def read_purchase_reductions(documents) -> Iterator[Reduction]:
    """What the settlements take off the purchase orders or vendor bills, oldest first: at most two queries.

    An order is settled with its bills, down payments too, as far as they are for it. A down payment that was credited
    takes nothing off: all of the order is to be billed as before.
    """
    env, ids = documents.env, documents.ids
    if documents._scf_kind != "purchase_order":
        for settlement in read_bill_settlements(env, ids):
            yield Reduction(settlement.move_id, settlement, settlement.amount)
        return
    currencies = {order.id: order.currency_id.name for order in documents}
    shares: dict[int, list[dict]] = {}
    for share in env.execute_query_dict(_shares(ids)):
        shares.setdefault(share["move_id"], []).append(share)
    for settlement in read_bill_settlements(env, list(shares)):
        for share in shares[settlement.move_id]:
            if not (share["is_down_payment"] and settlement.kind == CREDIT_NOTE):
                order_id = share["order_id"]
                part = settlement.amount * Decimal(share["part"]) / Decimal(share["whole"]) * Decimal(share["rate"])
                yield Reduction(order_id, settlement, round_money(part, currencies[order_id]))


def _shares(order_ids: list[int]) -> SQL:
    """How much of each posted bill is for which of the orders; `rate` takes the bill's currency to the order's."""
    return SQL(
        """
        SELECT order_line.order_id, line.move_id, SUM(line.price_total)::text AS part,
               MAX(bill.amount_total)::text AS whole, BOOL_AND(COALESCE(order_line.is_downpayment, FALSE))
                   AS is_down_payment,
               MAX(CASE WHEN bill.currency_id = po.currency_id THEN 1
                        ELSE po.currency_rate / bill.invoice_currency_rate END)::text AS rate
          FROM purchase_order_line order_line
          JOIN purchase_order po ON po.id = order_line.order_id
          JOIN account_move_line line ON line.purchase_line_id = order_line.id
          JOIN account_move bill ON bill.id = line.move_id AND bill.state = 'posted'
               AND bill.move_type = 'in_invoice' AND bill.amount_total != 0
         WHERE order_line.order_id = ANY(%s)
         GROUP BY order_line.order_id, line.move_id
         ORDER BY order_line.order_id, line.move_id
        """,
        order_ids,
    )
