"""Money is exact and has the decimals of its currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from openscf.errors import InputInvalid
from openscf.money import Money, decimals, round_money, to_amount, to_decimal


@pytest.mark.parametrize(
    ("currency", "expected"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("IQD", 3), ("LAK", 2), ("HUF", 2)]
)
def test_decimals_are_the_minor_units_of_iso_4217(currency: str, expected: int) -> None:
    """ISO 4217 list one; IQD and LAK are where CLDR, made for display, says 0."""
    assert decimals(currency) == expected


@pytest.mark.parametrize("currency", ["EURO", "eur", "ZZQ", "", "E R"])
def test_a_currency_that_does_not_exist_is_refused(currency: str) -> None:
    with pytest.raises(InputInvalid, match="ISO 4217"):
        decimals(currency)


def test_amounts_are_written_with_all_decimals_and_never_as_exponents() -> None:
    assert to_amount(Decimal("1E+3"), "EUR") == "1000.00"
    assert to_amount("7", "KWD") == "7.000"
    assert to_amount(1234, "JPY") == "1234"
    assert to_amount(Decimal("-0.00"), "EUR") == "0.00"
    assert to_amount("-3.10", "EUR") == "-3.10"


def test_an_amount_that_does_not_fit_is_refused_not_rounded() -> None:
    with pytest.raises(InputInvalid, match="round it first"):
        to_amount("1.005", "EUR")
    with pytest.raises(InputInvalid):
        to_amount("0.5", "JPY")


@pytest.mark.parametrize("value", ["1e3", "1,5", " 1", "+1", "01", ".5", "1.", "NaN", "Infinity", "", "٣", "9" * 40])
def test_texts_that_are_no_plain_decimals_are_refused(value: str) -> None:
    with pytest.raises(InputInvalid):
        to_decimal(value)


@pytest.mark.parametrize("value", [1.5, True, None, Decimal("NaN"), Decimal("Infinity"), Decimal("1E+99999")])
def test_values_that_are_not_exact_are_refused(value: object) -> None:
    with pytest.raises(InputInvalid):
        to_decimal(value)  # type: ignore[arg-type]


def test_rounding_is_commercial() -> None:
    assert round_money(Decimal("2.345"), "EUR") == Decimal("2.35")
    assert round_money(Decimal("-2.345"), "EUR") == Decimal("-2.35")
    assert round_money(Decimal("0.5"), "JPY") == Decimal("1")


@given(st.decimals(-(10**15), 10**15, places=2))
def test_money_survives_the_wire(amount: Decimal) -> None:
    money = Money(amount=amount, currency="EUR")
    assert Money.model_validate_json(money.model_dump_json()) == money


def test_money_in_json_is_a_string() -> None:
    assert Money(amount=Decimal("1234.5"), currency="EUR").model_dump(mode="json") == {
        "amount": "1234.50",
        "currency": "EUR",
    }
    for amount in (1.5, 2, "1.005", None):
        with pytest.raises(ValidationError):
            Money.model_validate({"amount": amount, "currency": "EUR"})
