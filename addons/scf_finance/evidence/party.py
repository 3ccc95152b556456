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


def account_members(account: dict) -> dict:
    """The account of a package as a message names it: without the package's word on trust."""
    return {name: value for name, value in account.items() if name != "trusted"}


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
