"""Keys: published vectors, what is refused, and what is never shown."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from openscf._internal import base64url
from openscf.errors import InputInvalid
from openscf.keys import KeySet, SigningKey, VerifyingKey, thumbprint

# RFC 8037 appendix A.1
ED25519_JWK = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
# RFC 7515 appendix A.3.1
P256_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}
# RFC 7515 appendix A.4.1, the public part: ES512, which is not on the allow-list
P521_JWK = {
    "kty": "EC",
    "crv": "P-521",
    "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
    "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
}
# RFC 7638 section 3.1
RSA_JWK = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok"
        "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
        "pJzKnqDKgw"
    ),
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}


def public(jwk: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in jwk.items() if name != "d"}


def test_thumbprints_are_those_published() -> None:
    assert thumbprint(RSA_JWK) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"  # RFC 7638 section 3.1
    assert thumbprint(ED25519_JWK) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037 appendix A.3


def test_ed25519_signs_as_published() -> None:
    """RFC 8037 appendix A.4."""
    signing_input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = SigningKey.from_private_jwk(ED25519_JWK).sign(signing_input)
    assert base64url.encode(signature) == (
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )


def test_p256_verifies_what_is_published() -> None:
    """RFC 7515 appendix A.3."""
    signing_input = (
        b"eyJhbGciOiJFUzI1NiJ9"
        b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = base64url.decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    key = VerifyingKey(jwk=public(P256_JWK))
    assert key.verify(signing_input, signature)
    assert not key.verify(signing_input + b"x", signature)
    assert not key.verify(signing_input, signature[:-1])


def test_keys_off_the_allow_list_are_refused() -> None:
    """RFC 7515 appendix A.4 (ES512) and an RSA key among others."""
    for jwk in (P521_JWK, RSA_JWK, {"kty": "oct", "k": "AyM1"}, {"kty": "OKP", "crv": "X25519", "x": "AA"}, {}):
        with pytest.raises(InputInvalid):
            VerifyingKey(jwk=jwk)


@pytest.mark.parametrize("alg", ["EdDSA", "ES256"])
def test_a_key_survives_storage(alg: str) -> None:
    key = SigningKey.generate(alg)  # type: ignore[arg-type]
    again = SigningKey.from_private_jwk(key.private_jwk())
    assert (again.kid, again.alg) == (key.kid, alg)
    assert again.public_jwk() == key.public_jwk()
    assert KeySet.of(key.public_jwk()).get(key.kid).verify(b"m", again.sign(b"m"))  # type: ignore[union-attr]


@pytest.mark.parametrize("jwk", [ED25519_JWK, P256_JWK])
def test_the_private_part_is_never_shown(jwk: dict[str, str]) -> None:
    key = SigningKey.from_private_jwk(jwk)
    shown = [repr(key), str(key), f"{key}", repr(vars(type(key))), str(key.public_jwk()), repr(KeySet.of(key))]
    assert not any(jwk["d"] in text for text in shown)
    assert "d" not in key.public_jwk()
    with pytest.raises(TypeError):
        pickle.dumps(key)


@pytest.mark.parametrize("jwk", [ED25519_JWK, P256_JWK])
def test_errors_about_a_private_key_do_not_quote_it(jwk: dict[str, str]) -> None:
    for broken in (
        {**jwk, "d": jwk["d"][:-9] + "*" * 9},
        {**jwk, "d": jwk["d"][:20]},
        {**jwk, "x": SigningKey.generate("EdDSA" if jwk["kty"] == "OKP" else "ES256").public_jwk()["x"]},
        {**jwk, "crv": "secp256k1"},
    ):
        with pytest.raises(InputInvalid) as caught:
            SigningKey.from_private_jwk(broken)
        assert jwk["d"][:20] not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_public_key_is_refused_with_its_private_part() -> None:
    with pytest.raises(InputInvalid, match="public"):
        KeySet.of(ED25519_JWK)
    with pytest.raises(InputInvalid, match="private part"):
        SigningKey.from_private_jwk(public(ED25519_JWK))


def test_a_kid_is_the_thumbprint_or_refused() -> None:
    with pytest.raises(InputInvalid, match="thumbprint"):
        KeySet.of({**public(P256_JWK), "kid": "2026-key"})
    with pytest.raises(InputInvalid, match="names the alg"):
        KeySet.of({**public(P256_JWK), "alg": "EdDSA"})


def test_points_off_the_curve_are_refused() -> None:
    with pytest.raises(InputInvalid):
        KeySet.of({**public(P256_JWK), "y": public(P256_JWK)["x"]})


@pytest.mark.parametrize("member", ["kty", "crv", "x", "y", "kid", "alg"])
@pytest.mark.parametrize("value", [[], {}, 1, True, ["EC"]])
def test_members_of_a_wrong_type_are_refused(member: str, value: Any) -> None:
    with pytest.raises(InputInvalid):
        KeySet.of({**public(P256_JWK), member: value})
    with pytest.raises(InputInvalid):
        SigningKey.from_private_jwk({**P256_JWK, "kty": value})


def test_a_key_set_passes_over_keys_of_other_kinds_and_uses() -> None:
    key, other = SigningKey.generate(), SigningKey.generate("ES256")
    keys = KeySet.from_jwks(
        {"keys": [RSA_JWK, "junk", key.public_jwk(), {**other.public_jwk(), "use": "enc"}, P521_JWK]}
    )
    assert [found.kid for found in keys] == [key.kid]
    assert keys.get(other.kid) is None
    assert KeySet.from_jwks(keys.jwks()).get(key.kid) is not None


@pytest.mark.parametrize("jwks", [{}, {"keys": "x"}, [], None, {"keys": [RSA_JWK] * 65}])
def test_what_is_no_key_set_is_refused(jwks: object) -> None:
    with pytest.raises(InputInvalid, match="JWKS"):
        KeySet.from_jwks(jwks)  # type: ignore[arg-type]
