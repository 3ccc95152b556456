"""The PAdES signature (ETSI EN 319 142-1): one, over the whole file, in the only revision that there is."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import io
import re
from typing import Final

import pikepdf
from asn1crypto import algos, cms, keys, x509
from cryptography import x509 as x509_certificates
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pikepdf import Array, Dictionary, Name, Pdf, String
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from openscf.keys import Alg, SigningKey
from openscf.pdf.archive import pdf_date
from openscf.pdf.certificate import certificate_of, private_key

CONTAINER_BYTES: Final = 4096
"""Room for the signature's container, the certificate included; what it does not fill are zeros."""

# RFC 8419: Ed25519 goes with SHA-512.
DIGESTS: Final[dict[Alg, str]] = {"ES256": "sha256", "EdDSA": "sha512"}
_MECHANISMS: Final[dict[Alg, str]] = {"ES256": "sha256_ecdsa", "EdDSA": "ed25519"}

# Ten digits each: longer than any file's length, and replaced in place by what is as long.
_RANGE_PLACES: Final = (1111111111, 2222222222, 3333333333)
_RANGE: Final = re.compile(rb"/ByteRange \[ 0 1111111111 2222222222 3333333333 \]")
_EMPTY: Final = b"/Contents <" + b"00" * CONTAINER_BYTES + b">"


def sign(pdf: Pdf, *, key: SigningKey, name: str, tax_id: str, at: dt.datetime) -> bytes:
    """Write the PDF with its signature; nothing can be added to the file later without breaking it."""
    _add_signature(pdf, name, at)
    buffer = io.BytesIO()
    pdf.save(
        buffer,
        deterministic_id=True,
        min_version="1.7",
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        compress_streams=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        recompress_flate=True,
    )
    file = buffer.getvalue()
    start = file.index(_EMPTY) + len(b"/Contents ")
    end = start + 2 * CONTAINER_BYTES + 2
    found = _RANGE.search(file)
    if found is None:
        raise AssertionError("qpdf wrote the place of the byte range in another form.")
    byte_range = b"/ByteRange [ 0 %d %d %d ]" % (start, end, len(file) - end)
    file = file[: found.start()] + byte_range.ljust(len(found[0])) + file[found.end() :]
    certificate = certificate_of(key, name=name, tax_id=tax_id, since=at)
    container = _signed(key, certificate, hashlib.new(DIGESTS[key.alg], file[:start] + file[end:]).digest())
    return file[:start] + contents_of(container) + file[end:]


def contents_of(container: bytes) -> bytes:
    """Return the container as it stands in the file: hex in lower case, filled up with zeros, in angle brackets."""
    return b"<" + container.ljust(CONTAINER_BYTES, b"\0").hex().encode() + b">"


def container_of(alg: Alg, certificate: x509.Certificate, attributes: cms.CMSAttributes, signature: bytes) -> bytes:
    """Return the only container (CMS SignedData, DER) that there is for a certificate, signed attributes and signature.

    Everything in it follows from these three, so whoever builds it again finds a change of the parts that the
    signature does not cover.
    """
    digest = algos.DigestAlgorithm({"algorithm": DIGESTS[alg]})
    sid = cms.IssuerAndSerialNumber({"issuer": certificate.issuer, "serial_number": certificate.serial_number})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": sid}),
            "digest_algorithm": digest,
            "signature_algorithm": cms.SignedDigestAlgorithm({"algorithm": _MECHANISMS[alg]}),
            "signed_attrs": attributes,
            "signature": signature,
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms((digest,)),
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices(name="certificate", value=certificate)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _add_signature(pdf: Pdf, name: str, at: dt.datetime) -> None:
    """An invisible field with an empty signature, certified so that no later change is allowed (DocMDP, level 1)."""
    signature = pdf.make_indirect(
        Dictionary(
            Type=Name.Sig,
            Filter=Name("/Adobe.PPKLite"),
            SubFilter=Name("/ETSI.CAdES.detached"),
            ByteRange=Array([0, *_RANGE_PLACES]),
            Contents=String(b"\0" * CONTAINER_BYTES),
            M=String(pdf_date(at)),
            Name=String(name),
            Reason=String("Seals the evidence package"),
            Reference=Array(
                [
                    Dictionary(
                        Type=Name.SigRef,
                        TransformMethod=Name.DocMDP,
                        TransformParams=Dictionary(Type=Name.TransformParams, P=1, V=Name("/1.2")),
                    )
                ]
            ),
        )
    )
    page = pdf.pages[0].obj
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String("Seal"),
            F=132,  # printed, locked
            Rect=Array([0, 0, 0, 0]),
            P=page,
            V=signature,
        )
    )
    page.Annots = Array([*page.get("/Annots", []), field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)
    pdf.Root.Perms = Dictionary(DocMDP=signature)


def _signed(key: SigningKey, certificate: x509_certificates.Certificate, digest: bytes) -> bytes:
    secret = private_key(key).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(
        signing_cert=x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(secret),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    return bytes(asyncio.run(signer.async_sign(digest, DIGESTS[key.alg], use_pades=True)).dump())
