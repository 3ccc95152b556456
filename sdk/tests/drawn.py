"""A package with all its sections, made up so that its drawing has something of everything: names in several scripts,
partial deliveries, payments, contradictions, months with gaps. It is honest: it verifies."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

from openscf.consent import ConsentTerms, sign_consent
from openscf.fingerprint import fingerprints
from openscf.keys import SigningKey
from openscf.package import seal_package

KEY = SigningKey.from_private_jwk(
    {
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    }
)  # fmt: skip
BANK = "https://bank.example"
CREATED = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.timezone.utc)
TODAY = dt.date(2026, 11, 22)
APPLICANT = "深圳市华源电子科技有限公司"
BUYERS = (
    ("B1", "Schäfer & Söhne Maschinenbau GmbH", "DE136695976", "DE", "Köln"),
    ("B2", "北京远洋贸易股份有限公司", "91110105MA01ABCD12", "CN", "北京"),
    ("B3", "Ηλεκτρικές Εφαρμογές Αθηνών Α.Ε.", "EL094019245", "GR", "Αθήνα"),
)
ATTACHMENT = b"<?xml version='1.0' encoding='UTF-8'?><Invoice>INV/2026/00001</Invoice>"
ATTACHMENT_NAME = "INV-2026-00001.xml"
_STATED = {"as_of": "2026-11-22T09:00:00Z", "source": "odoo/19.0 sale.order", "assurance": "document"}
_PERIOD = {"from": "2025-11-01", "to": "2026-11-22"}


def sealed(*, documents: int = 6, key: SigningKey = KEY, without: tuple[str, ...] = (), **changes: Any) -> bytes:
    """Return a bank's package file; `changes` replace members of sections: `transaction={"technique": …}`."""
    view = sections(documents=documents)
    for name, members in changes.items():
        view[name] = {**view[name], **members}
    for name in without:
        del view[name]
    view["consent"] = _consent(view, key)
    one = seal_package(
        {BANK: view},
        key=key,
        issuer_name=APPLICANT,
        issuer_tax_id="91440300MA5EXAMPLE",
        created_at=CREATED,
        package_id="urn:uuid:5f0c3c4e-8c5b-4b50-9d3f-2a4b6c8d0e1f",
    )
    return one.file_for(BANK)


def sections(*, documents: int = 6) -> dict[str, Any]:
    """Return a view with every section but the consent."""
    made = [_document(index) for index in range(1, documents + 1)]
    eligible = min(Decimal("212400.00"), sum(Decimal(document["totals"]["outstanding"]) for document in made))
    return {
        "party": _party(made),
        "transaction": {
            **_STATED, "period": None, "technique": "receivables_discounting",
            "requested": {"amount": f"{min(Decimal(180000), eligible):.2f}", "currency": "EUR"}, "tenor_days": 60,
            "eligible": {"amount": f"{eligible:.2f}", "currency": "EUR"}, "documents": made,
            "confirmations": [_confirmation(made[0], "confirmed"), _confirmation(made[-1], "disputed")],
        },
        "order_flow": _order_flow(made),
        "logistics_flow": _logistics_flow(made),
        "tax_flow": _tax_flow(made),
        "cash_flow": _cash_flow(made),
        "inventory": _inventory(),
        "exposure": _exposure(),
        "evidence": _evidence(made),
        "checks": _checks(made),
        "forecast": _forecast(),
        "attachments": {
            **_STATED, "period": None,
            "files": [
                {
                    "name": ATTACHMENT_NAME, "kind": "ubl_invoice", "document": made[0]["number"],
                    "media_type": "application/xml", "sha256": hashlib.sha256(ATTACHMENT).hexdigest(),
                    "bytes": len(ATTACHMENT),
                }
            ],
        },
    }  # fmt: skip


def _party(made: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_STATED, "period": None,
        "applicant": {
            "key": "A1", "name": APPLICANT, "tax_id": "91440300MA5EXAMPLE", "country": "CN", "city": "深圳",
            "registry": "USCC 91440300MA5EXAMPLE",
            "collection_account": {
                "iban": "DE89370400440532013000", "bank": "Demo Bank of the Rhine AG", "holder": APPLICANT,
            },
        },
        "buyers": [
            {
                "key": key, "name": name, "tax_id": tax_id, "country": country, "city": city,
                "customer_since": "2023-04-11",
            }
            for key, name, tax_id, country, city in _buyers_of(made)
        ]
        + [{"key": f"P-{index:08d}", "pseudonymous": True} for index in range(1, 4)],
    }  # fmt: skip


