"""The package: what a bank receives about an application, sealed (docs/package.md)."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from openscf import merkle
from openscf._internal import base64url, strict_json
from openscf._internal.leaves import cut, put_together
from openscf._internal.modelled_json import modelled_bytes
from openscf._internal.package_bytes import leaf_entry, leaf_in_file, whole_file
from openscf._internal.package_form import (
    MAX_PACKAGE_BYTES,
    MEDIA_TYPE,
    SCHEMA,
    Header,
    Issuer,
    Leaf,
    Package,
    PackageFile,
    TreeHead,
)
from openscf._internal.package_schema import json_schema
from openscf._internal.pointer import pointer_of
from openscf._internal.sections import (
    AgeingRow,
    ApplicantRow,
    ApplicationRow,
    Assurance,
    AttachmentRow,
    AttachmentsSection,
    BalanceRow,
    BuyerHistoryRow,
    BuyerRow,
    CashFlowSection,
    CashMonth,
    CheckRow,
    ChecksSection,
    CollectionAccount,
    Confirmation,
    ConsentSection,
    Contradiction,
    CurrencyTotal,
    DeliveryLine,
    DeliveryRow,
    DocumentLine,
    DocumentTotals,
    EInvoiceRow,
    EvidenceDelivery,
    EvidenceDocument,
    EvidenceLine,
    EvidenceOrder,
    EvidenceSection,
    ExposureSection,
    FinancedDocument,
    ForecastSection,
    ForecastWeek,
    InventorySection,
    LightRow,
    LoanRow,
    LogisticsFlowSection,
    LogisticsMonth,
    OrderFlowSection,
    OrderLine,
    OrderMonth,
    OrderRow,
    PartyRow,
    PartySection,
    PaymentRow,
    Period,
    PledgedGoods,
    PledgeRow,
    Recipient,
    ResaleRow,
    Row,
    Section,
    Sections,
    SellerRow,
    StockRow,
    Sum,
    TaxFlowSection,
    TaxMonth,
    TaxRow,
    TransactionSection,
    UnmadeFile,
    section_model,
)
from openscf._internal.uncollected import uncollected
from openscf.canonical import canonical_bytes
from openscf.errors import InputInvalid, PackageInvalid
from openscf.jws import PACKAGE_TYP, sign_detached
from openscf.keys import SigningKey
from openscf.wire import utc_seconds

__all__ = [
    "AgeingRow",
    "ApplicantRow",
    "ApplicationRow",
    "Assurance",
    "AttachmentRow",
    "AttachmentsSection",
    "BalanceRow",
    "BuyerHistoryRow",
    "BuyerRow",
    "CashFlowSection",
    "CashMonth",
    "CheckRow",
    "ChecksSection",
    "CollectionAccount",
    "Confirmation",
    "ConsentSection",
    "Contradiction",
    "CurrencyTotal",
    "DeliveryLine",
    "DeliveryRow",
    "DocumentLine",
    "DocumentTotals",
    "EInvoiceRow",
    "EvidenceDelivery",
    "EvidenceDocument",
    "EvidenceLine",
    "EvidenceOrder",
    "EvidenceSection",
    "ExposureSection",
    "FinancedDocument",
    "ForecastSection",
    "ForecastWeek",
    "Header",
    "InventorySection",
    "Issuer",
    "Leaf",
    "LightRow",
    "LoanRow",
    "LogisticsFlowSection",
    "LogisticsMonth",
    "MAX_PACKAGE_BYTES",
    "MEDIA_TYPE",
    "OrderFlowSection",
    "OrderLine",
    "OrderMonth",
    "OrderRow",
    "PDF_MEDIA_TYPE",
    "Package",
    "PackageFile",
    "PartyRow",
    "PartySection",
    "PaymentRow",
    "Period",
    "PledgeRow",
    "PledgedGoods",
    "Recipient",
    "ResaleRow",
    "SCHEMA",
    "SealedPackage",
    "Section",
    "Sections",
    "SellerRow",
    "StockRow",
    "Sum",
    "TaxFlowSection",
    "TaxMonth",
    "TaxRow",
    "TransactionSection",
    "TreeHead",
    "UnmadeFile",
    "is_pdf",
    "json_schema",
    "package_json",
    "read_members",
    "read_package",
    "seal_package",
]

PDF_MEDIA_TYPE = "application/pdf"
SALT_BYTES = 16

_Model = TypeVar("_Model", bound=Row)


@dataclass(frozen=True, kw_only=True)
class SealedPackage:
    """One package for all its recipients: one tree, one seal, and a file for each of them.

    `root` is the tree's root in hex; `recipients` are the issuer URLs in the order given.
    """

    package_id: str
    root: str
    recipients: tuple[str, ...]
    _header: bytes = field(repr=False)
    _seal: str = field(repr=False)
    _entries: tuple[bytes, ...] = field(repr=False)
    _hashes: tuple[bytes, ...] = field(repr=False)
    _disclosed: Mapping[str, tuple[int, ...]] = field(repr=False)

    def file_for(self, recipient: str) -> bytes:
        """Return the file of one recipient: its leaves, and hashes in place of all others.

        Raises InputInvalid for who is no recipient, PackageInvalid where the file is larger than a document may be.
        """
        if recipient not in self._disclosed:
            raise InputInvalid(f"The package has no view for {recipient!r:.120}; seal it with one.")
        disclosed = self._disclosed[recipient]
        file = whole_file(
            header=self._header,
            hidden=canonical_bytes([one.hex() for one in merkle.hidden(self._hashes, disclosed)]),
            leaves=[leaf_in_file(index, self._entries[index], self._hashes[index].hex()) for index in disclosed],
            seal=canonical_bytes(self._seal),
        )
        if len(file) > MAX_PACKAGE_BYTES:
            raise PackageInvalid(f"The file has {len(file)} bytes, at most {MAX_PACKAGE_BYTES} are taken; shorten it.")
        return file


def seal_package(
    views: Mapping[str, Mapping[str, Any]],
    *,
    key: SigningKey,
    issuer_name: str,
    issuer_tax_id: str,
    created_at: dt.datetime,
    package_id: str | None = None,
    supersedes: str | None = None,
) -> SealedPackage:
    """Seal one package for several recipients.

    `views` gives the sections that each recipient may read, by its issuer URL, which its section `consent` names too.
    Rows that are equal in several views become one leaf. `created_at` is also the seal's `iat`; `package_id` is a new
    `urn:uuid:…` where none is given; `supersedes` the id of the package that this one corrects. Raises PackageInvalid,
    with the pointer, where sections have not the shape of docs/package.md. Totals are not recomputed here:
    `verify_package` does that. A section object that several views share is read once.
    """
    created = utc_seconds(created_at)
    with uncollected():
        entries, disclosed = _laid_out(_readers_of_leaves(views), tuple(views))
    hashes = tuple(merkle.leaf_hash(entry) for entry in entries)
    root = merkle.root(hashes).hex()
    header = _validated(
        Header,
        {
            "schema": SCHEMA,
            "package_id": package_id or f"urn:uuid:{uuid.uuid4()}",
            "created_at": created,
            "issuer": {"name": issuer_name, "tax_id": issuer_tax_id, "kid": key.kid},
            "supersedes": supersedes,
            "tree": {"size": len(entries), "root": root},
        },
        "/header",
    ).model_dump(mode="json", by_alias=True)
    header_bytes = canonical_bytes(header)
    seal = sign_detached(
        header_bytes,
        key=key,
        issued_at=int(created.timestamp()),
        typ=PACKAGE_TYP,
        claims={"pid": header["package_id"], "jwk": key.public_jwk()},
    )
    return SealedPackage(
        package_id=header["package_id"],
        root=root,
        recipients=tuple(views),
        _header=header_bytes,
        _seal=seal,
        _entries=entries,
        _hashes=hashes,
        _disclosed=disclosed,
    )


def read_package(package: bytes) -> Package:
    """Read a package's form WITHOUT checking seal, proofs or totals; that is `openscf.verify.verify_package`.

    Takes the PDF or the bare JSON. Raises PackageInvalid, with the pointer of the first wrong place, for what is no
    package of version 2.
    """
    file = _validated(PackageFile, read_members(package_json(package)), "")
    sections, findings = put_together(file.leaves)
    if findings:
        raise PackageInvalid(findings[0].message, pointer=findings[0].pointer)
    return Package(header=file.header, sections=_validated(Sections, sections, "/sections"), seal=file.seal)


def is_pdf(file: bytes) -> bool:
    """Tell whether the bytes start as a PDF does."""
    return file.startswith(b"%PDF-")


def package_json(file: bytes) -> bytes:
    """Return the bytes of `package.scf.json`: those embedded in a PDF, anything else as it is.

    Raises PackageInvalid for a PDF without a package, and where the extra openscf[pdf] is not installed.
    """
    if not is_pdf(file):
        return file
    try:
        from openscf.pdf import open_pdf
    except ImportError as error:
        raise PackageInvalid("PDFs are opened by the extra: pip install 'openscf[pdf]'.") from error
    embedded = open_pdf(file).package
    if embedded is None:
        raise PackageInvalid("The PDF holds no package: no file package.scf.json is embedded in it.")
    return embedded


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


_LeafKey = tuple[str, bytes]
"""Path and canonical value: what makes two leaves one."""


def _readers_of_leaves(views: Mapping[str, Mapping[str, Any]]) -> dict[_LeafKey, set[str]]:
    """Return who reads each leaf, in the order of the sections."""
    if not views:
        raise InputInvalid("A package needs at least one recipient with the sections that it may read.")
    # Views of one application mostly share their section objects; what was read once is not read again.
    known: dict[tuple[str, int], tuple[Any, list[_LeafKey]]] = {}
    readers: dict[_LeafKey, set[str]] = {}
    for recipient, view in views.items():
        for name, section in _sections_in_order(view):
            # The object is kept beside its leaves: an id is one object's only as long as that object lives.
            if (name, id(section)) not in known:
                known[name, id(section)] = section, _leaves_of(name, section)
            for leaf in known[name, id(section)][1]:
                readers.setdefault(leaf, set()).add(recipient)
        _check_recipient(recipient, view)
    return readers


def _sections_in_order(view: Mapping[str, Any]) -> list[tuple[str, Any]]:
    for name, model in Sections.model_fields.items():
        if model.is_required() and view.get(name) is None:
            raise PackageInvalid("Field required", pointer=f"/sections/{name}")
    for name in view:
        if name not in Sections.model_fields:
            raise PackageInvalid("Extra inputs are not permitted", pointer=pointer_of(("sections", name)))
    return [(name, view[name]) for name in Sections.model_fields if view.get(name) is not None]


def _leaves_of(name: str, section: Any) -> list[_LeafKey]:
    members = _section_json(_validated(section_model(name), section, f"/sections/{name}"))
    return [(path, modelled_bytes(value)) for path, value in cut(name, members)]


def _section_json(section: Section) -> dict[str, Any]:
    members = section.model_dump(mode="json", by_alias=True, exclude_none=True)
    members.setdefault("period", None)
    return members


def _check_recipient(recipient: str, view: Mapping[str, Any]) -> None:
    named = ConsentSection.model_validate(view["consent"]).recipient.issuer
    if named != recipient:
        message = f"The consent is for {named!r:.120}; this view is for {recipient!r:.120}."
        raise PackageInvalid(message, pointer="/sections/consent/recipient/issuer")


def _laid_out(
    readers: Mapping[_LeafKey, set[str]], recipients: tuple[str, ...]
) -> tuple[tuple[bytes, ...], dict[str, tuple[int, ...]]]:
    """Give each leaf its place and its salt; return the leaves' bytes, and the places that each recipient reads.

    Leaves with the same readers stand together, those for all of them first. What is hidden then makes few large
    subtrees, and its places do not tell which sections it belongs to.
    """
    groups: dict[frozenset[str], list[_LeafKey]] = {frozenset(recipients): []}
    for leaf, who in readers.items():
        groups.setdefault(frozenset(who), []).append(leaf)
    entries: list[bytes] = []
    disclosed: dict[str, list[int]] = {recipient: [] for recipient in recipients}
    for group, leaves in groups.items():
        places = range(len(entries), len(entries) + len(leaves))
        for recipient in group:
            disclosed[recipient].extend(places)
        salts = secrets.token_bytes(SALT_BYTES * len(leaves))
        entries.extend(
            leaf_entry(path, base64url.encode(salts[SALT_BYTES * at : SALT_BYTES * (at + 1)]), value)
            for at, (path, value) in enumerate(leaves)
        )
    return tuple(entries), {recipient: tuple(places) for recipient, places in disclosed.items()}


def _validated(model: type[_Model], value: Any, pointer: str) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise PackageInvalid(first["msg"], pointer=pointer + pointer_of(first["loc"])) from None
