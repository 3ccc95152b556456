"""The seal of a package: canonical parts, key, signature, identity and section digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openscf._internal.finding import Finding
from openscf._internal.pointer import child
from openscf.canonical import canonical_bytes, sha256_hex
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.jws import PACKAGE_TYP, read_protected_header, verify_detached
from openscf.keys import KeySet

# Unix seconds of the year 10000: beyond it a time cannot be written.
_LATEST_TIME = 253_402_300_799


@dataclass(frozen=True, kw_only=True)
class SealedParts:
    """A package as its JSON values and their canonical bytes."""

    members: Mapping[str, Any]
    header: bytes
    sections: Mapping[str, bytes]
    whole: bytes


def split_canonical(members: dict[str, Any]) -> SealedParts:
    """Return the canonical bytes of each part and of the whole, each computed once; InputInvalid where there are none.

    In RFC 8785 an object's bytes are its members' bytes in the order of their names, so the whole is put together
    from its parts.
    """
    sections = members.get("sections")
    parts = {name: canonical_bytes(part) for name, part in sections.items()} if isinstance(sections, dict) else {}
    others = {name: canonical_bytes(value) for name, value in members.items() if name != "sections"}
    if isinstance(sections, dict):
        others["sections"] = _joined(parts)
    elif "sections" in members:
        others["sections"] = canonical_bytes(sections)
    return SealedParts(members=members, header=others.get("header", b""), sections=parts, whole=_joined(others))


def _joined(parts: Mapping[str, bytes]) -> bytes:
    ordered = sorted(parts.items(), key=lambda item: item[0].encode("utf-16-be"))
    return b"{" + b",".join(canonical_bytes(name) + b":" + part for name, part in ordered) + b"}"


def check_seal(parts: SealedParts, *, keys: KeySet | None) -> tuple[list[Finding], dict[str, Any] | None]:
    """Check seal, key, identity and digests; return the findings, and the seal's header where the signature holds."""
    header, seal = parts.members.get("header"), parts.members.get("seal")
    if not isinstance(header, dict) or not isinstance(seal, str):
        return [], None  # the schema check names the place
    findings = _check_digests(header, parts.sections)
    try:
        key_findings, trusted = _trusted_keys(seal, keys)
        protected = verify_detached(parts.header, seal, keys=trusted, typ=PACKAGE_TYP)
    except (SignatureInvalid, InputInvalid) as error:
        return [*findings, Finding(code="seal-invalid", pointer="/seal", message=str(error))], None
    findings += key_findings
    findings += _check_identity(header, protected)
    issued_at = protected.get("iat")
    if type(issued_at) is not int or not 0 <= issued_at <= _LATEST_TIME:
        return [*findings, Finding(code="seal-invalid", pointer="/seal", message="The seal has no usable 'iat'.")], None
    return findings, protected


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


def _check_digests(header: Mapping[str, Any], sections: Mapping[str, bytes]) -> list[Finding]:
    digests = header.get("sections")
    if not isinstance(digests, dict):
        return []  # the schema check names the place
    findings = []
    for name in sorted(digests.keys() - sections.keys()):
        message = f"The section {name!r:.80} was sealed but is not in the file."
        findings.append(Finding(code="section-removed", pointer=child("/header/sections", name), message=message))
    for name, part in sections.items():
        if name not in digests:
            message = "The section is in the file but was not sealed."
            findings.append(Finding(code="section-added", pointer=child("/sections", name), message=message))
        elif digests[name] != sha256_hex(part):
            message = f"The content does not hash to the digest that was sealed ({str(digests[name])[:64]})."
            findings.append(Finding(code="digest-mismatch", pointer=child("/sections", name), message=message))
    return findings
