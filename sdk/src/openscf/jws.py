"""Signatures: detached JWS over bytes (RFC 7515 appendix F, RFC 7797), signed events, client assertions (RFC 7523)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openscf._internal import base64url, strict_json
from openscf.canonical import canonical_bytes
from openscf.errors import InputInvalid, SignatureInvalid
from openscf.keys import ALGORITHMS, KeySet, SigningKey, VerifyingKey

BODY_TYP = "openscf+jws"
PACKAGE_TYP = "openscf-package+jws"
EVENT_TYP = "openscf-event+jwt"
ASSERTION_TYP = "JWT"

# A client assertion lives at most this long (protocol, "Clients").
MAX_ASSERTION_SECONDS = 300
# What two honest clocks may differ by.
CLOCK_SKEW_SECONDS = 60
# A protected header with an embedded key is under 1 kB; more is an attack.
MAX_HEADER_CHARACTERS = 8192


def sign_detached(
    body: bytes, *, key: SigningKey, issued_at: int, typ: str = BODY_TYP, claims: Mapping[str, Any] | None = None
) -> str:
    """Sign the exact bytes and return `header..signature`.

    `issued_at` is in Unix seconds; `claims` are further protected header members (`htm`, `htu`, `aud`, `pid`, …).
    """
    header = {
        **(claims or {}),
        "alg": key.alg,
        "kid": key.kid,
        "iat": issued_at,
        "b64": False,
        "crit": ["b64"],
        "typ": typ,
    }
    protected = base64url.encode(canonical_bytes(header))
    return f"{protected}..{base64url.encode(key.sign(protected.encode() + b'.' + body))}"


def verify_detached(body: bytes, token: str, *, keys: KeySet, typ: str = BODY_TYP) -> dict[str, Any]:
    """Check a detached JWS over the bytes and return its protected header; SignatureInvalid otherwise.

    The algorithm is the key's, never the token's choice. Who must be named in `aud`, `htm` and `htu` is for the
    caller to compare.
    """
    protected, payload, signature = _split(token)
    if payload:
        raise SignatureInvalid("The signature carries a payload of its own; a detached one was expected.")
    header = _header(protected, typ=typ)
    if header.get("b64") is not False or header.get("crit") != ["b64"]:
        raise SignatureInvalid('The signature must be made with "b64": false and "crit": ["b64"] (RFC 7797).')
    key = _key(header, keys)
    key.verify_or_raise(protected.encode() + b"." + body, base64url.decode(signature))
    return header


def read_protected_header(token: str) -> dict[str, Any]:
    """Return the protected header WITHOUT checking the signature: only to find the key to check it with."""
    return _decode_header(_split(token)[0])


def sign_claims(payload: Mapping[str, Any], *, key: SigningKey, typ: str) -> str:
    """Sign a JSON object as a compact JWS (RFC 7515 section 3.1) of this `typ`."""
    protected = base64url.encode(canonical_bytes({"alg": key.alg, "kid": key.kid, "typ": typ}))
    signing_input = f"{protected}.{base64url.encode(canonical_bytes(dict(payload)))}"
    return f"{signing_input}.{base64url.encode(key.sign(signing_input.encode()))}"


def verify_claims(token: str, *, keys: KeySet, typ: str) -> dict[str, Any]:
    """Check a compact JWS of this `typ` and return its payload; SignatureInvalid otherwise."""
    protected, payload, signature = _split(token)
    header = _header(protected, typ=typ)
    if "crit" in header or "b64" in header:
        raise SignatureInvalid("The signature asks for extensions ('crit') that are not used here.")
    _key(header, keys).verify_or_raise(f"{protected}.{payload}".encode(), base64url.decode(signature))
    return _decode_payload(payload)


def sign_event(payload: Mapping[str, Any], *, key: SigningKey) -> str:
    """Sign an event's payload as a compact JWS that can be stored raw and proven later."""
    return sign_claims(payload, key=key, typ=EVENT_TYP)


def verify_event(token: str, *, keys: KeySet, issuer: str, audience: str) -> dict[str, Any]:
    """Check an event's signature, issuer and audience and return its payload; SignatureInvalid otherwise."""
    payload = verify_claims(token, keys=keys, typ=EVENT_TYP)
    _require_claim(payload, "iss", issuer)
    _require_claim(payload, "aud", audience)
    return payload


