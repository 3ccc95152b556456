"""The money that came in and went out for documents: how much of a settlement was money, for whole periods at once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from odoo.tools import SQL

from .months import month_days
from .period import Period

# Adds `share` to the rows of a preceding `settled`, which name the settling item by its `move_id`, `payment_id` and
# `balance`: the part of what it settles that came as money (positive) or went as money (negative). The amount on bank,
# cash and outstanding accounts is divided by what the entry books on receivables and payables, so that discounts, bank
# fees and other write-offs don't count; a credit note, an exchange difference or any other entry gives 0.
# A payment knows its amount on the outstanding account, and books one item on the partner's account; of other entries,
# such as statement lines, all items are read.
WITH_SHARES = SQL(
    """
    SELECT settled.*,
           COALESCE(CASE WHEN settled.payment_id IS NULL THEN entry.share
                         WHEN payment.amount_company_currency_signed * settled.balance < 0
                         THEN SIGN(payment.amount_company_currency_signed)
                              * LEAST(ABS(payment.amount_company_currency_signed / settled.balance), 1) END, 0) AS share
      FROM settled
      LEFT JOIN account_payment payment ON payment.id = settled.payment_id
      LEFT JOIN (
           SELECT move_id,
                  CASE WHEN liquid > 0 AND credit > 0 THEN LEAST(liquid / credit, 1)
                       WHEN liquid < 0 AND debit > 0 THEN -LEAST(-liquid / debit, 1) END AS share
             FROM (SELECT item.move_id,
                          SUM(item.balance) FILTER (
                              WHERE kind.account_type IN ('asset_cash', 'liability_credit_card')) AS liquid,
                          SUM(GREATEST(item.balance, 0)) FILTER (
                              WHERE kind.account_type IN ('asset_receivable', 'liability_payable')) AS debit,
                          SUM(GREATEST(-item.balance, 0)) FILTER (
                              WHERE kind.account_type IN ('asset_receivable', 'liability_payable')) AS credit
                     FROM (SELECT DISTINCT move_id FROM settled WHERE payment_id IS NULL) settling
                     JOIN account_move move ON move.id = settling.move_id AND move.move_type = 'entry'
                     JOIN account_move_line item ON item.move_id = move.id
                     JOIN account_account kind ON kind.id = item.account_id
                    GROUP BY item.move_id) total) entry ON entry.move_id = settled.move_id
    """
)


@dataclass(frozen=True, slots=True)
class Paid:
    """What came for one buyer's invoices of the period in one currency, up to now.

    Amounts in the invoices' currency; the sums with `company_` in the company's, to add up over currencies.
    `money_days` is the sum of each payment times the days from invoice to payment, `late_days` times the days past due.
    """

    paid: Decimal = Decimal(0)
    late: Decimal = Decimal(0)
    money_days: Decimal = Decimal(0)
    late_days: Decimal = Decimal(0)
    company_paid: Decimal = Decimal(0)
    company_late_days: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Moved:
    """What came in for customers' items in one currency, and went out for suppliers' items and back to customers."""

    collected: Decimal = Decimal(0)
    paid_out: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Payments:
    """The same settlements told twice: by the buyer whose invoice they paid, and by the month in which money moved.

    Keys are (id of the buyer's commercial partner, currency) and (month as `2026-11`, currency).
    """

    by_buyer: dict[tuple[int, str], Paid]
    by_month: dict[tuple[str, str], Moved]

    def of_buyer(self, buyer_id: int, currency: str) -> Paid:
        """What came for the buyer's invoices, nothing included."""
        return self.by_buyer.get((buyer_id, currency)) or Paid()

    def of_month(self, month: str, currency: str) -> Moved:
        """What moved in the month (`2026-11`), nothing included."""
        return self.by_month.get((month, currency)) or Moved()

    def collected_in(self, currency: str) -> Decimal:
        """All that came in for customers' items in the currency over the period."""
        return sum((moved.collected for (_month, code), moved in self.by_month.items() if code == currency), Decimal(0))


def read_payments(env, company, *, period: Period) -> Payments:
    """Read what of the company's settlements was money: one query.

    No credit note, discount, write-off, offset or exchange difference counts, nor a payment that is not matched with
    a document. A buyer's days run to the date of the payment, by instalment; who pays early is 0 days late. A month
    has what moved in it for trade receivables and payables, by the date of the payment or statement line.
    """
    rows = env.execute_query_dict(_settlements(company, period))
    return Payments(
        by_buyer={(row["buyer_id"], row["currency"]): _told(Paid, row) for row in rows if row["buyer_id"]},
        by_month={
            (row["month"], row["currency"]): _told(Moved, row)
            for row in rows
            if row["month"] and (row["collected"] or row["paid_out"])
        },
    )


def _told(of, row: dict):
    return of(*(Decimal(row[name] or 0) for name in of.__slots__))


def _settlements(company, period: Period) -> SQL:
    """Each settlement once, however many ways it is summed up. Payments and documents of other companies settle a
    buyer's invoice too (branches do that), but are none of this company's months.
    """
    return SQL(
        """
        WITH flow AS (
            SELECT summed.*
              FROM %(months)s
             CROSS JOIN LATERAL (
                WITH settled AS (
                    SELECT side.*, partial.amount AS company_amount, debit.date_maturity,
                           kind.account_type = 'asset_receivable' AS is_receivable,
                           CASE WHEN side.came_in AND debit.display_type = 'payment_term'
                                THEN debit.move_id END AS invoice_id,
                           side.date BETWEEN %(start)s AND %(end)s AND kind.non_trade IS NOT TRUE
                           AND debit.company_id = %(company)s AND credit.company_id = %(company)s AS is_of_month
                      FROM account_partial_reconcile partial
                      JOIN account_move_line debit ON debit.id = partial.debit_move_id
                                                  AND debit.parent_state = 'posted'
                      JOIN account_move_line credit ON credit.id = partial.credit_move_id
                                                   AND credit.parent_state = 'posted'
                      JOIN account_account kind ON kind.id = debit.account_id
                                               AND kind.account_type IN ('asset_receivable', 'liability_payable')
                     CROSS JOIN LATERAL (VALUES
                           (TRUE, credit.move_id, credit.payment_id, credit.balance, credit.date, credit.display_type,
                            debit.currency_id, partial.debit_amount_currency),
                           (FALSE, debit.move_id, debit.payment_id, debit.balance, debit.date, debit.display_type,
                            credit.currency_id, partial.credit_amount_currency)
                         ) side (came_in, move_id, payment_id, balance, date, display_type, currency_id, amount)
                     WHERE partial.company_id = %(company)s AND partial.max_date >= month.first
                       -- What is matched with a document of a later day is still money of the period.
                       AND partial.max_date <= COALESCE(NULLIF(month.last, %(end)s), 'infinity')
                       -- The item of an invoice or credit note that its terms of payment made is no money.
                       AND side.amount > 0 AND side.display_type IS DISTINCT FROM 'payment_term'
                ), money AS (%(with_shares)s)
                SELECT DATE_TRUNC('month', money.date::timestamp) AS month, invoice.commercial_partner_id AS buyer_id,
                       money.currency_id,
                       SUM(part.amount) FILTER (WHERE is_of_month AND came_in AND is_receivable) AS collected,
                       SUM(-part.amount) FILTER (WHERE is_of_month AND NOT (came_in AND is_receivable)) AS paid_out,
                       SUM(part.amount) AS paid, SUM(part.amount) FILTER (WHERE part.days_late > 0) AS late,
                       SUM(part.amount * part.days) AS money_days, SUM(part.amount * part.days_late) AS late_days,
                       SUM(part.company_amount) AS company_paid,
                       SUM(part.company_amount * part.days_late) AS company_late_days
                  FROM money
                  LEFT JOIN account_move invoice ON invoice.id = money.invoice_id
                       AND invoice.company_id = %(company)s AND invoice.move_type = 'out_invoice'
                       AND invoice.state = 'posted' AND invoice.invoice_date BETWEEN %(start)s AND %(end)s
                 CROSS JOIN LATERAL (
                       SELECT money.amount * share AS amount, money.company_amount * share AS company_amount,
                              GREATEST(money.date - invoice.invoice_date, 0) AS days,
                              GREATEST(money.date - COALESCE(money.date_maturity, invoice.invoice_date), 0)
                                  AS days_late) part
                 WHERE CASE WHEN came_in THEN share > 0 ELSE share < 0 END
                 GROUP BY 1, 2, 3) summed
        )
        SELECT TO_CHAR(flow.month, 'YYYY-MM') AS month, flow.buyer_id, currency.name AS currency,
               SUM(collected)::text AS collected, SUM(paid_out)::text AS paid_out, SUM(paid)::text AS paid,
               SUM(late)::text AS late, SUM(money_days)::text AS money_days, SUM(late_days)::text AS late_days,
               SUM(company_paid)::text AS company_paid, SUM(company_late_days)::text AS company_late_days
          FROM flow
          JOIN res_currency currency ON currency.id = flow.currency_id
         GROUP BY GROUPING SETS ((flow.month, currency.name), (flow.buyer_id, currency.name))
        """,
        months=month_days(period),
        company=company.id,
        start=period.start,
        end=period.end,
        with_shares=WITH_SHARES,
    )
