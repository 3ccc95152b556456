"""The applicant's debts, applications and pledges that this ERP knows. No lender is named."""

from decimal import Decimal

from odoo.tools import SQL

from .figures import money
from .months import local_day
from .wire_text import day, goods_text, without_none

DOCUMENTS = {
    "sale": "Sales order",
    "purchase": "Purchase order",
    "in_invoice": "Vendor bill",
    "out_invoice": "Customer invoice",
}
# What an application names, for whichever of its documents a claim is on.
CLAIMED = SQL(
    """
                       LEFT JOIN sale_order so ON so.id = claim.sale_order_id
                       LEFT JOIN account_move invoice ON invoice.id = claim.move_id
                       LEFT JOIN purchase_order po ON po.id = claim.purchase_order_id
                       LEFT JOIN scf_pledge goods ON goods.id = claim.pledge_id
                       LEFT JOIN scf_credit_line line ON line.id = claim.credit_line_id"""
)
NUMBER = SQL("COALESCE(so.name, invoice.name, po.name, goods.name, line.name)")


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
               ARRAY(SELECT %(number)s
                       FROM scf_application_document claim %(claimed)s
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
            number=NUMBER,
            claimed=CLAIMED,
            submitted_on=local_day(env, SQL("application.requested_at")),
        )
    )
    return [
        {**row, "requested": money(row["requested"], row["currency"]), "submitted_on": day(row["submitted_on"])}
        for row in rows
    ]


def pledges(env, company, *, but_for: int | None = None) -> list[dict]:
    """Rows of PledgeRow: documents that stand for a loan of another application than `but_for` (its id), and goods that
    a bank holds: one query.

    An invoice or bill counts with what is still open on it, an order with what was open when its financing was
    requested, goods with the value of what is held.
    """
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT document, kind, currency, amount::text, product, lot, location
          FROM (SELECT 0 AS place, claim.id, %(number)s AS document,
                       CASE WHEN so.id IS NOT NULL THEN 'sale' WHEN po.id IS NOT NULL THEN 'purchase'
                            ELSE invoice.move_type END AS kind,
                       currency.name AS currency, COALESCE(invoice.amount_residual, claim.amount) AS amount,
                       NULL AS product, NULL AS lot, NULL AS location
                  FROM scf_application_document claim
                  JOIN res_currency currency ON currency.id = claim.currency_id %(claimed)s
                 WHERE claim.company_id = %(company)s AND claim.is_open AND claim.pledge_id IS NULL
                   AND claim.credit_line_id IS NULL
                   AND claim.application_id IS DISTINCT FROM %(but_for)s
                   AND EXISTS (SELECT FROM scf_loan loan
                                WHERE loan.application_id = claim.application_id
                                  AND loan.state IN ('granted', 'active', 'overdue'))
                 UNION ALL
                SELECT 1, goods.id, goods.name, 'goods', currency.name, goods.value, template.name->>'en_US', lot.name,
                       location.complete_name
                  FROM scf_pledge goods
                  JOIN res_currency currency ON currency.id = goods.currency_id
                  JOIN product_product product ON product.id = goods.product_id
                  JOIN product_template template ON template.id = product.product_tmpl_id
                  JOIN stock_location location ON location.id = goods.location_id
                  LEFT JOIN stock_lot lot ON lot.id = goods.lot_id
                 WHERE goods.company_id = %(company)s AND goods.state = 'active'
                   AND (goods.application_id IS NULL OR goods.application_id IS DISTINCT FROM %(but_for)s)) pledged
         ORDER BY place, id
        """,
            company=company.id,
            but_for=but_for,
            number=NUMBER,
            claimed=CLAIMED,
        )
    )
    return [
        {
            "document": row["document"],
            "description": DOCUMENTS.get(row["kind"]) or goods_text(row["product"], row["lot"], row["location"]),
            "currency": row["currency"],
            "amount": money(row["amount"], row["currency"]),
        }
        for row in rows
    ]
