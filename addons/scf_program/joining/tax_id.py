"""A company's tax ID as it is typed, and as it is kept: with the country's prefix where the number has one."""

from __future__ import annotations

from stdnum.eu.vat import MEMBER_STATES
from stdnum.exceptions import ValidationError
from stdnum.util import clean

from odoo.addons.scf_finance.checks.tax_rules import tax_rules

# Greece writes its tax IDs with a prefix that is not its country code.
PREFIXES = {"GR": "EL"}


def kept_tax_id(text: str, country: str) -> str:
    """The tax ID in capitals without signs between; an EU one gets its prefix where it was left out.

    `country` is an ISO 3166-1 code of two letters.
    """
    number = clean(text, " -./,'").strip().upper()
    prefix = PREFIXES.get(country, country)
    if country.lower() in MEMBER_STATES and number and not number.startswith(prefix):
        return prefix + number
    return number


def is_tax_id(number: str, country: str) -> bool:
    """Whether the number can be one by the country's rules; any letters and digits where no rule is known."""
    rules = tax_rules(country)
    if rules is None:
        return number.isalnum()
    try:
        rules.validate(number)
    except ValidationError:
        return False
    return True
