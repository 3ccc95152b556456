"""What a PDF package shows to a person: read back as text by pypdf, and looked at as pixels by pdfium."""

from __future__ import annotations

import io
import re
import unicodedata
from pathlib import Path
from typing import get_args

import drawn
import pypdf
import pypdfium2
import pytest
from reportlab.graphics.shapes import Rect

from openscf.errors import InputInvalid, PackageInvalid
from openscf.keys import SigningKey
from openscf.package import Contradiction, read_package
from openscf.pdf import draw_pdf, fonts
from openscf.pdf.charts import Series, bar_chart
from openscf.pdf.drawing import draw
from openscf.pdf.palette import ACCENT
from openscf.pdf.picture import STREAM_OF

FILES = {drawn.ATTACHMENT_NAME: drawn.ATTACHMENT}


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, spaces and forms of letters made equal."""
    return [
        re.sub(r"\s+", " ", unicodedata.normalize("NFKC", page.extract_text()))
        for page in pypdf.PdfReader(io.BytesIO(pdf)).pages
    ]


def drawing_of(package_file: bytes) -> bytes:
    package = read_package(package_file)
    return draw(package.header, package.sections)


@pytest.fixture(scope="module")
def pages() -> list[str]:
    return pages_of(drawing_of(drawn.sealed()))


def test_the_first_page_says_what_is_asked_by_whom_and_of_whom(pages: list[str]) -> None:
    for words in (
        "Receivables discounting", "EUR 180,000.00", "60 days", "EUR 212,400.00", "6 documents", drawn.APPLICANT,
        "Demo Bank of the Rhine AG", "北京远洋贸易股份有限公司", "Schäfer & Söhne Maschinenbau GmbH",
        "Ηλεκτρικές Εφαρμογές Αθηνών Α.Ε.", "DE89370400440532013000",
    ):  # fmt: skip
        assert unicodedata.normalize("NFKC", words) in pages[0]


def test_each_light_stands_in_words_with_its_reasons(pages: list[str]) -> None:
    assert re.search(r"Authenticity Red .*Deliveries carry 83 % .*Amber: One of six", pages[0])
    assert re.search(r"Self-liquidation Amber .*9\.4 days late", pages[0])
    assert re.search(r"Control Green", pages[0])


def test_the_way_of_the_money_is_one_sentence_with_what_is_open(pages: list[str]) -> None:
    assert (
        "bought from 深圳市华源电子科技有限公司 for EUR 382,626.65, of which orders carry 100 % and deliveries 91 % of "
        "the goods; "
        "EUR 45,260.36 is settled and EUR 337,366.29 is open, due between 2 Dec 2026 and 7 Dec 2026" in pages[0]
    )


def test_every_page_names_the_package_and_its_number(pages: list[str]) -> None:
    for index, page in enumerate(pages, start=1):
        assert re.search(rf"Page {index} of\s*{len(pages)}\b", page)
        assert "urn:uuid:5f0c3c4e-8c5b-4b50-9d3f-2a4b6c8d0e1f" in page


def test_each_contradiction_is_told_under_its_number(pages: list[str]) -> None:
    text = " ".join(pages)
    assert "1. INV/2026/00002, line 2: More was invoiced than was delivered. (18 where 9 was expected)" in text
    assert "3. INV/2026/00006: The buyer disputes this invoice." in text
    assert text.count("see 1") == text.count("see 3") == 1


def test_every_contradiction_has_a_box_to_show_in() -> None:
    assert set(STREAM_OF) == set(get_args(Contradiction.model_fields["code"].annotation))


def test_the_book_ends_with_checks_consent_files_and_how_to_verify(pages: list[str]) -> None:
    text = " ".join(pages)
    for words in (
        "Free collections EUR 96,400.00 EUR 50,000.00", "Not measured Pledged elsewhere",
        "by 陈丽华, allows Demo Bank of the Rhine AG to read this package", "History reaches back 12 months",
        f"{drawn.ATTACHMENT_NAME} UBL invoice", "openscf verify FILE.pdf", drawn.KEY.kid,
    ):  # fmt: skip
        assert words in text


def test_texts_of_others_are_shown_and_never_obeyed(pages: list[str]) -> None:
    assert "Two cabinets arrived damaged <b>& unpainted</b>" in " ".join(pages)


@pytest.mark.parametrize(
    "name",
    [
        "<para><font color='red'>", "&amp; &#0; &nbsp;", "a\x00b\x1f\x7f\u2028c", "]]>--><!--", "\U0001f4a9 שלום مرحبا",
        "W" * 400, "零" * 300, "{}%s%(x)s\\", " \u200b ", "e\u0301" * 50,
    ],
)  # fmt: skip
def test_no_name_breaks_the_drawing(name: str) -> None:
    party = drawn.sections()["party"]
    party["applicant"]["name"] = name
    party["buyers"][0]["name"] = name
    assert pages_of(drawing_of(drawn.sealed(documents=3, party=party)))


def test_months_far_apart_and_endless_names_cost_no_more_than_others() -> None:
    cash_flow = drawn.sections()["cash_flow"]
    cash_flow["months"] = [{**cash_flow["months"][0], "month": month} for month in ("0000-01", "9999-12")]
    party = drawn.sections()["party"]
    for one in (party["applicant"], *party["buyers"][:3]):
        one["name"] = one["city"] = "很长的名字" * 300 + "LONG" * 300
    assert pages_of(drawing_of(drawn.sealed(documents=3, cash_flow=cash_flow, party=party)))


def test_sections_that_are_not_there_are_named(pages: list[str]) -> None:
    assert "Not part of this package" not in " ".join(pages)
    absent = (
        "order_flow", "logistics_flow", "tax_flow", "cash_flow", "inventory", "exposure", "evidence", "checks",
        "forecast", "attachments",
    )  # fmt: skip
    bare = " ".join(pages_of(drawing_of(drawn.sealed(without=absent))))
    assert (
        "Not part of this package: orders, deliveries, tax, cash, stock, loans, applications and pledges, evidence "
        "graph, checks, expected collections, files." in bare
    )
    assert "The checks are not part of this package." in bare
    assert "EUR 180,000.00" in bare


def test_many_documents_are_summarised_with_the_contradicted_ones_first() -> None:
    pages = pages_of(drawing_of(drawn.sealed(documents=400)))
    text = " ".join(pages)
    assert len(pages) <= 30
    assert "400 documents in EUR, together" in text
    assert "250 more documents are in the package." in text
    assert "133 contradictions" in text
    contradicted = text.index("INV/2026/00011")
    assert contradicted < text.index("INV/2026/00003")


def test_a_buyer_that_is_related_to_the_applicant_is_called_so() -> None:
    party = drawn.sections()["party"]
    party["buyers"][0]["related"] = "same_bank_account"
    first = pages_of(drawing_of(drawn.sealed(documents=3, party=party)))[0]
    assert "Related to the applicant: has the same bank account" in first


def test_a_financed_order_is_drawn_without_an_invoice() -> None:
    transaction = drawn.sections(documents=1)["transaction"]
    transaction["documents"][0]["kind"] = "sales_order"
    text = " ".join(pages_of(drawing_of(drawn.sealed(documents=1, transaction=transaction))))
    assert "Financed order" in text
    assert "Order INV/2026/00001 to" in text


def test_amounts_have_the_decimals_of_their_currency() -> None:
    transaction = drawn.sections()["transaction"]
    transaction["requested"] = {"amount": "1234567", "currency": "JPY"}
    transaction["eligible"] = {"amount": "1234.567", "currency": "KWD"}
    first = pages_of(drawing_of(drawn.sealed(transaction=transaction)))[0]
    assert "JPY 1,234,567 " in first
    assert "KWD 1,234.567 " in first


def test_a_currency_that_does_not_exist_is_refused() -> None:
    transaction = drawn.sections()["transaction"]
    transaction["requested"] = {"amount": "1.00", "currency": "ZZZ"}
    with pytest.raises(InputInvalid, match="ZZZ"):
        drawing_of(drawn.sealed(transaction=transaction))


def test_every_page_has_ink_and_the_lights_have_their_colours() -> None:
    document = pypdfium2.PdfDocument(drawing_of(drawn.sealed()))
    images = [page.render(scale=1).to_pil().convert("RGB") for page in document]
    for image in images:
        assert len(image.getcolors(maxcolors=1_000_000) or ()) > 20
    colours = {colour for _, colour in images[0].getcolors(maxcolors=1_000_000) or ()}
    for wanted in ((0xB3, 0x26, 0x1E), (0xB7, 0x71, 0x0A), (0x2E, 0x7D, 0x4F)):
        assert any(all(abs(a - b) <= 3 for a, b in zip(wanted, colour, strict=True)) for colour in colours)


def test_the_bar_of_a_chart_is_as_high_as_its_value() -> None:
    chart = bar_chart(["a", "b"], [Series("x", [50.0, 100.0], ACCENT)]).contents[0].draw()
    bars = sorted(shape.height for shape in _rectangles(chart) if shape.fillColor == ACCENT)
    assert bars[1] == pytest.approx(2 * bars[0])


def _rectangles(group: object) -> list[Rect]:
    found = [group] if isinstance(group, Rect) else []
    for part in getattr(group, "contents", []):
        found += _rectangles(part)
    return found


def test_the_same_package_gives_the_same_bytes() -> None:
    package = drawn.sealed(documents=2)
    assert draw_pdf(package, attachments=FILES, key=drawn.KEY) == draw_pdf(package, attachments=FILES, key=drawn.KEY)


def test_what_does_not_belong_to_the_package_is_refused() -> None:
    package = drawn.sealed(documents=1)
    with pytest.raises(InputInvalid, match="sealed by the key"):
        draw_pdf(package, attachments=FILES, key=SigningKey.generate())
    with pytest.raises(InputInvalid, match=drawn.ATTACHMENT_NAME):
        draw_pdf(package, attachments={}, key=drawn.KEY)
    with pytest.raises(InputInvalid, match="other.xml"):
        draw_pdf(package, attachments={**FILES, "other.xml": b""}, key=drawn.KEY)
    with pytest.raises(InputInvalid, match="another digest"):
        draw_pdf(package, attachments={drawn.ATTACHMENT_NAME: b"else"}, key=drawn.KEY)
    with pytest.raises(PackageInvalid):
        draw_pdf(b"{}", attachments={}, key=drawn.KEY)


def test_a_font_that_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "_KNOWN_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv(fonts.FONTS_SETTING, str(tmp_path))
    with pytest.raises(fonts.FontMissing, match="Droid.*install the package fonts-droid-fallback.*OPENSCF_FONTS"):
        fonts._find("DroidSansFallbackFull.ttf", "fonts-droid-fallback")


def test_text_is_cut_into_runs_of_the_fonts_that_have_it() -> None:
    fonts.register()
    assert list(fonts.runs("Aé 工业 Ж\U000f0000", fonts.REGULAR)) == [
        (fonts.REGULAR, "Aé "),
        (fonts.CJK, "工业"),
        (fonts.REGULAR, " Ж\N{REPLACEMENT CHARACTER}"),
    ]
