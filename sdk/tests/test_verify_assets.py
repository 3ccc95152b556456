"""Verification of purchases and pledged goods: honest ones pass, and every rule finds what it is for."""

from __future__ import annotations

from typing import Any

import pytest
from asset_stories import (
    APPLICANT_TAX_ID,
    NUMBERS,
    SUPPLIER,
    goods_sections,
    purchase,
    purchase_sections,
    resale,
)
from stories import document, full_sections, line, sealed
from test_verify import KEY, KEYS, Change, errors, put, warnings

from openscf.errors import PackageInvalid
from openscf.verify import Report, verify_package

DOCUMENT = "/sections/transaction/documents/0"
STORIES = {
    "purchase_order": lambda: purchase_sections("purchase_order"),
    "vendor_bill": purchase_sections,
    "pledged_goods": goods_sections,
}


def checked(kind: str, change: Change) -> Report:
    """Seal dishonest sections honestly: only what they say is wrong."""
    sections = STORIES[kind]()
    change(sections)
    return verify_package(sealed(sections, KEY), keys=KEYS)


@pytest.mark.parametrize("kind", STORIES)
def test_an_honest_package_passes(kind: str) -> None:
    report = checked(kind, lambda sections: None)
    assert report.ok, report.findings
    assert warnings(report) == {("not-checked", "/sections/attachments/files")}


# --- the form -------------------------------------------------------------------------------------------------


def without(*path: Any) -> Change:
    """Take out the member at a path."""

    def change(place: Any) -> None:
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


FIRST = ("transaction", "documents", 0)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("purchase_order", put(*FIRST, "buyer", "b1")),
        ("purchase_order", without(*FIRST, "seller")),
        ("purchase_order", put(*FIRST, "issuer_number", "OE-77")),
        ("purchase_order", put(*FIRST, "goods", {"place": "WH/Stock", "on_hand": "1"})),
        ("vendor_bill", without(*FIRST, "issuer_number")),
        ("vendor_bill", put(*FIRST, "issuer_number", "")),
        ("pledged_goods", put(*FIRST, "buyer", "b1")),
        ("pledged_goods", put(*FIRST, "seller", "S7")),
        ("pledged_goods", without(*FIRST, "goods")),
        ("pledged_goods", put(*FIRST, "due_date", "2026-12-30")),
        ("pledged_goods", put(*FIRST, "kind", "customer_invoice")),
    ],
)
def test_a_document_has_what_its_kind_has_and_nothing_else(kind: str, change: Change) -> None:
    with pytest.raises(PackageInvalid, match=r"of the kind|no due date|at least 1 character") as refused:
        checked(kind, change)
    assert refused.value.pointer in (DOCUMENT, f"{DOCUMENT}/issuer_number")


@pytest.mark.parametrize(
    "change", [put("order_flow", "orders", 0, "buyer", "b1"), without("order_flow", "orders", 0, "seller")]
)
def test_an_order_is_of_a_buyer_or_of_a_seller(change: Change) -> None:
    with pytest.raises(PackageInvalid, match="one buyer .* or to one seller") as refused:
        checked("vendor_bill", change)
    assert refused.value.pointer == "/sections/order_flow/orders/0"


# --- kinds, technique, sellers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "technique"),
    [
        ("purchase_order", "receivables_discounting"),
        ("vendor_bill", "pre_shipment"),
        ("vendor_bill", "inventory_loan"),
        ("pledged_goods", "distributor_finance"),
    ],
)
def test_a_technique_finances_its_own_kinds_only(kind: str, technique: str) -> None:
    report = checked(kind, put("transaction", "technique", technique))
    assert ("technique-mismatch", f"{DOCUMENT}/kind") in errors(report)
    assert {code for code, _ in errors(report)} == {"technique-mismatch"}


def test_a_technique_that_is_not_known_here_is_no_finding() -> None:
    assert checked("vendor_bill", put("transaction", "technique", "dynamic_discounting")).ok


