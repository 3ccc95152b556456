"""Fingerprints of a document: the same asset gives the same digest wherever it is offered.

F1 = issuer | kind | number | fiscal year; F2 = F1 | counterparty | issue date | currency | amount in minor units;
F3 = F2 without the number. A plain hash of such fields could be guessed, so they are keyed (HMAC-SHA-256).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pydantic import BaseModel, ConfigDict

from openscf.errors import InputInvalid
from openscf.money import to_amount
from openscf.wire import Sha256

# The public key, for use where no registry gives a secret one: anybody can recompute these fingerprints.
OPEN_KEY: Final = b"openscf fingerprint open-1"
OPEN_KEY_VERSION: Final = "open-1"

_ASCII_DROPPED: Final = bytes(code for code in range(128) if not chr(code).isalnum())


class Fingerprints(BaseModel):
    """The three fingerprints, in hex, and the version of the key that made them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    f1: Sha256
    f2: Sha256
    f3: Sha256
    key_version: str


def fingerprints(
    *,
    issuer: str,
    kind: str,
    number: str,
    fiscal_year: str | int,
    counterparty: str,
    issue_date: dt.date,
    currency: str,
    amount: Decimal,
    key: bytes = OPEN_KEY,
    key_version: str = OPEN_KEY_VERSION,
) -> Fingerprints:
    """Return the fingerprints of a document.

    `issuer` is who numbered the document, `counterparty` whom it is made out to: each by its tax id, or by its name
    where it has none. Which of them is which for each kind of document, and what stands for the counterparty of
    goods, says docs/package.md ("Fingerprints"). `amount` is the gross amount in `currency`. Raises InputInvalid for
    a part of which nothing is left after normalising, and for an amount that does not fit.
    """
    issuer_part = _normalised("issuer", issuer)
    kind_part, number_part = _normalised("kind", kind), _normalised("number", number)
    year = _normalised("fiscal year", str(fiscal_year))
    minor_units = int(to_amount(amount, currency).replace(".", ""))
    value = (_normalised("counterparty", counterparty), issue_date.isoformat(), currency, str(minor_units))
    identity = (issuer_part, kind_part, number_part, year)
    return Fingerprints(
        f1=_digest(key, *identity),
        f2=_digest(key, *identity, *value),
        f3=_digest(key, issuer_part, kind_part, year, *value),
        key_version=key_version,
    )


def _normalised(part: str, text: str) -> str:
    """Return the text in NFKC and upper case, letters and digits only: 'INV/2026/7' and 'inv 2026-7' agree."""
    if text.isascii():
        kept = text.upper().encode().translate(None, _ASCII_DROPPED).decode()  # ASCII has one form only
    else:
        kept = _normalised_unicode(text)
    if not kept:
        raise InputInvalid(f"The {part} {text!r:.80} has no letter or digit; a fingerprint needs it.")
    return kept


def _normalised_unicode(text: str) -> str:
    # Upper-casing can leave the composed form (U+0390), hence NFKC on both sides of it.
    upper = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(character for character in upper if character.isalnum())


def _digest(key: bytes, *parts: str) -> str:
    keyed = _keyed(key).copy()
    keyed.update("|".join(parts).encode())
    return keyed.hexdigest()


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> hmac.HMAC:
    # Taking up the key takes as long as the rest; a package has three digests for each of a thousand documents.
    return hmac.new(key, digestmod=hashlib.sha256)
