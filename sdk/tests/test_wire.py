"""Messages: what is read, what is refused, and what is written."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from pydantic import ValidationError

from openscf import wire
from openscf.canonical import sha256_hex
from openscf.errors import BankRefused

TERMS: dict[str, Any] = {
    "technique": "receivables_discounting",
    "principal": {"amount": "9600.00", "currency": "EUR"},
    "rate_pa": "8.40",
    "day_count": "ACT/360",
    "repayment": "bullet",
    "tenor_days": 45,
    "instalments": 1,
    "fee": {"amount": "48.00", "currency": "EUR"},
    "fee_timing": "deducted",
    "advance_rate": "80.00",
    "recourse": True,
    "penalty_rate_pa": "5.00",
    "conditions": ["The invoice is assigned."],
}
# The protocol's own example ("Discovery").
DISCOVERY: dict[str, Any] = {
    "openscf_version": "1.0",
    "issuer": "http://127.0.0.1:8701",
    "name": "Banque du Rhône",
    "country": "FR",
    "jwks_uri": "http://127.0.0.1:8701/v1/jwks",
    "token_endpoint": "http://127.0.0.1:8701/oauth2/token",
    "api_base": "http://127.0.0.1:8701/v1",
    "techniques": [
        {
            "code": "receivables_discounting",
            "currencies": ["EUR", "USD"],
            "min_amount": "1000.00",
            "max_amount": "250000.00",
            "min_tenor_days": 10,
            "max_tenor_days": 180,
            "max_advance_rate": "85.00",
            "recourse": "with",
            "repayment": ["bullet"],
            "indicative_rate_pa": "7.90",
            "indicative_fee_percent": "0.50",
            "sections": ["party", "transaction", "attachments"],
            "embedded": ["ubl_invoice"],
        }
    ],
    "programs": [
        {
            "kind": "payables_finance",
            "currencies": ["EUR", "USD"],
            "max_anchor_limit": "2000000.00",
            "min_days": 5,
            "max_tenor_days": 180,
            "rate_pa": "6.20",
            "fee_percent": "0.10",
            "day_count": "ACT/360",
            "documents": ["registration_extract"],
            "conditions": ["The anchor pays the full amount on the due date."],
        }
    ],
    "contact": "scf@bank.example",
}


def test_a_message_is_written_as_it_was_read() -> None:
    assert wire.Discovery.model_validate(DISCOVERY).to_wire() == DISCOVERY
    assert wire.OfferTerms.model_validate(TERMS).to_wire() == TERMS


def test_what_is_sent_is_canonical() -> None:
    assert wire.OfferTerms.model_validate(TERMS).to_bytes() == rfc8785.dumps(TERMS)


def test_the_digest_of_terms_is_over_their_canonical_bytes() -> None:
    digest = sha256_hex(rfc8785.dumps(TERMS))
    assert wire.terms_sha256(TERMS) == wire.terms_sha256(wire.OfferTerms.model_validate(TERMS)) == digest
    assert wire.terms_sha256({**TERMS, "rate_pa": "8.41"}) != digest


def test_the_digest_covers_members_that_only_the_peer_knows() -> None:
    newer = {**TERMS, "holdback_percent": "10.00"}
    assert wire.terms_sha256(wire.OfferTerms.model_validate(newer)) == wire.terms_sha256(newer)
    assert wire.terms_sha256(newer) != wire.terms_sha256(TERMS)


def test_unknown_members_are_passed_over_and_missing_ones_refused() -> None:
    party = wire.Party.model_validate({"name": "Nordlicht", "tax_id": "DE1", "shoe_size": 44})
    assert party.to_wire() == {"name": "Nordlicht", "tax_id": "DE1"}
    with pytest.raises(ValidationError):
        wire.Party.model_validate({"tax_id": "DE1"})
    with pytest.raises(ValidationError):
        wire.Party.model_validate({"name": "Nordlicht"})


@pytest.mark.parametrize(
    ("model", "member", "value"),
    [
        (wire.OfferTerms, "rate_pa", 8.4),
        (wire.OfferTerms, "rate_pa", 8),
        (wire.OfferTerms, "rate_pa", "8,4"),
        (wire.OfferTerms, "principal", {"amount": 9600.0, "currency": "EUR"}),
        (wire.OfferTerms, "principal", {"amount": "9600.001", "currency": "EUR"}),
        (wire.OfferTerms, "principal", {"amount": "9600.00", "currency": "€"}),
        (wire.OfferTerms, "day_count", "ACT/364"),
        (wire.OfferTerms, "waterfall", ["past_due", "interest"]),
        (wire.OfferTerms, "tenor_days", 0),
        (wire.OfferTerms, "waterfall", ["profit"]),
        (wire.Discovery, "openscf_version", "2.0"),
        (wire.Discovery, "country", "FRA"),
    ],
)
def test_values_of_another_form_are_refused(model: type[wire.WireModel], member: str, value: Any) -> None:
    example = TERMS if model is wire.OfferTerms else DISCOVERY
    model.model_validate(example)
    with pytest.raises(ValidationError):
        model.model_validate({**example, member: value})


@pytest.mark.parametrize("value", ["2026-11-22T00:00:00", 1_795_000_000, "22.11.2026", "2026-2-1", True])
def test_dates_are_iso_dates(value: Any) -> None:
    with pytest.raises(ValidationError):
        wire.Repayment.model_validate(
            {"repayment_id": "r", "amount": {"amount": "1.00", "currency": "EUR"}, "paid_on": value, "reason": ""}
        )


def test_times_are_written_in_utc_and_seconds() -> None:
    paris = dt.timezone(dt.timedelta(hours=1))
    acceptance = wire.Acceptance(
        terms_sha256="0" * 64,
        requested_by="Ada",
        approved_by="Bo",
        accepted_at=dt.datetime(2026, 11, 22, 6, 55, 49, 999_999, tzinfo=paris),
    )
    assert acceptance.to_wire()["accepted_at"] == "2026-11-22T05:55:49Z"
    for value in ("2026-11-22T05:55:49", 1_795_326_949, "yesterday", None):
        with pytest.raises(ValidationError):
            wire.Acceptance.model_validate({**acceptance.to_wire(), "accepted_at": value})


def test_amounts_are_decimals_here_and_strings_there() -> None:
    terms = wire.OfferTerms.model_validate(TERMS)
    assert terms.principal.amount == Decimal("9600.00")
    assert json.loads(terms.model_dump_json())["principal"]["amount"] == "9600.00"


def test_an_event_of_an_unknown_type_can_be_read_and_passed_over() -> None:
    payload = {
        "iss": "https://bank.example",
        "aud": "c1",
        "iat": 1,
        "jti": "e1",
        "cursor": "17",
        "type": "loan.repriced",
        "occurred_at": "2026-11-22T05:55:49Z",
        "subject": {"loan_id": "l1"},
        "data": {"x": 1},
    }
    event = wire.EventPayload.model_validate(payload)
    assert event.to_wire() == payload
    assert event.type not in {known.value for known in wire.EventType}
    for cursor in ("017", "-1", "1.0", 17, "９"):
        with pytest.raises(ValidationError):
            wire.EventPayload.model_validate({**payload, "cursor": cursor})


def test_a_problem_tells_its_code_and_the_refusal_what_to_do() -> None:
    problem = wire.Problem(
        type="urn:openscf:problem:terms-mismatch", title="Other terms", status=422, detail="Read the offer again.",
        errors=[{"pointer": "/terms_sha256", "detail": "is not the offer's"}],
    )  # fmt: skip
    assert problem.code == "terms-mismatch"
    assert wire.Problem(type="https://bank.example/out-of-stock").code == ""
    refusal = BankRefused(status=422, problem=problem)
    assert "Read the offer again." in str(refusal) and "/terms_sha256: is not the offer's" in str(refusal)


def test_errors_do_not_repeat_what_they_refuse() -> None:
    with pytest.raises(ValidationError) as caught:
        wire.Acceptance.model_validate({"terms_sha256": "my secret", "requested_by": "Ada"})
    assert "my secret" not in str(caught.value) and "Ada" not in str(caught.value)


GOODS = {"kind": "pledged_goods", "number": "PLG/2026/0001"}


@pytest.mark.parametrize("kind", ["sales_order", "customer_invoice", "purchase_order", "vendor_bill", "pledged_goods"])
def test_every_kind_of_document_can_be_named(kind: str) -> None:
    assert wire.DocumentRef.model_validate({"kind": kind, "number": "1"}).to_wire() == {"kind": kind, "number": "1"}
    with pytest.raises(ValidationError):
        wire.DocumentRef.model_validate({"kind": "bill_of_lading", "number": "1"})


@pytest.mark.parametrize("quantity", ["0", "-1", "0.000", 3, "many"])
def test_a_release_is_of_some_goods_that_are_pledged(quantity: Any) -> None:
    asked = {"release_id": "x1", "document": GOODS, "quantity": "0.5", "reason": "Sold."}
    assert wire.ReleaseRequest.model_validate(asked).to_wire() == asked
    with pytest.raises(ValidationError):
        wire.ReleaseRequest.model_validate({**asked, "quantity": quantity})
    with pytest.raises(ValidationError):
        wire.ReleaseRequest.model_validate({**asked, "document": {**GOODS, "kind": "vendor_bill"}})


def test_goods_may_be_gone_but_not_less_than_that() -> None:
    goods = {"document": GOODS, "quantity": "0", "value": {"amount": "0.00", "currency": "EUR"}}
    assert wire.ValuedGoods.model_validate(goods).to_wire() == goods
    with pytest.raises(ValidationError):
        wire.ValuedGoods.model_validate({**goods, "quantity": "-1"})


def test_goods_released_at_the_end_of_a_loan_were_asked_for_by_nobody() -> None:
    released = {
        "document": GOODS, "quantity": "40", "status": "RELEASED", "reference": "BR-77", "released_on": "2026-12-01",
    }  # fmt: skip
    assert wire.Release.model_validate(released).release_id is None
    assert wire.Release.model_validate(released).to_wire() == released
    with pytest.raises(ValidationError):
        wire.Release.model_validate({**released, "status": "GONE"})
