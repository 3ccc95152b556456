"""Honest packages of what is bought and of what is pledged: purchase orders, vendor bills, goods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from stories import BUYER, SELLER, attachment, evidence, full_sections, line, section

from openscf.fingerprint import fingerprints

APPLICANT_TAX_ID = str(SELLER["tax_id"])
SUPPLIER: dict[str, Any] = {
    "key": "S7", "name": "Ohm Elektronikk AS", "tax_id": "NO923609016MVA", "country": "NO", "city": "Bergen",
    "supplier_since": "2021-02-01",
    "account": {"iban": "NO9386011117947", "bank": "Fjordbank", "holder": "Ohm Elektronikk AS", "trusted": True},
}  # fmt: skip
NUMBERS = {"purchase_order": "P00012", "vendor_bill": "BILL/2026/10/0004"}
_ISSUED = dt.date(2026, 10, 1)


def purchase(
    kind: str, lines: Sequence[Mapping[str, Any]], *, number: str | None = None, seller: Mapping[str, Any] = SUPPLIER,
    currency: str = "EUR", paid: str = "0.00", credited: str = "0.00", issuer_number: str = "OE-77/2026",
) -> dict[str, Any]:  # fmt: skip
    """A purchase order, or the seller's invoice as the applicant's bill."""
    own, other = number or NUMBERS[kind], seller.get("tax_id") or seller["name"]
    net, tax, gross = (sum((Decimal(row[name]) for row in lines), Decimal(0)) for name in ("net", "tax", "gross"))
    asset = {"issuer": APPLICANT_TAX_ID, "kind": kind, "number": own, "counterparty": other}
    if kind == "vendor_bill":
        asset = {
            "issuer": other, "kind": "customer_invoice", "number": issuer_number, "counterparty": APPLICANT_TAX_ID,
        }  # fmt: skip
    marks = fingerprints(**asset, fiscal_year="2026", issue_date=_ISSUED, currency=currency, amount=gross)
    return {
        "kind": kind,
        "number": own,
        **({"issuer_number": issuer_number} if kind == "vendor_bill" else {}),
        "issue_date": _ISSUED.isoformat(),
        "due_date": "2026-12-30",
        # The year of the applicant's books is not that of the seller's number.
        "fiscal_year": "2027" if kind == "vendor_bill" else "2026",
        "seller": seller["key"],
        "currency": currency,
        "lines": list(lines),
        "totals": {
            "net": str(net), "tax": str(tax), "gross": str(gross), "paid": paid, "credited": credited,
            "outstanding": str(gross - Decimal(paid) - Decimal(credited)),
        },
        "fingerprints": marks.model_dump(),
    }  # fmt: skip


def pledge(
    number: str, *, value: str, quantity: str = "40", lot: str | None = None, code: str | None = None,
    description: str = "Desk lamp", on_hand: str | None = None, currency: str = "EUR",
) -> dict[str, Any]:  # fmt: skip
    """Goods that are pledged: one line, worth what it cost."""
    marks = fingerprints(
        issuer=APPLICANT_TAX_ID, kind="pledged_goods", number=number, fiscal_year="2026",
        counterparty=lot or code or description, issue_date=_ISSUED, currency=currency, amount=Decimal(value),
    )  # fmt: skip
    nothing = str(0 * Decimal(value))
    return {
        "kind": "pledged_goods",
        "number": number,
        "issue_date": _ISSUED.isoformat(),
        "fiscal_year": "2026",
        "currency": currency,
        "goods": {
            "place": "WH/Stock/Cage", "on_hand": on_hand or quantity, "oldest_on": "2026-06-18",
            **({"lot": lot} if lot else {}),
        },
        "lines": [
            {
                "line": 1, "description": description, **({"product_code": code} if code else {}),
                "quantity": quantity, "uom": "Units", "unit_price": f"{Decimal(value) / Decimal(quantity):.3f}",
                "discount_percent": "0",
                "net": value, "tax": nothing, "gross": value,
            }
        ],
        "totals": {
            "net": value, "tax": nothing, "gross": value, "paid": nothing, "credited": nothing, "outstanding": value,
        },
        "fingerprints": marks.model_dump(),
    }  # fmt: skip


def purchase_sections(kind: str = "vendor_bill") -> dict[str, Any]:
    """A purchase of 1 200.00, of which 200.00 were paid and 100.00 credited; every section, 720.00 asked."""
    bought = purchase(
        kind, [line(1, net="400.00", tax="80.00"), line(2, net="600.00", tax="120.00")], paid="200.00",
        credited="100.00",
    )  # fmt: skip
    sections, number = full_sections(), bought["number"]
    sections["party"]["sellers"] = [dict(SUPPLIER)]
    sections["transaction"].update(technique="distributor_finance", documents=[bought], confirmations=[])
    [order] = sections["order_flow"]["orders"]
    del order["buyer"]
    order.update(number="P00012", seller="S7", documents=[number])
    [delivery] = sections["logistics_flow"]["deliveries"]
    delivery.update(number="WH/IN/00003", order="P00012", direction="in")
    for row in (
        *sections["tax_flow"]["taxes"], *sections["tax_flow"]["e_invoices"], *sections["cash_flow"]["payments"],
    ):  # fmt: skip
        row["document"] = number
    sections["evidence"] = evidence([bought], order="P00012", delivery="WH/IN/00003")
    sections["inventory"]["resale"] = [resale(bought, at, days="71.5") for at in range(2)]
    return _repaid_by_resale(sections, number)


def goods_sections() -> dict[str, Any]:
    """Two pledges worth 500.00 each, of which 720.00 are asked; every section, with what there is of it."""
    pledged = [
        pledge("PLG/2026/0001", value="500.00", lot="L-77", code="LAMP", on_hand="60"),
        pledge("PLG/2026/0002", value="500.00", description="Lamp shade"),
    ]
    sections = full_sections()
    sections["transaction"].update(technique="inventory_loan", documents=pledged, confirmations=[])
    sections["order_flow"]["orders"] = []
    sections["logistics_flow"]["deliveries"] = []
    sections["tax_flow"].update(taxes=[], e_invoices=[])
    sections["cash_flow"]["payments"] = []
    sections["evidence"] = evidence_of_goods(pledged)
    sections["inventory"]["resale"] = [resale(pledged[0], 0, sold="80", days="33"), resale(pledged[1], 0, sold="0")]
    return _repaid_by_resale(sections, "PLG/2026/0001")


def _repaid_by_resale(sections: dict[str, Any], number: str) -> dict[str, Any]:
    """What the sections say of a sale said of goods that are still to be sold."""
    for week in sections["forecast"]["weeks"]:
        week["financed"] = "0.00"
    sections["checks"]["results"][0]["documents"] = [number]
    sections["attachments"] = section(files=[attachment("lots.xml", b"<Lots/>", document=number)])
    assert BUYER in sections["party"]["buyers"]
    return sections


def resale(document: Mapping[str, Any], at: int, *, sold: str = "36", days: str | None = None) -> dict[str, Any]:
    """How fast the goods of a line sell."""
    row = document["lines"][at]
    return {
        "document": document["number"], "line": row["line"], "description": row["description"],
        "quantity": row["quantity"], **({"uom": row["uom"]} if "uom" in row else {}), "on_hand": "7",
        "sold_quantity": sold, "sold_net": str(3 * Decimal(row["net"])), "currency": document["currency"],
        **({"days_to_sell": days} if days else {}),
    }  # fmt: skip


def evidence_of_goods(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The evidence of goods that are at hand: nothing carries them."""
    lines, streams = [], []
    for document in documents:
        [row], totals = document["lines"], document["totals"]
        nothing = totals["tax"]
        lines.append(
            {
                "document": document["number"], "line": row["line"], "quantity": row["quantity"],
                "gross": row["gross"], "ordered": nothing, "delivered": "0", "needs_delivery": False,
            }
        )  # fmt: skip
        streams.append(
            {
                "document": document["number"], "currency": document["currency"], "gross": totals["gross"],
                **dict.fromkeys(("ordered", "delivered", "deliverable", "taxed", "paid", "credited"), nothing),
            }
        )  # fmt: skip
    return section(lines=lines, documents=streams)
