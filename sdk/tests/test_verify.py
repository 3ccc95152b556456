"""Verification: every check finds what it is for, and names its place."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import drawn
import pytest
from stories import (
    BANK,
    CREATED_AT,
    PACKAGE_ID,
    attachment,
    document,
    full_sections,
    hash_of,
    honest_sections,
    leaf_at,
    line,
    month,
    reforged,
    sealed,
    sealed_for,
    with_consent,
)

from openscf._internal import base64url
from openscf._internal import sections as sections_module
from openscf._internal.package_amounts import AMOUNTS
from openscf._internal.package_embedded import check_embedded
from openscf._internal.sections import Row
from openscf.canonical import canonical_bytes
from openscf.consent import CONSENT_TYP
from openscf.fingerprint import fingerprints
from openscf.jws import sign_claims
from openscf.keys import KeySet, SigningKey
from openscf.merkle import hidden
from openscf.package import read_package
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


def full_checked(change: Change) -> Report:
    """The same with every section there is."""
    sections = full_sections()
    change(sections)
    return verify_package(sealed(sections, KEY), keys=KEYS)


def resealed(change: Change, *, protected: dict[str, Any] | None = None) -> bytes:
    """Change the whole file, with a tree and a seal that fit the change."""
    return reforged(sealed(honest_sections(), KEY), KEY, change, **(protected or {}))


def on_leaf(path: str, change: Change) -> Change:
    """Change one leaf of a file."""
    return lambda package: change(leaf_at(package, path))


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
        "embedded": [],
        "findings": [],
    }


def test_an_honest_package_with_every_section_passes() -> None:
    report = verify_package(sealed(full_sections(), KEY), keys=KEYS)
    assert report.ok and warnings(report) == {("not-checked", "/sections/attachments/files")}


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
    report = verify_package(resealed(on_leaf("party/applicant", put("value", "tax_id", 7))), keys=KEYS)
    assert errors(report) == {("schema", "/sections/party/applicant/tax_id")}
    assert report.package is None
    old = verify_package(resealed(put("header", "schema", "openscf/package/1")), keys=KEYS)
    assert errors(old) == {("schema", "/header/schema")}
    assert ("schema", "/extra") in errors(verify_package(resealed(put("extra", "1")), keys=KEYS))
    unknown = verify_package(resealed(on_leaf("tax_flow", put("path", "weather"))), keys=KEYS)
    assert ("schema", "/sections/weather") in errors(unknown)


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


@pytest.mark.parametrize("documents", [1, 6, 40])
def test_the_story_of_the_drawings_is_honest(documents: int) -> None:
    """What an officer is shown in the tests of the PDF is a package that a bank would take."""
    report = verify_package(drawn.sealed(documents=documents), keys=KeySet.of(drawn.KEY))
    assert report.ok, errors(report)
    assert {code for code, _ in warnings(report)} == {"contradiction", "not-checked"}


# --- leaves and tree --------------------------------------------------------------------------------------------


def test_a_changed_leaf_is_named() -> None:
    package = json.loads(sealed(honest_sections(), KEY))
    leaf = leaf_at(package, "party/buyers/0")
    leaf["value"]["city"] = "Nice"
    report = verify_package(canonical_bytes(package), keys=KEYS)
    (finding,) = report.findings
    assert (finding.code, finding.pointer) == ("leaf-changed", f"/leaves/{package['leaves'].index(leaf)}")
    assert finding.message == (
        f"The leaf party/buyers/0 does not hash to {leaf['hash']} but to {hash_of(leaf).hex()}: "
        "its value, salt or path was changed after sealing."
    )
    assert report.kid == KEY.kid  # the header itself still holds


def test_a_leaf_whose_hash_alone_was_changed_is_named_there() -> None:
    package = json.loads(sealed(honest_sections(), KEY))
    package["leaves"][3]["hash"] = "00" * 32
    report = verify_package(canonical_bytes(package), keys=KEYS)
    assert errors(report) == {("leaf-changed", "/leaves/3/hash")}


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (put("leaves", 3, "salt", "A" * 21), "schema", "/leaves/3/salt"),
        (put("leaves", 3, "salt", "A" * 21 + "B"), "schema", "/leaves/3/salt"),
        (put("leaves", 3, "salt", "A" * 21 + "="), "schema", "/leaves/3/salt"),
        (put("leaves", 3, "salt", "A" * 22 + "\n"), "schema", "/leaves/3/salt"),
        (put("leaves", 3, "path", "party//0"), "schema", "/leaves/3/path"),
        (put("leaves", 3, "path", "party/buyers/00"), "schema", "/leaves/3/path"),
        (put("leaves", 3, "path", "party/buyers/0/name"), "schema", "/leaves/3/path"),
        (put("leaves", 3, "path", "Party"), "schema", "/leaves/3/path"),
        (put("leaves", 3, "path", "party\n"), "schema", "/leaves/3/path"),
        (put("leaves", 3, "index", -1), "schema", "/leaves/3/index"),
        (put("leaves", 3, "index", "3"), "schema", "/leaves/3/index"),
        (put("leaves", 3, "index", True), "schema", "/leaves/3/index"),
        (put("leaves", 3, "index", 2), "leaf-misplaced", "/leaves/3/index"),
        (put("leaves", 3, "index", 4), "leaf-misplaced", "/leaves/4/index"),
        (lambda package: put("leaves", -1, "index", len(package["leaves"]))(package), "leaf-misplaced", "LAST/index"),
        (lambda package: put("leaves", 3, "salt", package["leaves"][2]["salt"])(package), "salt-repeated",
         "/leaves/3/salt"),
        (lambda package: package["leaves"][3].pop("salt"), "schema", "/leaves/3/salt"),
        (put("leaves", 3, "note", "x"), "schema", "/leaves/3/note"),
        (put("leaves", 3, "hash", "AB" * 32), "schema", "/leaves/3/hash"),
        (lambda package: package["leaves"][3].pop("hash"), "schema", "/leaves/3/hash"),
        (put("hidden", ["00" * 32]), "tree-mismatch", "/hidden"),
        (put("hidden", ["00"]), "schema", "/hidden/0"),
        (put("header", "tree", {"size": 0, "root": "00" * 32}), "schema", "/header/tree/size"),
    ],
)  # fmt: skip
def test_leaves_have_one_form_only(change: Change, code: str, pointer: str) -> None:
    file = json.loads(sealed(honest_sections(), KEY))
    change(file)
    pointer = pointer.replace("LAST", f"/leaves/{len(file['leaves']) - 1}")
    assert (code, pointer) in errors(verify_package(canonical_bytes(file), keys=KEYS))


def test_another_order_of_the_leaves_is_found() -> None:
    file = json.loads(sealed(honest_sections(), KEY))
    file["leaves"].reverse()
    found = errors(verify_package(canonical_bytes(file), keys=KEYS))
    assert {("leaf-misplaced", f"/leaves/{at}/index") for at in range(1, len(file["leaves"]))} == found


def hide(path: str) -> bytes:
    """Swap a leaf for its hash: the tree still fits, and so does the seal."""
    views = {BANK: with_consent(full_sections(), KEY)}
    package = sealed_for(views, KEY)
    file = json.loads(package.file_for(BANK))
    hashes = [hash_of(leaf) for leaf in file["leaves"]]
    leaf = leaf_at(file, path)
    file["leaves"].remove(leaf)
    file["hidden"] = [one.hex() for one in hidden(hashes, [other["index"] for other in file["leaves"]])]
    return canonical_bytes(file)


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("transaction/documents/0", "/sections/transaction/documents"),
        ("exposure/loans/1", "/sections/exposure/loans"),
        ("exposure/loans/0", "/sections/exposure/loans"),
        ("consent/sections/9", "/sections/consent/sections"),
        ("forecast", "/sections/forecast"),
        ("consent", "/sections/consent"),
    ],
)
def test_a_leaf_swapped_for_its_hash_is_missed(path: str, pointer: str) -> None:
    report = verify_package(hide(path), keys=KEYS)
    assert ("leaf-missing", pointer) in errors(report)
    assert not {code for code, _ in errors(report)} & {"tree-mismatch", "seal-invalid"}


def test_a_hidden_object_of_a_section_is_missed() -> None:
    assert ("schema", "/sections/transaction/eligible") in errors(
        verify_package(hide("transaction/eligible"), keys=KEYS)
    )
    assert ("schema", "/sections/party/applicant") in errors(verify_package(hide("party/applicant"), keys=KEYS))


def test_a_hidden_period_is_missed() -> None:
    """It may be null, so the schema alone would take it for one that was never stated."""
    sections = honest_sections()
    sections["tax_flow"]["period"] = {"from": "2026-10-01", "to": "2026-11-22"}

    def without_period(package: dict[str, Any]) -> None:
        package["leaves"].remove(leaf_at(package, "tax_flow/period"))
        for at, leaf in enumerate(package["leaves"]):
            leaf["index"] = at

    assert verify_package(sealed(sections, KEY), keys=KEYS).ok
    report = verify_package(reforged(sealed(sections, KEY), KEY, without_period), keys=KEYS)
    assert errors(report) == {("leaf-missing", "/sections/tax_flow/period")}


def test_a_whole_section_that_is_hidden_is_missed_by_the_consent() -> None:
    views = {BANK: with_consent(honest_sections(), KEY)}
    file = json.loads(sealed_for(views, KEY).file_for(BANK))
    hashes = [hash_of(leaf) for leaf in file["leaves"]]
    file["leaves"] = [leaf for leaf in file["leaves"] if not leaf["path"].startswith("tax_flow")]
    file["hidden"] = [one.hex() for one in hidden(hashes, [leaf["index"] for leaf in file["leaves"]])]
    report = verify_package(canonical_bytes(file), keys=KEYS)
    assert errors(report) == {("section-missing", "/sections/consent/sections/2")}


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (on_leaf("party", put("value", "rows", "buyers", 2)), "leaf-missing", "/sections/party/buyers"),
        (on_leaf("party", put("value", "rows", "buyers", 10**9)), "leaf-missing", "/sections/party/buyers"),
        (on_leaf("party", put("value", "rows", "buyers", 0)), "leaf-misplaced", "BUYER/path"),
        (on_leaf("party", put("value", "rows", {})), "leaf-misplaced", "BUYER/path"),
        (on_leaf("party", put("value", "rows", "buyers", -1)), "leaf-invalid", "PARTY/value/rows"),
        (on_leaf("party", put("value", "rows", "buyers", True)), "leaf-invalid", "PARTY/value/rows"),
        (on_leaf("party", lambda leaf: leaf["value"].pop("rows")), "leaf-invalid", "PARTY/value/rows"),
        (on_leaf("party", put("value", "party")), "leaf-invalid", "PARTY/value/rows"),
        (on_leaf("party", put("value", "applicant", {})), "leaf-invalid", "PARTY/value/applicant"),
        (on_leaf("party", put("value", "buyers", [])), "leaf-invalid", "PARTY/value/buyers"),
        (on_leaf("party/buyers/0", put("path", "party/buyers/1")), "leaf-misplaced", "BUYER/path"),
        (on_leaf("party/buyers/0", put("path", "party/sellers/0")), "leaf-misplaced", "BUYER/path"),
        (on_leaf("party/buyers/0", put("path", "party/buyers")), "leaf-misplaced", "BUYER/path"),
        (on_leaf("party/buyers/0", put("path", "party")), "leaf-misplaced", "BUYER/path"),
        (on_leaf("party/buyers/0", put("path", "party/source")), "leaf-misplaced", "BUYER/path"),
        (on_leaf("party/applicant", put("value", "Nordlicht")), "leaf-misplaced", "APPLICANT/path"),
    ],
)
def test_leaves_that_make_no_section_are_found_though_tree_and_seal_fit(
    change: Change, code: str, pointer: str
) -> None:
    paths = [leaf["path"] for leaf in json.loads(sealed(honest_sections(), KEY))["leaves"]]
    for word, path in (("PARTY", "party"), ("BUYER", "party/buyers/0"), ("APPLICANT", "party/applicant")):
        pointer = pointer.replace(word, f"/leaves/{paths.index(path)}")
    report = verify_package(resealed(change), keys=KEYS)
    assert (code, pointer) in errors(report)


# --- consent ----------------------------------------------------------------------------------------------------


def consented(**changed: Any) -> Report:
    """A package with other terms, both in the artefact and in the section."""
    return verify_package(sealed(with_consent(honest_sections(), KEY, **changed), KEY), keys=KEYS)


def test_a_consent_signed_by_another_key_is_refused() -> None:
    view = with_consent(honest_sections(), OTHER)
    report = verify_package(sealed(view, KEY), keys=KeySet.of(KEY, OTHER))
    assert errors(report) == {("consent-invalid", "/sections/consent/artefact")}


def test_what_is_no_consent_is_refused() -> None:
    view = with_consent(honest_sections(), KEY)
    for artefact in ("yes", sign_claims({"jti": "x"}, key=KEY, typ=CONSENT_TYP), sign_claims({}, key=KEY, typ="JWT")):
        view["consent"]["artefact"] = artefact
        found = errors(verify_package(sealed(view, KEY), keys=KEYS))
        assert found == {("consent-invalid", "/sections/consent/artefact")}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("consent_id",), PACKAGE_ID),
        (("recipient", "name"), "Second Bank"),
        (("counterparties",), "pseudonymous"),
        (("history_months",), 24),
        (("granted_by",), "Somebody else"),
        (("granted_at",), "2026-11-21T00:00:00Z"),
        (("expires_at",), "2027-11-22T00:00:00Z"),
        (("notice_sha256",), "00" * 32),
    ],
)
def test_the_section_says_what_was_signed(path: tuple[Any, ...], value: Any) -> None:
    view = with_consent(honest_sections(), KEY)
    put(*path, value)(view["consent"])
    pointer = "/sections/consent/" + "/".join(path)
    assert ("consent-mismatch", pointer) in errors(verify_package(sealed(view, KEY), keys=KEYS))


def test_a_consent_for_another_bank_is_refused() -> None:
    view = with_consent(honest_sections(), KEY, bank="https://other.example")
    view["consent"]["recipient"]["issuer"] = BANK
    found = errors(verify_package(sealed(view, KEY), keys=KEYS))
    assert found == {("consent-mismatch", "/sections/consent/recipient/issuer")}


def test_a_consent_of_another_company_is_refused() -> None:
    found = errors(consented(iss="Südlicht GmbH", iss_tax_id="DE000"))
    assert found == {("consent-mismatch", "/header/issuer/name"), ("consent-mismatch", "/header/issuer/tax_id")}


def test_a_consent_holds_from_its_grant_to_its_end() -> None:
    sealed_at = int(CREATED_AT.timestamp())
    assert consented(iat=sealed_at, exp=sealed_at + 1).ok and consented(exp=sealed_at).ok
    assert errors(consented(exp=sealed_at - 1)) == {("consent-not-in-force", "/sections/consent/expires_at")}
    assert errors(consented(iat=sealed_at + 1)) == {("consent-not-in-force", "/sections/consent/granted_at")}


def test_the_sections_of_the_file_are_those_of_the_consent() -> None:
    all_four = ["order_flow", "logistics_flow", "tax_flow", "cash_flow"]
    assert consented(sections=["party", "transaction", "consent", *all_four]).ok
    assert errors(consented(sections=all_four[:3])) == {("consent-exceeded", "/sections/cash_flow")}
    more = consented(sections=[*all_four, "forecast"])
    assert errors(more) == {("section-missing", "/sections/consent/sections/4")}
    assert errors(consented(sections=[*all_four, "tax_flow"])) == {("repeated", "/sections/consent/sections/4")}


def test_pseudonyms_are_as_the_consent_says() -> None:
    def view(counterparties: str, buyers: list[dict[str, Any]]) -> bytes:
        sections = honest_sections()
        sections["party"]["buyers"] = buyers
        return sealed(with_consent(sections, KEY, counterparties=counterparties), KEY)

    financed, named = honest_sections()["party"]["buyers"][0], {"key": "b2", "name": "Kiosk am Ufer"}
    hidden_buyer = {"key": "P-7", "pseudonymous": True}
    assert verify_package(view("named", [financed, named]), keys=KEYS).ok
    assert verify_package(view("named", [financed, hidden_buyer]), keys=KEYS).ok
    assert verify_package(view("pseudonymous", [financed, hidden_buyer]), keys=KEYS).ok
    found = errors(verify_package(view("pseudonymous", [financed, named]), keys=KEYS))
    assert found == {("consent-exceeded", "/sections/party/buyers/1/name")}
    unnamed = {"key": "b1", "pseudonymous": True}
    found = errors(verify_package(view("pseudonymous", [unnamed]), keys=KEYS))
    assert found == {("buyer-unnamed", "/sections/party/buyers/0")}


def test_history_reaches_back_no_further_than_the_consent() -> None:
    assert consented(history_months=2).ok
    assert errors(consented(history_months=1)) == {("consent-exceeded", "/sections/cash_flow/months/0/month")}

    def period(start: str) -> Change:
        return put("tax_flow", "period", {"from": start, "to": "2026-11-22"})

    assert checked(period("2025-11-01")).ok
    assert errors(checked(period("2025-10-31"))) == {("consent-exceeded", "/sections/tax_flow/period/from")}


def test_history_counts_in_the_months_of_the_applicant() -> None:
    """When a month is over in UTC, it is not in America, where an applicant's own last day still belongs to it."""

    def sealed_at(as_of: str) -> Change:
        def change(sections: dict[str, Any]) -> None:
            sections["tax_flow"].update(as_of=as_of, period={"from": "2025-11-01", "to": "2026-11-30"})

        return change

    assert checked(sealed_at("2026-12-01T11:59:59Z")).ok
    found = errors(checked(sealed_at("2026-12-01T12:00:00Z")))
    assert found == {("consent-exceeded", "/sections/tax_flow/period/from")}


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
            sections["transaction"]["technique"] = "pre_shipment"
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


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (put("transaction", "confirmations", 0, "amount", "900"), "amount-decimals",
         "/sections/transaction/confirmations/0/amount"),
        (put("order_flow", "months", 0, "cancelled_net", "1.2"), "amount-decimals",
         "/sections/order_flow/months/0/cancelled_net"),
        (put("tax_flow", "months", 0, "base", "1.2"), "amount-decimals", "/sections/tax_flow/months/0/base"),
        (put("cash_flow", "months", 1, "paid_out", "1.2"), "amount-decimals", "/sections/cash_flow/months/1/paid_out"),
        (put("cash_flow", "ageing", 0, "amount", "9"), "amount-decimals", "/sections/cash_flow/ageing/0/amount"),
        (put("cash_flow", "balances", 0, "balance", "9"), "amount-decimals", "/sections/cash_flow/balances/0/balance"),
        (put("cash_flow", "balances", 0, "currency", "ABC"), "currency-unknown",
         "/sections/cash_flow/balances/0/currency"),
        (put("inventory", "stock", 0, "value", "300"), "amount-decimals", "/sections/inventory/stock/0/value"),
        (put("exposure", "loans", 0, "principal", "9"), "amount-decimals", "/sections/exposure/loans/0/principal"),
        (put("exposure", "applications", 0, "requested", "9"), "amount-decimals",
         "/sections/exposure/applications/0/requested"),
        (put("exposure", "pledges", 0, "amount", "9"), "amount-decimals", "/sections/exposure/pledges/0/amount"),
        (put("exposure", "pledges", 0, "currency", "QQQ"), "currency-unknown",
         "/sections/exposure/pledges/0/currency"),
        (put("evidence", "lines", 0, "ordered", "480"), "amount-decimals", "/sections/evidence/lines/0/ordered"),
        (put("evidence", "lines", 0, "orders", 0, "net", "400"), "amount-decimals",
         "/sections/evidence/lines/0/orders/0/net"),
        (put("evidence", "documents", 0, "taxed", "200"), "amount-decimals", "/sections/evidence/documents/0/taxed"),
        (put("forecast", "weeks", 0, "expected", "500"), "amount-decimals", "/sections/forecast/weeks/0/expected"),
        (put("forecast", "totals", 0, "amount", "1900"), "amount-decimals", "/sections/forecast/totals/0/amount"),
        (put("checks", "results", 1, {"code": "x", "light": "control", "level": "grey", "unit": "money",
                                      "currency": "EUR", "figure": "7", "sentence": "x"}), "amount-decimals",
         "/sections/checks/results/1/figure"),
    ],
)  # fmt: skip
def test_amounts_of_every_section_have_the_decimals_of_a_real_currency(change: Change, code: str, pointer: str) -> None:
    assert (code, pointer) in errors(full_checked(change))


