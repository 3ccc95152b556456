"""The rules of PDF/A-3b (ISO 19005-3) that can be checked here, on what qpdf, pypdf and pdfium read."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import drawn
import pikepdf
import pypdf
import pypdfium2
import pytest
from pikepdf import Dictionary, Name, Pdf, Stream

from openscf.pdf import draw_pdf

FILES = {drawn.ATTACHMENT_NAME: drawn.ATTACHMENT}
PACKAGE = drawn.sealed(documents=3)


@pytest.fixture(scope="module")
def file() -> bytes:
    return draw_pdf(PACKAGE, attachments=FILES, key=drawn.KEY)


@pytest.fixture(scope="module")
def pdf(file: bytes) -> Iterator[Pdf]:
    with Pdf.open(io.BytesIO(file)) as opened:
        yield opened


def fonts_of(pdf: Pdf) -> list[Any]:
    return [found for found in pdf.objects if isinstance(found, Dictionary) and found.get("/Type") == Name.Font]


def test_qpdf_finds_no_fault(pdf: Pdf) -> None:
    assert pdf.check_pdf_syntax() == []
    assert not pdf.is_encrypted


def test_all_fonts_are_embedded_truetype_subsets_with_their_characters(pdf: Pdf) -> None:
    fonts = fonts_of(pdf)
    assert len(fonts) >= 3
    for font in fonts:
        descriptor = font.FontDescriptor
        assert font.Subtype == Name.TrueType
        assert "/ToUnicode" in font
        # 6.2.11.6: a symbolic font has no Encoding, and its font file one cmap.
        assert int(descriptor.Flags) & 4
        assert "/Encoding" not in font
        assert _count_of_cmaps(descriptor.FontFile2.read_bytes()) == 1
        assert len(font.Widths) == int(font.LastChar) - int(font.FirstChar) + 1


def _count_of_cmaps(font: bytes) -> int:
    for entry in range(int.from_bytes(font[4:6], "big")):
        tag, _, offset, _ = struct.unpack(">4sLLL", font[12 + 16 * entry : 28 + 16 * entry])
        if tag == b"cmap":
            return int.from_bytes(font[offset + 2 : offset + 4], "big")
    return 0


def test_colours_are_declared_as_srgb_and_no_others_are_used(pdf: Pdf) -> None:
    (intent,) = pdf.Root.OutputIntents
    profile = intent.DestOutputProfile.read_bytes()
    assert (intent.S, int(intent.DestOutputProfile.N)) == (Name.GTS_PDFA1, 3)
    assert (profile[12:16], profile[16:20], profile[36:40]) == (b"mntr", b"RGB ", b"acsp")
    assert profile[8] < 5
    for page in pdf.pages:
        operators = {str(operation.operator) for operation in pikepdf.parse_content_stream(page)}
        assert not operators & {"k", "K", "sh", "ri"}


def test_xmp_declares_part_3b_and_says_what_the_information_dictionary_says(pdf: Pdf) -> None:
    xmp = pdf.open_metadata()
    assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("3", "B")
    assert xmp["dc:title"] == str(pdf.docinfo["/Title"]) == f"Evidence package of {drawn.APPLICANT}"
    assert xmp["dc:creator"] == [str(pdf.docinfo["/Author"])]
    assert xmp["pdf:Producer"] == str(pdf.docinfo["/Producer"])
    assert xmp["xmp:CreatorTool"] == str(pdf.docinfo["/Creator"])
    assert xmp["xmp:CreateDate"] == xmp["xmp:ModifyDate"] == "2026-11-22T09:30:00Z"
    assert str(pdf.docinfo["/CreationDate"]) == str(pdf.docinfo["/ModDate"]) == "D:20261122093000+00'00'"
    assert "/Filter" not in pdf.Root.Metadata or pdf.Root.Metadata.Filter == Name.FlateDecode


def test_embedded_files_say_what_they_are_to_the_pages(pdf: Pdf) -> None:
    files = {str(file.UF): file for file in pdf.Root.AF}
    assert files.keys() == {"package.scf.json", drawn.ATTACHMENT_NAME}
    assert files["package.scf.json"].AFRelationship == Name.Source
    assert files[drawn.ATTACHMENT_NAME].AFRelationship == Name.Supplement
    package = files["package.scf.json"].EF.F
    assert package.Subtype == Name("/application/vnd.openscf.package+json")
    assert package.read_bytes() == PACKAGE
    for file in files.values():
        assert str(file.F) == str(file.UF)
        assert "/ModDate" in file.EF.F.Params
        assert int(file.EF.F.Params.Size) == len(file.EF.F.read_bytes())


def test_nothing_runs_and_nothing_lies_outside(pdf: Pdf) -> None:
    """No scripts, actions, external streams, multimedia: 6.5, 6.6 and 6.1.7."""
    for found in pdf.objects:
        if isinstance(found, (Dictionary, Stream)):
            assert not {"/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch"} & set(found.keys())
        if isinstance(found, Stream):
            assert not {"/F", "/FFilter"} & set(found.keys())
            assert found.get("/Filter") in (None, Name.FlateDecode) or list(found.Filter) == [Name.FlateDecode]
    assert "/OpenAction" not in pdf.Root


def test_the_document_has_an_id_a_language_and_bookmarks(pdf: Pdf) -> None:
    assert len(pdf.trailer.ID) == 2
    assert str(pdf.Root.Lang) == "en"
    with pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
    assert titles[0] == "What is financed"
    assert titles[-1] == "How to verify"
    assert "Cash" in titles


def test_two_other_readers_read_the_pages_and_the_files(file: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(file), strict=True)
    assert reader.attachments["package.scf.json"] == [PACKAGE]
    assert reader.attachments[drawn.ATTACHMENT_NAME] == [drawn.ATTACHMENT]
    document = pypdfium2.PdfDocument(file)
    assert len(document) == len(reader.pages)
    text = document[0].get_textpage().get_text_range()
    assert "EUR 180,000.00" in text
    assert drawn.APPLICANT in text
    assert document.count_attachments() == 2
