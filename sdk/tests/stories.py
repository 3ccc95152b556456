"""A small vocabulary for the tests: an honest package, and loans with their events."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from openscf.canonical import canonical_bytes, sha256_hex
from openscf.consent import ConsentTerms, sign_consent
from openscf.fingerprint import fingerprints
from openscf.jws import PACKAGE_TYP, sign_detached
from openscf.keys import SigningKey
from openscf.merkle import leaf_hash, root
from openscf.package import SealedPackage, seal_package

CREATED_AT = dt.datetime(2026, 11, 22, 5, 55, 49, tzinfo=dt.timezone.utc)
GRANTED_AT = CREATED_AT - dt.timedelta(hours=1)
EXPIRES_AT = CREATED_AT + dt.timedelta(days=30)
CONSENT_ID = "urn:uuid:0d7f7a4e-35cb-4d52-9d0a-6f6f4b1f9d10"
BANK = "https://bank.example"
PACKAGE_ID = "urn:uuid:6f1c7c52-9d62-4a0e-8a5b-0d8f5a1e2b3c"
SELLER = {"key": "applicant", "name": "Nordlicht GmbH", "tax_id": "DE136695976", "country": "DE"}
BUYER = {"key": "b1", "name": "Atelier Lumière SARL", "tax_id": "FR40303265045", "country": "FR", "city": "Lyon"}


def section(**content: Any) -> dict[str, Any]:
    return {
        "as_of": "2026-11-22T05:50:00Z",
        "period": None,
        "source": "odoo/19.0",
        "assurance": "asserted",
        **content,
    }


def line(number: int, *, net: str, tax: str) -> dict[str, Any]:
    return {
        "line": number,
        "description": f"Desk lamp no. {number}",
        "quantity": "10",
        "unit_price": "12.345",
        "discount_percent": "0",
        "net": net,
        "tax": tax,
        "gross": str(Decimal(net) + Decimal(tax)),
        "tax_codes": ["S20"],
    }


def document(
    lines: list[dict[str, Any]], *, number: str = "INV/2026/0007", kind: str = "customer_invoice",
    paid: str = "0.00", credited: str = "0.00", currency: str = "EUR", buyer: Mapping[str, Any] = BUYER,
) -> dict[str, Any]:  # fmt: skip
    net, tax, gross = (sum((Decimal(row[name]) for row in lines), Decimal("0.00")) for name in ("net", "tax", "gross"))
    marks = fingerprints(
        issuer=str(SELLER["tax_id"]),
        kind=kind,
        number=number,
        fiscal_year="2026",
        counterparty=buyer.get("tax_id") or buyer["name"],
        issue_date=dt.date(2026, 10, 1),
        currency=currency,
        amount=gross,
    )
    return {
        "kind": kind,
        "number": number,
        "issue_date": "2026-10-01",
        "due_date": "2026-12-30",
        "fiscal_year": "2026",
        "buyer": buyer["key"],
        "currency": currency,
        "lines": lines,
        "totals": {
            "net": str(net),
            "tax": str(tax),
            "gross": str(gross),
            "paid": paid,
            "credited": credited,
            "outstanding": str(gross - Decimal(paid) - Decimal(credited)),
        },
        "fingerprints": marks.model_dump(),
    }


def honest_sections() -> dict[str, Any]:
    """One invoice of 1 200.00, of which 200.00 were paid and 100.00 credited; 720.00 of 800.00 eligible asked."""
    invoice = document(
        [line(1, net="400.00", tax="80.00"), line(2, net="600.00", tax="120.00")], paid="200.00", credited="100.00"
    )
    order = {
        "number": "S00042",
        "buyer": "b1",
        "ordered_on": "2026-09-01",
        "state": "sale",
        "currency": "EUR",
        "total": "1200.00",
        "documents": ["INV/2026/0007"],
        "lines": [
            {
                "line": 1,
                "description": "Desk lamp",
                "ordered": "20",
                "delivered": "20",
                "invoiced": "20",
                "unit_price": "50.00",
            }
        ],
    }
    delivery = {
        "number": "WH/OUT/00009",
        "order": "S00042",
        "direction": "out",
        "state": "done",
        "done_on": "2026-09-20",
        "lines": [{"line": 1, "description": "Desk lamp", "quantity_ordered": "20", "quantity_done": "20"}],
    }
    payment = {"document": "INV/2026/0007", "date": "2026-10-20", "currency": "EUR", "cleared": True}
    return {
        "party": section(applicant=dict(SELLER), buyers=[dict(BUYER)]),
        "transaction": section(
            technique="receivables_discounting",
            requested={"amount": "720.00", "currency": "EUR"},
            tenor_days=45,
            eligible={"amount": "800.00", "currency": "EUR"},
            documents=[invoice],
        ),
        "order_flow": section(orders=[order]),
        "logistics_flow": section(deliveries=[delivery]),
        "tax_flow": section(
            taxes=[
                {
                    "document": "INV/2026/0007",
                    "tax_code": "S20",
                    "rate_percent": "20",
                    "base": "1000.00",
                    "amount": "200.00",
                    "currency": "EUR",
                }
            ]
        ),
        "cash_flow": section(
            payments=[
                {**payment, "amount": "200.00", "kind": "payment"},
                {**payment, "amount": "100.00", "kind": "credit_note"},
            ],
            buyer_history=[
                {
                    "buyer": "b1",
                    "currency": "EUR",
                    "invoices": 12,
                    "invoiced": "14000.00",
                    "paid": "12000.00",
                    "overdue": "0.00",
                    "weighted_days_to_pay": "38.5",
                }
            ],
            months=[month(name, invoiced="7000.00", collected="6000.00") for name in ("2026-09", "2026-10")],
        ),
    }


def month(name: str, *, invoiced: str, collected: str, currency: str = "EUR") -> dict[str, Any]:
    """A month of cash_flow."""
    return {
        "month": name,
        "currency": currency,
        "invoiced": invoiced,
        "credited": "0.00",
        "collected": collected,
        "paid_out": "4000.00",
    }


def full_sections() -> dict[str, Any]:
    """The honest package with every section that there is, and with rows in every list."""
    sections = honest_sections()
    invoice, total = "INV/2026/0007", {"currency": "EUR"}
    sections["party"]["applicant"]["collection_account"] = {"iban": "DE02120300000000202051", "holder": "Nordlicht"}
    sections["party"]["buyers"].append({"key": "b2", "name": "Kiosk am Ufer"})
    sections["transaction"]["confirmations"] = [
        {
            "document": invoice,
            "answer": "confirmed",
            "amount": "900.00",
            "currency": "EUR",
            "confirmed_by": "Luc Martin",
            "confirmed_at": "2026-11-20T10:00:00Z",
            "statement_sha256": "cd" * 32,
        }
    ]
    sections["order_flow"]["months"] = [
        {"month": "2026-09", "currency": "EUR", "quotations": 9, "confirmed": 7, "confirmed_net": "8000.00",
         "changed": 1, "cancelled": 1, "cancelled_net": "500.00"}
    ]  # fmt: skip
    sections["logistics_flow"]["months"] = [
        {"month": "2026-09", "direction": "out", "done": 9, "on_time": 8, "late": 1, "returns": 0, "backorders": 2,
         "mean_days_late": "1.5"}
    ]  # fmt: skip
    sections["tax_flow"]["e_invoices"] = [{"document": invoice, "system": "peppol", "state": "delivered"}]
    sections["tax_flow"]["months"] = [
        {"month": "2026-09", "direction": "sale", "tax_code": "S20", "currency": "EUR", "base": "7000.00",
         "amount": "1400.00"}
    ]  # fmt: skip
    sections["cash_flow"]["ageing"] = [
        {"direction": "receivable", "currency": "EUR", "bucket": "not_due", "documents": 1, "amount": "900.00"}
    ]
    sections["cash_flow"]["balances"] = [{"account": "…2051", "currency": "EUR", "balance": "5000.00"}]
    stock = {"description": "Desk lamp", "products": 1, "currency": "EUR"}
    sections["inventory"] = section(
        stock=[{**stock, "value": "300.00"}, {**stock, "value": "200.50"}], totals=[{**total, "amount": "500.50"}]
    )
    loan = {"technique": "receivables_discounting", "currency": "EUR", "principal": "1000.00", "state": "active"}
    sections["exposure"] = section(
        loans=[{**loan, "outstanding": "400.00"}, {**loan, "outstanding": "1000.00"}],
        applications=[
            {"technique": "order_financing", "currency": "EUR", "requested": "50.00", "state": "requested",
             "submitted_on": "2026-11-01"}
        ],
        pledges=[{"description": "Customer invoice", "currency": "EUR", "amount": "600.00"}],
        totals=[{**total, "amount": "1400.00"}],
    )  # fmt: skip
    sections["evidence"] = evidence(sections["transaction"]["documents"])
    sections["checks"] = section(
        results=[
            {"code": "buyer-confirmed", "light": "authenticity", "level": "green", "documents": [invoice],
             "sentence": "The buyer confirmed."},
            {"code": "buyer-late", "light": "self_liquidation", "level": "amber", "figure": "14.5", "threshold": "10",
             "unit": "days", "sentence": "The buyer pays late."},
            {"code": "pays-in-time", "light": "self_liquidation", "level": "green", "sentence": "It pays."},
        ],
        lights=[
            {"light": "authenticity", "level": "green"},
            {"light": "self_liquidation", "level": "amber"},
            {"light": "control", "level": "grey"},
        ],
    )  # fmt: skip
    week = {"currency": "EUR", "documents": 2}
    sections["forecast"] = section(
        weeks=[
            {**week, "week": "2026-11-23", "expected": "500.00", "financed": "0.00"},
            {**week, "week": "2026-12-28", "expected": "1400.00", "financed": "900.00"},
        ],
        totals=[{**total, "amount": "1900.00"}],
    )
    sections["attachments"] = section(files=[attachment("invoice.xml", b"<Invoice/>", document=invoice)])
    return sections


def attachment(name: str, content: bytes, *, document: str) -> dict[str, Any]:
    """The row of a file that comes with the package."""
    return {
        "name": name,
        "kind": "ubl_invoice",
        "document": document,
        "media_type": "application/xml",
        "sha256": sha256_hex(content),
        "bytes": len(content),
    }


def evidence(
    documents: Sequence[Mapping[str, Any]], *, order: str = "S00042", delivery: str = "WH/OUT/00009"
) -> dict[str, Any]:
    """The evidence of documents of which every line was ordered and delivered."""
    carrier = {"line": 1, "quantity": "10"}
    lines = [
        {
            "document": document["number"],
            "line": row["line"],
            "quantity": row["quantity"],
            "gross": row["gross"],
            "ordered": row["gross"],
            "delivered": row["gross"],
            "needs_delivery": True,
            "orders": [{**carrier, "order": order, "net": row["net"]}],
            "deliveries": [{**carrier, "delivery": delivery}],
            "tax_codes": row["tax_codes"],
        }
        for document in documents
        for row in document["lines"]
    ]
    streams = [
        {
            "document": document["number"],
            "currency": document["currency"],
            **dict.fromkeys(("gross", "ordered", "delivered", "deliverable"), document["totals"]["gross"]),
            "taxed": document["totals"]["tax"],
            "paid": document["totals"]["paid"],
            "credited": document["totals"]["credited"],
        }
        for document in documents
    ]
    return section(lines=lines, documents=streams, contradictions=[])


def terms(sections: Mapping[str, Any], /, *, bank: str = BANK, **changed: Any) -> ConsentTerms:
    """The consent to these sections."""
    return ConsentTerms(
        **{
            "iss": "Nordlicht GmbH",
            "iss_tax_id": "DE136695976",
            "jti": CONSENT_ID,
            "aud": bank,
            "aud_name": "First Bank",
            "purpose": "loan_application",
            "sections": [name for name in sections if name not in ("party", "transaction", "consent")],
            "counterparties": "named",
            "history_months": 12,
            "granted_by": "Karin Brandt",
            "iat": int(GRANTED_AT.timestamp()),
            "exp": int(EXPIRES_AT.timestamp()),
            "notice_sha256": "ab" * 32,
            **changed,
        }
    )


def with_consent(
    sections: Mapping[str, Any], key: SigningKey, /, *, bank: str = BANK, **changed: Any
) -> dict[str, Any]:
    """The sections with a consent to them, signed by the key."""
    agreed = terms(sections, bank=bank, **changed)
    return {**sections, "consent": section(**agreed.section_members(sign_consent(agreed, key=key)))}


def sealed_for(views: Mapping[str, Mapping[str, Any]], key: SigningKey) -> SealedPackage:
    return seal_package(
        views,
        key=key,
        issuer_name="Nordlicht GmbH",
        issuer_tax_id="DE136695976",
        created_at=CREATED_AT,
        package_id=PACKAGE_ID,
    )


def sealed(sections: Mapping[str, Any], key: SigningKey) -> bytes:
    """The file of the only recipient; a consent is added where the sections bring none."""
    view = sections if "consent" in sections else with_consent(sections, key)
    return sealed_for({BANK: view}, key).file_for(BANK)


def reforged(file: bytes, key: SigningKey, change: Callable[[dict[str, Any]], Any], **protected: Any) -> bytes:
    """Change a file of one recipient at will, and give it the hashes, the tree and the seal that fit the change."""
    package = json.loads(file)
    change(package)
    header, leaves = package["header"], package["leaves"]
    if isinstance(header.get("tree"), dict):
        hashes = [hash_of(leaf) for leaf in leaves]
        for leaf, real in zip(leaves, hashes, strict=True):
            leaf["hash"] = real.hex()
        header["tree"] = {"size": len(leaves), "root": root(hashes).hex()}
    claims = {"pid": PACKAGE_ID, "jwk": key.public_jwk(), **protected}
    issued_at = int(CREATED_AT.timestamp())
    seal = sign_detached(canonical_bytes(header), key=key, issued_at=issued_at, typ=PACKAGE_TYP, claims=claims)
    return canonical_bytes({**package, "seal": seal})


def hash_of(leaf: Mapping[str, Any]) -> bytes:
    """What a leaf in a file hashes to: all of it but its hash and its index."""
    return leaf_hash(canonical_bytes({name: leaf[name] for name in leaf.keys() - {"hash", "index"}}))


def leaf_at(package: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The leaf with this path."""
    found: dict[str, Any] = next(leaf for leaf in package["leaves"] if leaf["path"] == path)
    return found