def test_every_row_with_a_currency_has_its_amounts_checked() -> None:
    """A row that a later version adds must say which of its members are amounts."""
    rows = {
        name: model
        for name, model in vars(sections_module).items()
        if isinstance(model, type) and issubclass(model, Row) and "currency" in model.model_fields
    }
    assert {model for model in rows.values()} - AMOUNTS.keys() == {rows["FinancedDocument"], rows["CheckRow"]}


# --- evidence, history, lights ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put("evidence", "lines", 0, "quantity", "11"), {("total-mismatch", "lines/0/quantity")}),
        (put("evidence", "lines", 0, "gross", "481.00"),
         {("total-mismatch", "lines/0/gross"), ("total-mismatch", "documents/0/gross"),
          ("total-mismatch", "documents/0/deliverable")}),
        (put("evidence", "lines", 0, "tax_codes", []), {("evidence-mismatch", "lines/0/tax_codes")}),
        (put("evidence", "lines", 0, "ordered", "480.01"),
         {("limit-exceeded", "lines/0/ordered"), ("total-mismatch", "documents/0/ordered")}),
        (put("evidence", "lines", 0, "delivered", "-0.01"),
         {("limit-exceeded", "lines/0/delivered"), ("total-mismatch", "documents/0/delivered")}),
        (put("evidence", "lines", 0, "orders", []), {("evidence-mismatch", "lines/0/ordered")}),
        (put("evidence", "lines", 0, "deliveries", []), {("evidence-mismatch", "lines/0/delivered")}),
        (put("evidence", "lines", 0, "needs_delivery", False),
         {("evidence-mismatch", "lines/0/delivered"), ("total-mismatch", "documents/0/deliverable")}),
        (put("evidence", "lines", 0, "line", 2),
         {("repeated", "lines/1/line"), ("total-mismatch", "lines/0/gross"), ("evidence-missing", "LINE")}),
        (put("evidence", "lines", 0, "line", 9), {("reference-unknown", "lines/0/line"), ("evidence-missing", "LINE")}),
        (put("evidence", "documents", 0, "gross", "1200.01"), {("total-mismatch", "documents/0/gross")}),
        (put("evidence", "documents", 0, "ordered", "0.00"), {("total-mismatch", "documents/0/ordered")}),
        (put("evidence", "documents", 0, "delivered", "0.00"), {("total-mismatch", "documents/0/delivered")}),
        (put("evidence", "documents", 0, "taxed", "0.00"), {("total-mismatch", "documents/0/taxed")}),
        (put("evidence", "documents", 0, "paid", "0.00"), {("total-mismatch", "documents/0/paid")}),
        (put("evidence", "documents", 0, "credited", "0.00"), {("total-mismatch", "documents/0/credited")}),
        (put("evidence", "documents", []), {("evidence-missing", "documents")}),
        (put("evidence", "documents", 0, "currency", "USD"), {("currency-mismatch", "documents/0/currency")}),
        (lambda sections: sections["evidence"]["documents"].append(sections["evidence"]["documents"][0]),
         {("repeated", "documents")}),
        (put("evidence", "lines", 0, "orders", 0, "order", "S9"), {("reference-unknown", "lines/0/orders/0/order")}),
        (put("evidence", "lines", 0, "orders", 0, "line", 9), {("reference-unknown", "lines/0/orders/0/line")}),
        (put("evidence", "lines", 0, "deliveries", 0, "delivery", "D9"),
         {("reference-unknown", "lines/0/deliveries/0/delivery")}),
        (put("evidence", "lines", 0, "deliveries", 0, "line", 9),
         {("reference-unknown", "lines/0/deliveries/0/line")}),
        (put("evidence", "documents", 0, "document", "INV9"),
         {("reference-unknown", "documents/0/document"), ("evidence-missing", "documents")}),
    ],
)  # fmt: skip
def test_evidence_that_its_lines_do_not_carry_is_found(change: Change, expected: set[tuple[str, str]]) -> None:
    line_of_document = f"{INVOICE}/lines/0"
    places = {
        (code, line_of_document if place == "LINE" else f"/sections/evidence/{place}") for code, place in expected
    }
    assert errors(full_checked(change)) == places