def _buyers_of(made: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The buyers of the documents: the only ones that the consent names."""
    return [row for row in BUYERS if row[0] in {document["buyer"] for document in made}]


def _document(index: int) -> dict[str, Any]:
    lines = []
    goods = (
        ("工业控制器 X200，带显示屏", "HY-X200", "24", "420.00", "0", "10080.00"),
        (
            "Servo drive 400 V, 7.5 kW, shielded motor cable, EMC filter included", "HY-SD75", "6", "1850.00", "5",
            "10545.00",
        ),
        ("Εγκατάσταση και ρύθμιση on site", None, "16", "95.00", "0", "1520.00"),
    )  # fmt: skip
    for number, (description, code, quantity, price, discount, net) in enumerate(
        goods[: 3 if index % 2 else 2], start=1
    ):
        scaled = Decimal(net) * (1 + index % 4)
        tax = (scaled * Decimal("0.19")).quantize(Decimal("0.01"))
        lines.append(
            {
                "line": number, "description": description, **({"product_code": code} if code else {}),
                "quantity": str(int(quantity) * (1 + index % 4)), "uom": "Units" if code else "Hours",
                "unit_price": price, "discount_percent": discount, "net": str(scaled), "tax": str(tax),
                "gross": str(scaled + tax), "tax_codes": ["19% Umsatzsteuer"],
            }
        )  # fmt: skip
    net, tax = (sum(Decimal(line[name]) for line in lines) for name in ("net", "tax"))
    paid = (net + tax) / 4 if index % 3 == 0 else Decimal(0)
    paid = paid.quantize(Decimal("0.01"))
    credited = Decimal("500.00") if index % 5 == 0 else Decimal("0.00")
    document = {
        "kind": "customer_invoice", "number": f"INV/2026/{index:05d}",
        "issue_date": str(dt.date(2026, 9, 1) + dt.timedelta(days=index % 70)),
        "due_date": str(dt.date(2026, 12, 1) + dt.timedelta(days=index % 50)), "fiscal_year": "2026",
        "buyer": BUYERS[index % 3][0], "currency": "EUR", "payment_terms": "60 days", "lines": lines,
        "totals": {
            "net": f"{net:.2f}", "tax": f"{tax:.2f}", "gross": f"{net + tax:.2f}", "paid": f"{paid:.2f}",
            "credited": f"{credited:.2f}", "outstanding": f"{net + tax - paid - credited:.2f}",
        },
    }  # fmt: skip
    return {**document, "fingerprints": _fingerprints(document)}


def _fingerprints(document: dict[str, Any]) -> dict[str, str]:
    buyer = next(row for row in BUYERS if row[0] == document["buyer"])
    return fingerprints(
        issuer="91440300MA5EXAMPLE", kind=document["kind"], number=document["number"],
        fiscal_year=document["fiscal_year"], counterparty=buyer[2],
        issue_date=dt.date.fromisoformat(document["issue_date"]), currency="EUR",
        amount=Decimal(document["totals"]["gross"]),
    ).model_dump()  # fmt: skip


def _confirmation(document: dict[str, Any], answer: str) -> dict[str, Any]:
    return {
        "document": document["number"], "answer": answer, "amount": document["totals"]["outstanding"],
        "currency": "EUR", "due_date": document["due_date"], "confirmed_by": "王小明",
        "role": "Head of accounts payable",
        "confirmed_at": "2026-11-20T10:15:00Z", "statement_sha256": "a" * 64,
        **({"comment": "Two cabinets arrived damaged <b>& unpainted</b>"} if answer == "disputed" else {}),
    }  # fmt: skip


def _consent(view: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    terms = ConsentTerms(
        iss=APPLICANT, iss_tax_id="91440300MA5EXAMPLE", jti="urn:uuid:0d9c5a52-0df4-4a07-a7b0-0f4ab7c5a001",
        aud=BANK, aud_name="Demo Bank of the Rhine AG", purpose="loan_application",
        sections=tuple(name for name in view if name not in {"party", "transaction"}),
        counterparties="pseudonymous", history_months=12, granted_by="陈丽华",
        iat=int(dt.datetime(2026, 11, 22, 9, tzinfo=dt.timezone.utc).timestamp()),
        exp=int(dt.datetime(2027, 2, 20, 9, tzinfo=dt.timezone.utc).timestamp()), notice_sha256="b" * 64,
    )  # fmt: skip
    return {**_STATED, "period": None, **terms.section_members(sign_consent(terms, key=key))}


def _months() -> list[str]:
    """The months of the history; two are left out, as in a business that rests."""
    months = [f"{2025 + (10 + step) // 12}-{(10 + step) % 12 + 1:02d}" for step in range(13)]
    return [month for month in months if month not in {"2026-02", "2026-08"}]


def _wave(step: int, low: int, high: int) -> int:
    return low + (high - low) * ((step * 7) % 11) // 11


def _order_number(index: int) -> str:
    return f"S{index:05d}"


def _order_flow(made: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_STATED, "period": _PERIOD,
        "orders": [
            {
                "number": _order_number(index), "buyer": document["buyer"], "quoted_on": "2026-07-28",
                "ordered_on": "2026-08-03", "confirmed_on": "2026-08-04",
                **({"changed_on": "2026-08-20"} if index % 4 == 0 else {}), "state": "confirmed", "currency": "EUR",
                "total": document["totals"]["gross"], "documents": [document["number"]],
                "lines": [
                    {
                        "line": line["line"], "description": line["description"], "ordered": line["quantity"],
                        "delivered": line["quantity"], "invoiced": line["quantity"], "uom": line["uom"],
                        "unit_price": line["unit_price"],
                    }
                    for line in document["lines"]
                ],
            }
            for index, document in enumerate(made, start=1)
        ],
        "months": [
            {
                "month": month, "currency": "EUR", "quotations": 14 + step % 5, "confirmed": 9 + step % 4,
                "confirmed_net": f"{_wave(step, 90000, 310000)}.00", "changed": step % 3, "cancelled": step % 2,
                "cancelled_net": f"{_wave(step, 0, 24000)}.00",
            }
            for step, month in enumerate(_months())
        ],
    }  # fmt: skip


def _logistics_flow(made: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_STATED, "period": _PERIOD, "source": "odoo/19.0 stock.picking",
        "deliveries": [
            {
                "number": f"WH/OUT/{index:05d}", "order": _order_number(index), "direction": "out", "state": "done",
                "promised_on": "2026-09-10", "done_on": f"2026-09-{8 + index % 9:02d}", "carrier": "DHL Freight",
                "tracking_reference": f"JD0146000{index:07d}", "signed_by": "K. Weber",
                "lines": [
                    {
                        "line": line["line"], "description": line["description"], "quantity_ordered": line["quantity"],
                        "quantity_done": line["quantity"],
                    }
                    for line in document["lines"][:2]
                ],
            }
            for index, document in enumerate(made, start=1)
        ],
        "months": [
            {
                "month": month, "direction": "out", "done": 30, "on_time": 18 + step % 9, "late": 2 + step % 6,
                "returns": step % 3, "backorders": step % 2, "mean_days_late": "2.4",
            }
            for step, month in enumerate(_months())
        ],
    }  # fmt: skip


def _tax_flow(made: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_STATED, "period": _PERIOD, "source": "odoo/19.0 account.move.line",
        "taxes": [
            {
                "document": document["number"], "tax_code": "19% Umsatzsteuer", "rate_percent": "19",
                "base": document["totals"]["net"], "amount": document["totals"]["tax"], "currency": "EUR",
            }
            for document in made
        ],
        "e_invoices": [
            {"document": made[0]["number"], "system": "peppol", "number": "PEPPOL-77ab41", "state": "delivered"}
        ],
        "months": [
            {
                "month": month, "direction": direction, "tax_code": "19%", "currency": "EUR",
                "base": f"{_wave(step, 100000, 300000)}.00",
                "amount": f"{_wave(step, 19000, 57000) // (1 if direction == 'sale' else 2)}.00",
            }
            for step, month in enumerate(_months()) for direction in ("sale", "purchase")
        ],
    }  # fmt: skip


def _cash_flow(made: list[dict[str, Any]]) -> dict[str, Any]:
    months = [
        {
            "month": month, "currency": "EUR", "invoiced": f"{_wave(step, 110000, 330000)}.00",
            "credited": f"{_wave(step, 0, 9000)}.00", "collected": f"{_wave(step + 2, 90000, 310000)}.00",
            "paid_out": f"{_wave(step + 5, 100000, 260000)}.00",
        }
        for step, month in enumerate(_months())
    ]  # fmt: skip
    history = [
        {
            "buyer": key, "currency": "EUR", "invoices": 21 + index, "invoiced": f"{540000 - 90000 * index}.00",
            "paid": f"{520000 - 90000 * index}.00", "overdue": f"{12000 * index}.00",
            "weighted_days_to_pay": f"{41 + 7 * index}.5", "weighted_days_late": f"{3 * index}.2",
            "late_share_percent": f"{8 + 11 * index}",
        }
        for index, key in enumerate([row[0] for row in _buyers_of(made)] + ["P-00000001", "P-00000002"])
    ]  # fmt: skip
    others = sum(Decimal(row["invoiced"]) for row in months) - sum(Decimal(row["invoiced"]) for row in history)
    buckets = ("not_due", "1-30", "31-60", "61-90", "over_90")
    payments = []
    for document in made:
        for kind, name in (("payment", "paid"), ("credit_note", "credited")):
            if Decimal(document["totals"][name]):
                payments.append(
                    {
                        "document": document["number"], "date": "2026-10-30", "amount": document["totals"][name],
                        "currency": "EUR", "kind": kind, "cleared": kind == "payment",
                    }
                )  # fmt: skip
    return {
        **_STATED, "period": _PERIOD, "source": "odoo/19.0 account.move", "payments": payments,
        "buyer_history": [
            *history,
            {
                "buyers": 37, "currency": "EUR", "invoices": 212, "invoiced": f"{others:.2f}", "paid": "270111.05",
                "overdue": "9120.40",
            },
        ],
        "months": months,
        "ageing": [
            {
                "direction": direction, "currency": "EUR", "bucket": bucket, "documents": 12 - 2 * step,
                "amount": f"{(412000 if direction == 'receivable' else 188000) // (step * step + 1)}.40",
            }
            for direction in ("receivable", "payable") for step, bucket in enumerate(buckets)
        ],
        "balances": [
            {
                "account": "DE89 **** 3000", "currency": "EUR", "balance": "148220.17",
                "last_statement_on": "2026-11-20", "last_statement_balance": "151020.17",
            },
            {"account": "CN ****8821", "currency": "CNY", "balance": "-12800.00"},
        ],
    }  # fmt: skip


def _inventory() -> dict[str, Any]:
    return {
        **_STATED, "period": None, "source": "odoo/19.0 stock.quant",
        "stock": [
            {
                "product_code": "HY-X200", "description": "工业控制器 X200", "products": 1, "quantity": "312",
                "uom": "Units", "value": "81120.00", "currency": "EUR", "oldest_on": "2026-03-02",
                "mean_age_days": "74", "turnover_pa": "4.1",
            },
            {
                "product_code": "HY-SD75", "description": "Servo drive 400 V, 7.5 kW", "products": 1, "quantity": "48",
                "uom": "Units", "value": "52320.00", "currency": "EUR", "oldest_on": "2026-06-18",
                "mean_age_days": "51", "turnover_pa": "6.3",
            },
            {"description": "Others", "products": 214, "value": "96044.12", "currency": "EUR"},
        ],
        "totals": [{"currency": "EUR", "amount": "229484.12"}],
    }  # fmt: skip


def _exposure() -> dict[str, Any]:
    return {
        **_STATED, "period": None, "source": "odoo/19.0 scf.loan", "assurance": "asserted",
        "loans": [
            {
                "technique": "receivables_discounting", "currency": "EUR", "principal": "90000.00",
                "outstanding": "62000.00", "state": "active", "started_on": "2026-10-02", "due_on": "2026-12-15",
            }
        ],
        "applications": [
            {
                "technique": "order_finance", "currency": "EUR", "requested": "40000.00", "state": "submitted",
                "submitted_on": "2026-11-18",
            }
        ],
        "pledges": [{"description": "Stock in warehouse A", "currency": "EUR", "amount": "50000.00"}],
        "totals": [{"currency": "EUR", "amount": "62000.00"}],
    }  # fmt: skip


def _evidence(made: list[dict[str, Any]]) -> dict[str, Any]:
    lines, documents, contradictions = [], [], []
    for index, document in enumerate(made, start=1):
        ordered = delivered = deliverable = Decimal(0)
        for line in document["lines"]:
            gross = Decimal(line["gross"])
            goods = line["line"] < 3
            short = goods and index % 3 == 2 and line["line"] == 2
            moved = (gross / 2).quantize(Decimal("0.01")) if short else gross
            ordered += gross
            deliverable += gross if goods else 0
            delivered += moved if goods else 0
            quantity = str(int(line["quantity"]) // 2) if short else line["quantity"]
            lines.append(
                {
                    "document": document["number"], "line": line["line"], "quantity": line["quantity"],
                    "gross": line["gross"], "ordered": line["gross"], "delivered": f"{moved if goods else 0}",
                    "needs_delivery": goods, "tax_codes": line["tax_codes"],
                    "orders": [
                        {
                            "order": _order_number(index), "line": line["line"], "quantity": line["quantity"],
                            "net": line["net"],
                        }
                    ],
                    "deliveries": [
                        {"delivery": f"WH/OUT/{index:05d}", "line": line["line"], "quantity": quantity}
                    ] if goods else [],
                }
            )  # fmt: skip
            if short:
                contradictions.append(
                    {
                        "document": document["number"], "line": line["line"], "code": "quantity-over-delivered",
                        "sentence": "More was invoiced than was delivered.", "figure": line["quantity"],
                        "expected": quantity,
                    }
                )  # fmt: skip
        documents.append(
            {
                "document": document["number"], "currency": "EUR", "gross": document["totals"]["gross"],
                "ordered": f"{ordered:.2f}", "delivered": f"{delivered:.2f}", "deliverable": f"{deliverable:.2f}",
                "taxed": document["totals"]["tax"], "paid": document["totals"]["paid"],
                "credited": document["totals"]["credited"],
            }
        )  # fmt: skip
    contradictions.append(
        {"document": made[-1]["number"], "code": "disputed", "sentence": "The buyer disputes this invoice."}
    )
    return {
        **_STATED, "period": None, "source": "openscf evidence graph", "lines": lines, "documents": documents,
        "contradictions": contradictions,
    }  # fmt: skip


def _checks(made: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = [document["number"] for document in made]
    rows = [
        ("order-coverage", "authenticity", "green", "100", "95", "percent", "Orders carry all of the amount."),
        ("delivery-coverage", "authenticity", "red", "83", "95", "percent",
         "Deliveries carry 83 % of the goods invoiced; two documents are short."),
        ("tax-agrees", "authenticity", "green", "0", "0", "documents",
         "The taxes of every document agree with its lines."),
        ("buyer-confirmed", "authenticity", "amber", "1", "6", "documents",
         "One of six documents is confirmed by its buyer, one is disputed."),
        ("buyer-pays-late", "self_liquidation", "amber", "9.4", "7", "days",
         "The buyers pay 9.4 days late, weighted by amount."),
        ("tenor-fits-due-dates", "self_liquidation", "green", "58", "60", "days",
         "The last due date lies within the tenor."),
        ("dilution", "self_liquidation", "green", "1.8", "5", "percent",
         "Credit notes of the last year are 1.8 % of sales."),
        ("free-collections", "self_liquidation", "green", "96400.00", "50000.00", "money",
         "Expected collections exceed the ask after known debts."),
        ("account-is-assigned", "control", "green", None, None, None,
         "The documents name the collection account of this package."),
        ("pledged-elsewhere", "control", "grey", None, None, None,
         "No registry is connected, so other pledges are not known."),
    ]  # fmt: skip
    return {
        **_STATED, "period": None, "source": "openscf checks",
        "results": [
            {
                "code": code, "light": light, "level": level, "sentence": sentence,
                **({"figure": figure, "threshold": threshold, "unit": unit} if figure else {}),
                **({"currency": "EUR"} if unit == "money" else {}),
                **({"documents": numbers[1:8]} if level == "red" else {}),
            }
            for code, light, level, figure, threshold, unit, sentence in rows
        ],
        "lights": [
            {"light": "authenticity", "level": "red"}, {"light": "self_liquidation", "level": "amber"},
            {"light": "control", "level": "green"},
        ],
    }  # fmt: skip


def _forecast() -> dict[str, Any]:
    first = dt.date(2026, 11, 23)
    weeks = [
        {
            "week": str(first + dt.timedelta(weeks=step)), "currency": "EUR", "documents": 3 + step % 4,
            "expected": f"{_wave(step, 20000, 90000) + 30000 * (2 <= step <= 6)}.00",
            "financed": f"{30000 * (2 <= step <= 6)}.00",
        }
        for step in range(13)
    ]  # fmt: skip
    return {
        **_STATED, "period": {"from": "2026-11-22", "to": "2027-02-21"}, "source": "openscf forecast", "weeks": weeks,
        "totals": [{"currency": "EUR", "amount": str(sum(Decimal(row["expected"]) for row in weeks))}],
    }  # fmt: skip
