"""Consent: what a company allows one bank to read, signed by the company's key (docs/package.md, "Consent")."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from openscf._internal.pointer import pointer_of
from openscf._internal.sections import Name, PackageRef, Row
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.jws import sign_claims, verify_claims
from openscf.keys import KeySet, SigningKey
from openscf.wire import Sha256

__all__ = ["CONSENT_TYP", "ConsentTerms", "read_consent", "sign_consent"]

CONSENT_TYP: Final = "openscf-consent+jwt"

# Unix seconds up to the year 9999: beyond it a time cannot be written.
UnixSeconds = Annotated[int, Field(ge=0, le=253_402_300_799, strict=True)]


class ConsentTerms(Row):
    """The terms of a consent, under the names that RFC 7519 gives them.

    `iss` and `iss_tax_id` name the company, `jti` the consent (a `urn:uuid:…`), `aud` the bank's issuer URL and
    `aud_name` its name; `iat` and `exp` are the times, in Unix seconds, from and until which it holds;
    `notice_sha256` is the digest of the words that the person read and agreed to.
    """

    iss: Name
    iss_tax_id: Name
    jti: PackageRef
    aud: Name
    aud_name: Name
    purpose: Literal["loan_application"]
    sections: tuple[Name, ...]
    counterparties: Literal["named", "pseudonymous"]
    history_months: Annotated[int, Field(ge=0, le=60, strict=True)]
    granted_by: Name
    iat: UnixSeconds
    exp: UnixSeconds
    notice_sha256: Sha256

    @property
    def granted_at(self) -> dt.datetime:
        """The time (UTC) from which the consent holds."""
        return dt.datetime.fromtimestamp(self.iat, dt.timezone.utc)

    @property
    def expires_at(self) -> dt.datetime:
        """The time (UTC) until which the consent holds."""
        return dt.datetime.fromtimestamp(self.exp, dt.timezone.utc)

    def section_members(self, artefact: str) -> dict[str, Any]:
        """Return the members of a package's section `consent` that say the same; `artefact` is the signed form."""
        return {
            "consent_id": self.jti,
            "purpose": self.purpose,
            "recipient": {"issuer": self.aud, "name": self.aud_name},
            "sections": list(self.sections),
            "counterparties": self.counterparties,
            "history_months": self.history_months,
            "granted_by": self.granted_by,
            "granted_at": f"{self.granted_at:%Y-%m-%dT%H:%M:%SZ}",
            "expires_at": f"{self.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            "notice_sha256": self.notice_sha256,
            "artefact": artefact,
        }


def sign_consent(terms: ConsentTerms, *, key: SigningKey) -> str:
    """Return the artefact: a compact JWS over the terms. Raises InputInvalid where it would end before it begins."""
    if terms.exp <= terms.iat:
        raise InputInvalid("The consent ends before it begins; let it expire after it was granted.")
    return sign_claims(terms.model_dump(mode="json"), key=key, typ=CONSENT_TYP)


def read_consent(jws: str, *, keys: KeySet) -> ConsentTerms:
    """Check an artefact's signature and return its terms; whether they hold today is for the caller to compare.

    Raises SignatureInvalid for a signature of none of the keys and for terms that are not a consent's.
    """
    claims = verify_claims(jws, keys=keys, typ=CONSENT_TYP)
    try:
        return ConsentTerms.model_validate(claims)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise SignatureInvalid(
            f"The signed consent is incomplete: {pointer_of(first['loc'])}: {first['msg']}."
        ) from None