def test_a_service_needs_no_delivery() -> None:
    def service(sections: dict[str, Any]) -> None:
        evidence = sections["evidence"]
        evidence["lines"][0].update(needs_delivery=False, delivered="0", deliveries=[])
        evidence["documents"][0].update(delivered="720.00", deliverable="720.00")

    assert full_checked(service).ok


def test_without_taxes_the_evidence_is_held_against_the_documents_own_tax() -> None:
    assert full_checked(lambda sections: sections.pop("tax_flow")).ok

    def wrong(sections: dict[str, Any]) -> None:
        del sections["tax_flow"]
        sections["evidence"]["documents"][0]["taxed"] = "199.00"

    assert errors(full_checked(wrong)) == {("total-mismatch", "/sections/evidence/documents/0/taxed")}


def test_a_contradiction_that_the_applicant_names_is_a_warning() -> None:
    row = {"document": "INV/2026/0007", "line": 1, "code": "price-differs", "sentence": "10 % more than ordered."}
    report = full_checked(put("evidence", "contradictions", [row]))
    assert report.ok and ("contradiction", "/sections/evidence/contradictions/0") in warnings(report)
    assert any("10 % more than ordered." in finding.message for finding in report.findings)
    unknown = full_checked(put("evidence", "contradictions", [{**row, "line": 9}]))
    assert errors(unknown) == {("reference-unknown", "/sections/evidence/contradictions/0/line")}


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (put("inventory", "totals", 0, "amount", "500.00"), "total-mismatch", "/sections/inventory/totals/0/amount"),
        (put("inventory", "totals", []), "total-missing", "/sections/inventory/totals"),
        (put("exposure", "loans", 0, "outstanding", "0.00"), "total-mismatch", "/sections/exposure/totals/0/amount"),
        (put("exposure", "totals", 0, "currency", "USD"), "total-missing", "/sections/exposure/totals"),
        (put("exposure", "totals", [{"currency": "EUR", "amount": "1400.00"}] * 2), "repeated",
         "/sections/exposure/totals/1/currency"),
        (put("forecast", "weeks", 1, "expected", "1500.00"), "total-mismatch", "/sections/forecast/totals/0/amount"),
        (put("forecast", "weeks", 0, "financed", "500.01"), "limit-exceeded", "/sections/forecast/weeks/0/financed"),
        (put("forecast", "weeks", 0, "week", "2026-11-24"), "week-invalid", "/sections/forecast/weeks/0/week"),
        (put("forecast", "weeks", 0, "week", "2026-12-28"), "repeated", "/sections/forecast/weeks/1"),
        (put("cash_flow", "months", 0, "invoiced", "7000.01"), "total-mismatch", "/sections/cash_flow/months"),
        (put("cash_flow", "buyer_history", 0, "invoiced", "1.00"), "total-mismatch", "/sections/cash_flow/months"),
        (put("cash_flow", "months", 0, "currency", "USD"), "total-mismatch", "/sections/cash_flow/months"),
        (put("cash_flow", "months", 1, "month", "2026-09"), "repeated", "/sections/cash_flow/months/1"),
        (put("checks", "lights", 1, "level", "green"), "light-mismatch", "/sections/checks/lights/1/level"),
        (put("checks", "lights", 2, "level", "green"), "light-mismatch", "/sections/checks/lights/2/level"),
        (put("checks", "lights", 2, "light", "authenticity"), "light-missing", "/sections/checks/lights"),
        (put("checks", "lights", 2, "light", "authenticity"), "repeated", "/sections/checks/lights/2"),
        (put("checks", "results", 0, "level", "grey"), "light-mismatch", "/sections/checks/lights/0/level"),
    ],
)  # fmt: skip
def test_sums_and_lights_that_their_rows_do_not_give_are_found(change: Change, code: str, pointer: str) -> None:
    assert (code, pointer) in errors(full_checked(change))