@pytest.mark.parametrize("technique", ["distributor_finance", "dynamic_discounting"])
def test_all_documents_are_of_one_kind(technique: str) -> None:
    report = checked("vendor_bill", lambda sections: _with_order(sections, technique))
    assert errors(report) == {("technique-mismatch", "/sections/transaction/documents/1/kind")}


def _with_order(sections: dict[str, Any], technique: str = "distributor_finance", **changes: Any) -> None:
    """Add a purchase order to the financed bill, with its taxes and evidence."""
    sections["transaction"]["technique"] = technique
    _add(sections, purchase("purchase_order", [line(1, net="100.00", tax="20.00")], **changes))


def _add(sections: dict[str, Any], added: dict[str, Any]) -> None:
    sections["transaction"]["documents"].append(added)
    tax = {"document": added["number"], "tax_code": "S20", "currency": "EUR"}
    sections["tax_flow"]["taxes"].append({**tax, "base": added["totals"]["net"], "amount": added["totals"]["tax"]})
    del sections["evidence"]


def test_all_purchases_are_from_one_seller() -> None:
    other = {"key": "S8", "name": "Volt SpA", "tax_id": "IT00743110157"}

    def change(sections: dict[str, Any]) -> None:
        sections["party"]["sellers"].append(other)
        _add(sections, purchase("vendor_bill", [line(1, net="9.00", tax="1.00")], number="BILL/2", seller=other))

    assert errors(checked("vendor_bill", change)) == {("several-sellers", "/sections/transaction/documents/1/seller")}


def test_a_seller_is_named_once_and_is_one_of_the_documents() -> None:
    def sellers(*rows: dict[str, Any]) -> Report:
        return checked("vendor_bill", put("party", "sellers", list(rows)))

    assert errors(sellers(SUPPLIER, {**SUPPLIER, "key": "S8"})) == {("seller-unused", "/sections/party/sellers/1/key")}
    assert errors(sellers(SUPPLIER, SUPPLIER)) == {("repeated", "/sections/party/sellers/1/key")}
    assert errors(sellers()) == {
        ("reference-unknown", f"{DOCUMENT}/seller"),
        ("reference-unknown", "/sections/order_flow/orders/0/seller"),
    }
    as_buyer = put("party", "buyers", [{"key": "b1", "name": "Atelier"}, {"key": "S7", "name": "Ohm"}])
    assert ("repeated", "/sections/party/sellers/0/key") in errors(checked("vendor_bill", as_buyer))


def test_a_sale_names_no_seller() -> None:
    sections = full_sections()
    sections["party"]["sellers"] = [SUPPLIER]
    report = verify_package(sealed(sections, KEY), keys=KEYS)
    assert errors(report) == {("seller-unused", "/sections/party/sellers/0/key")}


def test_an_order_of_a_seller_that_is_not_there_is_found() -> None:
    report = checked("vendor_bill", put("order_flow", "orders", 0, "seller", "S9"))
    assert errors(report) == {("reference-unknown", "/sections/order_flow/orders/0/seller")}


# --- amounts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "most"), [("purchase_order", "1200.00"), ("vendor_bill", "900.00")])
def test_orders_carry_their_gross_and_bills_what_is_open(kind: str, most: str) -> None:
    assert checked(kind, put("transaction", "eligible", "amount", most)).ok
    report = checked(kind, put("transaction", "eligible", "amount", most[:-1] + "1"))
    assert errors(report) == {("limit-exceeded", "/sections/transaction/eligible/amount")}


@pytest.mark.parametrize("kind", STORIES)
def test_no_expected_collection_is_of_what_is_not_sold_yet(kind: str) -> None:
    report = checked(kind, put("forecast", "weeks", 1, "financed", "900.00"))
    assert errors(report) == {("limit-exceeded", "/sections/forecast/weeks/1/financed")}


def test_the_revenue_of_a_resale_has_the_decimals_of_its_currency() -> None:
    report = checked("pledged_goods", put("inventory", "resale", 0, "sold_net", "1500.0"))
    assert errors(report) == {("amount-decimals", "/sections/inventory/resale/0/sold_net")}


