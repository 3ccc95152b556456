"""Money: exact decimals with the minor units of ISO 4217."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Annotated, Any

from babel.numbers import is_currency
from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from openscf.errors import InputInvalid

# ISO 4217 list one, "Minor unit" where it is not 2. Babel's digits are CLDR's, made for display: they differ from the
# standard for IQD, LAK, MMK and others, so only the existence of a code is asked there.
_MINOR_UNITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}

# No amount of money has more digits; a longer text is an attack or a defect.
MAX_DIGITS = 24

_DECIMAL_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)

# Digits enough for any amount times any rate, whatever context the caller has set.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


@lru_cache(maxsize=512)
def decimals(currency: str) -> int:
    """Return the number of decimals of an ISO 4217 currency; InputInvalid for a code that does not exist."""
    if not re.fullmatch("[A-Z]{3}", currency) or not is_currency(currency):
        raise InputInvalid(f"{currency!r} is no ISO 4217 currency code; use one such as 'EUR'.")
    return _MINOR_UNITS.get(currency, 2)


@lru_cache(maxsize=512)
def minor_unit(currency: str) -> Decimal:
    """Return one minor unit of a currency, such as 0.01; InputInvalid for a code that does not exist."""
    return Decimal(1).scaleb(-decimals(currency))


def to_decimal(value: Decimal | str | int) -> Decimal:
    """Return an exact decimal; InputInvalid for floats, exponents, NaN, infinities and more than MAX_DIGITS digits."""
    if isinstance(value, str):
        if len(value) > MAX_DIGITS + 2 or not _DECIMAL_TEXT.fullmatch(value):
            raise InputInvalid(f"{value[:40]!r} is no decimal number; write it as '1234.50'.")
        return Decimal(value)
    if isinstance(value, Decimal):
        if not value.is_finite() or len(value.as_tuple().digits) > MAX_DIGITS or abs(value.adjusted()) > MAX_DIGITS:
            raise InputInvalid(f"{value!s:.40} is no amount that can be written out; give a finite decimal.")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return to_decimal(Decimal(value))
    raise InputInvalid(f"A {type(value).__name__} is not exact; give a Decimal or a decimal string such as '1234.50'.")


def to_amount(value: Decimal | str | int, currency: str) -> str:
    """Return the wire form of an amount: a decimal string with exactly the currency's decimals.

    Raises InputInvalid where the value has more decimals than the currency: round first, with `round_money`.
    """
    exact = to_decimal(value)
    rounded = round_money(exact, currency)
    if rounded != exact:
        raise InputInvalid(f"{exact} has more than the {decimals(currency)} decimals of {currency}; round it first.")
    return format(abs(rounded) if rounded == 0 else rounded, "f")


def round_money(value: Decimal, currency: str) -> Decimal:
    """Round to the currency's minor unit, half away from zero (commercial rounding)."""
    return value.quantize(minor_unit(currency), rounding=ROUND_HALF_UP, context=EXACT)


@lru_cache(maxsize=16384)
def _of_text(text: str) -> Decimal:
    """Return the decimal of a text; a package states the same amounts, quantities and prices many times over."""
    return to_decimal(text)


def _only_exact(value: Any) -> Decimal:
    if value.__class__ is str:
        return _of_text(value)
    if isinstance(value, (str, Decimal)):
        return to_decimal(value)
    raise InputInvalid(f"a decimal string such as '1234.50' is expected, not a {type(value).__name__}")


def _plain_text(value: Decimal) -> str:
    # str() takes a third of format()'s time and differs from it only where it writes an exponent.
    text = str(value)
    return format(value, "f") if "E" in text else text


DecimalText = Annotated[
    Decimal,
    PlainValidator(_only_exact),
    PlainSerializer(_plain_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"}),
]
"""A Decimal in Python, a decimal string in JSON; JSON numbers are refused."""


class Money(BaseModel):
    """An amount with its currency; the amount has exactly the currency's decimals."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    amount: DecimalText
    currency: str

    @model_validator(mode="after")
    def _has_the_decimals_of_its_currency(self) -> Money:
        exact = Decimal(to_amount(self.amount, self.currency))
        if exact.as_tuple() != self.amount.as_tuple():
            object.__setattr__(self, "amount", exact)
        return self

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