def test_a_finding_says_both_figures() -> None:
    report = full_checked(put("inventory", "totals", 0, "amount", "500.00"))
    (message,) = (finding.message for finding in report.findings if finding.code == "total-mismatch")
    assert message == "500.00 is stated; the rows' values give 500.50."


def test_a_total_in_each_currency() -> None:
    def dollars(sections: dict[str, Any]) -> None:
        sections["inventory"]["stock"][0]["currency"] = "USD"
        sections["inventory"]["totals"] = [
            {"currency": "EUR", "amount": "200.50"},
            {"currency": "USD", "amount": "300.00"},
        ]

    assert full_checked(dollars).ok


def test_months_and_buyers_are_compared_where_both_are_there() -> None:
    report = checked(put("cash_flow", "months", []))
    assert report.ok and warnings(report) == {("not-checked", "/sections/cash_flow/months")}
    quiet = [month("2026-10", invoiced="0.00", collected="1.00")]

    def no_invoices(sections: dict[str, Any]) -> None:
        sections["cash_flow"].update(buyer_history=[], months=quiet)

    assert checked(no_invoices).findings == ()


# --- attachments ------------------------------------------------------------------------------------------------


def test_attachments_are_embedded_unchanged_and_nothing_else_is() -> None:
    def verified(embedded: dict[str, bytes]) -> set[tuple[str, str]]:
        package = read_package(sealed(full_sections(), KEY))
        return {(finding.code, finding.pointer) for finding in check_embedded(package, embedded)}

    assert verified({"invoice.xml": b"<Invoice/>"}) == set()
    assert verified({}) == {("embedded-missing", "#embedded/invoice.xml")}
    assert verified({"invoice.xml": b"<Invoice />"}) == {("embedded-changed", "#embedded/invoice.xml")}
    assert verified({"invoice.xml": b"<Invoice/>", "more.xml": b""}) == {("embedded-extra", "#embedded/more.xml")}


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
    ("change", "pointer"),
    [
        (put("transaction", "confirmations", 0, "document", "INV9"), "/sections/transaction/confirmations/0/document"),
        (put("tax_flow", "e_invoices", 0, "document", "INV9"), "/sections/tax_flow/e_invoices/0/document"),
        (put("checks", "results", 0, "documents", ["INV9"]), "/sections/checks/results/0/documents/0"),
        (put("attachments", "files", 0, "document", "INV9"), "/sections/attachments/files/0/document"),
        (
            put("attachments", "not_made", [{"kind": "ubl_order", "document": "INV9", "reason": "No country."}]),
            "/sections/attachments/not_made/0/document",
        ),
    ],
)
def test_names_in_the_other_sections_lead_somewhere(change: Change, pointer: str) -> None:
    assert ("reference-unknown", pointer) in errors(full_checked(change))


