"""How the applicant's buyers paid, and who they are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from odoo.tools import SQL

from .figures import money, ratio
from .money_moves import WITH_SHARES
from .months import local_day, month_days
from .period import Period
from .relations import relation
from .scope import buyer_key
from .wire_text import day, tax_id_of, without_none

# More buyers than these don't get a row of their own: what a bank asks about is concentration.
LARGEST_OTHERS = 25


@dataclass(frozen=True, slots=True)
class Payer:
    """One buyer's invoices of the period in one currency, and the money that came for them so far.

    Amounts in `currency`; `turnover` and the sums with `company_` in the company's, to add up over currencies.
    `money_days` is the sum of each payment times the days from invoice to payment, `late_days` times the days past due.
    """

    buyer_id: int
    currency: str
    invoices: int
    invoiced: Decimal
    turnover: Decimal
    overdue: Decimal
    paid: Decimal
    late: Decimal
    money_days: Decimal
    late_days: Decimal
    company_paid: Decimal
    company_late_days: Decimal


def read_payers(env, company, *, period: Period) -> list[Payer]:
    """Every buyer who was invoiced in the period, by currency: one query.

    Only money counts as paid: no credit note, discount, write-off or exchange difference. Days run to the date of
    the payment, by instalment; who pays early is 0 days late.
    """
    rows = env.execute_query(
        SQL(
            """
        SELECT monthly.buyer_id, currency.name, SUM(invoices)::int, SUM(invoiced)::text, SUM(turnover)::text,
               SUM(overdue)::text, SUM(paid)::text, SUM(late)::text, SUM(money_days)::text, SUM(late_days)::text,
               SUM(company_paid)::text, SUM(company_late_days)::text
          FROM %(months)s
         CROSS JOIN LATERAL (
            WITH invoice AS (
                SELECT id, commercial_partner_id AS buyer_id, currency_id, invoice_date, amount_total,
                       amount_total_signed
                  FROM account_move
                 WHERE company_id = %(company)s AND move_type = 'out_invoice' AND state = 'posted'
                   AND invoice_date BETWEEN month.first AND month.last
            ), term AS (
                SELECT invoice.buyer_id, invoice.currency_id, invoice.invoice_date, line.id,
                       COALESCE(line.date_maturity, invoice.invoice_date) AS due_date, line.amount_residual_currency
                  FROM invoice
                  JOIN account_move_line line ON line.move_id = invoice.id AND line.display_type = 'payment_term'
            ), settled AS (
                SELECT term.buyer_id, term.currency_id, theirs.move_id, theirs.payment_id, theirs.balance,
                       partial.debit_amount_currency, partial.amount,
                       GREATEST(theirs.date - term.invoice_date, 0) AS days,
                       GREATEST(theirs.date - term.due_date, 0) AS days_late
                  FROM term
                  JOIN account_partial_reconcile partial ON partial.debit_move_id = term.id
                  JOIN account_move_line theirs ON theirs.id = partial.credit_move_id AND theirs.parent_state = 'posted'
                 WHERE partial.debit_amount_currency > 0
            ), money AS (%(with_shares)s),
            paid AS (
                SELECT buyer_id, currency_id,
                       SUM(debit_amount_currency * share) AS paid,
                       SUM(debit_amount_currency * share) FILTER (WHERE days_late > 0) AS late,
                       SUM(debit_amount_currency * share * days) AS money_days,
                       SUM(debit_amount_currency * share * days_late) AS late_days,
                       SUM(amount * share) AS company_paid,
                       SUM(amount * share * days_late) AS company_late_days
                  FROM money
                 WHERE share > 0
                 GROUP BY buyer_id, currency_id
            ), overdue AS (
                SELECT buyer_id, currency_id, SUM(amount_residual_currency) AS overdue
                  FROM term
                 WHERE due_date < %(end)s
                 GROUP BY buyer_id, currency_id
            ), invoiced AS (
                SELECT buyer_id, currency_id, COUNT(*) AS invoices, SUM(amount_total) AS invoiced,
                       SUM(amount_total_signed) AS turnover
                  FROM invoice
                 GROUP BY buyer_id, currency_id
            )
            SELECT *
              FROM invoiced
              LEFT JOIN overdue USING (buyer_id, currency_id)
              LEFT JOIN paid USING (buyer_id, currency_id)) monthly
          JOIN res_currency currency ON currency.id = monthly.currency_id
         GROUP BY monthly.buyer_id, currency.name
         ORDER BY monthly.buyer_id, currency.name
        """,
            months=month_days(period),
            company=company.id,
            end=period.end,
            with_shares=WITH_SHARES,
        )
    )
    return [Payer(*row[:3], *(Decimal(figure or 0) for figure in row[3:])) for row in rows]


def buyer_history(payers: list[Payer], financed_buyer_ids: tuple[int, ...]) -> list[dict]:
    """Rows of BuyerHistoryRow: financed buyers, the largest others by turnover, the rest in one row per currency."""
    turnover: dict[int, Decimal] = {}
    for payer in payers:
        turnover[payer.buyer_id] = turnover.get(payer.buyer_id, Decimal(0)) + payer.turnover
    others = sorted(turnover.keys() - set(financed_buyer_ids), key=lambda buyer: (-turnover[buyer], buyer))
    named = [*dict.fromkeys(financed_buyer_ids), *others[:LARGEST_OTHERS]]
    of_buyer = {buyer: list(rows) for buyer, rows in groupby(payers, key=lambda payer: payer.buyer_id)}
    rest = sorted((payer for buyer in others[LARGEST_OTHERS:] for payer in of_buyer[buyer]), key=lambda p: p.currency)
    return [
        *(_row([payer], buyer=buyer_key(buyer)) for buyer in named for payer in of_buyer.get(buyer, ())),
        *(
            _row(of_currency, buyers=len(of_currency))
            for of_currency in (list(group) for _currency, group in groupby(rest, key=lambda payer: payer.currency))
        ),
    ]


def _row(payers: list[Payer], **who) -> dict:
    currency = payers[0].currency
    total = {
        name: sum((getattr(payer, name) for payer in payers), Decimal(0))
        for name in ("invoiced", "paid", "overdue", "money_days", "late_days", "late")
    }
    return without_none(
        {
            **who,
            "currency": currency,
            "invoices": sum(payer.invoices for payer in payers),
            "invoiced": money(total["invoiced"], currency),
            "paid": money(total["paid"], currency),
            "overdue": money(total["overdue"], currency),
            "weighted_days_to_pay": ratio(total["money_days"], total["paid"], 1),
            "weighted_days_late": ratio(total["late_days"], total["paid"], 1),
            "late_share_percent": ratio(100 * total["late"], total["paid"], 2),
        }
    )


def buyers(env, company, buyer_ids) -> list[dict]:
    """Rows of BuyerRow, all by name and in the given order: one query.

    A buyer is a customer since its first confirmed order or posted invoice with this company, whichever came first.
    What relates it to the company is told as `relations.relation` finds it.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT partner.id, partner.name, partner.vat, partner.city, country.code AS country,
               LEAST(first_order.day, first_invoice.day) AS customer_since, %(related)s AS related
          FROM UNNEST(%(buyers)s::int[]) WITH ORDINALITY AS wanted(id, position)
          JOIN res_partner partner ON partner.id = wanted.id
          LEFT JOIN res_country country ON country.id = partner.country_id
          LEFT JOIN LATERAL (
                SELECT MIN(first.day) AS day
                  FROM res_partner orderer
                 CROSS JOIN LATERAL (
                       SELECT %(ordered_on)s AS day FROM sale_order
                        WHERE partner_id = orderer.id AND company_id = %(company)s AND state = 'sale'
                        ORDER BY date_order LIMIT 1) first
                 WHERE orderer.commercial_partner_id = partner.id) first_order ON TRUE
          LEFT JOIN LATERAL (
                SELECT invoice_date AS day FROM account_move
                 WHERE commercial_partner_id = partner.id AND company_id = %(company)s
                   AND move_type = 'out_invoice' AND state = 'posted'
                 ORDER BY invoice_date LIMIT 1) first_invoice ON TRUE
         ORDER BY wanted.position
        """,
            buyers=list(dict.fromkeys(buyer_ids)),
            company=company.id,
            ordered_on=local_day(env, SQL("date_order")),
            related=relation(company),
        )
    )
    return [
        without_none(
            {
                "key": buyer_key(row["id"]),
                "name": row["name"],
                "tax_id": tax_id_of(row["vat"]),
                "country": row["country"],
                "city": row["city"] or None,
                "customer_since": day(row["customer_since"]),
                "related": row["related"],
            }
        )
        for row in rows
    ]
