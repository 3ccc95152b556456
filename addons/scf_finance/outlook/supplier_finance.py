"""What IAS 7.44H and ASU 2022-04 ask for of supplier finance arrangements, loan by loan and in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from openscf.money import round_money

from odoo.tools import SQL

TECHNIQUE = "distributor_finance"


@dataclass(frozen=True, slots=True)
class Rolled:
    """The liability of one loan over a period, in the company's currency.

    Opening at the rate of the day before, movements at the rates of their days, closing at the rate of the last day;
    `exchange` is the difference that this leaves.

    :ivar confirmed: what the bank paid to the supplier in the period
    :ivar paid: principal repaid, less what was given back
    :ivar written_off: what the bank gave up
    :ivar in_currency: closing, in the loan's own currency
    """

    opening: Decimal
    confirmed: Decimal
    paid: Decimal
    written_off: Decimal
    closing: Decimal
    in_currency: Decimal

    @property
    def exchange(self) -> Decimal:
        """By how much rates changed the liability without any payment."""
        return self.closing - (self.opening + self.confirmed - self.paid - self.written_off)


@dataclass(frozen=True, slots=True)
class Terms:
    """From when to when bills are to be paid after their date: days, and how many bills."""

    shortest: int | None
    longest: int | None
    bills: int


def read_rolled(
    env, loans, period: tuple[date, date], rate: Callable[[object, date], Decimal], currency: str
) -> dict[int, Rolled]:
    """The roll-forward of these loans over a period (first and last day), by loan id: one query.

    :param rate: what one unit of a loan's currency (a record) was worth in the company's on a day
    :param currency: the company's (ISO 4217 code)
    """
    start, end = period
    rows = env.execute_query(
        SQL(
            """
        SELECT loan_id, value_date, type, SUM(CASE type WHEN 'disbursement' THEN amount ELSE principal END)::text
          FROM scf_loan_entry
         WHERE loan_id = ANY(%s) AND value_date <= %s
           AND type IN ('disbursement', 'repayment', 'repayment_reversal', 'write_off')
         GROUP BY 1, 2, 3
        """,
            loans.ids,
            end,
        )
    )
    own: dict[int, dict[str, Decimal]] = {}
    moved: dict[int, dict[str, Decimal]] = {}
    currencies = {loan.id: loan.currency_id for loan in loans}
    for loan_id, day, kind, text in rows:
        amount = Decimal(text or 0)
        signed = amount if kind in ("disbursement", "repayment_reversal") else -amount
        column = "opening" if day < start else "during"
        sums = own.setdefault(loan_id, {})
        sums[column] = sums.get(column, Decimal(0)) + signed
        if day >= start:
            told = {"disbursement": "confirmed", "write_off": "written_off"}.get(kind, "paid")
            worth = (amount if told != "paid" else -signed) * rate(currencies[loan_id], day)
            changes = moved.setdefault(loan_id, {})
            changes[told] = changes.get(told, Decimal(0)) + worth

    def roll(loan_id):
        sums, changes = own.get(loan_id, {}), moved.get(loan_id, {})
        opening = sums.get("opening", Decimal(0))
        closing = opening + sums.get("during", Decimal(0))
        of_loan = currencies[loan_id]
        first = round_money(opening * rate(of_loan, start - timedelta(days=1)), currency)
        last = round_money(closing * rate(of_loan, end), currency)
        parts = (round_money(changes.get(name, Decimal(0)), currency) for name in ("confirmed", "paid", "written_off"))
        return Rolled(first, *parts, last, closing)

    return {loan_id: roll(loan_id) for loan_id in loans.ids}


def read_comparable_terms(env, company, period: tuple[date, date], besides: Sequence[int] = ()) -> Terms:
    """The terms of the company's other vendor bills of the period: those that no supplier finance paid. One query.

    :param besides: ids of further bills that an arrangement is about
    """
    [(shortest, longest, bills)] = env.execute_query(
        SQL(
            """
        SELECT MIN(COALESCE(bill.invoice_date_due, bill.invoice_date) - bill.invoice_date),
               MAX(COALESCE(bill.invoice_date_due, bill.invoice_date) - bill.invoice_date), COUNT(*)
          FROM account_move bill
         WHERE bill.company_id = %(company)s AND bill.move_type = 'in_invoice' AND bill.state = 'posted'
           AND bill.invoice_date BETWEEN %(start)s AND %(end)s
           AND NOT bill.id = ANY(%(besides)s)
           AND NOT EXISTS (
               SELECT FROM scf_application_document document
                 JOIN scf_loan loan ON loan.application_id = document.application_id AND loan.state <> 'failed'
                WHERE document.company_id = %(company)s
                  AND (document.move_id = bill.id OR document.purchase_order_id IN (
                       SELECT ordered.order_id FROM account_move_line item
                         JOIN purchase_order_line ordered ON ordered.id = item.purchase_line_id
                        WHERE item.move_id = bill.id)))
        """,
            company=company.id,
            start=period[0],
            end=period[1],
            besides=list(besides),
        )
    )
    return Terms(shortest, longest, bills)