def test_a_confirmation_in_another_currency_is_found() -> None:
    report = full_checked(put("transaction", "confirmations", 0, "currency", "USD"))
    assert ("currency-mismatch", "/sections/transaction/confirmations/0/currency") in errors(report)


def test_an_attachment_may_belong_to_an_order_or_a_delivery() -> None:
    for name in ("S00042", "WH/OUT/00009"):
        row = attachment("x.xml", b"", document=name)
        assert full_checked(put("attachments", "files", [row])).ok


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (("party", "buyers"), "/sections/party/buyers/1/key"),
        (("transaction", "documents"), "/sections/transaction/documents/1/number"),
        (("order_flow", "orders"), "/sections/order_flow/orders/1/number"),
        (("logistics_flow", "deliveries"), "/sections/logistics_flow/deliveries/1/number"),
        (("attachments", "files"), "/sections/attachments/files/1/name"),
        (("cash_flow", "buyer_history"), "/sections/cash_flow/buyer_history/1"),
    ],
)
def test_the_same_thing_twice_is_found(path: tuple[str, str], pointer: str) -> None:
    """An invoice listed twice would otherwise double what the documents carry."""

    def twice(sections: dict[str, Any]) -> None:
        rows = sections[path[0]][path[1]]
        rows.insert(1, rows[0])

    assert ("repeated", pointer) in errors(full_checked(twice))


