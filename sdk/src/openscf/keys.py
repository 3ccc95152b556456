"""Signing keys and key sets: ES256 (P-256) and EdDSA (Ed25519), as JWK (RFC 7517, RFC 8037)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, cast

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import Algorithm, ECAlgorithm, OKPAlgorithm
from jwt.exceptions import InvalidKeyError

from openscf._internal import base64url
from openscf.canonical import canonical_bytes
from openscf.errors import InputInvalid, SignatureInvalid

Alg = Literal["EdDSA", "ES256"]

# The allow-list: what is not here, "none" and HMAC included, is refused everywhere.
ALGORITHMS: Final[dict[str, Algorithm]] = {"EdDSA": OKPAlgorithm(), "ES256": ECAlgorithm(ECAlgorithm.SHA256, SECP256R1)}

_ALG_OF_CURVE: Final[dict[tuple[str, str], Alg]] = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}
# RFC 7638 section 3.2 and RFC 8037 section 2; RSA has a thumbprint, but signs nothing here.
_REQUIRED_MEMBERS: Final[dict[str, tuple[str, ...]]] = {
    "OKP": ("crv", "kty", "x"),
    "EC": ("crv", "kty", "x", "y"),
    "RSA": ("e", "kty", "n"),
}
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

# More keys than any rotation needs; a longer set is a defect or an attack.
MAX_KEYS = 64


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the RFC 7638 thumbprint of a key (SHA-256, base64url): its `kid` everywhere in OpenSCF."""
    members = _REQUIRED_MEMBERS.get(str(jwk.get("kty")))
    if members is None or any(not isinstance(jwk.get(name), str) for name in members):
        raise InputInvalid("The key is no public OKP, EC or RSA JWK with all its required members.")
    return base64url.encode(hashlib.sha256(canonical_bytes({name: jwk[name] for name in members})).digest())


class SigningKey:
    """A private key that signs; neither repr nor errors show the private part."""

    __slots__ = ("_private", "alg", "kid")

    alg: Alg
    kid: str

    def __init__(self, *, private: Ed25519PrivateKey | EllipticCurvePrivateKey) -> None:
        self._private = private
        self.alg = "EdDSA" if isinstance(private, Ed25519PrivateKey) else "ES256"
        self.kid = thumbprint(self._jwk(private.public_key()))

    @classmethod
    def generate(cls, alg: Alg = "EdDSA") -> SigningKey:
        """Make a new key from the operating system's randomness."""
        if alg not in ALGORITHMS:
            raise InputInvalid(f"{alg!r} is not one of EdDSA and ES256.")
        return cls(private=Ed25519PrivateKey.generate() if alg == "EdDSA" else generate_private_key(SECP256R1()))

    @classmethod
    def from_private_jwk(cls, jwk: Mapping[str, Any]) -> SigningKey:
        """Read a private JWK; InputInvalid, without a word of the key itself, where it is none."""
        alg = _alg_of(jwk)
        if not isinstance(jwk.get("d"), str):
            raise InputInvalid("The JWK has no private part 'd'; give the private key.")
        try:
            private = cast(Any, ALGORITHMS[alg]).from_jwk(dict(jwk))
        except (InvalidKeyError, ValueError, TypeError):
            # "from None": the cause could quote the key.
            raise InputInvalid("The private JWK cannot be read; its members do not form a key.") from None
        key = cls(private=private)
        if key.kid != thumbprint(jwk):
            raise InputInvalid("The public members of the private JWK belong to another key.")
        return key

    def private_jwk(self) -> dict[str, str]:
        """Return the private JWK: a secret, to be sealed before it is stored."""
        return {**self._jwk(self._private), **self._marks()}

    def public_jwk(self) -> dict[str, str]:
        """Return the public JWK with `kid`, `alg` and `use`."""
        return {**self._jwk(self._private.public_key()), **self._marks()}

    def sign(self, message: bytes) -> bytes:
        """Return the JWS signature of the message (RFC 7518 section 3.4, RFC 8037 section 3.1)."""
        return ALGORITHMS[self.alg].sign(message, self._private)

    def _jwk(self, key: Any) -> dict[str, str]:
        jwk = json.loads(cast(Any, ALGORITHMS[self.alg]).to_jwk(key))
        return {name: value for name, value in jwk.items() if name in {"kty", "crv", "x", "y", "d"}}

    def _marks(self) -> dict[str, str]:
        return {"kid": self.kid, "alg": self.alg, "use": "sig"}

    def __repr__(self) -> str:
        return f"SigningKey(alg={self.alg!r}, kid={self.kid!r})"

    def __reduce__(self) -> Any:
        raise TypeError("A signing key is not pickled; store private_jwk(), sealed.")


