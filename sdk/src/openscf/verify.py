"""Verification of a package by itself: no ERP, no network, no clock.

Every finding names its place: a JSON pointer (RFC 6901) into the sections put together, or into a part of the file,
or `#` and a part of the PDF. Errors make a package fail; warnings tell what could not be checked, or what a reader
should look at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from openscf._internal.finding import Finding
from openscf._internal.leaves import put_together
from openscf._internal.package_amounts import check_amounts
from openscf._internal.package_bytes import CanonicalParts, canonical_parts, parts_as_written
from openscf._internal.package_consent import check_consent
from openscf._internal.package_embedded import check_embedded, not_embedded
from openscf._internal.package_evidence import check_evidence
from openscf._internal.package_fingerprints import check_fingerprints
from openscf._internal.package_goods import check_goods
from openscf._internal.package_history import check_history
from openscf._internal.package_kinds import check_kinds
from openscf._internal.package_lights import check_lights
from openscf._internal.package_references import check_references
from openscf._internal.package_seal import HeldSeal, check_seal
from openscf._internal.package_totals import check_totals
from openscf._internal.package_tree import check_tree
from openscf._internal.pointer import pointer_of
from openscf._internal.uncollected import uncollected
from openscf.errors import InputInvalid, PackageInvalid
from openscf.fingerprint import OPEN_KEY, OPEN_KEY_VERSION
from openscf.keys import KeySet
from openscf.package import Package, PackageFile, Sections, is_pdf, read_members

__all__ = ["Finding", "Report", "verify_package"]

# A package with more faults than this is not read to its end; the reader has seen enough.
MAX_FINDINGS = 500

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What verification found.

    `ok` is True when no finding is an error. `package` is None where the form is wrong; `kid` and `issued_at` (UTC)
    are the seal's, and None unless the seal holds. `embedded` are the files that a PDF brings, by name, without the
    package itself: they are those that were sealed only where `ok` is True.
    """

    ok: bool
    findings: tuple[Finding, ...]
    package: Package | None
    kid: str | None
    issued_at: dt.datetime | None
    embedded: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the report, without the package, as a JSON value."""
        return {
            "ok": self.ok,
            "package_id": self.package.header.package_id if self.package else None,
            "kid": self.kid,
            "issued_at": self.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ") if self.issued_at else None,
            "embedded": sorted(self.embedded),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def verify_package(
    file: bytes, *, keys: KeySet | None = None, fingerprint_keys: Mapping[str, bytes] | None = None
) -> Report:
    """Check a package file, PDF or JSON, and report every finding; never raises for what the bytes contain.

    `keys` are the keys that the issuer registered: without them the key inside the seal is used, and a warning says
    that its thumbprint is still to be compared. `fingerprint_keys` are secret keys by version; "open-1" is known.
    For whom the package is (`sections.consent.recipient`) and what day it is are for the caller to compare.
    """
    known = {OPEN_KEY_VERSION: OPEN_KEY, **(fingerprint_keys or {})}
    with uncollected():
        return _verify_pdf(file, keys, known) if is_pdf(file) else _verify_json(file, keys, known)


def _verify_pdf(file: bytes, keys: KeySet | None, fingerprint_keys: Mapping[str, bytes]) -> Report:
    try:
        from openscf.pdf import open_pdf
    except ImportError:
        message = "The PDF cannot be opened here; install the extra: pip install 'openscf[pdf]'."
        return _report([Finding(code="form", pointer="#pdf", message=message)])
    pdf = open_pdf(file)
    findings = list(pdf.findings)
    if pdf.package is None:
        message = "The PDF holds no package: no file package.scf.json is embedded in it."
        return _report([*findings, Finding(code="form", pointer="#pdf", message=message)])
    report = _verify_json(pdf.package, keys, fingerprint_keys, embedded=pdf.attachments)
    if report.kid is not None and pdf.signer_kid is not None and pdf.signer_kid != report.kid:
        message = f"The PDF was signed by the key {pdf.signer_kid}; the package was sealed by {report.kid}."
        findings.append(Finding(code="signer-mismatch", pointer="#signature", message=message))
    ok = report.ok and _no_error(findings)
    return replace(report, ok=ok, findings=tuple([*findings, *report.findings][:MAX_FINDINGS]))


def _verify_json(
    file: bytes,
    keys: KeySet | None,
    fingerprint_keys: Mapping[str, bytes],
    *,
    embedded: Mapping[str, bytes] | None = None,
) -> Report:
    """Check the package; `embedded` is None where the file came without its PDF."""
    try:
        reading = _read_as_written(file) or _read(canonical_parts(read_members(file)))
    except (PackageInvalid, InputInvalid) as error:
        return _report([Finding(code="form", pointer="", message=str(error))])
    parts = reading.parts
    findings = [] if parts.whole == file else [_not_canonical(file, parts.whole)]
    seal_findings, seal = check_seal(parts, keys=keys)
    findings += seal_findings
    if reading.file is not None:
        findings += check_tree(reading.file, parts.entries or (), sealed=seal is not None)
    findings += reading.findings
    package = reading.package
    if package is not None:
        findings += check_consent(package, seal.keys if seal else None)
        findings += check_amounts(package)
        findings += check_kinds(package)
        findings += check_totals(package)
        findings += check_goods(package)
        findings += check_evidence(package)
        findings += check_history(package)
        findings += check_lights(package)
        findings += check_references(package)
        findings += check_fingerprints(package, fingerprint_keys)
        findings += not_embedded(package) if embedded is None else check_embedded(package, embedded)
    return _report(findings, package=package, seal=seal, embedded=embedded)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A file by its form: None for what has not the form, which a finding then names."""

    parts: CanonicalParts
    file: PackageFile | None
    package: Package | None
    findings: list[Finding]


