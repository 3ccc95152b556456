"""What can be said of a company to invite without looking at any other: codes, which the screen puts into words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stdnum.eu.vat import MEMBER_STATES

from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, email_split

from odoo.addons.base_iban.models.res_partner_bank import validate_iban

from ..joining.tax_id import PREFIXES, is_tax_id, kept_tax_id
from .columns import COLUMNS

# RFC 5321 as mail servers live it: no comments, no quoted local part, a domain of several labels.
SENDABLE = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")
COUNTRIES_OF_PREFIXES = {PREFIXES.get(code.upper(), code.upper()): code.upper() for code in MEMBER_STATES}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a row: `code` says what, `column` and `detail` where and with which value."""

    code: str
    column: str = ""
    detail: str = ""


def text_problems(values: Mapping[str, str]) -> Iterator[Problem]:
    """What is missing, too long, or no text."""
    for column in COLUMNS:
        value = values[column.name]
        if column.required and not value:
            yield Problem(f"missing_{column.name}", column.name)
        elif len(value) > column.max_length:
            yield Problem("too_long", column.name, str(column.max_length))
        elif any(unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") for sign in value):
            yield Problem("control_characters", column.name)
        elif "\ufffd" in value:
            yield Problem("unreadable_characters", column.name)
        elif value.startswith(("=", "@")):
            yield Problem("formula", column.name)
    if values["name"] and not any(sign.isalpha() for sign in values["name"]):
        yield Problem("no_name", "name", values["name"])


def email_problems(address: str) -> Iterator[Problem]:
    """Whether one mail can be sent to it; nobody is asked on the network."""
    if not address:
        return
    if len(email_split(address)) > 1:
        yield Problem("several_emails", "email", address)
        return
    plain = email_normalize(address)
    if not plain or not SENDABLE.fullmatch(plain):
        yield Problem("bad_email", "email", address)


def vat_problems(vat: str, country: str | None) -> Iterator[Problem]:
    """Whether the tax ID can be one.

    :param country: ISO 3166-1 code; None where the row names none
    """
    if not vat:
        return
    country = country or country_of(vat)
    if not country:
        yield Problem("no_country", "country", vat)
        return
    claimed = COUNTRIES_OF_PREFIXES.get(vat[:2].upper())
    if claimed and claimed != country and country.lower() in MEMBER_STATES:
        yield Problem("other_country", "country", vat[:2].upper())
    elif not is_tax_id(kept_tax_id(vat, country), country):
        yield Problem("bad_vat", "vat", vat)


def iban_problems(number: str) -> Iterator[Problem]:
    """Whether it is an IBAN of a country that has them, of the right length, whose check digits fit."""
    if not number:
        return
    try:
        validate_iban(number)
    except ValidationError:
        yield Problem("bad_iban", "iban", number)


def country_of(vat: str) -> str | None:
    """The country that an EU tax ID begins with."""
    return COUNTRIES_OF_PREFIXES.get(vat.strip()[:2].upper())


def name_key(name: str) -> str:
    """By which two companies have the same name: small letters and digits."""
    plain = unicodedata.normalize("NFKC", name).lower()
    return "".join(sign for sign in plain if sign.isalnum())


def vat_key(vat: str) -> str:
    """By which two tax IDs are the same: capitals and digits."""
    return re.sub(r"[^A-Z0-9]", "", vat.upper())
