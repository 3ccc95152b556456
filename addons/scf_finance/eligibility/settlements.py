"""How a customer invoice or a vendor bill was settled: cash, credit notes, other entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf.money import round_money

from odoo.tools import SQL

PAYMENT = "payment"
CREDIT_NOTE = "credit_note"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Settlement:
    """One reconciliation on what an invoice or a bill is owed. Amounts in its `currency`, never negative.

    `paid_to_bank`: the buyer paid the bank that finances the invoice, which told us: nothing is to be reported to it.
    """

    partial_id: int
    move_id: int
    currency: str
    amount: Decimal
    cash: Decimal
    settled_on: date
    kind: str
    counterpart: str
    payment_id: int | None
    cleared: bool
    paid_to_bank: bool


def read_settlements(env, move_ids: list[int], *, partial_ids: list[int] | None = None) -> list[Settlement]:
    """Settlements of posted customer invoices, oldest first: one query.

    `cash` is what really came in: a payment's write-off (early payment discount, bank fee, difference) and a credit
    note settle the claim without money; so does the part of a statement line that was offset against what the company
    owes (a credit note, a bill). Exchange differences settle nothing in the invoice's currency. A payment that is a
    draft again settles nothing, though Odoo keeps its reconciliation.
    """
    return _read(env, _RECEIVABLE, move_ids, partial_ids)


def read_bill_settlements(env, move_ids: list[int], *, partial_ids: list[int] | None = None) -> list[Settlement]:
    """Settlements of posted vendor bills, oldest first: one query. `cash` is what really went out, as above."""
    return _read(env, _PAYABLE, move_ids, partial_ids)


def read_bill_credits(env, move_ids: list[int], *, partial_ids: list[int] | None = None) -> list[Settlement]:
    """What suppliers credited on posted vendor bills, oldest first: one query."""
    settlements = read_bill_settlements(env, move_ids, partial_ids=partial_ids)
    return [settlement for settlement in settlements if settlement.kind == CREDIT_NOTE]


@dataclass(frozen=True, slots=True)
class _Claim:
    """One side of a reconciliation, as SQL: on which side of it the document's own items are, and money's sign."""

    account_type: str
    ours: SQL
    theirs: SQL
    amount: SQL
    money: SQL


_RECEIVABLE = _Claim(
    account_type="asset_receivable",
    ours=SQL("partial.debit_move_id"),
    theirs=SQL("partial.credit_move_id"),
    amount=SQL("partial.debit_amount_currency"),
    money=SQL("item.balance"),
)
# What is liquid left the company: money has the opposite sign of what comes in for a customer's invoice.
_PAYABLE = _Claim(
    account_type="liability_payable",
    ours=SQL("partial.credit_move_id"),
    theirs=SQL("partial.debit_move_id"),
    amount=SQL("partial.credit_amount_currency"),
    money=SQL("-item.balance"),
)


def _read(env, claim: _Claim, move_ids: list[int], partial_ids: list[int] | None) -> list[Settlement]:
    if not move_ids:
        return []
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT partial.id AS partial_id, ours.move_id, currency.name AS currency, %(amount)s::text AS amount,
               COALESCE(theirs.date, partial.max_date) AS settled_on,
               their_move.move_type, their_move.name AS counterpart, their_move.statement_line_id,
               payment.id AS payment_id, payment.is_matched,
               cash.liquid::text AS liquid, cash.claims::text AS claims, direct.id IS NOT NULL AS paid_to_bank
          FROM account_partial_reconcile partial
          JOIN account_move_line ours ON ours.id = %(ours)s
          JOIN account_account account ON account.id = ours.account_id AND account.account_type = %(account_type)s
          JOIN res_currency currency ON currency.id = ours.currency_id
          JOIN account_move_line theirs ON theirs.id = %(theirs)s
          JOIN account_move their_move ON their_move.id = theirs.move_id AND their_move.state = 'posted'
          JOIN account_move our_move ON our_move.id = ours.move_id AND our_move.state = 'posted'
          LEFT JOIN account_payment payment ON payment.id = their_move.origin_payment_id
          LEFT JOIN scf_loan_buyer_payment direct ON direct.booking_id = their_move.id
          JOIN LATERAL (
                SELECT SUM(CASE WHEN kind.account_type IN %(claim_types)s
                                THEN GREATEST(-(%(money)s), 0) ELSE 0 END) AS claims,
                       SUM(CASE WHEN kind.account_type IN ('asset_cash', 'liability_credit_card')
                                  OR (their_move.origin_payment_id IS NOT NULL
                                      AND item.account_id = payment.outstanding_account_id)
                                  OR (direct.id IS NOT NULL AND kind.account_type NOT IN %(claim_types)s)
                                THEN %(money)s ELSE 0 END) AS liquid
                  FROM account_move_line item
                  JOIN account_account kind ON kind.id = item.account_id
                 WHERE item.move_id = their_move.id) cash ON TRUE
         WHERE ours.move_id IN %(moves)s AND %(amount)s > 0 AND %(partials)s
         ORDER BY settled_on, partial.id
        """,
            moves=tuple(move_ids),
            partials=SQL("partial.id IN %s", tuple(partial_ids)) if partial_ids else SQL("TRUE"),
            account_type=claim.account_type,
            claim_types=("asset_receivable", "liability_payable"),
            ours=claim.ours,
            theirs=claim.theirs,
            amount=claim.amount,
            money=claim.money,
        )
    )
    return [_settlement(row) for row in rows]


