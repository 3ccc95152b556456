"""The invitation file: what a company needs to join a program from its own ERP, signed by the one that invites it.

JSON, for people to look into too. The *invitation* in it is what the bank gets (docs/protocol.md, "Members"); the
signature over the whole file is for the company that opens it: no word of it can be changed on the way. Both are made
by the anchor's key that the bank knows. That the key is the anchor's says the bank, which takes no invitation by
another one; until then the file proves no more than that one hand wrote all of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from openscf.canonical import canonical_bytes, sha256_hex
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.jws import CLOCK_SKEW_SECONDS, sign_detached, verify_detached
from openscf.keys import KeySet, SigningKey
from openscf.programs import Invitation, invitation_kid, read_invitation, sign_invitation
from openscf.wire import Id, Party, Sha256, WireModel
from pydantic import Field, StringConstraints, ValidationError

FILE_TYP: Final = "openscf-invitation-file+jws"
# A file is some 10 kB; terms of a hundred pages still fit.
MAX_BYTES: Final = 1024 * 1024

Word = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class BankPinned(WireModel):
    """The bank by its address, and the RFC 7638 thumbprints of the keys that it signs with."""

    name: Word
    issuer: Annotated[str, StringConstraints(pattern=r"^https?://", max_length=2048)]
    keys: Annotated[tuple[Word, ...], Field(min_length=1, max_length=16)]


class AnchorKnown(WireModel):
    """The company that invites, the bank's name for it, and the public key that it signs with."""

    client_id: Id
    party: Party
    jwks: dict[str, Any]


class ProgramOffered(WireModel):
    """The program that is offered: `id` is the bank's, `program_id` the anchor's.

    `terms` is the document that is signed, word for word: JSON with `terms`, the HTML by language.
    """

    id: Id
    program_id: Id
    name: Word
    kind: Literal["payables_finance", "distributor_finance"]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    terms: Annotated[str, StringConstraints(max_length=500_000)]
    terms_sha256: Sha256
    rate_pa: str | None = None
    fee_percent: str | None = None
    max_tenor_days: int | None = None
    documents: tuple[Word, ...] = ()


class _File(WireModel):
    openscf_invitation: Literal["1.0"]
    invitation: str
    bank: BankPinned
    anchor: AnchorKnown
    program: ProgramOffered
    signature: str


class InvitationRefused(Exception):  # noqa: N818  (it says what happened, as the SDK's errors do)
    """The file can't be used; `reason` is "unreadable", "changed" or "expired", `detail` the cause in English."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class InvitationFile:
    """A file that was checked: everything in it was written by the holder of one key."""

    invitation: str
    claims: Invitation
    bank: BankPinned
    anchor: AnchorKnown
    program: ProgramOffered


def make(*, claims: Invitation, bank: BankPinned, program: ProgramOffered, key: SigningKey) -> bytes:
    """Return the file, signed with the anchor's key as the bank knows it."""
    content = {
        "openscf_invitation": "1.0",
        "invitation": sign_invitation(claims, key=key),
        "bank": bank.to_wire(),
        "anchor": {"client_id": claims.iss, "party": claims.anchor.to_wire(), "jwks": {"keys": [key.public_jwk()]}},
        "program": program.to_wire(),
    }
    signature = sign_detached(canonical_bytes(content), key=key, issued_at=claims.iat, typ=FILE_TYP)
    return json.dumps({**content, "signature": signature}, indent=2, ensure_ascii=False).encode()


def read(content: bytes, *, now: int) -> InvitationFile:
    """Check a file and give what is in it.

    :param now: Unix seconds
    :raise InvitationRefused: where it is no such file, was changed since it was signed, or is over
    """
    known, form = _form(content)
    try:
        keys = KeySet.from_jwks(form.anchor.jwks)
        unsigned = {name: value for name, value in known.items() if name != "signature"}
        signed = verify_detached(canonical_bytes(unsigned), form.signature, keys=keys, typ=FILE_TYP)
        claims = read_invitation(form.invitation, keys=keys, issuer=form.anchor.client_id, audience=form.bank.issuer)
    except (SignatureInvalid, InputInvalid) as error:
        raise InvitationRefused("changed", str(error)) from None
    _refuse_disagreement(form, claims)
    if len(keys) != 1 or signed["kid"] != invitation_kid(form.invitation):
        raise InvitationRefused("changed", "The file and its invitation have to be signed by one key, the only one.")
    if claims.exp <= now or claims.iat > now + CLOCK_SKEW_SECONDS:
        raise InvitationRefused(
            "expired", f"It was valid from {claims.iat} to {claims.exp}; the clock here says {now}."
        )
    return InvitationFile(form.invitation, claims, form.bank, form.anchor, form.program)


def _form(content: bytes) -> tuple[dict[str, Any], _File]:
    if len(content) > MAX_BYTES:
        raise InvitationRefused("unreadable", f"The file is larger than {MAX_BYTES} bytes.")
    try:
        known = json.loads(content)
        return known, _File.model_validate(known)
    except ValidationError as error:
        raise InvitationRefused("unreadable", _places(error)) from None
    except (ValueError, RecursionError) as error:
        raise InvitationRefused("unreadable", f"The file is no JSON: {error}") from None


def _refuse_disagreement(form: _File, claims: Invitation) -> None:
    """What the file says beside the invitation is what the invitation says."""
    said = {
        "/anchor/party": (form.anchor.party, claims.anchor),
        "/program/id": (form.program.id, claims.program),
        "/program/terms_sha256": (form.program.terms_sha256, sha256_hex(form.program.terms.encode())),
    }
    for place, (ours, signed) in said.items():
        if ours != signed:
            raise InvitationRefused("changed", f"{place} is not what the invitation says.")


def _places(error: ValidationError) -> str:
    return "; ".join(f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False))
