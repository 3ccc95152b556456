"""Who asks, and who owes."""

from odoo.tools import SQL

from .scope import buyer_key
from .wire_text import day, without_none


def party_section(scope) -> dict:
    """Applicant with its collection account, and the buyers: one query beside the company's own record."""
    company = scope.company.sudo()  # a requester may not read the company's bank accounts
    applicant = company.partner_id
    rows = scope.env.execute_query_dict(
        SQL(
            """
        SELECT partner.id, partner.name, partner.vat, partner.city, country.code AS country,
               LEAST(
                   (SELECT MIN(so.date_order)::date FROM sale_order so
                      JOIN res_partner orderer ON orderer.id = so.partner_id
                     WHERE orderer.commercial_partner_id = partner.id AND so.state = 'sale'
                       AND so.company_id = %(company)s),
                   (SELECT MIN(move.invoice_date) FROM account_move move
                     WHERE move.commercial_partner_id = partner.id AND move.state = 'posted'
                       AND move.move_type = 'out_invoice' AND move.company_id = %(company)s)
               ) AS customer_since
          FROM res_partner partner
          LEFT JOIN res_country country ON country.id = partner.country_id
         WHERE partner.id IN %(buyers)s
         ORDER BY partner.id
        """,
            company=company.id,
            buyers=scope.buyer_ids,
        )
    )
    return {
        "applicant": without_none(
            {
                "key": "A",
                "name": company.name,
                "tax_id": company.vat or None,
                "country": applicant.country_id.code or None,
                "city": applicant.city or None,
                "registry": company.company_registry or None,
                "collection_account": account_of(company.scf_collection_bank_account_id, company.name),
            }
        ),
        "buyers": [
            without_none(
                {
                    "key": buyer_key(row["id"]),
                    "name": row["name"],
                    "tax_id": row["vat"] or None,
                    "country": row["country"],
                    "city": row["city"] or None,
                    "customer_since": day(row["customer_since"]),
                }
            )
            for row in rows
        ],
    }


def account_text(account: dict) -> str:
    """A bank account of `account_of` for people: the IBAN in groups of four, the bank and the holder."""
    iban = account.get("iban") or ""
    grouped = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
    parts = (grouped or account.get("account"), account.get("bank"), account["holder"])
    return ", ".join(part for part in parts if part)


def is_same_account(one: dict, other: dict) -> bool:
    """Whether money sent to `one` arrives at `other`: an IBAN says so alone, another number together with its bank."""
    keys = ("iban",) if one.get("iban") else ("iban", "account", "bank")
    return all(one.get(key) == other.get(key) for key in keys)


def account_of(bank_account, holder: str) -> dict:
    """A bank account as on the wire: `iban` where the number is one, `account` otherwise."""
    number = bank_account.sanitized_acc_number or ""
    return without_none(
        {
            "iban" if bank_account.acc_type == "iban" else "account": number,
            "bank": bank_account.bank_id.name or None,
            "holder": bank_account.acc_holder_name or holder,
        }
    )
