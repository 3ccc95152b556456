"""Fingerprints: the same asset gives the same digest, and a changed one does not."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from decimal import Decimal
from typing import Any

import pytest

from openscf.errors import InputInvalid
from openscf.fingerprint import OPEN_KEY, Fingerprints, fingerprints


def marks(**changes: Any) -> Fingerprints:
    facts: dict[str, Any] = {
        "issuer": "DE136695976",
        "kind": "customer_invoice",
        "number": "INV/2026/0007",
        "fiscal_year": "2026",
        "counterparty": "FR40303265045",
        "issue_date": dt.date(2026, 10, 1),
        "currency": "EUR",
        "amount": Decimal("1200.00"),
    }
    return fingerprints(**{**facts, **changes})


def test_the_digests_are_keyed_hashes_of_the_joined_parts() -> None:
    """The recipe of docs/package.md, written out."""
    made = marks()
    f1 = "DE136695976|CUSTOMERINVOICE|INV20260007|2026"
    f2 = f"{f1}|FR40303265045|2026-10-01|EUR|120000"
    f3 = "DE136695976|CUSTOMERINVOICE|2026|FR40303265045|2026-10-01|EUR|120000"
    for digest, text in ((made.f1, f1), (made.f2, f2), (made.f3, f3)):
        assert digest == hmac.new(OPEN_KEY, text.encode(), hashlib.sha256).hexdigest()
    assert made.key_version == "open-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "inv-2026-0007"},
        {"number": "ＩＮＶ／２０２６／０００７"},
        {"issuer": "DE 136.695.976"},
        {"counterparty": "fr 40 303 265 045"},
        {"fiscal_year": 2026},
        {"amount": Decimal("1200")},
    ],
)
def test_another_spelling_is_the_same_asset(changes: dict[str, Any]) -> None:
    assert marks(**changes) == marks()


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"issuer": "DE136695977"}, set()),
        ({"kind": "sales_order"}, set()),
        ({"number": "INV/2026/0008"}, {"f3"}),
        ({"fiscal_year": "2027"}, set()),
        ({"counterparty": "FR40303265046"}, {"f1"}),
        ({"issue_date": dt.date(2026, 10, 2)}, {"f1"}),
        ({"currency": "USD"}, {"f1"}),
        ({"amount": Decimal("1200.01")}, {"f1"}),
        ({"key": b"secret", "key_version": "2026-1"}, set()),
    ],
)
def test_a_changed_fact_changes_the_digests_that_hold_it(changes: dict[str, Any], same: set[str]) -> None:
    other, first = marks(**changes), marks()
    assert {name for name in ("f1", "f2", "f3") if getattr(other, name) == getattr(first, name)} == same


@pytest.mark.parametrize("part", ["issuer", "kind", "number", "fiscal_year", "counterparty"])
def test_a_part_of_which_nothing_is_left_is_refused(part: str) -> None:
    with pytest.raises(InputInvalid, match="no letter or digit"):
        marks(**{part: " -/ "})


def test_an_amount_that_does_not_fit_its_currency_is_refused() -> None:
    with pytest.raises(InputInvalid):
        marks(amount=Decimal("1200.001"))
