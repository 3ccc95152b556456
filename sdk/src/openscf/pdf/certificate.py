"""The certificate of a company's key: self-signed, since a bank knows the key by its thumbprint and not by a CA."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from jwt.exceptions import InvalidKeyError

from openscf.keys import ALGORITHMS, SigningKey, VerifyingKey

# A seal has no end; the certificate's is far enough for any loan.
_VALID_FOR: Final = dt.timedelta(days=3653)
# X.520's upper bounds for names, which a certificate may not pass.
_LONGEST_NAME: Final = 64

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey


def private_key(key: SigningKey) -> PrivateKey:
    """Return the key as `cryptography` has it."""
    return cast(PrivateKey, cast(Any, ALGORITHMS[key.alg]).from_jwk(key.private_jwk()))


def certificate_of(key: SigningKey, *, name: str, tax_id: str, since: dt.datetime) -> x509.Certificate:
    """Return a certificate of the company for its key, which says who it is; its serial number follows from the key."""
    private = private_key(key)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_NAME]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:_LONGEST_NAME]),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, tax_id[:_LONGEST_NAME]),
        ]
    )
    since = since.astimezone(dt.timezone.utc).replace(microsecond=0)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(key.kid.encode()).digest()[:15], "big") + 1)
        .not_valid_before(since)
        .not_valid_after(since + _VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    )
    return made.sign(private, None if isinstance(private, Ed25519PrivateKey) else SHA256())


def kid_of(certificate: x509.Certificate) -> str | None:
    """Return the thumbprint of the certificate's key, None where it is no key that OpenSCF signs with."""
    public = certificate.public_key()
    for alg, algorithm in ALGORITHMS.items():
        try:
            key = VerifyingKey(jwk={**cast(Any, algorithm).to_jwk(public, as_dict=True), "alg": alg})
        except (ValueError, TypeError, InvalidKeyError):
            continue
        return key.kid
    return None


_USAGE: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
