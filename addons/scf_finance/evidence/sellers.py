"""From whom the applicant buys what is financed, and where the bank is asked to pay it."""

from odoo.tools import SQL

from .months import local_day
from .party import account_of
from .relations import relation
from .scope import seller_key
from .wire_text import day, tax_id_of, without_none


def seller_rows(scope) -> list[dict]:
    """Rows of SellerRow, the sellers of the financed documents: one query, and the account of each.

    A seller supplies since its first confirmed purchase order or posted bill with this company, whichever came first.
    """
    env, company = scope.env, scope.company
    if not scope.seller_ids:
        return []
    rows = env.execute_query_dict(
        SQL(
            """
        SELECT partner.id, partner.name, partner.vat, partner.city, country.code AS country,
               LEAST(first_order.day, first_bill.day) AS supplier_since, %(related)s AS related
          FROM UNNEST(%(sellers)s::int[]) WITH ORDINALITY AS wanted(id, position)
          JOIN res_partner partner ON partner.id = wanted.id
          LEFT JOIN res_country country ON country.id = partner.country_id
          LEFT JOIN LATERAL (
                SELECT MIN(%(ordered_on)s) AS day
                  FROM res_partner contact
                  JOIN purchase_order po ON po.partner_id = contact.id AND po.company_id = %(company)s
                   AND po.state = 'purchase'
                 WHERE contact.commercial_partner_id = partner.id) first_order ON TRUE
          LEFT JOIN LATERAL (
                SELECT MIN(invoice_date) AS day FROM account_move
                 WHERE commercial_partner_id = partner.id AND company_id = %(company)s
                   AND move_type = 'in_invoice' AND state = 'posted') first_bill ON TRUE
         ORDER BY wanted.position
        """,
            sellers=list(scope.seller_ids),
            company=company.id,
            ordered_on=local_day(env, SQL("COALESCE(po.date_approve, po.date_order)")),
            related=relation(company),
        )
    )
    account = _account(scope)
    return [
        without_none(
            {
                "key": seller_key(row["id"]),
                "name": row["name"],
                "tax_id": tax_id_of(row["vat"]),
                "country": row["country"],
                "city": row["city"] or None,
                "supplier_since": day(row["supplier_since"]),
                "related": row["related"],
                "account": account if row["id"] == scope.seller_ids[0] else None,
            }
        )
        for row in rows
    ]


def _account(scope) -> dict | None:
    """The account that a financed bill names, else the one that Odoo proposes for payments to the seller.

    That is one in the documents' currency first, then a trusted one. An account that is archived, or somebody else's,
    is not trusted, whatever is marked on it. One query.
    """
    rows = scope.env.execute_query(
        SQL(
            """
        SELECT account.id, account.active AND account.partner_id = %(seller)s AND account.allow_out_payment
          FROM res_partner_bank account
          LEFT JOIN account_move bill ON bill.partner_bank_id = account.id AND bill.id = ANY(%(bills)s)
         WHERE bill.id IS NOT NULL
            OR (account.partner_id = %(seller)s AND account.active
                AND (account.company_id IS NULL OR account.company_id = %(company)s))
         ORDER BY bill.id IS NULL, COALESCE(account.currency_id != %(currency)s, FALSE),
                  account.allow_out_payment IS NOT TRUE, account.sequence, account.id
         LIMIT 1
        """,
            seller=scope.seller_ids[0],
            bills=[] if scope.is_order else scope.ids,
            company=scope.company.id,
            currency=scope.documents[0].currency_id.id,
        )
    )
    if not rows:
        return None
    [(account_id, is_trusted)] = rows
    account = scope.env["res.partner.bank"].sudo().browse(account_id)  # a requester may not read bank accounts
    return without_none({**account_of(account, account.partner_id.name), "trusted": True if is_trusted else None})
