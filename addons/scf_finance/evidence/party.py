"""Who asks, and on which account the buyers pay."""

from .wire_text import without_none


def applicant_row(company) -> dict:
    """The company as ApplicantRow, with its collection account."""
    company = company.sudo()  # a requester may not read the company's bank accounts
    partner = company.partner_id
    return without_none(
        {
            "key": "A",
            "name": company.name,
            "tax_id": company.vat or None,
            "country": partner.country_id.code or None,
            "city": partner.city or None,
            "registry": company.company_registry or None,
            "collection_account": _collection_account(company),
        }
    )


def _collection_account(company) -> dict | None:
    """The account with the trust that the ERP asks for before it takes an account for true; None where none is set."""
    account = company.scf_collection_bank_account_id
    if not account:
        return None
    return without_none({**account_of(account, company.name), "trusted": True if account.allow_out_payment else None})


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
