"""Verification: every check finds what it is for, and names its place."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from stories import PACKAGE_ID, document, honest_sections, line, sealed

from openscf._internal import base64url
from openscf.canonical import canonical_bytes
from openscf.fingerprint import fingerprints
from openscf.jws import PACKAGE_TYP, sign_detached
from openscf.keys import KeySet, SigningKey
from openscf.verify import Report, verify_package

KEY = SigningKey.generate()
OTHER = SigningKey.generate("ES256")
KEYS = KeySet.of(KEY)
INVOICE = "/sections/transaction/documents/0"

Change = Callable[[dict[str, Any]], Any]


def errors(report: Report) -> set[tuple[str, str]]:
    return {(finding.code, finding.pointer) for finding in report.findings if finding.level == "error"}


def warnings(report: Report) -> set[tuple[str, str]]:
    return {(finding.code, finding.pointer) for finding in report.findings if finding.level == "warning"}


def checked(change: Change) -> Report:
    """Seal dishonest sections honestly: only what they say is wrong."""
    sections = honest_sections()
    change(sections)
    return verify_package(sealed(sections, KEY), keys=KEYS)


def resealed(change: Change, *, protected: dict[str, Any] | None = None) -> bytes:
    """Change the whole file, with digests and a seal that fit the change."""
    package = json.loads(sealed(honest_sections(), KEY))
    change(package)
    header = package["header"]
    claims = {"pid": PACKAGE_ID, "jwk": KEY.public_jwk(), **(protected or {})}
    seal = sign_detached(canonical_bytes(header), key=KEY, issued_at=1_795_326_949, typ=PACKAGE_TYP, claims=claims)
    return canonical_bytes({**package, "seal": seal})


def put(*path: Any) -> Change:
    """Set the value, given last, at a path."""

    def change(place: Any) -> None:
        for step in path[:-2]:
            place = place[step]
        place[path[-2]] = path[-1]

    return change


def test_an_honest_package_passes_without_a_word() -> None:
    report = verify_package(sealed(honest_sections(), KEY), keys=KEYS)
    assert report.ok and report.findings == ()
    assert report.kid == KEY.kid and report.issued_at is not None and report.package is not None
    assert report.as_dict() == {
        "ok": True,
        "package_id": PACKAGE_ID,
        "kid": KEY.kid,
        "issued_at": "2026-11-22T05:55:49Z",
        "findings": [],
    }


def test_es256_seals_too() -> None:
    assert verify_package(sealed(honest_sections(), OTHER), keys=KeySet.of(OTHER)).ok


# --- form, bytes and seal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    [b"", b"not json", b"[]", b"\xff\xfe", b'{"a":1,"a":2}', b'{"n":1.0}', b'{"n":NaN}', b"[" * 99_999, b'"\\ud800"'],
)
def test_what_is_no_package_at_all_is_one_finding(file: bytes) -> None:
    report = verify_package(file)
    assert not report.ok and [finding.code for finding in report.findings] == ["form"]
    assert report.package is None and report.kid is None


def test_a_lone_surrogate_inside_is_a_finding() -> None:
    file = sealed(honest_sections(), KEY).replace(b"Lyon", b"\\ud800")
    assert [finding.code for finding in verify_package(file).findings] == ["form"]


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda file: json.dumps(json.loads(file)).encode(),
        lambda file: file + b"\n",
        lambda file: b" " + file,
        lambda file: file.replace("è".encode(), b"\\u00e8"),
        lambda file: json.dumps(
            dict(reversed(json.loads(file).items())), ensure_ascii=False, separators=(",", ":")
        ).encode(),
    ],
)
def test_other_bytes_of_the_same_content_are_found(rewrite: Callable[[bytes], bytes]) -> None:
    sections = honest_sections()
    sections["party"]["buyers"][0]["name"] = "Atelier Première SARL"
    file = sealed(sections, KEY)
    rewritten = rewrite(file)
    assert json.loads(rewritten) == json.loads(file)
    assert errors(verify_package(rewritten, keys=KEYS)) == {("not-canonical", "")}


def test_the_schema_is_checked_with_pointers() -> None:
    report = verify_package(resealed(put("sections", "party", "applicant", "tax_id", 7)), keys=KEYS)
    assert ("schema", "/sections/party/applicant/tax_id") in errors(report)
    assert report.package is None
    assert ("schema", "/header/schema") in errors(
        verify_package(resealed(put("header", "schema", "openscf/package/2")), keys=KEYS)
    )
    assert ("schema", "/extra") in errors(verify_package(resealed(put("extra", "1")), keys=KEYS))


def test_a_key_that_is_not_registered_is_refused() -> None:
    report = verify_package(sealed(honest_sections(), KEY), keys=KeySet.of(OTHER))
    assert errors(report) == {("seal-invalid", "/seal")} and report.kid is None


def test_without_keys_the_seals_own_is_used_with_a_warning_that_names_its_thumbprint() -> None:
    report = verify_package(sealed(honest_sections(), KEY))
    assert report.ok and warnings(report) == {("key-not-pinned", "/seal")}
    assert KEY.kid in report.findings[0].message


def test_a_seal_without_its_key_needs_a_registered_one() -> None:
    file = resealed(lambda package: None, protected={"jwk": None})
    assert errors(verify_package(file)) == {("seal-invalid", "/seal")}
    assert verify_package(resealed(lambda package: None), keys=KEYS).ok


def test_a_seal_that_brings_a_foreign_key_is_refused() -> None:
    file = resealed(lambda package: None, protected={"jwk": OTHER.public_jwk()})
    assert errors(verify_package(file, keys=KEYS)) == {("seal-mismatch", "/seal")}
    assert errors(verify_package(file)) == {("seal-invalid", "/seal")}


@pytest.mark.parametrize("value", [[], {}, 1, True])
@pytest.mark.parametrize("member", ["kty", "crv", "x", "kid", "alg"])
def test_a_seal_whose_own_key_has_members_of_a_wrong_type_is_refused(member: str, value: Any) -> None:
    file = resealed(lambda package: None, protected={"jwk": {**KEY.public_jwk(), member: value}})
    assert errors(verify_package(file)) == {("seal-invalid", "/seal")}
    assert errors(verify_package(file, keys=KEYS)) == {("seal-mismatch", "/seal")}


@pytest.mark.parametrize("alg", [[], {}, 1, None])
def test_a_seal_whose_algorithm_is_no_text_is_refused(alg: Any) -> None:
    package = json.loads(sealed(honest_sections(), KEY))
    protected = base64url.encode(canonical_bytes({"alg": alg, "kid": KEY.kid, "jwk": KEY.public_jwk()}))
    file = canonical_bytes({**package, "seal": f"{protected}..AA"})
    assert errors(verify_package(file)) == errors(verify_package(file, keys=KEYS)) == {("seal-invalid", "/seal")}


def test_a_seal_of_another_package_is_refused() -> None:
    file = resealed(lambda package: None, protected={"pid": PACKAGE_ID.replace("6", "7")})
    assert errors(verify_package(file, keys=KEYS)) == {("seal-mismatch", "/header/package_id")}


def test_a_header_that_names_another_key_is_refused() -> None:
    file = resealed(put("header", "issuer", "kid", OTHER.kid))
    assert errors(verify_package(file, keys=KEYS)) == {("seal-mismatch", "/header/issuer/kid")}


def test_a_changed_section_is_found_by_its_digest() -> None:
    file = sealed(honest_sections(), KEY).replace(b'"city":"Lyon"', b'"city":"Nice"')
    report = verify_package(file, keys=KEYS)
    assert errors(report) == {("digest-mismatch", "/sections/party")}
    assert report.kid == KEY.kid  # the header itself still holds


def test_sections_taken_out_or_put_in_are_found() -> None:
    package = json.loads(sealed(honest_sections(), KEY))
    del package["sections"]["cash_flow"]
    found = errors(verify_package(canonical_bytes(package), keys=KEYS))
    assert ("section-removed", "/header/sections/cash_flow") in found

    def unsealed(package: dict[str, Any]) -> None:
        del package["header"]["sections"]["tax_flow"]

    assert ("section-added", "/sections/tax_flow") in errors(verify_package(resealed(unsealed), keys=KEYS))


# --- totals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put("transaction", "documents", 0, "lines", 0, "gross", "480.01"),
         {("total-mismatch", f"{INVOICE}/lines/0/gross"), ("total-mismatch", f"{INVOICE}/totals/gross")}),
        (put("transaction", "documents", 0, "totals", "net", "1000.01"), {("total-mismatch", f"{INVOICE}/totals/net")}),
        (put("transaction", "documents", 0, "totals", "tax", "199.99"),
         {("total-mismatch", f"{INVOICE}/totals/tax")}),
        (put("transaction", "documents", 0, "totals", "outstanding", "1000.00"),
         {("total-mismatch", f"{INVOICE}/totals/outstanding")}),
        (put("transaction", "documents", 0, "totals", "paid", "100.00"),
         {("total-mismatch", f"{INVOICE}/totals/paid"), ("total-mismatch", f"{INVOICE}/totals/outstanding")}),
        (put("cash_flow", "payments", 1, "amount", "150.00"), {("total-mismatch", f"{INVOICE}/totals/credited")}),
        (put("cash_flow", "payments", 0, "kind", "credit_note"),
         {("total-mismatch", f"{INVOICE}/totals/paid"), ("total-mismatch", f"{INVOICE}/totals/credited")}),
        (put("tax_flow", "taxes", 0, "amount", "180.00"), {("total-mismatch", f"{INVOICE}/totals/tax")}),
        (put("tax_flow", "taxes", []), {("total-mismatch", f"{INVOICE}/totals/tax")}),
    ],
)  # fmt: skip
def test_totals_that_do_not_come_out_are_found(change: Change, expected: set[tuple[str, str]]) -> None:
    assert errors(checked(change)) == expected


def test_other_settlements_count_as_paid() -> None:
    assert checked(put("cash_flow", "payments", 0, "kind", "other")).ok


@pytest.mark.parametrize(
    ("requested", "eligible", "place"),
    [
        ("800.01", "800.00", "requested"),
        ("0.00", "800.00", "requested"),
        ("-5.00", "800.00", "requested"),
        ("720.00", "900.01", "eligible"),
    ],
)
def test_limits_are_checked(requested: str, eligible: str, place: str) -> None:
    def change(sections: dict[str, Any]) -> None:
        sections["transaction"]["requested"]["amount"] = requested
        sections["transaction"]["eligible"]["amount"] = eligible

    assert errors(checked(change)) == {("limit-exceeded", f"/sections/transaction/{place}/amount")}


def test_an_order_may_be_financed_up_to_its_gross() -> None:
    def order(eligible: str) -> Change:
        def change(sections: dict[str, Any]) -> None:
            sections["transaction"]["documents"] = [
                document([line(1, net="1000.00", tax="200.00")], kind="sales_order", number="S00042", paid="200.00")
            ]
            sections["transaction"]["eligible"]["amount"] = eligible
            sections["order_flow"]["orders"][0]["documents"] = []
            for taxed in sections["tax_flow"]["taxes"]:
                taxed["document"] = "S00042"
            sections["cash_flow"]["payments"] = [{**sections["cash_flow"]["payments"][0], "document": "S00042"}]

        return change

    assert checked(order("1200.00")).ok
    assert errors(checked(order("1200.01"))) == {("limit-exceeded", "/sections/transaction/eligible/amount")}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (put("transaction", "requested", "currency", "USD"), "/sections/transaction/requested/currency"),
        (put("transaction", "eligible", "currency", "USD"), "/sections/transaction/requested/currency"),
        (put("tax_flow", "taxes", 0, "currency", "USD"), "/sections/tax_flow/taxes/0/currency"),
        (put("cash_flow", "payments", 1, "currency", "USD"), "/sections/cash_flow/payments/1/currency"),
    ],
)
def test_currencies_that_differ_are_found(change: Change, pointer: str) -> None:
    assert ("currency-mismatch", pointer) in errors(checked(change))


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (put("transaction", "eligible", "amount", "800.0"), "amount-decimals", "/sections/transaction/eligible/amount"),
        (put("transaction", "documents", 0, "lines", 0, "net", "400.000"), "amount-decimals", f"{INVOICE}/lines/0/net"),
        (put("transaction", "documents", 0, "totals", "paid", "200"), "amount-decimals", f"{INVOICE}/totals/paid"),
        (put("order_flow", "orders", 0, "total", "1200"), "amount-decimals", "/sections/order_flow/orders/0/total"),
        (put("tax_flow", "taxes", 0, "base", "1000"), "amount-decimals", "/sections/tax_flow/taxes/0/base"),
        (put("cash_flow", "payments", 0, "amount", "200"), "amount-decimals", "/sections/cash_flow/payments/0/amount"),
        (put("cash_flow", "buyer_history", 0, "overdue", "0"), "amount-decimals",
         "/sections/cash_flow/buyer_history/0/overdue"),
        (put("order_flow", "orders", 0, "currency", "ZZZ"), "currency-unknown",
         "/sections/order_flow/orders/0/currency"),
    ],
)  # fmt: skip
def test_amounts_have_the_decimals_of_a_real_currency(change: Change, code: str, pointer: str) -> None:
    assert errors(checked(change)) == {(code, pointer)}


# --- references -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (put("transaction", "documents", 0, "buyer", "b9"), f"{INVOICE}/buyer"),
        (put("order_flow", "orders", 0, "buyer", "b9"), "/sections/order_flow/orders/0/buyer"),
        (put("cash_flow", "buyer_history", 0, "buyer", "b9"), "/sections/cash_flow/buyer_history/0/buyer"),
        (put("logistics_flow", "deliveries", 0, "order", "S9"), "/sections/logistics_flow/deliveries/0/order"),
        (put("tax_flow", "taxes", 0, "document", "INV9"), "/sections/tax_flow/taxes/0/document"),
        (put("cash_flow", "payments", 0, "document", "INV9"), "/sections/cash_flow/payments/0/document"),
    ],
)
def test_names_that_lead_nowhere_are_found(change: Change, pointer: str) -> None:
    assert ("reference-unknown", pointer) in errors(checked(change))


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (("party", "buyers"), "/sections/party/buyers/1/key"),
        (("transaction", "documents"), "/sections/transaction/documents/1/number"),
        (("order_flow", "orders"), "/sections/order_flow/orders/1/number"),
        (("logistics_flow", "deliveries"), "/sections/logistics_flow/deliveries/1/number"),
    ],
)
def test_the_same_thing_twice_is_found(path: tuple[str, str], pointer: str) -> None:
    """An invoice listed twice would otherwise double what the documents carry."""

    def twice(sections: dict[str, Any]) -> None:
        rows = sections[path[0]][path[1]]
        rows.append(rows[0])

    assert ("repeated", pointer) in errors(checked(twice))


def test_an_invoice_that_only_the_order_names_is_a_warning() -> None:
    report = checked(put("order_flow", "orders", 0, "documents", ["INV/2026/0007", "INV/2026/0010"]))
    assert report.ok and warnings(report) == {("document-elsewhere", "/sections/order_flow/orders/0/documents/1")}


def test_what_an_absent_section_leaves_unchecked_is_said() -> None:
    def only_two(sections: dict[str, Any]) -> None:
        for name in ("order_flow", "logistics_flow", "tax_flow", "cash_flow"):
            del sections[name]

    report = checked(only_two)
    assert report.ok
    assert [finding.message.split(";")[0] for finding in report.findings] == [
        "The package has no section tax_flow",
        "The package has no section cash_flow",
    ]


# --- fingerprints -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["f1", "f2", "f3"])
def test_a_fingerprint_of_something_else_is_found(name: str) -> None:
    report = checked(put("transaction", "documents", 0, "fingerprints", name, "0" * 64))
    assert errors(report) == {("fingerprint-mismatch", f"{INVOICE}/fingerprints/{name}")}


def test_a_document_of_another_year_or_buyer_does_not_fit_its_fingerprints() -> None:
    assert len(errors(checked(put("transaction", "documents", 0, "fiscal_year", "2025")))) == 3
    found = errors(checked(put("party", "buyers", 0, "tax_id", "FR999")))
    assert found == {("fingerprint-mismatch", f"{INVOICE}/fingerprints/{name}") for name in ("f2", "f3")}


def test_a_part_without_letters_is_a_finding_not_a_crash() -> None:
    report = checked(put("transaction", "documents", 0, "number", "///"))
    assert ("fingerprint-mismatch", f"{INVOICE}/fingerprints") in errors(report)


def test_secret_keys_are_used_where_given_and_missed_where_not() -> None:
    sections = honest_sections()
    made = fingerprints(
        seller_tax_id="DE136695976", kind="customer_invoice", number="INV/2026/0007", fiscal_year="2026",
        buyer="FR40303265045", issue_date=dt.date(2026, 10, 1), currency="EUR", amount=Decimal("1200.00"),
        key=b"registry", key_version="reg-3",
    )  # fmt: skip
    sections["transaction"]["documents"][0]["fingerprints"] = made.model_dump()
    file = sealed(sections, KEY)
    assert verify_package(file, keys=KEYS, fingerprint_keys={"reg-3": b"registry"}).findings == ()
    assert not verify_package(file, keys=KEYS, fingerprint_keys={"reg-3": b"wrong"}).ok
    without = verify_package(file, keys=KEYS)
    assert without.ok and warnings(without) == {("not-checked", f"{INVOICE}/fingerprints/key_version")}


def test_a_buyer_without_tax_id_is_fingerprinted_by_name() -> None:
    sections = honest_sections()
    nameless = {"key": "b1", "name": "Kiosk am Ufer"}
    sections["party"]["buyers"] = [nameless]
    paid = {"paid": "200.00", "credited": "100.00"}
    sections["transaction"]["documents"] = [document([line(1, net="1000.00", tax="200.00")], buyer=nameless, **paid)]
    assert verify_package(sealed(sections, KEY), keys=KEYS).findings == ()


def test_messages_stay_short_whatever_a_hostile_file_repeats() -> None:
    report = checked(put("transaction", "documents", 0, "buyer", "x" * 100_000))
    assert all(len(finding.message) < 400 for finding in report.findings)
