"""What people see of purchases and pledged goods: in the PDF, and in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asset_stories import SUPPLIER, goods_sections, pledge, purchase_sections
from stories import sealed
from test_pdf_drawing import drawing_of, pages_of

from openscf.cli import main
from openscf.keys import SigningKey

KEY = SigningKey.generate()


def pages(sections: dict[str, Any]) -> list[str]:
    return pages_of(drawing_of(sealed(sections, KEY)))


def shown(sections: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    file = tmp_path / "package.scf.json"
    file.write_bytes(sealed(sections, KEY))
    assert main(["show", str(file), *options]) == 0
    return " ".join(capsys.readouterr().out.split())


# --- a purchase -------------------------------------------------------------------------------------------------


def test_the_cover_says_who_is_paid_and_on_which_account() -> None:
    cover = pages(purchase_sections())[0]
    assert "Supplier, who is paid by the bank Ohm Elektronikk AS NO923609016MVA · Bergen · NO" in cover
    assert "supplier since 1 Feb 2021" in cover
    assert (
        "Is paid on NO9386011117947, Fjordbank (Ohm Elektronikk AS). The applicant vouches for this account." in cover
    )
    assert "Buyers of the financed documents" not in cover


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account": None}, "No account of this supplier is named."),
        ({"account": {**SUPPLIER["account"], "trusted": None}}, "(Ohm Elektronikk AS). Nobody vouches for it."),
        ({"related": "same_bank_account"}, "Related to the applicant: has the same bank account"),
    ],
)
def test_the_cover_warns_of_a_supplier_that_nobody_vouches_for(changes: dict[str, Any], words: str) -> None:
    sections = purchase_sections()
    sections["party"]["sellers"] = [{**SUPPLIER, **changes}]
    assert words in pages(sections)[0]


def test_the_way_of_the_money_goes_through_the_supplier_and_the_resale() -> None:
    cover = pages(purchase_sections())[0]
    assert (
        "Nordlicht GmbH bought from Ohm Elektronikk AS for EUR 1,200.00, of which orders carry 100 % and receipts "
        "100 % of the goods; EUR 300.00 is settled and EUR 900.00 is open, due on 30 Dec 2026; the bank is asked to "
        "pay the supplier on NO9386011117947 at Fjordbank. It repays itself as the goods are sold, the slowest within "
        "72 days, with money that comes to DE02120300000000202051." in cover
    )


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        ("vendor_bill", "Bill BILL/2026/10/0004, number OE-77/2026 of Ohm Elektronikk AS"),
        ("purchase_order", "Purchase order P00012 to Ohm Elektronikk AS"),
    ],
)
def test_a_purchase_is_drawn_with_its_receipts(kind: str, heading: str) -> None:
    text = " ".join(pages(purchase_sections(kind)))
    assert heading in text
    assert "Receipts of the financed documents Delivery Order State" in text
    assert "WH/IN/00003 P00012 Done" in text
    assert "Orders behind the financed documents Order Seller" in text and "P00012 Ohm Elektronikk AS" in text


def test_goods_that_went_back_to_the_supplier_are_called_a_return() -> None:
    sections = purchase_sections()
    sections["logistics_flow"]["deliveries"].append(
        {"number": "WH/OUT/00031", "order": "P00012", "direction": "out", "state": "done", "lines": []}
    )
    text = " ".join(pages(sections))
    assert "WH/OUT/00031 (return)" in text and "WH/IN/00003 (return)" not in text


def test_the_terminal_says_who_is_paid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sections = purchase_sections()
    sections["party"]["sellers"] = [dict(SUPPLIER)]
    text = shown(sections, tmp_path, capsys)
    assert "to be paid Ohm Elektronikk AS on NO9386011117947 (vouched for)" in text
    assert "BILL/2026/10/0004 OE-77/2026 vendor bill 2026-10-01 2026-12-30 Ohm Elektronikk AS 1,200.00" in text
    assert "How fast the goods sell" in text
    del sections["party"]["sellers"][0]["account"]
    assert "to be paid Ohm Elektronikk AS; no account is named" in shown(sections, tmp_path, capsys)


def test_a_list_whose_rows_have_an_object_or_not_is_shown_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sections = purchase_sections()
    without = {name: value for name, value in SUPPLIER.items() if name != "account"} | {"key": "S8", "name": "Volt"}
    sections["party"]["sellers"] = [without, SUPPLIER]
    text = shown(sections, tmp_path, capsys, "--section", "party")
    assert "Volt" in text and "NO9386011117947" in text


# --- goods ------------------------------------------------------------------------------------------------------


def test_the_goods_are_drawn_with_their_place_lot_and_value() -> None:
    cover, second = pages(goods_sections())[:2]
    assert "Goods that are pledged Desk lamp 40 Units in WH/Stock/Cage, EUR 500.00 at cost" in cover
    assert (
        "Nordlicht GmbH pledges 2 lots of goods worth EUR 1,000.00 at cost, in WH/Stock/Cage. It repays itself as the "
        "goods are sold, the slowest within 33 days (of 1 line nothing was sold within 12 months)" in cover
    )
    assert "PLG/2026/0001 LAMP · Desk lamp WH/Stock/Cage, lot L-77 40 Units 60 18 Jun 2026 EUR 500.00" in second
    assert "In all EUR 1,000.00" in second
    assert "Each box is a stream" not in second


def test_how_fast_the_goods_sell_is_a_chapter_of_its_own() -> None:
    text = " ".join(pages(goods_sections()))
    assert "PLG/2026/0001, 1 Desk lamp 40 Units 7 80 EUR 1,500.00 33" in text
    assert "PLG/2026/0002, 1 Lamp shade 40 Units 7 0 EUR 1,500.00 –" in text
    without = goods_sections()
    without["inventory"]["resale"] = []
    assert "How fast the goods sell" not in " ".join(pages(without))


def test_a_contradiction_of_goods_is_drawn_too() -> None:
    sections = goods_sections()
    sections["evidence"]["contradictions"] = [
        {"document": "PLG/2026/0001", "code": "dates-out-of-order", "sentence": "The lot came after the pledge."}
    ]
    assert "1. PLG/2026/0001: The lot came after the pledge." in " ".join(pages(sections))


def test_many_pledges_are_cut_and_counted() -> None:
    sections = goods_sections()
    sections["transaction"]["documents"] = [pledge(f"PLG/{at}", value="1.00") for at in range(160)]
    text = " ".join(pages(sections))
    assert "10 more pledges are in the package." in text and "and 157 more" in text


def test_the_terminal_lists_goods_and_no_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(goods_sections(), tmp_path, capsys)
    assert "PLG/2026/0001 LAMP Desk lamp L-77 WH/Stock/Cage 40 60 Units 2026-06-18" in text
    assert "Streams" not in text and "How fast the goods sell" in text
