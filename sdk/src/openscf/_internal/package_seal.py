"""The seal of a package: key, signature and identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openscf._internal.finding import Finding
from openscf._internal.package_bytes import CanonicalParts
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.jws import PACKAGE_TYP, read_protected_header, verify_detached
from openscf.keys import KeySet

# Unix seconds of the year 10000: beyond it a time cannot be written.
_LATEST_TIME = 253_402_300_799


@dataclass(frozen=True, kw_only=True)
class HeldSeal:
    """A seal whose signature holds: when it was made (Unix seconds), and the one key that made it."""

    kid: str
    issued_at: int
    keys: KeySet


def check_seal(parts: CanonicalParts, *, keys: KeySet | None) -> tuple[list[Finding], HeldSeal | None]:
    """Check seal, key and identity; return the findings, and the seal where its signature holds."""
    header, seal = parts.members.get("header"), parts.members.get("seal")
    if not isinstance(header, dict) or not isinstance(seal, str):
        return [], None  # the schema check names the place
    try:
        findings, trusted = _trusted_keys(seal, keys)
        protected = verify_detached(parts.header, seal, keys=trusted, typ=PACKAGE_TYP)
    except (SignatureInvalid, InputInvalid) as error:
        return [Finding(code="seal-invalid", pointer="/seal", message=str(error))], None
    findings += _check_identity(header, protected)
    issued_at = protected.get("iat")
    if type(issued_at) is not int or not 0 <= issued_at <= _LATEST_TIME:
        return [*findings, Finding(code="seal-invalid", pointer="/seal", message="The seal has no usable 'iat'.")], None
    kid = protected["kid"]
    used = {key.kid: key for key in trusted if key.kid == kid}
    return findings, HeldSeal(kid=kid, issued_at=issued_at, keys=KeySet(keys=used))


def _trusted_keys(seal: str, keys: KeySet | None) -> tuple[list[Finding], KeySet]:
    """Return the keys to check with: the registered ones, else the key that the seal brings."""
    if keys is not None:
        return [], keys
    embedded = read_protected_header(seal).get("jwk")
    if not isinstance(embedded, dict):
        raise SignatureInvalid("The seal brings no key; give the issuer's registered keys.")
    kid = next(iter(KeySet.of(embedded))).kid
    message = f"The seal was checked with the key that it brings; compare its thumbprint {kid} with the registered key."
    return [Finding(code="key-not-pinned", pointer="/seal", message=message, level="warning")], KeySet.of(embedded)


def _check_identity(header: Mapping[str, Any], protected: Mapping[str, Any]) -> list[Finding]:
    findings = []
    issuer = header.get("issuer")
    if protected.get("pid") != header.get("package_id"):
        message = f"The seal was made for the package {protected.get('pid')!r:.80}, not for this one."
        findings.append(Finding(code="seal-mismatch", pointer="/header/package_id", message=message))
    if not isinstance(issuer, dict) or issuer.get("kid") != protected["kid"]:
        message = f"The header names another key than the seal's {protected['kid']!r}."
        findings.append(Finding(code="seal-mismatch", pointer="/header/issuer/kid", message=message))
    embedded = protected.get("jwk")
    if embedded is not None and (not isinstance(embedded, dict) or protected["kid"] not in _kids(embedded)):
        message = "The key that the seal brings is not the key that made it."
        findings.append(Finding(code="seal-mismatch", pointer="/seal", message=message))
    return findings


def _kids(jwk: Mapping[str, Any]) -> set[str]:
    try:
        return {key.kid for key in KeySet.of(jwk)}
    except InputInvalid:
        return set()
