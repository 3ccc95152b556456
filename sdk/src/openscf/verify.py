"""Verification of a package by itself: no ERP, no network, no clock.

Every finding names its place by JSON pointer (RFC 6901). Errors make a package fail; warnings tell what could not be
checked, or what a reader should look at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from openscf._internal.finding import Finding
from openscf._internal.package_amounts import check_amounts
from openscf._internal.package_fingerprints import check_fingerprints
from openscf._internal.package_references import check_references
from openscf._internal.package_seal import check_seal, split_canonical
from openscf._internal.package_totals import check_totals
from openscf._internal.pointer import pointer_of
from openscf.errors import InputInvalid, PackageInvalid
from openscf.fingerprint import OPEN_KEY, OPEN_KEY_VERSION
from openscf.keys import KeySet
from openscf.package import Package, read_members

__all__ = ["Finding", "Report", "verify_package"]

# A package with more faults than this is not read to its end; the reader has seen enough.
MAX_FINDINGS = 500


@dataclass(frozen=True, kw_only=True)
class Report:
    """What verification found.

    `ok` is True when no finding is an error. `package` is None where the form is wrong; `kid` and `issued_at` (UTC)
    are the seal's, and None unless the seal holds.
    """

    ok: bool
    findings: tuple[Finding, ...]
    package: Package | None
    kid: str | None
    issued_at: dt.datetime | None

    def as_dict(self) -> dict[str, Any]:
        """Return the report, without the package, as a JSON value."""
        return {
            "ok": self.ok,
            "package_id": self.package.header.package_id if self.package else None,
            "kid": self.kid,
            "issued_at": self.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ") if self.issued_at else None,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def verify_package(
    package: bytes, *, keys: KeySet | None = None, fingerprint_keys: Mapping[str, bytes] | None = None
) -> Report:
    """Check a package file and report every finding; never raises for what the bytes contain.

    `keys` are the keys that the issuer registered: without them the key inside the seal is used, and a warning says
    that its thumbprint is still to be compared. `fingerprint_keys` are secret keys by version; "open-1" is known.
    """
    try:
        members = read_members(package)
        parts = split_canonical(members)
    except PackageInvalid as error:
        return _report([Finding(code="form", pointer=error.pointer, message=str(error))])
    except InputInvalid as error:
        return _report([Finding(code="form", pointer="", message=str(error))])
    findings: list[Finding] = []
    if parts.whole != package:
        findings.append(_not_canonical(package, parts.whole))
    seal_findings, header = check_seal(parts, keys=keys)
    findings += seal_findings
    read, form_findings = _read(members)
    findings += form_findings
    if read is not None:
        findings += check_amounts(read)
        findings += check_totals(read)
        findings += check_references(read)
        findings += check_fingerprints(read, {OPEN_KEY_VERSION: OPEN_KEY, **(fingerprint_keys or {})})
    return _report(findings, package=read, header=header)


def _read(members: dict[str, Any]) -> tuple[Package | None, list[Finding]]:
    try:
        return Package.model_validate(members), []
    except ValidationError as error:
        return None, [
            Finding(code="schema", pointer=pointer_of(one["loc"]), message=f"{one['msg']}.")
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
    findings: list[Finding], *, package: Package | None = None, header: Mapping[str, Any] | None = None
) -> Report:
    return Report(
        ok=all(finding.level != "error" for finding in findings),
        findings=tuple(findings[:MAX_FINDINGS]),
        package=package,
        kid=header["kid"] if header else None,
        issued_at=dt.datetime.fromtimestamp(header["iat"], dt.timezone.utc) if header else None,
    )