# --- pledged goods ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (put(*FIRST, "goods", "on_hand", "39.5"), "limit-exceeded", "goods/on_hand"),
        (put(*FIRST, "lines", 0, "quantity", "0"), "limit-exceeded", "lines/0/quantity"),
        (put(*FIRST, "lines", 0, "unit_price", "12.53"), "total-mismatch", "lines/0/net"),
        (put(*FIRST, "totals", "paid", "5.00"), "goods-mismatch", "totals/paid"),
        (put(*FIRST, "totals", "credited", "5.00"), "goods-mismatch", "totals/credited"),
        (put(*FIRST, "lines", 0, "tax", "5.00"), "goods-mismatch", "lines/0/tax"),
        (put(*FIRST, "lines", []), "goods-mismatch", "lines"),
    ],
)
def test_pledged_goods_are_one_line_of_goods_at_hand(change: Change, code: str, pointer: str) -> None:
    assert (code, f"{DOCUMENT}/{pointer}") in errors(checked("pledged_goods", change))


def test_the_price_of_a_unit_may_be_rounded() -> None:
    assert checked("pledged_goods", put(*FIRST, "lines", 0, "unit_price", "12.49")).ok is False
    for price in ("12.500", "12.5", "12.50", "13"):
        assert checked("pledged_goods", put(*FIRST, "lines", 0, "unit_price", price)).ok


def test_two_lines_are_two_pledges() -> None:
    def change(sections: dict[str, Any]) -> None:
        [row] = sections["transaction"]["documents"][0]["lines"]
        sections["transaction"]["documents"][0]["lines"].append({**row, "line": 2})

    found = errors(checked("pledged_goods", change))
    assert ("goods-mismatch", f"{DOCUMENT}/lines") in found
    assert ("limit-exceeded", f"{DOCUMENT}/goods/on_hand") in found  # 80 pledged of 60


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("needs_delivery", True),
        ("orders", [{"order": "S1", "line": 1, "quantity": "1", "net": "1.00"}]),
        ("deliveries", [{"delivery": "W1", "line": 1, "quantity": "1"}]),
    ],
)
def test_no_order_and_no_delivery_carries_pledged_goods(name: str, value: Any) -> None:
    report = checked("pledged_goods", put("evidence", "lines", 0, name, value))
    assert ("evidence-mismatch", f"/sections/evidence/lines/0/{name}") in errors(report)


# --- resale -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STORIES)
@pytest.mark.parametrize(
    ("name", "value", "code", "pointer"),
    [
        ("document", "BILL/9", "reference-unknown", "document"),
        ("line", 9, "reference-unknown", "line"),
        ("quantity", "40.5", "limit-exceeded", "quantity"),
        ("sold_quantity", "0", "resale-mismatch", "days_to_sell"),
        ("days_to_sell", "-1", "resale-mismatch", "days_to_sell"),
        ("days_to_sell", "30", "resale-mismatch", "days_to_sell"),
        ("on_hand", "9", "resale-mismatch", "days_to_sell"),
    ],
)
def test_a_resale_is_of_a_line_and_says_how_fast_it_sells(
    kind: str, name: str, value: Any, code: str, pointer: str
) -> None:
    report = checked(kind, put("inventory", "resale", 0, name, value))
    assert errors(report) == {(code, f"/sections/inventory/resale/0/{pointer}")}


def test_the_resale_of_a_line_in_another_unit_is_not_compared() -> None:
    def change(sections: dict[str, Any]) -> None:
        sections["inventory"]["resale"][0].update(quantity="480", uom="Pieces")

    assert checked("pledged_goods", change).ok


def test_a_line_has_one_resale_only() -> None:
    def change(sections: dict[str, Any]) -> None:
        rows = sections["inventory"]["resale"]
        rows.append(dict(rows[0]))

    report = checked("pledged_goods", change)
    assert errors(report) == {("repeated", "/sections/inventory/resale/2/line")}


