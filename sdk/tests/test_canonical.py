"""Canonical JSON against RFC 8785, its published examples, and the reference implementation."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from openscf._internal.modelled_json import modelled_bytes
from openscf.canonical import MAX_INTEGER, canonical_bytes, sha256_hex
from openscf.errors import InputInvalid

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_bytes_are_those_of_the_reference_implementation(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(VALUES)
def test_bytes_read_back_to_the_same_value_and_stay_canonical(value: object) -> None:
    read = json.loads(canonical_bytes(value))
    assert read == value
    assert canonical_bytes(read) == canonical_bytes(value)


# What a model lets pass: names of its own, in ASCII, and any text and whole number as a value.
MODELLED = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127)), children, max_size=6)
    ),
    max_leaves=20,
)


@given(MODELLED)
def test_bytes_of_what_a_model_let_pass_are_those_of_the_reference_implementation(value: object) -> None:
    assert modelled_bytes(value) == rfc8785.dumps(value)


def test_every_character_is_written_as_by_the_reference_implementation() -> None:
    text = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)
    assert modelled_bytes({"text": text}) == canonical_bytes({"text": text}) == rfc8785.dumps({"text": text})


@pytest.mark.parametrize(("value", "place"), [({"a": ["\ud800"]}, "surrogate"), ({"n": [MAX_INTEGER + 1]}, "/n/0")])
def test_what_a_model_lets_pass_without_canonical_form_is_refused(value: object, place: str) -> None:
    with pytest.raises(InputInvalid, match=place):
        modelled_bytes(value)


def test_keys_are_sorted_by_utf16_units_as_in_rfc_8785_section_3_2_3() -> None:
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical_bytes(value)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_strings_are_escaped_as_in_rfc_8785_section_3_2_4() -> None:
    """The string and literals of the RFC's sample; its numbers have no place here. Bytes as in section 3.2.4."""
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "literals": [None, True, False]}
    assert canonical_bytes(value) == bytes.fromhex(
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c22737472696e67223a22e282ac245c75303030665c6e4127"
        "42 5c22 5c5c 5c5c 5c22 2f 227d"
    )


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [{"b/c": 1.5}]}, "/a/0/b~1c"),
        ({"amount": Decimal("1.50")}, "/amount"),
        ({"n": MAX_INTEGER + 1}, "/n"),
        ({"t": {"~": object()}}, "/t/~0"),
        ([{1: "x"}], "/0"),
    ],
)
def test_what_has_no_exact_form_is_refused_with_its_place(value: object, place: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        canonical_bytes(value)
    assert str(caught.value).startswith(f"{place}:")


@pytest.mark.parametrize("value", ["\ud800", {"a\udfff": 1}, {"\U0001f600": "\ud83d"}])
def test_half_a_surrogate_pair_is_refused(value: object) -> None:
    with pytest.raises(InputInvalid, match="surrogate"):
        canonical_bytes(value)


def test_bottomless_nesting_is_refused() -> None:
    value: list[object] = []
    for _ in range(500):
        value = [value]
    with pytest.raises(InputInvalid, match="levels"):
        canonical_bytes(value)


def test_digest_is_sha256_in_hex() -> None:
    """FIPS 180-2, appendix B.1: SHA-256 of "abc"."""
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
