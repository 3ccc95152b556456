"""How the applicant's vendor bills were settled: payments that went out, the supplier's credit notes, other entries."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from openscf.money import round_money

from odoo.tools import SQL

from ..eligibility.settlements import CREDIT_NOTE, OTHER, PAYMENT, Settlement
from .scope import Reduction


def read_purchase_reductions(documents) -> Iterator[Reduction]:
    """What the settlements take off the purchase orders or vendor bills, oldest first: at most two queries.

    An order is settled with its bills, down payments too, as far as they are for it. A down payment that was credited
    takes nothing off: all of the order is to be billed as before.
    """
    env, ids = documents.env, documents.ids
    if documents._scf_kind != "purchase_order":
        for settlement in _read_settlements(env, ids):
            yield Reduction(settlement.move_id, settlement, settlement.amount)
        return
    currencies = {order.id: order.currency_id.name for order in documents}
    shares: dict[int, list[dict]] = {}
    for share in env.execute_query_dict(_shares(ids)):
        shares.setdefault(share["move_id"], []).append(share)
    for settlement in _read_settlements(env, list(shares)):
        for share in shares[settlement.move_id]:
            if not (share["is_down_payment"] and settlement.kind == CREDIT_NOTE):
                order_id = share["order_id"]
                part = settlement.amount * Decimal(share["part"]) / Decimal(share["whole"]) * Decimal(share["rate"])
                yield Reduction(order_id, settlement, round_money(part, currencies[order_id]))


def _read_settlements(env, move_ids: list[int]) -> list[Settlement]:
    """Reconciliations on the payables of posted bills, oldest first: one query.

    `cash` is what really went out: a discount, a bank's fee and a credit note settle a bill without money.
    """
    return [_settlement(row) for row in env.execute_query_dict(_settlements(move_ids))]


def _settlement(row: dict) -> Settlement:
    amount, liquid, claims = (Decimal(row[name] or 0) for name in ("amount", "liquid", "claims"))
    if row["move_type"] == "in_refund":
        kind, cash = CREDIT_NOTE, Decimal(0)
    elif liquid > 0 and claims > 0:
        kind, cash = PAYMENT, amount * min(liquid / claims, Decimal(1))
    else:
        kind, cash = OTHER, Decimal(0)
    return Settlement(
        partial_id=row["partial_id"],
        move_id=row["move_id"],
        currency=row["currency"],
        amount=round_money(amount, row["currency"]),
        cash=round_money(cash, row["currency"]),
        settled_on=row["settled_on"],
        kind=kind,
        counterpart=row["counterpart"] or "",
        payment_id=row["payment_id"],
        cleared=bool(row["statement_line_id"] or row["is_matched"]),
    )


def _settlements(move_ids: list[int]) -> SQL:
    # What is liquid left the company: money has the opposite sign of what comes in for a customer's invoice.
    return SQL(
        """
        SELECT partial.id AS partial_id, ours.move_id, currency.name AS currency,
               partial.credit_amount_currency::text AS amount,
               COALESCE(theirs.date, partial.max_date) AS settled_on,
               their_move.move_type, their_move.name AS counterpart, their_move.statement_line_id,
               payment.id AS payment_id, payment.is_matched,
               cash.liquid::text AS liquid, cash.claims::text AS claims
          FROM account_partial_reconcile partial
          JOIN account_move_line ours ON ours.id = partial.credit_move_id
          JOIN account_account account ON account.id = ours.account_id AND account.account_type = 'liability_payable'
          JOIN res_currency currency ON currency.id = ours.currency_id
          JOIN account_move_line theirs ON theirs.id = partial.debit_move_id
          JOIN account_move their_move ON their_move.id = theirs.move_id AND their_move.state = 'posted'
          JOIN account_move our_move ON our_move.id = ours.move_id AND our_move.state = 'posted'
          LEFT JOIN account_payment payment ON payment.id = their_move.origin_payment_id
          JOIN LATERAL (
                SELECT SUM(CASE WHEN kind.account_type IN ('asset_receivable', 'liability_payable')
                                THEN GREATEST(item.balance, 0) ELSE 0 END) AS claims,
                       SUM(CASE WHEN kind.account_type IN ('asset_cash', 'liability_credit_card')
                                  OR (their_move.origin_payment_id IS NOT NULL
                                      AND item.account_id = payment.outstanding_account_id)
                                THEN -item.balance ELSE 0 END) AS liquid
                  FROM account_move_line item
                  JOIN account_account kind ON kind.id = item.account_id
                 WHERE item.move_id = their_move.id) cash ON TRUE
         WHERE ours.move_id = ANY(%s) AND partial.credit_amount_currency > 0
         ORDER BY settled_on, partial.id
        """,
        move_ids,
    )


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