def test_what_is_sold_already_has_no_resale() -> None:
    sections = full_sections()
    sections["inventory"]["resale"] = [resale(sections["transaction"]["documents"][0], 0)]
    report = verify_package(sealed(sections, KEY), keys=KEYS)
    assert errors(report) == {("technique-mismatch", "/sections/inventory/resale/0/document")}


# --- fingerprints -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STORIES)
@pytest.mark.parametrize("name", ["f1", "f2", "f3"])
def test_a_fingerprint_of_something_else_is_found(kind: str, name: str) -> None:
    report = checked(kind, put(*FIRST, "fingerprints", name, "0" * 64))
    assert errors(report) == {("fingerprint-mismatch", f"{DOCUMENT}/fingerprints/{name}")}


def test_a_bill_has_the_fingerprints_of_its_sellers_invoice() -> None:
    lines = [line(1, net="1000.00", tax="200.00")]
    bill = purchase("vendor_bill", lines, seller={"key": "S1", "name": "Nordlicht", "tax_id": APPLICANT_TAX_ID})
    applicant = {"key": "b1", "name": "Nordlicht", "tax_id": APPLICANT_TAX_ID}
    invoice = document(lines, number="OE-77/2026", buyer=applicant)
    assert bill["fingerprints"] == invoice["fingerprints"]


@pytest.mark.parametrize(
    ("kind", "path", "value", "marks"),
    [
        ("vendor_bill", (*FIRST, "issuer_number"), "OE-78/2026", {"f1", "f2"}),
        ("vendor_bill", ("party", "sellers", 0, "tax_id"), "NO1", {"f1", "f2", "f3"}),
        ("vendor_bill", (*FIRST, "issue_date"), "2025-10-01", {"f1", "f2", "f3"}),
        ("vendor_bill", (*FIRST, "fiscal_year"), "2026", set()),
        ("purchase_order", ("party", "sellers", 0, "tax_id"), "NO1", {"f2", "f3"}),
        ("purchase_order", (*FIRST, "fiscal_year"), "2025", {"f1", "f2", "f3"}),
        ("pledged_goods", (*FIRST, "goods", "lot"), "L-78", {"f2", "f3"}),
        ("pledged_goods", (*FIRST, "lines", 0, "product_code"), "LAMP-2", set()),
        ("pledged_goods", ("transaction", "documents", 1, "lines", 0, "description"), "Lamp", {"f2", "f3"}),
        ("pledged_goods", ("transaction", "documents", 1, "lines", 0, "product_code"), "SHADE", {"f2", "f3"}),
    ],
)
def test_each_fact_that_names_an_asset_is_in_its_fingerprints(
    kind: str, path: tuple[Any, ...], value: Any, marks: set[str]
) -> None:
    at = path[2] if path[0] == "transaction" else 0
    expected = {("fingerprint-mismatch", f"/sections/transaction/documents/{at}/fingerprints/{name}") for name in marks}
    assert errors(checked(kind, put(*path, value))) == expected


def test_a_seller_without_tax_id_is_fingerprinted_by_name() -> None:
    nameless = {"key": "S7", "name": "Ohm Elektronikk AS"}
    lines = [line(1, net="400.00", tax="80.00"), line(2, net="600.00", tax="120.00")]
    for kind in NUMBERS:
        made = purchase(kind, lines, seller=nameless, paid="200.00", credited="100.00")

        def change(sections: dict[str, Any], made: dict[str, Any] = made) -> None:
            sections["party"]["sellers"] = [nameless]
            sections["transaction"]["documents"] = [made]

        assert checked(kind, change).ok


def test_a_lot_without_letters_is_a_finding_not_a_crash() -> None:
    found = errors(checked("pledged_goods", put(*FIRST, "goods", "lot", "---")))
    assert found == {("fingerprint-mismatch", f"{DOCUMENT}/fingerprints")}


def test_goods_without_lot_and_line_are_findings_not_a_crash() -> None:
    report = checked("pledged_goods", put("transaction", "documents", 1, "lines", []))
    document = "/sections/transaction/documents/1"
    assert {("goods-mismatch", f"{document}/lines"), ("fingerprint-mismatch", f"{document}/fingerprints")} <= errors(
        report
    )
