"""Payables: the anchor's signed undertaking, and what paying early costs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from openscf.errors import InputInvalid, SignatureInvalid
from openscf.fingerprint import fingerprints
from openscf.jws import EVENT_TYP, read_protected_header, sign_claims
from openscf.keys import KeySet, SigningKey
from openscf.money import Money, minor_unit
from openscf.payables import (
    PAYABLE_TYP,
    EarlyPaymentRequest,
    Payable,
    PayableApproval,
    PayableTerms,
    ProgramStatement,
    early_payment,
    payable_fingerprints,
    read_payable,
    sign_payable,
    sliding_discount,
)
from openscf.wire import DayCount

KEY = SigningKey.generate()
ANCHOR, BANK = "cli_anchor", "https://bank.example"
BILL: dict[str, Any] = {"kind": "vendor_bill", "number": "BILL/2026/11/0007", "issued_on": "2026-11-02"}


def approval(**changes: Any) -> PayableApproval:
    claims: dict[str, Any] = {
        "iss": ANCHOR,
        "aud": BANK,
        "payable_id": "PAY/0007",
        "program": "prg_1",
        "member": "mbr_1",
        "document": {**BILL, "issuer_number": "RE-1204"},
        "fingerprints": {"f1": "1" * 64, "f2": "2" * 64, "f3": "3" * 64},
        "amount": {"amount": "11900.00", "currency": "EUR"},
        "due_date": "2027-01-01",
        "approved_by": "Marta Klein",
        "approved_at": "2026-11-05T09:00:00Z",
        "iat": 1_793_869_200,
    }
    return PayableApproval.model_validate({**claims, **changes})


def terms(rate_pa: str, fee_percent: str = "0", day_count: DayCount = "ACT/360") -> PayableTerms:
    return PayableTerms(
        rate_pa=Decimal(rate_pa),
        day_count=day_count,
        fee_percent=Decimal(fee_percent),
        min_days=5,
        first_on=dt.date(2026, 1, 1),
        last_on=dt.date(2027, 12, 31),
    )


# --- the undertaking --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
def test_what_the_anchor_signed_is_read_back(alg: str) -> None:
    key = SigningKey.generate(alg)  # type: ignore[arg-type]
    signed = sign_payable(approval(), key=key)
    assert read_payable(signed, keys=KeySet.of(key), anchor=ANCHOR, issuer=BANK) == approval()
    assert read_protected_header(signed)["typ"] == PAYABLE_TYP == "openscf-payable+jwt"


def test_an_undertaking_of_another_key_anchor_or_bank_is_refused() -> None:
    signed = sign_payable(approval(), key=KEY)
    header, _, signature = signed.split(".")
    more = sign_payable(approval(amount={"amount": "99999.00", "currency": "EUR"}), key=KEY).split(".")[1]
    for token, keys, anchor, issuer in (
        (signed, KeySet.of(SigningKey.generate()), ANCHOR, BANK),
        (f"{header}.{more}.{signature}", KeySet.of(KEY), ANCHOR, BANK),
        (signed, KeySet.of(KEY), "cli_other", BANK),
        (signed, KeySet.of(KEY), ANCHOR, "https://other.example"),
        (sign_claims(approval().to_wire(), key=KEY, typ=EVENT_TYP), KeySet.of(KEY), ANCHOR, BANK),
    ):
        with pytest.raises(SignatureInvalid):
            read_payable(token, keys=keys, anchor=anchor, issuer=issuer)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("amount", {"amount": "0.00", "currency": "EUR"}),
        ("amount", {"amount": "-1.00", "currency": "EUR"}),
        ("due_date", "01.01.2027"),
        ("document", {**BILL, "kind": "purchase_order"}),
        ("fingerprints", {"f1": "x", "f2": "2" * 64, "f3": "3" * 64}),
        ("iat", "1793869200"),
    ],
)
def test_signed_claims_that_are_no_undertaking_are_refused_with_the_place(member: str, value: Any) -> None:
    signed = sign_claims({**approval().to_wire(), member: value}, key=KEY, typ=PAYABLE_TYP)
    with pytest.raises(SignatureInvalid, match=f"/{member}"):
        read_payable(signed, keys=KeySet.of(KEY), anchor=ANCHOR, issuer=BANK)


def test_an_approved_bill_has_the_fingerprints_of_the_members_invoice() -> None:
    gross = Money(amount=Decimal("11900.00"), currency="EUR")
    issued_on = dt.date(2026, 11, 2)
    of_bill = payable_fingerprints(
        member_tax_id="ATU57477929",
        anchor_tax_id="DE136695976",
        invoice_number=approval().document.invoice_number,
        issued_on=issued_on,
        gross=gross,
    )
    of_invoice = fingerprints(
        issuer="ATU 57477929",
        kind="customer_invoice",
        number="RE 1204",
        fiscal_year="2026",
        counterparty="DE 136695976",
        issue_date=issued_on,
        currency="EUR",
        amount=gross.amount,
    )
    assert of_bill == of_invoice


def test_without_a_number_of_the_member_the_bills_own_number_counts() -> None:
    assert approval(document=BILL).document.invoice_number == "BILL/2026/11/0007"


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_payable_is_written_as_it_was_read() -> None:
    value = {
        "id": "pay_1",
        "payable_id": "PAY/0007",
        "member_id": "MBR/1",
        "program_id": "PRG/1",
        "document": BILL,
        "amount": {"amount": "11900.00", "currency": "EUR"},
        "due_date": "2027-01-01",
        "status": "PAID",
        "terms": {
            "rate_pa": "6.00", "day_count": "ACT/360", "fee_percent": "0.10", "min_days": 5,
            "first_on": "2026-11-05", "last_on": "2026-12-27",
        },
        "request": {
            "request_id": "R1", "pay_on": "2026-11-10", "channel": "portal",
            "discount": {"amount": "115.03", "currency": "EUR"}, "payout": {"amount": "11784.97", "currency": "EUR"},
        },
        "paid": {
            "paid_on": "2026-11-10",
            "discount": {"amount": "115.03", "currency": "EUR"}, "payout": {"amount": "11784.97", "currency": "EUR"},
        },
        "settled": {"amount": "0.00", "currency": "EUR"},
        "approval": "a.b.c",
    }  # fmt: skip
    assert Payable.model_validate(value).to_wire() == value


def test_nothing_can_be_paid_early_for_nothing() -> None:
    asked: dict[str, Any] = {
        "request_id": "R1",
        "pay_on": "2026-11-10",
        "discount": {"amount": "0.00", "currency": "EUR"},
        "payout": {"amount": "0.00", "currency": "EUR"},
        "accepted_by": {"name": "Eva Huber", "at": "2026-11-09T10:00:00Z"},
        "channel": "portal",
    }
    with pytest.raises(ValidationError, match="above 0"):
        EarlyPaymentRequest.model_validate(asked)


def test_a_statement_says_from_and_to() -> None:
    value = {
        "program_id": "PRG/1", "currency": "EUR", "from": "2026-11-01", "to": "2026-11-30", "opening": "0.00",
        "days": [], "closing": "0.00", "reserved": "0.00",
    }  # fmt: skip
    assert ProgramStatement.model_validate(value).to_wire() == value


# --- arithmetic -------------------------------------------------------------------------------------------------------


class Priced(NamedTuple):
    """An early payment worked out by hand: `why` is the sum."""

    why: str
    amount: str
    currency: str
    rate_pa: str
    fee_percent: str
    day_count: DayCount
    pay_on: str
    due: str
    discount: str


GOLDEN = [
    # Fabozzi, "Bond Markets, Analysis and Strategies", bank discount: face × rate × days/360 (formula; computed).
    Priced("100000 × 6 % × 60/360", "100000", "EUR", "6.00", "0", "ACT/360", "2026-01-30", "2026-03-31", "1000.00"),
    Priced("100000 × 6 % × 60/365", "100000", "EUR", "6.00", "0", "ACT/365", "2026-01-30", "2026-03-31", "986.30"),
    # ISDA's worked figure for 30E/360: 2006-08-20 to 2007-02-20 are 180 days.
    Priced("12000 × 5 % × 180/360", "12000", "EUR", "5", "0", "30E/360", "2006-08-20", "2007-02-20", "300.00"),
    # 61/365 + 60/366: the part of a leap year counts by 366 days.
    Priced(
        "10000 × 10 % × (61/365 + 60/366)", "10000", "EUR", "10", "0", "ACT/ACT", "2027-11-01", "2028-03-01", "331.06"
    ),
    Priced("11900 × (6 % × 52/360 + 0.1 %)", "11900", "EUR", "6.00", "0.10", "ACT/360", "2026-11-10", "2027-01-01",
           "115.03"),  # 103.1333… + 11.90, rounded once
    Priced("1 × 18 % × 10/360 = 0.005", "1.00", "EUR", "18", "0", "ACT/360", "2026-11-10", "2026-11-20", "0.01"),
    Priced("10^6 × 1.2 % × 15/360 = 500", "1000000", "JPY", "1.2", "0", "ACT/360", "2026-11-05", "2026-11-20", "500"),
    Priced("1005 × 0.1 % = 1.005", "1005.000", "KWD", "0", "0.1", "ACT/360", "2026-11-05", "2026-11-20", "1.005"),
    Priced("on the due date: the fee alone", "1000", "EUR", "9", "0.5", "ACT/360", "2026-11-20", "2026-11-20", "5.00"),
]  # fmt: skip


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.why)
def test_the_discount_is_what_the_sum_gives_by_hand(case: Priced) -> None:
    amount = Money(amount=Decimal(case.amount), currency=case.currency)
    price = terms(case.rate_pa, case.fee_percent, case.day_count)
    found = early_payment(amount, price, dt.date.fromisoformat(case.pay_on), dt.date.fromisoformat(case.due))
    assert found.discount == Money(amount=Decimal(case.discount), currency=case.currency)
    assert found.payout.amount == amount.amount - found.discount.amount


def test_a_day_after_the_due_date_a_negative_price_and_a_price_above_the_amount_are_refused() -> None:
    amount, due = Money(amount=Decimal("100.00"), currency="EUR"), dt.date(2026, 12, 1)
    with pytest.raises(InputInvalid, match="after the due date"):
        early_payment(amount, terms("6"), due + dt.timedelta(1), due)
    with pytest.raises(InputInvalid, match="negative"):
        early_payment(amount, terms("-1"), due, due)
    with pytest.raises(InputInvalid, match="leaves nothing"):
        early_payment(amount, terms("6", "100"), due, due)


AMOUNTS = st.integers(min_value=1, max_value=10**12)
RATES = st.decimals(min_value=0, max_value=30, places=3)
FEES = st.decimals(min_value=0, max_value=5, places=3)
DAYS = st.integers(min_value=0, max_value=365)
DAY_COUNTS: Any = st.sampled_from(["ACT/360", "ACT/365", "30E/360", "ACT/ACT"])
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])
DUE = dt.date(2028, 3, 31)


@given(units=AMOUNTS, currency=CURRENCIES, rate=RATES, fee=FEES, days=DAYS, count=DAY_COUNTS)
@settings(max_examples=examples(400))
def test_discount_and_payout_are_whole_coins_and_add_up(
    units: int, currency: str, rate: Decimal, fee: Decimal, days: int, count: DayCount
) -> None:
    amount = Money(amount=units * minor_unit(currency), currency=currency)
    try:
        found = early_payment(amount, terms(str(rate), str(fee), count), DUE - dt.timedelta(days), DUE)
    except InputInvalid:
        assert units <= 100  # only so small a sum can be eaten up by rounding a discount of less than half of it
        return
    assert found.discount.amount + found.payout.amount == amount.amount
    assert found.discount.amount >= 0 < found.payout.amount
    for part in found:
        assert part.amount % minor_unit(currency) == 0


@given(units=AMOUNTS.filter(lambda units: units > 100), rate=RATES, days=DAYS, count=DAY_COUNTS)
@settings(max_examples=examples(400))
def test_the_sliding_discount_never_grows_towards_the_due_date_and_ends_at_nothing(
    units: int, rate: Decimal, days: int, count: DayCount
) -> None:
    amount = Money(amount=units * Decimal("0.01"), currency="EUR")
    day = DUE - dt.timedelta(days)
    today = sliding_discount(amount, rate, day, DUE, count)
    later = sliding_discount(amount, rate, min(day + dt.timedelta(1), DUE), DUE, count)
    assert later.discount.amount <= today.discount.amount
    assert sliding_discount(amount, rate, DUE, DUE, count).discount.amount == 0
    assert today == early_payment(amount, terms(str(rate), "0", count), day, DUE)
