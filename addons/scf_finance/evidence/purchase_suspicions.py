"""Other records that make a financed bill doubtful: its number twice, a payment that may be for it, a foreign order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf.money import round_money

from odoo.tools import SQL


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment to the supplier that is matched with no bill. Amount in the bill's currency."""

    number: str
    paid_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Suspicions:
    """By the financed bill's id; orders have none."""

    same_number: dict[int, str]
    open_payments: dict[int, OpenPayment]
    foreign_orders: dict[int, str]


def read_suspicions(scope) -> Suspicions:
    """Read what speaks against the financed bills: three queries, none for orders.

    `same_number` is another posted bill of the supplier under the same number (letters and digits count) that was not
    credited in full; `open_payments` went to the supplier and have just the amount that is open on the bill;
    `foreign_orders` stand behind the bill's lines and were placed with another company.
    """
    if scope.is_order:
        return Suspicions({}, {}, {})
    env, ids = scope.env, scope.ids
    payments = {
        bill_id: OpenPayment(number, paid_on, round_money(Decimal(amount), scope.currency))
        for bill_id, number, paid_on, amount in env.execute_query(_open_payments(ids))
    }
    return Suspicions(
        dict(env.execute_query(_same_number(ids))), payments, dict(env.execute_query(_foreign_orders(ids)))
    )


def _same_number(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT bill.id, MIN(other.name)
          FROM account_move bill
          JOIN account_move other ON other.commercial_partner_id = bill.commercial_partner_id
           AND other.company_id = bill.company_id AND other.id != bill.id AND other.move_type = 'in_invoice'
           AND other.state = 'posted' AND other.payment_state != 'reversed'
           AND REGEXP_REPLACE(UPPER(other.ref), '[^A-Z0-9]', '', 'g')
               = REGEXP_REPLACE(UPPER(bill.ref), '[^A-Z0-9]', '', 'g')
         WHERE bill.id = ANY(%s) AND bill.ref ~ '[[:alnum:]]'
         GROUP BY bill.id
        """,
        move_ids,
    )


def _open_payments(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT DISTINCT ON (bill.id) bill.id, payment.name, item.date, item.amount_residual_currency::text
          FROM account_move bill
          JOIN res_partner partner ON partner.commercial_partner_id = bill.commercial_partner_id
          JOIN account_move_line item ON item.partner_id = partner.id AND item.company_id = bill.company_id
           AND item.parent_state = 'posted' AND item.reconciled IS NOT TRUE AND item.currency_id = bill.currency_id
           AND item.amount_residual_currency = bill.amount_residual
          JOIN account_account account ON account.id = item.account_id AND account.account_type = 'liability_payable'
          JOIN account_move payment ON payment.id = item.move_id AND payment.move_type = 'entry'
         WHERE bill.id = ANY(%s) AND bill.amount_residual > 0
         ORDER BY bill.id, item.date DESC, item.id DESC
        """,
        move_ids,
    )


def _foreign_orders(move_ids: list[int]) -> SQL:
    return SQL(
        """
        SELECT bill.id, MIN(po.name)
          FROM account_move bill
          JOIN account_move_line line ON line.move_id = bill.id
          JOIN purchase_order_line order_line ON order_line.id = line.purchase_line_id
          JOIN purchase_order po ON po.id = order_line.order_id
          JOIN res_partner partner ON partner.id = po.partner_id
         WHERE bill.id = ANY(%s) AND partner.commercial_partner_id != bill.commercial_partner_id
         GROUP BY bill.id
        """,
        move_ids,
    )