def _settlement(row: dict) -> Settlement:
    amount, liquid, claims = (Decimal(row[name] or 0) for name in ("amount", "liquid", "claims"))
    if row["move_type"] in ("out_refund", "in_refund"):
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
        paid_to_bank=row["paid_to_bank"],
    )


@dataclass(frozen=True, slots=True)
class OrderShare:
    """The part of one posted invoice or bill that belongs to one order: 1 where it is the order's alone.

    `is_down_payment`: that part is nothing but a down payment.
    """

    order_id: int
    move_id: int
    share: Decimal
    is_down_payment: bool

    def is_reduced_by(self, settlement: Settlement) -> bool:
        """Whether a settlement of the invoice takes something off the order.

        A down payment that was credited does not: all of the order is to be invoiced as before.
        """
        return not (self.is_down_payment and settlement.kind == CREDIT_NOTE)


def read_order_shares(
    env,
    *,
    order_ids: list[int] | None = None,
    move_ids: list[int] | None = None,
) -> list[OrderShare]:
    """Posted customer invoices of sales orders (or orders of the invoices), each with the order's share: one query."""
    order_lines = SQL(
        """
        SELECT DISTINCT rel.invoice_line_id, order_line.order_id,
               COALESCE(order_line.is_downpayment, FALSE) AS is_downpayment
          FROM sale_order_line_invoice_rel rel
          JOIN sale_order_line order_line ON order_line.id = rel.order_line_id
        """
    )
    return _read_shares(env, order_lines, "out_invoice", order_ids, move_ids)


def read_purchase_shares(
    env,
    *,
    order_ids: list[int] | None = None,
    move_ids: list[int] | None = None,
) -> list[OrderShare]:
    """Posted bills of purchase orders (or orders of the bills), each with the order's share: one query."""
    order_lines = SQL(
        """
        SELECT item.id AS invoice_line_id, order_line.order_id,
               COALESCE(order_line.is_downpayment, FALSE) AS is_downpayment
          FROM account_move_line item
          JOIN purchase_order_line order_line ON order_line.id = item.purchase_line_id
        """
    )
    return _read_shares(env, order_lines, "in_invoice", order_ids, move_ids)


def _read_shares(env, order_lines: SQL, move_type: str, order_ids, move_ids) -> list[OrderShare]:
    condition = (
        SQL("order_line.order_id IN %s", tuple(order_ids))
        if order_ids
        else SQL("line.move_id IN %s", tuple(move_ids or [0]))
    )
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT order_line.order_id, line.move_id, SUM(line.price_total)::text AS part,
               MAX(move.amount_total)::text AS whole, BOOL_AND(order_line.is_downpayment) AS is_down_payment
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id AND move.state = 'posted' AND move.move_type = %s
          JOIN (%s) order_line ON order_line.invoice_line_id = line.id
         WHERE %s
         GROUP BY order_line.order_id, line.move_id
        """,
            move_type,
            order_lines,
            condition,
        )
    )
    return [
        OrderShare(
            row["order_id"],
            row["move_id"],
            min(max(Decimal(row["part"]) / Decimal(row["whole"]), 0), 1),
            row["is_down_payment"],
        )
        for row in rows
        if Decimal(row["whole"])
    ]


@dataclass(frozen=True, slots=True)
class OrderSettlement:
    """What of one settlement counts for one order. Amounts in the invoice's currency."""

    order_id: int
    settlement: Settlement
    share: Decimal

    @property
    def paid(self) -> Decimal:
        return Decimal(0) if self.settlement.kind == CREDIT_NOTE else self._part(self.settlement.amount)

    @property
    def credited(self) -> Decimal:
        return self._part(self.settlement.amount) if self.settlement.kind == CREDIT_NOTE else Decimal(0)

    def _part(self, amount: Decimal) -> Decimal:
        return round_money(amount * self.share, self.settlement.currency)


def read_order_settlements(env, order_ids: list[int]) -> list[OrderSettlement]:
    """Settlements of the orders' posted invoices (down payments too), by order: two queries."""
    shares = read_order_shares(env, order_ids=order_ids)
    settlements = read_settlements(env, [share.move_id for share in shares])
    by_move = {}
    for settlement in settlements:
        by_move.setdefault(settlement.move_id, []).append(settlement)
    return [
        OrderSettlement(share.order_id, settlement, share.share)
        for share in shares
        for settlement in by_move.get(share.move_id, ())
        if share.is_reduced_by(settlement)
    ]


def read_purchase_credits(env, order_ids: list[int]) -> list[OrderSettlement]:
    """What suppliers credited on the posted bills of these purchase orders, by order: two queries."""
    shares = read_purchase_shares(env, order_ids=order_ids)
    credits = read_bill_credits(env, [share.move_id for share in shares])
    return [
        OrderSettlement(share.order_id, credit, share.share)
        for share in shares
        for credit in credits
        if credit.move_id == share.move_id and share.is_reduced_by(credit)
    ]