def client_assertion(*, key: SigningKey, client_id: str, audience: str, issued_at: int, jti: str) -> str:
    """Make the JWT by which a client proves itself at the token endpoint (`private_key_jwt`, RFC 7523 section 3).

    It lives MAX_ASSERTION_SECONDS minus the clock skew from `issued_at` (Unix seconds); `jti` is used once.
    """
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": issued_at,
        "exp": issued_at + MAX_ASSERTION_SECONDS - CLOCK_SKEW_SECONDS,
        "jti": jti,
    }
    return sign_claims(claims, key=key, typ=ASSERTION_TYP)


def read_assertion_issuer(token: str) -> str:
    """Return the client id that an assertion claims, WITHOUT checking it: only to find the client's keys."""
    issuer = _decode_payload(_split(token)[1]).get("iss")
    if not isinstance(issuer, str):
        raise SignatureInvalid("The client assertion names no issuer; 'iss' must be the client id.")
    return issuer


def verify_client_assertion(
    token: str, *, keys: KeySet, audience: str, now: int, client_id: str | None = None
) -> dict[str, Any]:
    """Check a client assertion against the client's keys at the time `now` (Unix seconds) and return its claims.

    Whether its `jti` was used before is for the caller to remember. Raises SignatureInvalid.
    """
    claims = verify_claims(token, keys=keys, typ=ASSERTION_TYP)
    issuer = claims.get("iss") if client_id is None else client_id
    _require_claim(claims, "iss", issuer)
    _require_claim(claims, "sub", issuer)
    _require_claim(claims, "aud", audience)
    issued_at, expires_at, jti = claims.get("iat"), claims.get("exp"), claims.get("jti")
    if type(issued_at) is not int or type(expires_at) is not int or not isinstance(jti, str) or not jti:
        raise SignatureInvalid("The client assertion needs whole numbers 'iat' and 'exp' and a text 'jti'.")
    if expires_at <= now - CLOCK_SKEW_SECONDS:
        raise SignatureInvalid("The client assertion has expired; make a new one and check the clock.")
    if issued_at > now + CLOCK_SKEW_SECONDS:
        raise SignatureInvalid("The client assertion was issued in the future; check the client's clock.")
    if expires_at > now + MAX_ASSERTION_SECONDS + CLOCK_SKEW_SECONDS or expires_at - issued_at > MAX_ASSERTION_SECONDS:
        raise SignatureInvalid(f"The client assertion lives longer than {MAX_ASSERTION_SECONDS} seconds; shorten it.")
    return claims


def _split(token: str) -> tuple[str, str, str]:
    parts = token.split(".") if isinstance(token, str) and token.isascii() else []
    if len(parts) != 3 or not parts[0] or not parts[2]:
        raise SignatureInvalid("The signature is not a compact JWS (three parts joined by dots).")
    return parts[0], parts[1], parts[2]


def _decode_header(protected: str) -> dict[str, Any]:
    if len(protected) > MAX_HEADER_CHARACTERS:
        raise SignatureInvalid(f"The protected header is longer than {MAX_HEADER_CHARACTERS} characters.")
    return _json_object(base64url.decode(protected), "protected header")


def _decode_payload(payload: str) -> dict[str, Any]:
    return _json_object(base64url.decode(payload), "payload")


def _json_object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = strict_json.loads(data, fractions=True)
    except InputInvalid as error:
        raise SignatureInvalid(f"The {what} of the signature cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise SignatureInvalid(f"The {what} of the signature is no JSON object.")
    return value


def _header(protected: str, *, typ: str) -> dict[str, Any]:
    header = _decode_header(protected)
    alg = header.get("alg")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise SignatureInvalid(f"The algorithm {alg!r:.40} is refused; sign with EdDSA or ES256.")
    if header.get("typ") != typ:
        raise SignatureInvalid(f"The signature's typ is {header.get('typ')!r:.60}; {typ!r} was expected here.")
    return header


def _key(header: Mapping[str, Any], keys: KeySet) -> VerifyingKey:
    kid = header.get("kid")
    key = keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise SignatureInvalid(f"The signing key {kid!r:.80} is not known; fetch the signer's keys again, or refuse.")
    if key.alg != header["alg"]:
        raise SignatureInvalid(f"The key {key.kid} signs with {key.alg}, not with {header['alg']}.")
    return key


def _require_claim(claims: Mapping[str, Any], name: str, expected: Any) -> None:
    if expected is None or claims.get(name) != expected:
        raise SignatureInvalid(f"The signed {name!r} is {claims.get(name)!r:.80}; {expected!r:.80} was expected.")
