"""Opening a PDF package: its signature checked, its parts taken out, within bounds and whatever the bytes are."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import pikepdf
from asn1crypto import cms
from asn1crypto import parser as der
from asn1crypto import x509 as asn1_certificates
from cryptography import x509
from pikepdf import Name, Pdf
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from openscf._internal.finding import Finding
from openscf.keys import Alg
from openscf.package import MAX_PACKAGE_BYTES
from openscf.pdf.archive import PACKAGE_NAME
from openscf.pdf.certificate import kid_of
from openscf.pdf.signing import CONTAINER_BYTES, DIGESTS, container_of, contents_of

MAX_FILES: Final = 10_000
"""More files than a package lists; each costs a reader time."""
MAX_EMBEDDED_BYTES: Final = 4 * MAX_PACKAGE_BYTES
"""All embedded files together, taken out; a small PDF could unpack to more than the machine has."""

_ENTRY_BYTES: Final = 20
# The only cross-reference table, which ends the file: no earlier and no later revision, no compressed objects.
_TABLE_HEAD: Final = re.compile(rb"xref\n0 ([0-9]{1,7})\n")
_TAIL: Final = re.compile(rb"startxref\n([0-9]{1,10})\n%%EOF\n\Z")
_LONGEST_TRAILER: Final = 1000
_REFUSED_IN_TRAILER: Final = (b"/Prev", b"/XRefStm", b"/Encrypt", b"#")


@dataclass(frozen=True, kw_only=True)
class OpenedPdf:
    """What a PDF holds: `package` is the embedded package.scf.json, `attachments` the other files by name.

    `findings` tell what is wrong, by `#pdf`, `#signature` or `#embedded/NAME`; parts are given as far as they could be
    taken out, so they are to be trusted only where there is no finding. `signer_kid` is the thumbprint of the key that
    signed, None unless the signature holds.
    """

    package: bytes | None
    attachments: dict[str, bytes] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    signer_kid: str | None = None


class _Refused(Exception):  # noqa: N818 - it says what happened
    """Something in the file is not as it must be."""

    def __init__(self, code: str, pointer: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(code=code, pointer=pointer, message=message)


def open_pdf(pdf: bytes) -> OpenedPdf:
    """Check a PDF package's form and signature and take its parts out; never raises for what the bytes contain.

    What the package says, and whether the files are those that it lists, is for `openscf.verify.verify_package`.
    """
    findings: list[Finding] = []
    try:
        _check_form(pdf)
        with _reading("pdf-form", "#pdf"):
            opened = Pdf.open(io.BytesIO(pdf), attempt_recovery=False, suppress_warnings=True)
    except _Refused as refused:
        return OpenedPdf(package=None, findings=(refused.finding,))
    signer_kid = None
    files: dict[str, bytes] = {}
    with opened:
        try:
            with _reading("signature-invalid", "#signature"):
                signer_kid = _check_signature(pdf, opened)
        except _Refused as refused:
            findings.append(refused.finding)
        try:
            with _reading("embedded-unreadable", "#pdf"):
                for name, content in _embedded(opened, findings):
                    files[name] = content
        except _Refused as refused:
            findings.append(refused.finding)
    package = files.pop(PACKAGE_NAME, None)
    return OpenedPdf(package=package, attachments=files, findings=tuple(findings), signer_kid=signer_kid)


@contextmanager
def _reading(code: str, pointer: str) -> Iterator[None]:
    """Turn whatever the libraries raise about hostile bytes into a refusal that names the place."""
    try:
        yield
    except _Refused:
        raise
    except Exception as error:
        raise _Refused(code, pointer, f"The PDF cannot be read: {type(error).__name__}: {error!s:.200}") from error


def _check_form(pdf: bytes) -> None:
    """See that the file is one revision with one plain cross-reference table, as packages are written.

    Nothing of a PDF is hidden then: no older or newer revision, no object within another.
    """
    if len(pdf) > MAX_PACKAGE_BYTES:
        raise _Refused("too-large", "#pdf", f"The PDF has {len(pdf)} bytes; a package has at most {MAX_PACKAGE_BYTES}.")
    tail = _TAIL.search(pdf, max(len(pdf) - 64, 0))
    head = _TABLE_HEAD.match(pdf, int(tail[1])) if tail else None
    if not pdf.startswith(b"%PDF-1.7\n") or tail is None or head is None:
        message = "The PDF is not in the form of a package: version 1.7, one plain cross-reference table at its end."
        raise _Refused("pdf-form", "#pdf", message)
    trailer = pdf[head.end() + _ENTRY_BYTES * int(head[1]) : tail.start()]
    if not trailer.startswith(b"trailer <<") or len(trailer) > _LONGEST_TRAILER:
        raise _Refused("pdf-form", "#pdf", "The PDF's trailer does not follow its cross-reference table.")
    for refused in _REFUSED_IN_TRAILER:
        if refused in trailer:
            message = f"The PDF's trailer has {refused.decode()}: a package has one revision, in plain text."
            raise _Refused("pdf-form", "#pdf", message)


def _check_signature(pdf: bytes, opened: Pdf) -> str:
    """Return the thumbprint of the key that signed the whole file."""
    fields = list(opened.Root.AcroForm.Fields)
    if len(fields) != 1 or fields[0].get("/FT") != Name.Sig:
        raise _Refused(
            "signature-form", "#signature", f"The PDF has {len(fields)} form fields; one signature is expected."
        )
    signature = fields[0].V
    contents, covered = bytes(signature.Contents), [int(place) for place in signature.ByteRange]
    start, end = _gap(pdf, contents, covered)
    length = _container_length(contents)
    container = contents[:length]
    if any(contents[length:]):
        raise _Refused("signature-padding", "#signature", "What follows the signature's container is not zeros.")
    alg, signer, certificate = _parts(container)
    digest = hashlib.new(DIGESTS[alg], pdf[:start] + pdf[end:]).digest()
    intact, valid = validate_sig_integrity(signer, certificate, "data", digest)
    if not intact:
        raise _Refused("signature-broken", "#signature", "The file was changed after it was signed.")
    if not valid:
        raise _Refused("signature-broken", "#signature", "The signature does not fit its key; it was changed.")
    made = x509.load_der_x509_certificate(certificate.dump())
    made.verify_directly_issued_by(made)
    kid = kid_of(made)
    if kid is None:
        raise _Refused("signature-key", "#signature", "The signature's key is neither Ed25519 nor P-256.")
    return kid


def _gap(pdf: bytes, contents: bytes, covered: list[int]) -> tuple[int, int]:
    """Return from where to where the file is not signed: exactly the contents in canonical hex, and nothing else."""
    if len(contents) != CONTAINER_BYTES or len(covered) != 4:
        raise _Refused("signature-form", "#signature", "The signature has not the size of a package's signature.")
    start, end = covered[1], covered[2]
    if covered[0] != 0 or not 0 < start < end or end + covered[3] != len(pdf):
        raise _Refused("signature-coverage", "#signature", "The signature does not cover the whole file.")
    if pdf[start:end] != contents_of(contents):
        message = "The place that the signature leaves out holds something other than the signature."
        raise _Refused("signature-coverage", "#signature", message)
    return start, end


def _container_length(contents: bytes) -> int:
    header, value, trailer = der.parse(contents, strict=False)[3:6]
    return len(header) + len(value) + len(trailer)


def _parts(container: bytes) -> tuple[Alg, cms.SignerInfo, asn1_certificates.Certificate]:
    """Return algorithm, signer and certificate of a container that has nothing else in it."""
    signed = cms.ContentInfo.load(container, strict=True)["content"]
    signer, certificate = signed["signer_infos"][0], signed["certificates"][0].chosen
    digest = signer["digest_algorithm"]["algorithm"].native
    alg = next((alg for alg, name in DIGESTS.items() if name == digest), None)
    if alg is None:
        raise _Refused(
            "signature-form", "#signature", f"The signature's digest {digest!s:.40} is not one that is used."
        )
    attributes = cms.CMSAttributes.load(signer["signed_attrs"].untag().dump())
    if container != container_of(alg, certificate, attributes, signer["signature"].native):
        message = "The signature's container has parts that a package's signature has not."
        raise _Refused("signature-form", "#signature", message)
    return alg, signer, certificate


def _embedded(opened: Pdf, findings: list[Finding]) -> Iterator[tuple[str, bytes]]:
    """Yield the embedded files, as long as all together stay within the bound."""
    names = list(opened.Root.Names.EmbeddedFiles.Names)
    if len(names) % 2 or len(names) > 2 * MAX_FILES:
        raise _Refused("embedded-form", "#pdf", f"The PDF's list of embedded files has {len(names)} entries.")
    left, seen = MAX_EMBEDDED_BYTES, set()
    for name, file in zip(map(str, names[::2]), names[1::2], strict=True):
        pointer = f"#embedded/{name:.120}"
        if name in seen:
            findings.append(Finding(code="embedded-twice", pointer=pointer, message="The name is embedded twice."))
            continue
        seen.add(name)
        try:
            with _reading("embedded-unreadable", pointer):
                content = _content(file.EF.F, pointer, min(left, MAX_PACKAGE_BYTES))
        except _Refused as refused:
            findings.append(refused.finding)
            continue
        left -= len(content)
        yield name, content


def _content(stream: pikepdf.Object, pointer: str, most: int) -> bytes:
    """Return what a stream holds, unpacked by at most so many bytes."""
    packing = stream.get("/Filter")
    if "/DecodeParms" in stream or packing not in (None, Name.FlateDecode):
        raise _Refused("embedded-unreadable", pointer, "The file is packed in a way that a package does not use.")
    raw = stream.read_raw_bytes()
    if packing is None:
        content, whole = raw[: most + 1], True
    else:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(raw, most + 1)
        whole = unpacking.eof and not unpacking.unused_data
    if len(content) > most:
        message = f"The file unpacks to more than {most} bytes; a package's files are smaller."
        raise _Refused("embedded-too-large", pointer, message)
    if not whole:
        raise _Refused("embedded-unreadable", pointer, "The file is cut off, or something follows it.")
    return content