def _read_as_written(file: bytes) -> _Reading | None:
    """Read a file that is canonical and of the right form, as nearly all are; None for any other."""
    parts = parts_as_written(file)
    reading = _read(parts) if parts is not None else None
    return reading if reading is not None and not reading.findings else None


def _read(parts: CanonicalParts) -> _Reading:
    """Check the form, and put the sections together."""
    file, findings = _validated(PackageFile, parts.members, "")
    if file is None:
        return _Reading(parts=parts, file=None, package=None, findings=findings)
    members, misplaced = put_together(file.leaves)
    sections, wrong = _validated(Sections, members, "/sections")
    package = Package(header=file.header, sections=sections, seal=file.seal) if sections else None
    return _Reading(parts=parts, file=file, package=package, findings=[*misplaced, *wrong])


def _validated(model: type[_Model], value: Any, pointer: str) -> tuple[_Model | None, list[Finding]]:
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        if error.error_count() > MAX_FINDINGS:
            message = f"{error.error_count()} places are not as they must be: too many to name."
            return None, [Finding(code="schema", pointer=pointer, message=message)]
        return None, [
            Finding(code="schema", pointer=pointer + pointer_of(one["loc"]), message=f"{one['msg']}.")
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]


def _not_canonical(package: bytes, canonical: bytes) -> Finding:
    same = next((at for at, (a, b) in enumerate(zip(package, canonical, strict=False)) if a != b), None)
    at = min(len(package), len(canonical)) if same is None else same
    return Finding(
        code="not-canonical",
        pointer="",
        message=f"The bytes are not RFC 8785 canonical JSON (first difference at byte {at}); "
        "they were written again after sealing.",
    )


def _report(
    findings: list[Finding],
    *,
    package: Package | None = None,
    seal: HeldSeal | None = None,
    embedded: Mapping[str, bytes] | None = None,
) -> Report:
    return Report(
        ok=_no_error(findings),
        findings=tuple(findings[:MAX_FINDINGS]),
        package=package,
        kid=seal.kid if seal else None,
        issued_at=dt.datetime.fromtimestamp(seal.issued_at, dt.timezone.utc) if seal else None,
        embedded=embedded or {},
    )


def _no_error(findings: list[Finding]) -> bool:
    return all(finding.level != "error" for finding in findings)
