"""Sealing and reading a package."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
import rfc8785
from asset_stories import goods_sections, purchase_sections
from stories import (
    BANK,
    CREATED_AT,
    PACKAGE_ID,
    full_sections,
    honest_sections,
    leaf_at,
    sealed,
    sealed_for,
    with_consent,
)

from openscf._internal.leaves import cut
from openscf.errors import InputInvalid, PackageInvalid
from openscf.jws import read_protected_header
from openscf.keys import SigningKey
from openscf.merkle import leaf_hash, root
from openscf.money import Money
from openscf.package import (
    MAX_PACKAGE_BYTES,
    PartySection,
    Sections,
    json_schema,
    read_package,
    seal_package,
)

KEY = SigningKey.generate()
SECOND_BANK = "https://second-bank.example"


def test_a_package_is_what_the_document_says() -> None:
    package = json.loads(sealed(honest_sections(), KEY))
    assert package.keys() == {"header", "leaves", "hidden", "seal"} and package["hidden"] == []
    header = package["header"]
    assert header["schema"] == "openscf/package/2"
    assert header["created_at"] == "2026-11-22T05:55:49Z"
    assert header["issuer"] == {"name": "Nordlicht GmbH", "tax_id": "DE136695976", "kid": KEY.kid}
    assert header["supersedes"] is None
    hashes = [
        leaf_hash(rfc8785.dumps({"path": leaf["path"], "salt": leaf["salt"], "value": leaf["value"]}))
        for leaf in package["leaves"]
    ]
    assert [leaf["hash"] for leaf in package["leaves"]] == [one.hex() for one in hashes]
    assert package["leaves"][0].keys() == {"hash", "index", "path", "salt", "value"}
    assert header["tree"] == {"size": len(package["leaves"]), "root": root(hashes).hex()}
    assert [leaf["index"] for leaf in package["leaves"]] == list(range(len(hashes)))
    protected = read_protected_header(package["seal"])
    assert (protected["typ"], protected["pid"], protected["kid"]) == ("openscf-package+jws", PACKAGE_ID, KEY.kid)
    assert protected["iat"] == int(CREATED_AT.timestamp()) and protected["jwk"] == KEY.public_jwk()


def test_a_section_is_cut_into_its_own_members_its_objects_and_its_rows() -> None:
    package = json.loads(sealed(honest_sections(), KEY))
    own = leaf_at(package, "transaction")["value"]
    assert own == {
        "as_of": "2026-11-22T05:50:00Z",
        "period": None,
        "source": "odoo/19.0",
        "assurance": "asserted",
        "technique": "receivables_discounting",
        "tenor_days": 45,
        "rows": {"documents": 1, "confirmations": 0},
    }
    assert leaf_at(package, "transaction/requested")["value"] == {"amount": "720.00", "currency": "EUR"}
    assert len(leaf_at(package, "transaction/documents/0")["value"]["lines"]) == 2
    assert leaf_at(package, "consent/sections/3")["value"] == "cash_flow"
    assert {leaf["path"] for leaf in package["leaves"] if leaf["path"].startswith("party")} == {
        "party",
        "party/applicant",
        "party/buyers/0",
    }


def test_each_leaf_has_a_salt_of_its_own_of_128_random_bits() -> None:
    """Without it, what is hidden could be guessed and compared with its hash."""
    packages = [json.loads(sealed(honest_sections(), KEY)) for _ in range(2)]
    salts = [leaf["salt"] for package in packages for leaf in package["leaves"]]
    assert len(set(salts)) == len(salts)
    assert {len(base64.urlsafe_b64decode(salt + "==")) for salt in salts} == {16}


def test_the_file_is_canonical_to_the_byte() -> None:
    package = sealed_for({BANK: with_consent(honest_sections(), KEY)}, KEY)
    file = package.file_for(BANK)
    assert file == rfc8785.dumps(json.loads(file))
    assert file == package.file_for(BANK)


def test_what_was_sealed_is_read_back() -> None:
    package = read_package(sealed(honest_sections(), KEY))
    (document,) = package.sections.transaction.documents
    assert document.totals.outstanding == Decimal("900.00")
    assert document.due_date == dt.date(2026, 12, 30)
    assert package.sections.party.buyers[0].name == "Atelier Lumière SARL"
    assert package.header.created_at == CREATED_AT


def test_every_section_is_read_back_as_it_was() -> None:
    view = with_consent(full_sections(), KEY)
    assert read_package(sealed(view, KEY)).sections == Sections.model_validate(view)


def test_sections_may_be_models_and_a_package_may_supersede_another() -> None:
    content = with_consent(honest_sections(), KEY)
    content["transaction"]["requested"] = Money(amount=Decimal("720"), currency="EUR")
    content["transaction"]["period"] = {"from": "2026-01-01", "to": "2026-11-22"}
    content["party"] = PartySection.model_validate(content["party"])
    package = seal_package(
        {BANK: content}, key=KEY, issuer_name="N", issuer_tax_id="T", created_at=CREATED_AT, supersedes=PACKAGE_ID
    )
    file = package.file_for(BANK)
    read = read_package(file)
    assert read.header.supersedes == PACKAGE_ID != read.header.package_id == package.package_id
    assert read.sections.transaction.requested.amount == Decimal("720.00")
    assert read.sections.transaction.period is not None
    assert leaf_at(json.loads(file), "transaction/period")["value"] == {"from": "2026-01-01", "to": "2026-11-22"}


# --- several recipients -----------------------------------------------------------------------------------------


def two_views() -> dict[str, dict[str, Any]]:
    """One bank may read all; the other no cash flow, and one buyer only under a pseudonym."""
    shared = full_sections()
    less = {name: content for name, content in shared.items() if name not in ("cash_flow", "checks")}
    less["party"] = {
        **shared["party"],
        "buyers": [*shared["party"]["buyers"][:1], {"key": "P-7", "pseudonymous": True}],
    }
    return {
        BANK: with_consent(shared, KEY),
        SECOND_BANK: with_consent(less, KEY, bank=SECOND_BANK, counterparties="pseudonymous"),
    }


def test_all_recipients_have_one_root_and_one_seal() -> None:
    package = sealed_for(two_views(), KEY)
    files = [json.loads(package.file_for(bank)) for bank in package.recipients]
    assert package.recipients == (BANK, SECOND_BANK)
    assert files[0]["header"] == files[1]["header"] and files[0]["seal"] == files[1]["seal"]
    assert files[0]["header"]["tree"]["root"] == package.root


def test_what_several_may_read_is_one_leaf_and_what_differs_are_two() -> None:
    package = sealed_for(two_views(), KEY)
    first, second = (json.loads(package.file_for(bank)) for bank in package.recipients)
    for path in ("party", "party/buyers/0", "transaction/documents/0", "evidence/lines/1"):
        assert leaf_at(first, path) == leaf_at(second, path)
    for path in ("party/buyers/1", "consent"):
        assert leaf_at(first, path)["index"] != leaf_at(second, path)["index"]
        assert leaf_at(first, path)["salt"] != leaf_at(second, path)["salt"]
    indices = {leaf["index"] for leaf in (*first["leaves"], *second["leaves"])}
    assert indices == set(range(first["header"]["tree"]["size"]))


def test_a_file_has_nothing_of_what_only_another_may_read() -> None:
    package = sealed_for(two_views(), KEY)
    first, second = (package.file_for(bank) for bank in package.recipients)
    for word in (b"Kiosk am Ufer", b"cash_flow", b"buyer-late", b"\xe2\x80\xa62051"):
        assert word in first and word not in second
    assert b"P-7" in second and b"P-7" not in first
    salts = [{leaf["salt"] for leaf in json.loads(file)["leaves"]} for file in (first, second)]
    for file, others in ((first, salts[1] - salts[0]), (second, salts[0] - salts[1])):
        assert others and not any(salt.encode() in file for salt in others)


def test_what_is_hidden_makes_few_hashes() -> None:
    """Leaves with the same readers stand together: the file does not grow with what it hides."""
    package = sealed_for(two_views(), KEY)
    for bank in package.recipients:
        file = json.loads(package.file_for(bank))
        assert 0 < len(file["hidden"]) <= 2 * file["header"]["tree"]["size"].bit_length()


def test_a_section_that_views_share_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    views = two_views()
    assert views[BANK]["evidence"] is views[SECOND_BANK]["evidence"]
    cuts: list[str] = []
    monkeypatch.setattr("openscf.package.cut", lambda name, section: cuts.append(name) or cut(name, section))
    sealed_for(views, KEY)
    assert cuts.count("evidence") == 1 and cuts.count("party") == cuts.count("consent") == 2


def test_who_is_no_recipient_gets_no_file() -> None:
    package = sealed_for(two_views(), KEY)
    with pytest.raises(InputInvalid, match="third"):
        package.file_for("https://third-bank.example")
    with pytest.raises(InputInvalid, match="at least one"):
        sealed_for({}, KEY)


def test_a_view_for_another_bank_than_its_consent_names_is_not_sealed() -> None:
    with pytest.raises(PackageInvalid) as caught:
        sealed_for({SECOND_BANK: with_consent(honest_sections(), KEY)}, KEY)
    assert caught.value.pointer == "/sections/consent/recipient/issuer"


def test_a_package_shows_nothing_of_its_content_in_its_repr() -> None:
    assert "Lumi" not in repr(sealed_for(two_views(), KEY))


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (("transaction", "documents", 0, "lines", 1, "net"), 600, "/sections/transaction/documents/0/lines/1/net"),
        (("transaction", "documents", 0, "kind"), "receipt", "/sections/transaction/documents/0/kind"),
        (("transaction", "documents"), [], "/sections/transaction"),
        (("transaction", "tenor_days"), "45", "/sections/transaction/tenor_days"),
        (("party", "applicant", "passport"), "x", "/sections/party/applicant/passport"),
        (("party", "as_of"), "2026-11-22 05:50", "/sections/party/as_of"),
        (("party", "assurance"), "sure", "/sections/party/assurance"),
        (("cash_flow", "payments", 0, "date"), "20/10/2026", "/sections/cash_flow/payments/0/date"),
        (("cash_flow", "payments", 0, "cleared"), "yes", "/sections/cash_flow/payments/0/cleared"),
        (("cash_flow", "payments", 0, "amount"), "2e2", "/sections/cash_flow/payments/0/amount"),
        (("party", "buyers", 0, "pseudonymous"), True, "/sections/party/buyers/0"),
        (("party", "buyers", 0, "name"), None, "/sections/party/buyers/0"),
        (("cash_flow", "buyer_history", 0, "buyers"), 3, "/sections/cash_flow/buyer_history/0"),
        (("weather",), {}, "/sections/weather"),
        (("transaction",), None, "/sections/transaction"),
    ],
)
def test_sections_of_another_shape_are_not_sealed(path: tuple[Any, ...], value: Any, pointer: str) -> None:
    content: Any = honest_sections()
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(PackageInvalid) as caught:
        sealed(content, KEY)
    assert caught.value.pointer == pointer


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InputInvalid, match="zone"):
        seal_package(
            {BANK: with_consent(honest_sections(), KEY)}, key=KEY, issuer_name="N", issuer_tax_id="T",
            created_at=CREATED_AT.replace(tzinfo=None),
        )  # fmt: skip


@pytest.mark.parametrize("file", [b"", b"[]", b"{}", b"\xff", b'{"a":1,"a":1}', b'{"a":1.5}', b"[" * 100_000, b'"x"'])
def test_what_is_no_package_is_refused(file: bytes) -> None:
    with pytest.raises(PackageInvalid):
        read_package(file)


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    with pytest.raises(PackageInvalid, match="at most"):
        read_package(b" " * (MAX_PACKAGE_BYTES + 1))


def test_a_file_that_would_be_too_large_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openscf.package.MAX_PACKAGE_BYTES", 5000)
    with pytest.raises(PackageInvalid, match="at most 5000"):
        sealed(honest_sections(), KEY)


def test_the_json_schema_takes_honest_packages_and_no_others() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    package = sealed_for(two_views(), KEY)
    for bank in package.recipients:
        validator.validate(json.loads(package.file_for(bank)))
    changes: list[tuple[str, str, Any]] = [
        ("transaction/documents/0", "currency", 400),
        ("transaction", "tenor_days", "45"),
        ("transaction", "weather", "fine"),
        ("transaction", "rows", {"documents": 1}),
        ("party/applicant", "country", "Germany"),
    ]
    for path, member, value in changes:
        file = json.loads(package.file_for(BANK))
        leaf_at(file, path)["value"][member] = value
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(file)


@pytest.mark.parametrize(
    ("sections", "path", "changes"),
    [
        (purchase_sections, "transaction/documents/0", {"seller": None}),
        (purchase_sections, "transaction/documents/0", {"buyer": "b1"}),
        (purchase_sections, "transaction/documents/0", {"issuer_number": None}),
        (purchase_sections, "transaction/documents/0", {"kind": "purchase_order"}),
        (purchase_sections, "order_flow/orders/0", {"seller": None}),
        (purchase_sections, "order_flow/orders/0", {"buyer": "b1"}),
        (goods_sections, "transaction/documents/0", {"goods": None}),
        (goods_sections, "transaction/documents/0", {"due_date": "2026-12-30"}),
        (goods_sections, "transaction/documents/0", {"kind": "sales_order"}),
        (goods_sections, "inventory/resale/0", {"speed": "high"}),
    ],
)
def test_the_json_schema_knows_what_each_kind_of_document_has(
    sections: Callable[[], dict[str, Any]], path: str, changes: dict[str, Any]
) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    file = json.loads(sealed(sections(), KEY))
    validator.validate(file)
    value = leaf_at(file, path)["value"]
    for name, changed in changes.items():
        value.pop(name, None)
        if changed is not None:
            value[name] = changed
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(file)


def test_the_json_schema_describes_the_sections_put_together_too() -> None:
    schema = json_schema()
    whole = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/Sections"})
    whole.validate(with_consent(full_sections(), KEY))
    with pytest.raises(jsonschema.ValidationError):
        whole.validate(full_sections())
