"""Can the document be told to a bank at all? A package knows ISO 4217's currencies and needs to name the debtor."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from openscf.errors import InputInvalid
from openscf.money import decimals, round_money

from .findings import Finding

# The findings here: with one of them, evidence may be impossible to write.
UNSTATABLE = (
    "currency_not_iso",
    "amount_too_fine",
    "buyer_nameless",
    "number_nameless",
    "supplier_tax_id_missing",
    "bill_number_missing",
    "history_not_iso",
)


def iso_decimals(currency: str) -> int | None:
    """The number of decimals of a currency by ISO 4217; None where its code is none of the standard."""
    try:
        return decimals(currency)
    except InputInvalid:
        return None


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount at the decimals of its currency; as it is where the currency has none by ISO 4217."""
    return amount if iso_decimals(currency) is None else round_money(amount, currency)


def is_name(text: str | None) -> bool:
    """Whether a fingerprint can tell by `text` what or who is meant: it has a letter or digit."""
    return any(character.isalnum() for character in unicodedata.normalize("NFKC", text or ""))


def check_currency(facts, env):
    """Refuse a currency that no bank knows, and amounts finer than the currency's smallest unit."""
    allowed = iso_decimals(facts.currency)
    if allowed is None:
        return Finding(
            "currency_not_iso",
            "stop",
            env._(
                "%(document)s is in %(currency)s, which is no currency code of ISO 4217, so that no bank can take it. "
                "Have an administrator give the currency its ISO code, or issue the document in another currency.",
                document=facts.name,
                currency=facts.currency,
            ),
        )
    if facts.amount_decimals > allowed:
        return Finding(
            "amount_too_fine",
            "stop",
            env._(
                "%(document)s has amounts with %(found)s decimals, and %(currency)s has %(allowed)s by ISO 4217, so "
                "that no bank can take them as they are. Have an administrator set the currency's rounding to "
                "%(unit)s, then issue the document anew.",
                document=facts.name,
                found=facts.amount_decimals,
                currency=facts.currency,
                allowed=allowed,
                unit=f"{Decimal(1).scaleb(-allowed):f}",
            ),
        )
    return None


def check_names(facts, env):
    """Refuse a number and a buyer that nobody could tell from others: fingerprints of the sale are made of them."""
    if facts.counterparty_name and not is_name(facts.counterparty_tax_id) and not is_name(facts.counterparty_name):
        return Finding(
            "buyer_nameless",
            "stop",
            env._(
                "The buyer of %(document)s has no tax ID, and no letter or digit in its name “%(buyer)s”, so that no "
                "bank could tell who owes the money. Fill in the tax ID or the name on the contact.",
                document=facts.name,
                buyer=facts.counterparty_name,
            ),
        )
    return check_number(facts, env)


def check_number(facts, env):
    """Refuse a number that nobody could tell from others."""
    if not is_name(facts.name):
        return Finding(
            "number_nameless",
            "stop",
            env._(
                "The document's number “%s” has no letter or digit, so that no bank could tell it from others. Give "
                "it another number.",
                facts.name,
            ),
        )
    return None


def check_history(facts, env):
    """Warn of other documents in a currency that no bank knows: a package that tells of them can't be sealed."""
    if not facts.not_iso:
        return None
    document, currency = facts.not_iso[0]
    return Finding(
        "history_not_iso",
        "warn",
        env._(
            "%(document)s is in %(currency)s, which is no currency code of ISO 4217: evidence that tells of it can't "
            "be sealed. Have an administrator give the currency its ISO code, or give the banks a shorter history.",
            document=document,
            currency=currency,
        ),
    )


def not_iso(currencies: Iterable[str]) -> list[str]:
    """Those of the codes that are none of ISO 4217."""
    return sorted(code for code in currencies if iso_decimals(code) is None)
