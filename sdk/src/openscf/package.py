"""The package: what a bank receives about an application, sealed (docs/package.md)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from openscf._internal import strict_json
from openscf._internal.pointer import pointer_of
from openscf._internal.sections import (
    ApplicantRow,
    Assurance,
    BuyerHistoryRow,
    CashFlowSection,
    CollectionAccount,
    DeliveryLine,
    DeliveryRow,
    DocumentLine,
    DocumentTotals,
    FinancedDocument,
    LogisticsFlowSection,
    Moment,
    Name,
    OrderFlowSection,
    OrderLine,
    OrderRow,
    PartyRow,
    PartySection,
    PaymentRow,
    Period,
    Row,
    Section,
    Sections,
    Sum,
    TaxFlowSection,
    TaxRow,
    TransactionSection,
)
from openscf.canonical import canonical_bytes, sha256_hex
from openscf.errors import InputInvalid, PackageInvalid
from openscf.jws import PACKAGE_TYP, sign_detached
from openscf.keys import SigningKey
from openscf.wire import Sha256, utc_seconds

__all__ = [
    "ApplicantRow",
    "Assurance",
    "BuyerHistoryRow",
    "CashFlowSection",
    "CollectionAccount",
    "DeliveryLine",
    "DeliveryRow",
    "DocumentLine",
    "DocumentTotals",
    "FinancedDocument",
    "Header",
    "Issuer",
    "LogisticsFlowSection",
    "MAX_PACKAGE_BYTES",
    "MEDIA_TYPE",
    "OrderFlowSection",
    "OrderLine",
    "OrderRow",
    "Package",
    "PartyRow",
    "PartySection",
    "PaymentRow",
    "Period",
    "SCHEMA",
    "Section",
    "Sections",
    "Sum",
    "TaxFlowSection",
    "TaxRow",
    "TransactionSection",
    "json_schema",
    "read_members",
    "read_package",
    "seal_package",
]

SCHEMA: Final = "openscf/package/1"
MEDIA_TYPE: Final = "application/vnd.openscf.package+json"
# The protocol's limit for a document.
MAX_PACKAGE_BYTES: Final = 20 * 1024 * 1024

_Model = TypeVar("_Model", bound=Row)

PackageId = Annotated[
    str, StringConstraints(pattern=r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]


class Issuer(Row):
    """Who sealed the package, and with which key."""

    name: Name
    tax_id: Name
    kid: Name


class Header(Row):
    """What the seal covers: identity, time, and the digest of every section."""

    schema_: Literal["openscf/package/1"] = Field(alias="schema")
    package_id: PackageId
    created_at: Moment
    issuer: Issuer
    supersedes: PackageId | None
    sections: dict[str, Sha256]


class Package(Row):
    """A package as read; only `openscf.verify` tells whether it can be trusted."""

    header: Header
    sections: Sections
    seal: Name


def seal_package(
    sections: Mapping[str, Any] | Sections,
    *,
    key: SigningKey,
    issuer_name: str,
    issuer_tax_id: str,
    created_at: dt.datetime,
    package_id: str | None = None,
    supersedes: str | None = None,
) -> bytes:
    """Return the canonical bytes of a new sealed package.

    `created_at` is also the seal's `iat`; `package_id` is a new `urn:uuid:…` where none is given; `supersedes` the id
    of the package that this one corrects. Raises PackageInvalid, with the pointer, where the sections have not the
    shape of docs/package.md. Totals are not recomputed here: `verify_package` does that.
    """
    created = utc_seconds(created_at)
    checked = _validated(Sections, sections, "/sections")
    content = {name: _section_json(getattr(checked, name)) for name in Sections.model_fields if getattr(checked, name)}
    header = _validated(
        Header,
        {
            "schema": SCHEMA,
            "package_id": package_id or f"urn:uuid:{uuid.uuid4()}",
            "created_at": created,
            "issuer": {"name": issuer_name, "tax_id": issuer_tax_id, "kid": key.kid},
            "supersedes": supersedes,
            "sections": {name: sha256_hex(canonical_bytes(section)) for name, section in content.items()},
        },
        "/header",
    ).model_dump(mode="json", by_alias=True)
    seal = sign_detached(
        canonical_bytes(header),
        key=key,
        issued_at=int(created.timestamp()),
        typ=PACKAGE_TYP,
        claims={"pid": header["package_id"], "jwk": key.public_jwk()},
    )
    sealed = canonical_bytes({"header": header, "sections": content, "seal": seal})
    if len(sealed) > MAX_PACKAGE_BYTES:
        raise PackageInvalid(f"The package has {len(sealed)} bytes, at most {MAX_PACKAGE_BYTES} are taken; shorten it.")
    return sealed


def read_package(package: bytes) -> Package:
    """Read a package's form WITHOUT checking seal, digests or totals; that is `openscf.verify.verify_package`.

    Raises PackageInvalid, with the pointer of the first wrong place, for what is no package of version 1.
    """
    return _validated(Package, read_members(package), "")


def read_members(package: bytes) -> dict[str, Any]:
    """Return the JSON object of a package, read so strictly that no two readers differ; PackageInvalid otherwise."""
    if len(package) > MAX_PACKAGE_BYTES:
        raise PackageInvalid(f"The file has {len(package)} bytes; a package has at most {MAX_PACKAGE_BYTES}.")
    try:
        members = strict_json.loads(package)
    except InputInvalid as error:
        raise PackageInvalid(f"This is no package: {error}") from error
    if not isinstance(members, dict):
        raise PackageInvalid("This is no package: a JSON object was expected.")
    return members


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a package."""
    schema = Package.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:openscf:package:1", **schema}


def _section_json(section: Section) -> dict[str, Any]:
    members = section.model_dump(mode="json", by_alias=True, exclude_none=True)
    members.setdefault("period", None)
    return members


def _validated(model: type[_Model], value: Any, pointer: str) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise PackageInvalid(first["msg"], pointer=pointer + pointer_of(first["loc"])) from None