class VerifyingKey:
    """A public key with its algorithm and thumbprint."""

    __slots__ = ("_jwk", "_public", "alg", "kid")

    alg: Alg
    kid: str

    def __init__(self, *, jwk: Mapping[str, Any]) -> None:
        if _PRIVATE_MEMBERS & jwk.keys():
            raise InputInvalid("A public JWK was expected and a private one was given; publish public_jwk() only.")
        self.alg = _alg_of(jwk)
        self.kid = thumbprint(jwk)
        if jwk.get("kid", self.kid) != self.kid:
            raise InputInvalid(f"The kid {str(jwk['kid'])[:64]!r} is not the key's RFC 7638 thumbprint {self.kid!r}.")
        if jwk.get("alg", self.alg) != self.alg:
            raise InputInvalid(f"The key {self.kid} names the alg {jwk['alg']!r:.40}, but is a key for {self.alg}.")
        try:
            public = cast(Any, ALGORITHMS[self.alg]).from_jwk(dict(jwk))
        except (InvalidKeyError, ValueError, TypeError) as error:
            raise InputInvalid(f"The JWK {self.kid} is no point on its curve; ask for the key again.") from error
        self._public: Ed25519PublicKey | EllipticCurvePublicKey = public
        self._jwk = {name: str(jwk[name]) for name in _REQUIRED_MEMBERS[str(jwk["kty"])]}

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the JWS signature is this key's over the message."""
        return ALGORITHMS[self.alg].verify(message, self._public, signature)

    def verify_or_raise(self, message: bytes, signature: bytes) -> None:
        """Raise SignatureInvalid where the signature is not this key's over the message."""
        if not self.verify(message, signature):
            raise SignatureInvalid(
                f"The signature of key {self.kid} does not fit the bytes; they were changed after signing."
            )

    def jwk(self) -> dict[str, str]:
        """Return the public JWK with `kid`, `alg` and `use`."""
        return {**self._jwk, "kid": self.kid, "alg": self.alg, "use": "sig"}

    def __repr__(self) -> str:
        return f"VerifyingKey(alg={self.alg!r}, kid={self.kid!r})"


class KeySet:
    """Public keys by `kid`. Immutable."""

    __slots__ = ("_keys",)

    def __init__(self, *, keys: Mapping[str, VerifyingKey]) -> None:
        self._keys = dict(keys)

    @classmethod
    def of(cls, *jwks: Mapping[str, Any] | SigningKey) -> KeySet:
        """Build a set from public JWKs, or from the public halves of signing keys."""
        made = [VerifyingKey(jwk=jwk.public_jwk() if isinstance(jwk, SigningKey) else jwk) for jwk in jwks]
        return cls(keys={key.kid: key for key in made})

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, Any]) -> KeySet:
        """Read a JWKS (RFC 7517 section 5); keys of other types or uses are passed over, as the RFC asks."""
        members = jwks.get("keys") if isinstance(jwks, Mapping) else None
        if not isinstance(members, list) or len(members) > MAX_KEYS:
            raise InputInvalid(f"A JWKS is an object with a list 'keys' of at most {MAX_KEYS} keys.")
        usable = [
            jwk
            for jwk in members
            if isinstance(jwk, Mapping)
            and (str(jwk.get("kty")), str(jwk.get("crv"))) in _ALG_OF_CURVE
            and jwk.get("use", "sig") == "sig"
        ]
        return cls.of(*usable)

    def get(self, kid: str) -> VerifyingKey | None:
        """Return the key with this `kid`, or None."""
        return self._keys.get(kid)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the set as a JWKS."""
        return {"keys": [key.jwk() for key in self]}

    def __iter__(self) -> Iterator[VerifyingKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"KeySet({', '.join(self._keys)})"


def _alg_of(jwk: Mapping[str, Any]) -> Alg:
    kty, crv = jwk.get("kty"), jwk.get("crv")
    # A list or an object cannot even be looked up.
    alg = _ALG_OF_CURVE.get((kty, crv)) if isinstance(kty, str) and isinstance(crv, str) else None
    if alg is None:
        raise InputInvalid("Only Ed25519 (OKP) and P-256 (EC) keys are used; make one with `openscf keygen`.")
    return alg
