"""Opening PDF packages: whatever is changed is found and its place named, and hostile files cost a bounded amount."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable

import drawn
import pikepdf
import pytest
from asn1crypto import cms, core
from asn1crypto import x509 as asn1_certificates
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from openscf.keys import SigningKey
from openscf.package import MAX_PACKAGE_BYTES, read_package
from openscf.pdf import OpenedPdf, draw_pdf, open_pdf, opening
from openscf.pdf.archive import archive
from openscf.pdf.signing import CONTAINER_BYTES, sign

FILES = {drawn.ATTACHMENT_NAME: drawn.ATTACHMENT}
BARE = ("order_flow", "logistics_flow", "tax_flow", "cash_flow", "inventory", "exposure", "checks", "forecast")
KEYS = {"EdDSA": drawn.KEY, "ES256": SigningKey.generate("ES256")}
PACKAGES = {alg: drawn.sealed(documents=1, key=key, without=BARE) for alg, key in KEYS.items()}
PDFS = {alg: draw_pdf(PACKAGES[alg], attachments=FILES, key=key) for alg, key in KEYS.items()}
PDF = PDFS["EdDSA"]


def codes_of(opened: OpenedPdf) -> list[tuple[str, str]]:
    return [(finding.code, finding.pointer) for finding in opened.findings]


def hostile(change: Callable[[Pdf], object], *, key: SigningKey = drawn.KEY) -> bytes:
    """A PDF that its own maker signed, with something in it that no package has."""
    blank = io.BytesIO()
    with Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(blank)
    pdf = archive(
        blank.getvalue(), package=b"{}", attachments={}, title="t", author="a", created_at=drawn.CREATED
    )  # fmt: skip
    change(pdf)
    return sign(pdf, key=key, name="Somebody", tax_id="X1", at=drawn.CREATED)


def embed(pdf: Pdf, name: str, stream: pikepdf.Object) -> None:
    file = Dictionary(Type=Name.Filespec, F=String(name), UF=String(name), EF=Dictionary(F=pdf.make_indirect(stream)))
    pdf.Root.Names.EmbeddedFiles.Names.extend([String(name), pdf.make_indirect(file)])


@pytest.mark.parametrize("alg", KEYS)
def test_a_package_comes_out_as_it_went_in(alg: str) -> None:
    opened = open_pdf(PDFS[alg])
    assert opened.findings == ()
    assert opened.signer_kid == KEYS[alg].kid
    assert opened.package == PACKAGES[alg]
    assert opened.attachments == FILES
    assert read_package(PDFS[alg]) == read_package(PACKAGES[alg])


@pytest.mark.parametrize("alg", KEYS)
def test_another_reader_finds_the_signature_whole_and_valid(alg: str) -> None:
    (signature,) = PdfFileReader(io.BytesIO(PDFS[alg])).embedded_regular_signatures
    own = asn1_certificates.Certificate.load(signature.signer_cert.dump())
    status = validate_pdf_signature(
        signature, ValidationContext(trust_roots=[own], moment=drawn.CREATED), skip_diff=False
    )
    assert status.intact
    assert status.valid
    assert status.trusted
    assert status.modification_level == ModificationLevel.NONE
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.docmdp_level is not None


@pytest.mark.parametrize("alg", KEYS)
def test_any_changed_byte_is_found(alg: str) -> None:
    """Bytes all over the file, and densely where a signature covers nothing: around and in its container."""
    pdf = PDFS[alg]
    start = pdf.index(b"/Contents <")
    end = start + 2 * CONTAINER_BYTES + 12
    places = {*range(0, len(pdf), len(pdf) // 300), *range(start - 8, start + 2600, 3), *range(end - 40, end + 40)}
    places |= set(range(len(pdf) - 200, len(pdf)))
    assert len(places) > 1000
    for place in sorted(places):
        changed = bytearray(pdf)
        changed[place] ^= 0x20 if place % 2 else 0x01
        opened = open_pdf(bytes(changed))
        assert opened.findings, f"byte {place}, {pdf[place - 8 : place + 8]!r}"
        assert all(finding.pointer.startswith("#") for finding in opened.findings)
        assert opened.signer_kid is None


@pytest.mark.parametrize(
    "change",
    [
        lambda pdf: pdf + b"\n",
        lambda pdf: pdf + b"1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n",
        lambda pdf: b"\n" + pdf,
        lambda pdf: pdf[:-1],
        lambda pdf: pdf[: len(pdf) // 2],
        lambda pdf: pdf + pdf,
        lambda pdf: pdf.replace(b"/Contents <30", b"/Contents <3 0", 1),
        lambda pdf: pdf[: pdf.index(b"/Contents <")] + pdf[pdf.index(b"/Contents <") :].replace(b"a", b"A", 1),
    ],
)
def test_what_is_added_taken_or_written_otherwise_is_found(change: Callable[[bytes], bytes]) -> None:
    opened = open_pdf(change(PDF))
    assert opened.findings
    assert opened.signer_kid is None


def test_a_later_revision_is_refused() -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(PDF))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    buffer = io.BytesIO()
    writer.write(buffer)
    assert codes_of(open_pdf(buffer.getvalue())) == [("pdf-form", "#pdf")]


def test_a_pdf_written_again_by_another_program_is_refused() -> None:
    for options in ({"object_stream_mode": pikepdf.ObjectStreamMode.generate}, {"linearize": True}):
        buffer = io.BytesIO()
        with Pdf.open(io.BytesIO(PDF)) as pdf:
            pdf.save(buffer, **options)
        assert open_pdf(buffer.getvalue()).findings


def test_bytes_between_the_container_and_its_padding_are_found() -> None:
    start = PDF.index(b"/Contents <") + len(b"/Contents <")
    changed = bytearray(PDF)
    changed[start + 2 * CONTAINER_BYTES - 2] = ord("1")
    assert codes_of(open_pdf(bytes(changed))) == [("signature-padding", "#signature")]


def test_an_unsigned_attribute_does_not_slip_into_the_container() -> None:
    start = PDF.index(b"/Contents <") + len(b"/Contents <")
    old = PDF[start : start + 2 * CONTAINER_BYTES]
    content = cms.ContentInfo.load(bytes.fromhex(old.decode()))
    signer = content["content"]["signer_infos"][0]
    signer["unsigned_attrs"] = [{"type": "1.2.3.4", "values": [core.OctetString(b"hi")]}]
    new = content.dump(force=True).ljust(CONTAINER_BYTES, b"\0").hex().encode()
    assert codes_of(open_pdf(PDF.replace(old, new))) == [("signature-form", "#signature")]


def test_a_signature_that_leaves_out_more_than_itself_is_refused() -> None:
    place = PDF.index(b"/ByteRange [ 0 ")
    end = PDF.index(b"]", place)
    _, start, after, rest = PDF[place + len(b"/ByteRange [") : end].split()
    for numbers in (
        (0, int(start) - 20, int(after), int(rest)),
        (0, int(start), int(after), int(rest) - 5),
        (5, 6, 7, 8),
    ):
        text = b"/ByteRange [ %d %d %d %d " % numbers
        changed = PDF[:place] + text.ljust(end - place)[: end - place] + PDF[end:]
        assert ("signature-coverage", "#signature") in codes_of(open_pdf(changed))


def test_the_signer_of_a_hostile_file_is_named_so_that_it_is_not_taken_for_another() -> None:
    other = SigningKey.generate()
    assert open_pdf(hostile(lambda pdf: None, key=other)).signer_kid == other.kid != drawn.KEY.kid


def test_an_unsigned_pdf_has_a_finding_and_still_gives_its_parts() -> None:
    unsigned = io.BytesIO()
    with Pdf.open(io.BytesIO(PDF)) as pdf:
        del pdf.Root.AcroForm, pdf.Root.Perms, pdf.pages[0].Annots
        pdf.save(unsigned, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    opened = open_pdf(unsigned.getvalue())
    assert codes_of(opened) == [("signature-invalid", "#signature")]
    assert opened.package == PACKAGES["EdDSA"]


def test_a_file_that_unpacks_beyond_the_bound_is_refused_in_little_memory() -> None:
    pdf = hostile(lambda pdf: embed(pdf, "bomb.xml", Stream(pdf, b"\0" * (MAX_PACKAGE_BYTES * 5))))
    assert len(pdf) < 1_000_000
    tracemalloc.start()
    opened = open_pdf(pdf)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ("embedded-too-large", "#embedded/bomb.xml") in codes_of(opened)
    assert peak < 3 * MAX_PACKAGE_BYTES


def test_many_files_together_stay_within_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_EMBEDDED_BYTES", 1000)

    def fill(pdf: Pdf) -> None:
        for index in range(4):
            embed(pdf, f"part-{index}.xml", Stream(pdf, b" " * 300))

    opened = open_pdf(hostile(fill))
    assert ("embedded-too-large", "#embedded/part-3.xml") in codes_of(opened)
    assert opened.attachments.keys() == {"part-0.xml", "part-1.xml", "part-2.xml"}


def test_a_name_that_is_embedded_twice_is_refused() -> None:
    opened = open_pdf(hostile(lambda pdf: embed(pdf, "package.scf.json", Stream(pdf, b"another"))))
    assert codes_of(opened) == [("embedded-twice", "#embedded/package.scf.json")]
    assert opened.package == b"{}"


def nest(pdf: Pdf) -> None:
    inner = Array([])
    for _ in range(400):
        inner = Array([inner])
    pdf.Root.Names.EmbeddedFiles.Names = inner


def loop(pdf: Pdf) -> None:
    node = pdf.make_indirect(Dictionary())
    node.EmbeddedFiles = node
    pdf.Root.Names = node


@pytest.mark.parametrize(
    "change",
    [
        nest,
        loop,
        lambda pdf: pdf.Root.__delitem__("/Names"),
        lambda pdf: setattr(pdf.Root, "Names", Name.X),
        lambda pdf: pdf.Root.Names.EmbeddedFiles.Names.append(String("odd")),
        lambda pdf: pdf.Root.Names.EmbeddedFiles.Names.extend([7, 8]),
        lambda pdf: embed(pdf, "a.xml", Dictionary()),
        lambda pdf: embed(pdf, "a.xml", Stream(pdf, b"x", Filter=Name.LZWDecode)),
        lambda pdf: embed(pdf, "a.xml", Stream(pdf, b"x", Filter=Array([Name.FlateDecode] * 9))),
        lambda pdf: setattr(pdf.Root.Names.EmbeddedFiles, "Names", Array([0] * 2 * (opening.MAX_FILES + 1))),
    ],
)  # fmt: skip
def test_what_a_hostile_maker_signs_gives_findings_and_no_error(change: Callable[[Pdf], object]) -> None:
    assert open_pdf(hostile(change)).findings


def test_a_file_larger_than_a_package_is_not_even_read() -> None:
    assert codes_of(open_pdf(PDF + b" " * MAX_PACKAGE_BYTES)) == [("too-large", "#pdf")]


@settings(max_examples=examples(150))
@given(st.binary(max_size=200), st.integers(0, len(PDF)), st.integers(0, 400))
def test_no_bytes_raise(noise: bytes, place: int, taken: int) -> None:
    changed = PDF[:place] + noise + PDF[place + taken :]
    assert bool(open_pdf(changed).findings) == (changed != PDF)


@given(st.binary(max_size=300))
def test_what_is_no_pdf_has_one_finding(noise: bytes) -> None:
    for file in (noise, b"%PDF-1.7\n" + noise, b"%PDF-1.7\nxref\n0 0\ntrailer <<" + noise + b"startxref\n9\n%%EOF\n"):
        assert open_pdf(file).findings
