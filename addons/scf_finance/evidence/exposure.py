"""The applicant's debts, applications and pledges that this ERP knows. No lender is named."""

from decimal import Decimal

from odoo.tools import SQL

from .figures import money
from .months import local_day
from .wire_text import day, without_none

DOCUMENTS = {True: "Sales order", False: "Customer invoice"}


def loans(env, company) -> tuple[list[dict], list[dict]]:
    """Rows of LoanRow for loans that are granted or running, and the totals of what is owed: one query.

    `outstanding` is the principal as the bank last told it.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT application.technique, currency.name AS currency, loan.principal::text,
               loan.balance_principal::text AS outstanding, loan.state,
               loan.start_date AS started_on, loan.due_date AS due_on
          FROM scf_loan loan
          JOIN scf_application application ON application.id = loan.application_id
          JOIN res_currency currency ON currency.id = loan.currency_id
         WHERE loan.company_id = %(company)s AND loan.state IN ('granted', 'active', 'overdue')
         ORDER BY loan.id
        """,
            company=company.id,
        )
    )
    totals: dict[str, Decimal] = {}
    for row in rows:
        currency = row["currency"]
        totals[currency] = totals.get(currency, Decimal(0)) + Decimal(row["outstanding"] or 0)
        row["principal"] = money(row["principal"], currency)
        row["outstanding"] = money(row["outstanding"], currency)
        row["started_on"], row["due_on"] = day(row["started_on"]), day(row["due_on"])
    return (
        [without_none(row) for row in rows],
        [{"currency": currency, "amount": money(totals[currency], currency)} for currency in sorted(totals)],
    )


def applications(env, company, *, but_for: int | None = None) -> list[dict]:
    """Rows of ApplicationRow for applications that banks have not answered to the end, but for one (its id): one query.

    A financed application is a loan, and no longer counted here.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT application.technique, currency.name AS currency, application.requested_amount::text AS requested,
               application.state, %(submitted_on)s AS submitted_on,
               ARRAY(SELECT COALESCE(so.name, invoice.name)
                       FROM scf_application_document claim
                       LEFT JOIN sale_order so ON so.id = claim.sale_order_id
                       LEFT JOIN account_move invoice ON invoice.id = claim.move_id
                      WHERE claim.application_id = application.id AND claim.is_open
                      ORDER BY claim.id) AS documents
          FROM scf_application application
          JOIN res_currency currency ON currency.id = application.currency_id
         WHERE application.company_id = %(company)s AND application.state IN ('requested', 'offered', 'accepted')
           AND application.requested_at IS NOT NULL AND application.id IS DISTINCT FROM %(but_for)s
         ORDER BY application.id
        """,
            company=company.id,
            but_for=but_for,
            submitted_on=local_day(env, SQL("application.requested_at")),
        )
    )
    return [
        {**row, "requested": money(row["requested"], row["currency"]), "submitted_on": day(row["submitted_on"])}
        for row in rows
    ]


def pledges(env, company, *, but_for: int | None = None) -> list[dict]:
    """Rows of PledgeRow: documents that stand for a loan of another application than `but_for` (its id): one query.

    An invoice counts with what is still open on it, an order with what was open when its financing was requested.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT COALESCE(so.name, invoice.name) AS document, so.id IS NOT NULL AS is_order,
               currency.name AS currency, COALESCE(invoice.amount_residual, claim.amount)::text AS amount
          FROM scf_application_document claim
          JOIN res_currency currency ON currency.id = claim.currency_id
          LEFT JOIN sale_order so ON so.id = claim.sale_order_id
          LEFT JOIN account_move invoice ON invoice.id = claim.move_id
         WHERE claim.company_id = %(company)s AND claim.is_open AND claim.application_id IS DISTINCT FROM %(but_for)s
           AND EXISTS (SELECT FROM scf_loan loan
                        WHERE loan.application_id = claim.application_id
                          AND loan.state IN ('granted', 'active', 'overdue'))
         ORDER BY claim.id
        """,
            company=company.id,
            but_for=but_for,
        )
    )
    return [
        {
            "document": row["document"],
            "description": DOCUMENTS[row["is_order"]],
            "currency": row["currency"],
            "amount": money(row["amount"], row["currency"]),
        }
        for row in rows
    ]
