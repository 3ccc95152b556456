"""Sealing and reading a package."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
import rfc8785
from stories import CREATED_AT, PACKAGE_ID, honest_sections, sealed

from openscf.canonical import sha256_hex
from openscf.errors import InputInvalid, PackageInvalid
from openscf.jws import read_protected_header
from openscf.keys import SigningKey
from openscf.money import Money
from openscf.package import MAX_PACKAGE_BYTES, Sections, json_schema, read_package, seal_package

KEY = SigningKey.generate()


def test_a_package_is_what_the_document_says() -> None:
    package = json.loads(sealed(honest_sections(), KEY))
    header = package["header"]
    assert header["schema"] == "openscf/package/1"
    assert header["created_at"] == "2026-11-22T05:55:49Z"
    assert header["issuer"] == {"name": "Nordlicht GmbH", "tax_id": "DE136695976", "kid": KEY.kid}
    assert header["supersedes"] is None and package["sections"]["party"]["period"] is None
    assert header["sections"] == {
        name: sha256_hex(rfc8785.dumps(section)) for name, section in package["sections"].items()
    }
    protected = read_protected_header(package["seal"])
    assert (protected["typ"], protected["pid"], protected["kid"]) == ("openscf-package+jws", PACKAGE_ID, KEY.kid)
    assert protected["iat"] == int(CREATED_AT.timestamp()) and protected["jwk"] == KEY.public_jwk()


def test_the_file_is_canonical_to_the_byte() -> None:
    file = sealed(honest_sections(), KEY)
    assert file == rfc8785.dumps(json.loads(file))
    assert file == sealed(honest_sections(), KEY)


def test_what_was_sealed_is_read_back() -> None:
    package = read_package(sealed(honest_sections(), KEY))
    (document,) = package.sections.transaction.documents
    assert document.totals.outstanding == Decimal("900.00")
    assert document.due_date == dt.date(2026, 12, 30)
    assert package.sections.party.buyers[0].name == "Atelier Lumière SARL"
    assert package.header.created_at == CREATED_AT


def test_sections_may_be_models_and_a_package_may_supersede_another() -> None:
    content = honest_sections()
    content["transaction"]["requested"] = Money(amount=Decimal("720"), currency="EUR")
    content["transaction"]["period"] = {"from": "2026-01-01", "to": "2026-11-22"}
    file = seal_package(
        Sections.model_validate(content), key=KEY, issuer_name="N", issuer_tax_id="T", created_at=CREATED_AT,
        supersedes=PACKAGE_ID,
    )  # fmt: skip
    package = read_package(file)
    assert package.header.supersedes == PACKAGE_ID != package.header.package_id
    assert package.sections.transaction.requested.amount == Decimal("720.00")
    assert package.sections.transaction.period is not None
    assert b'"period":{"from":"2026-01-01","to":"2026-11-22"}' in file


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (("transaction", "documents", 0, "lines", 1, "net"), 600, "/sections/transaction/documents/0/lines/1/net"),
        (("transaction", "documents", 0, "kind"), "receipt", "/sections/transaction/documents/0/kind"),
        (("transaction", "documents"), [], "/sections/transaction/documents"),
        (("transaction", "tenor_days"), "45", "/sections/transaction/tenor_days"),
        (("party", "applicant", "passport"), "x", "/sections/party/applicant/passport"),
        (("party", "as_of"), "2026-11-22 05:50", "/sections/party/as_of"),
        (("party", "assurance"), "sure", "/sections/party/assurance"),
        (("cash_flow", "payments", 0, "date"), "20/10/2026", "/sections/cash_flow/payments/0/date"),
        (("cash_flow", "payments", 0, "cleared"), "yes", "/sections/cash_flow/payments/0/cleared"),
        (("cash_flow", "payments", 0, "amount"), "2e2", "/sections/cash_flow/payments/0/amount"),
        (("weather",), {}, "/sections/weather"),
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
            honest_sections(), key=KEY, issuer_name="N", issuer_tax_id="T",
            created_at=CREATED_AT.replace(tzinfo=None),
        )  # fmt: skip


@pytest.mark.parametrize("file", [b"", b"[]", b"{}", b"\xff", b'{"a":1,"a":1}', b'{"a":1.5}', b"[" * 100_000, b'"x"'])
def test_what_is_no_package_is_refused(file: bytes) -> None:
    with pytest.raises(PackageInvalid):
        read_package(file)


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    with pytest.raises(PackageInvalid, match="at most"):
        read_package(b" " * (MAX_PACKAGE_BYTES + 1))


def test_the_json_schema_takes_an_honest_package_and_no_other() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    package = json.loads(sealed(honest_sections(), KEY))
    jsonschema.validate(package, schema)
    package["sections"]["transaction"]["documents"][0]["lines"][0]["net"] = 400
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(package, schema)