def test_a_line_twice_is_found() -> None:
    report = checked(put("transaction", "documents", 0, "lines", 1, "line", 1))
    assert ("repeated", f"{INVOICE}/lines/1/line") in errors(report)


def test_an_invoice_that_only_the_order_names_is_a_warning() -> None:
    report = checked(put("order_flow", "orders", 0, "documents", ["INV/2026/0007", "INV/2026/0010"]))
    assert report.ok and warnings(report) == {("document-elsewhere", "/sections/order_flow/orders/0/documents/1")}


def test_debts_and_requests_may_stand_on_documents_that_are_not_in_the_package() -> None:
    def elsewhere(sections: dict[str, Any]) -> None:
        sections["exposure"]["applications"][0]["documents"] = ["S00999"]
        sections["exposure"]["pledges"][0]["document"] = "INV/2025/0099"

    report = full_checked(elsewhere)
    assert report.ok and warnings(report) == warnings(full_checked(lambda sections: None))


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
        issuer="DE136695976", kind="customer_invoice", number="INV/2026/0007", fiscal_year="2026",
        counterparty="FR40303265045", issue_date=dt.date(2026, 10, 1), currency="EUR", amount=Decimal("1200.00"),
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


@pytest.mark.parametrize(
    "change",
    [
        lambda package: package.update(leaves=[{}] * 50_000),
        lambda package: package.update(hidden=["x"] * 50_000),
        lambda package: leaf_at(package, "transaction/documents/0")["value"].update(lines=[{}] * 50_000),
        lambda package: leaf_at(package, "transaction/documents/0")["value"].update(
            {f"x{n}": 1 for n in range(50_000)}
        ),
    ],
    ids=["leaves", "hidden", "rows", "members"],
)
def test_a_hostile_file_is_told_in_few_findings(change: Change) -> None:
    """Thousands of wrong places, of a file of 20 MiB millions, would cost the reader minutes and gigabytes."""
    report = verify_package(resealed(change))
    assert not report.ok
    assert 0 < len([finding for finding in report.findings if finding.code == "schema"]) <= 10
