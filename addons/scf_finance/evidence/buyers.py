"""How the applicant's buyers paid, and who they are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from odoo.tools import SQL

from .figures import money, ratio
from .money_moves import Paid, Payments
from .months import local_day
from .period import Period
from .relations import relation
from .scope import buyer_key
from .wire_text import day, tax_id_of, without_none

# More buyers than these don't get a row of their own: what a bank asks about is concentration.
LARGEST_OTHERS = 25


@dataclass(frozen=True, slots=True)
class Payer:
    """One buyer's invoices of the period in one currency, and the money that came for them so far.

    Amounts in `currency`; `turnover` in the company's, to add up over currencies.
    """

    buyer_id: int
    currency: str
    invoices: int
    invoiced: Decimal
    turnover: Decimal
    overdue: Decimal
    money: Paid


def read_payers(env, company, *, period: Period, payments: Payments) -> list[Payer]:
    """Every buyer who was invoiced in the period, by currency, with the `payments` that came for it: one query."""
    rows = env.execute_query(
        SQL(
            """
        SELECT invoiced.buyer_id, currency.name, invoiced.invoices, COALESCE(invoiced.invoiced, 0)::text,
               COALESCE(invoiced.turnover, 0)::text, COALESCE(overdue.overdue, 0)::text
          FROM (SELECT commercial_partner_id AS buyer_id, currency_id, COUNT(*)::int AS invoices,
                       SUM(amount_total) AS invoiced, SUM(amount_total_signed) AS turnover
                  FROM account_move
                 WHERE company_id = %(company)s AND move_type = 'out_invoice' AND state = 'posted'
                   AND invoice_date BETWEEN %(start)s AND %(end)s
                 GROUP BY commercial_partner_id, currency_id) invoiced
          LEFT JOIN (
                SELECT invoice.commercial_partner_id AS buyer_id, invoice.currency_id,
                       SUM(term.amount_residual_currency) AS overdue
                  FROM account_move_line term
                  JOIN account_move invoice ON invoice.id = term.move_id AND invoice.move_type = 'out_invoice'
                                           AND invoice.state = 'posted'
                 WHERE term.company_id = %(company)s AND term.invoice_date BETWEEN %(start)s AND %(end)s
                   AND term.display_type = 'payment_term' AND term.reconciled IS NOT TRUE
                   AND COALESCE(term.date_maturity, term.invoice_date) < %(end)s
                 GROUP BY invoice.commercial_partner_id, invoice.currency_id) overdue USING (buyer_id, currency_id)
          JOIN res_currency currency ON currency.id = invoiced.currency_id
         ORDER BY invoiced.buyer_id, currency.name
        """,
            company=company.id,
            start=period.start,
            end=period.end,
        )
    )
    return [
        Payer(buyer_id, currency, invoices, *map(Decimal, amounts), payments.of_buyer(buyer_id, currency))
        for buyer_id, currency, invoices, *amounts in rows
    ]


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
    paid, late, money_days, late_days = (
        sum((getattr(payer.money, name) for payer in payers), Decimal(0))
        for name in ("paid", "late", "money_days", "late_days")
    )
    return without_none(
        {
            **who,
            "currency": currency,
            "invoices": sum(payer.invoices for payer in payers),
            "invoiced": money(sum(payer.invoiced for payer in payers), currency),
            "paid": money(paid, currency),
            "overdue": money(sum(payer.overdue for payer in payers), currency),
            "weighted_days_to_pay": ratio(money_days, paid, 1),
            "weighted_days_late": ratio(late_days, paid, 1),
            "late_share_percent": ratio(100 * late, paid, 2),
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
