"""From whom the applicant buys what is financed, and where the bank is asked to pay it."""

from odoo.tools import SQL

from .months import local_day
from .party import account_of
from .relations import relation
from .scope import seller_key
from .wire_text import day, tax_id_of, without_none


def seller_rows(scope) -> list[dict]:
    """Rows of SellerRow, the sellers of the financed documents, with the account: a fixed number of queries.

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
    """The account that the bank would be asked to pay to, by the one rule that says so; None where there is none.

    An account that is archived, or somebody else's, is not trusted, whatever is marked on it.
    """
    account = scope.documents._scf_payee_account()
    if not account:
        return None
    is_trusted = account.active and account.allow_out_payment and account.partner_id.id in scope.seller_ids
    return without_none({**account_of(account, account.partner_id.name), "trusted": True if is_trusted else None})
