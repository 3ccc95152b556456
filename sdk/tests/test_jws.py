"""Detached signatures, events and client assertions: what holds, and each way in which one must not."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openscf._internal import base64url
from openscf.errors import SignatureInvalid
from openscf.jws import (
    client_assertion,
    read_assertion_issuer,
    sign_detached,
    sign_event,
    verify_client_assertion,
    verify_detached,
    verify_event,
)
from openscf.keys import KeySet, SigningKey

KEY = SigningKey.generate()
P256 = SigningKey.generate("ES256")
KEYS = KeySet.of(KEY, P256)
NOW = 1_795_000_000
BODY = b'{"requested":{"amount":"720.00","currency":"EUR"}}'


def signed(**changes: Any) -> str:
    """A detached signature over BODY whose protected header has these changes (None: left out)."""
    header = {"alg": "EdDSA", "kid": KEY.kid, "iat": NOW, "b64": False, "crit": ["b64"], "typ": "openscf+jws"}
    header = {name: value for name, value in {**header, **changes}.items() if value is not None}
    protected = base64url.encode(json.dumps(header).encode())
    return f"{protected}..{base64url.encode(KEY.sign(protected.encode() + b'.' + BODY))}"


@pytest.mark.parametrize("key", [KEY, P256])
def test_a_detached_signature_holds_and_tells_its_claims(key: SigningKey) -> None:
    claims = {"htm": "POST", "htu": "/v1/loan-applications", "aud": "https://bank.example"}
    header = verify_detached(BODY, sign_detached(BODY, key=key, issued_at=NOW, claims=claims), keys=KEYS)
    assert {name: header[name] for name in claims} == claims
    assert (header["kid"], header["iat"], header["b64"], header["crit"]) == (key.kid, NOW, False, ["b64"])


@pytest.mark.parametrize("key", [KEY, P256])
def test_another_implementation_verifies_it(key: SigningKey) -> None:
    token = sign_detached(BODY, key=key, issued_at=NOW)
    public = jwt.PyJWK(key.public_jwk())
    jwt.PyJWS().decode(token, public, algorithms=[key.alg], detached_payload=BODY)


def test_the_signing_input_is_that_of_rfc_7797() -> None:
    """RFC 7797 section 4.2: the published HMAC is over `protected.payload`, the payload as it is."""
    key = base64url.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    token = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"
    protected, _, signature = token.split(".")
    assert base64url.encode(hmac.new(key, protected.encode() + b".$.02", hashlib.sha256).digest()) == signature
    with pytest.raises(SignatureInvalid, match="HS256"):
        verify_detached(b"$.02", token, keys=KEYS)


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_one_changed_byte_of_the_body_is_found(at: int, change: int) -> None:
    body = bytearray(BODY)
    body[at] ^= change
    with pytest.raises(SignatureInvalid):
        verify_detached(bytes(body), sign_detached(BODY, key=KEY, issued_at=NOW), keys=KEYS)


@pytest.mark.parametrize("key", [KEY, P256])
def test_one_changed_character_of_the_signature_is_found(key: SigningKey) -> None:
    """Also in the last character, whose low bits a lenient base64 reader drops."""
    token = sign_detached(BODY, key=key, issued_at=NOW)
    for at, character in enumerate(token):
        for other in "A_-z.":
            if other != character:
                with pytest.raises(SignatureInvalid):
                    verify_detached(BODY, token[:at] + other + token[at + 1 :], keys=KEYS)


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": "RS256"},
        {"alg": []},
        {"alg": {}},
        {"alg": 1},
        {"kid": []},
        {"typ": []},
        {"kid": P256.kid},
        {"kid": "unknown"},
        {"kid": None},
        {"b64": True},
        {"b64": None},
        {"crit": None},
        {"crit": ["b64", "exp"]},
        {"typ": "openscf-package+jws"},
        {"typ": None},
    ],
)
def test_a_header_outside_the_profile_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        verify_detached(BODY, signed(**changes), keys=KEYS)


def test_the_unchanged_header_of_that_test_is_accepted() -> None:
    assert verify_detached(BODY, signed(), keys=KEYS)["kid"] == KEY.kid


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b",
        "..",
        "a..",
        "..b",
        "é..a",
        "a..b.c",
        "e30..AA",
        "W10..AA",
        "*..AA",
        "eyJ9..AA",
        "A" * 9000 + "..AA",
    ],
)
def test_garbage_is_refused_and_named(token: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify_detached(BODY, token, keys=KEYS)


def test_an_attached_payload_is_refused() -> None:
    protected, _, signature = sign_detached(BODY, key=KEY, issued_at=NOW).split(".")
    with pytest.raises(SignatureInvalid, match="payload of its own"):
        verify_detached(BODY, f"{protected}.{base64url.encode(BODY)}.{signature}", keys=KEYS)


def test_a_header_with_a_member_twice_is_refused() -> None:
    protected = base64url.encode(
        b'{"alg":"EdDSA","alg":"EdDSA","b64":false,"crit":["b64"],"typ":"openscf+jws","kid":"%s"}' % KEY.kid.encode()
    )
    token = f"{protected}..{base64url.encode(KEY.sign(protected.encode() + b'.' + BODY))}"
    with pytest.raises(SignatureInvalid, match="twice"):
        verify_detached(BODY, token, keys=KEYS)


EVENT = {"iss": "https://bank.example", "aud": "client-1", "iat": NOW, "jti": "e1", "cursor": "17", "data": {"a": "1"}}


def test_an_event_is_proven_by_itself() -> None:
    token = sign_event(EVENT, key=KEY)
    assert verify_event(token, keys=KEYS, issuer="https://bank.example", audience="client-1") == EVENT
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["kid"]) == ("openscf-event+jwt", KEY.kid)


def test_an_event_for_somebody_else_or_from_somebody_else_is_refused() -> None:
    token = sign_event(EVENT, key=KEY)
    for issuer, audience, keys in (
        ("https://other.example", "client-1", KEYS),
        ("https://bank.example", "client-2", KEYS),
        ("https://bank.example", "client-1", KeySet.of(P256)),
    ):
        with pytest.raises(SignatureInvalid):
            verify_event(token, keys=keys, issuer=issuer, audience=audience)


def test_signatures_of_one_purpose_do_not_serve_another() -> None:
    assertion = client_assertion(key=KEY, client_id="c", audience="https://bank.example", issued_at=NOW, jti="1")
    with pytest.raises(SignatureInvalid, match="typ"):
        verify_event(assertion, keys=KEYS, issuer="c", audience="https://bank.example")
    with pytest.raises(SignatureInvalid, match="typ"):
        verify_client_assertion(sign_event(EVENT, key=KEY), keys=KEYS, audience="client-1", now=NOW)


def assertion(**changes: Any) -> str:
    claims = {"iss": "c1", "sub": "c1", "aud": "https://bank.example", "iat": NOW, "exp": NOW + 240, "jti": "j1"}
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(claims, jwt.PyJWK(KEY.private_jwk()).key, algorithm="EdDSA", headers={"kid": KEY.kid})


def test_a_client_assertion_holds_within_its_life() -> None:
    token = client_assertion(key=KEY, client_id="c1", audience="https://bank.example", issued_at=NOW, jti="j1")
    assert read_assertion_issuer(token) == "c1"
    claims = verify_client_assertion(token, keys=KEYS, audience="https://bank.example", now=NOW + 200, client_id="c1")
    assert claims["jti"] == "j1"
    assert verify_client_assertion(assertion(), keys=KEYS, audience="https://bank.example", now=NOW)["sub"] == "c1"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "c2"},
        {"iss": "c2", "sub": "c2"},
        {"iss": None, "sub": None},
        {"aud": "https://other.example"},
        {"aud": ["https://bank.example", "https://other.example"]},
        {"jti": None},
        {"jti": ""},
        {"exp": None},
        {"exp": NOW - 61},
        {"exp": NOW + 1000},
        {"iat": NOW + 61, "exp": NOW + 200},
        {"iat": NOW - 200, "exp": NOW + 200},
        {"exp": str(NOW + 100)},
    ],
)
def test_a_client_assertion_outside_the_profile_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureInvalid):
        verify_client_assertion(
            assertion(**changes), keys=KEYS, audience="https://bank.example", now=NOW, client_id="c1"
        )
