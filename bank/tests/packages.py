"""Packages for tests: a believable sale, told in few words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from openscf.fingerprint import fingerprints
from openscf.keys import SigningKey
from openscf.package import seal_package

SELLER_TAX_ID = "DE136695976"


@dataclass
class Sale:
    """One invoice (or order) of `gross` to a buyer who pays as told. Amounts in `currency`, tax 19 %."""

    number: str = "INV/2026/00042"
    gross: Decimal = Decimal("11900.00")
    requested: Decimal = Decimal("8000.00")
    currency: str = "EUR"
    tenor_days: int = 45
    technique: str = "receivables_discounting"
    kind: str = "customer_invoice"
    issued_on: date = date(2026, 11, 1)
    due_on: date = date(2027, 1, 5)
    buyer: str = "Alpenbau AG"
    buyer_tax_id: str = "ATU13585627"
    seller: str = "Nordlicht GmbH"
    seller_tax_id: str = SELLER_TAX_ID
    late_share: str | None = "8.00"
    days_late: str | None = "2.5"
    overdue: Decimal = Decimal("0.00")
    invoices: int = 14
    history_days: int = 365
    history: bool = True
    made_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc).replace(microsecond=0))

    @property
    def net(self) -> Decimal:
        return (self.gross / Decimal("1.19")).quantize(Decimal("0.01"))

    @property
    def f1(self) -> str:
        return self._fingerprints().f1

    def _fingerprints(self) -> Any:
        return fingerprints(
            seller_tax_id=self.seller_tax_id,
            kind=self.kind,
            number=self.number,
            fiscal_year="2026",
            buyer=self.buyer_tax_id,
            issue_date=self.issued_on,
            currency=self.currency,
            amount=self.gross,
        )

    def sections(self) -> dict[str, Any]:
        """The six sections of the package."""
        today = self.made_at.date()
        about = {
            "as_of": self.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "period": {"from": str(today - timedelta(days=self.history_days)), "to": str(today)},
            "source": "test 1.0",
            "assurance": "document",
        }
        tax = self.gross - self.net
        money = {"net": str(self.net), "tax": str(tax), "gross": str(self.gross)}
        history = {
            "buyer": "b1",
            "currency": self.currency,
            "invoices": self.invoices,
            "invoiced": "84000.00",
            "paid": str(Decimal("84000.00") - self.overdue),
            "overdue": str(self.overdue),
            "weighted_days_to_pay": "31.0",
            "weighted_days_late": self.days_late,
            "late_share_percent": self.late_share,
        }
        return {
            "party": {
                **about,
                "applicant": {
                    "key": "a", "name": self.seller, "tax_id": self.seller_tax_id, "country": "DE", "city": "Lübeck",
                    "collection_account": {"iban": "DE02120300000000202051", "bank": "DKB", "holder": self.seller},
                },
                "buyers": [{"key": "b1", "name": self.buyer, "tax_id": self.buyer_tax_id, "country": "AT",
                            "city": "Graz", "customer_since": "2023-04-01"}],
            },
            "transaction": {
                **about,
                "technique": self.technique,
                "requested": {"amount": str(self.requested), "currency": self.currency},
                "tenor_days": self.tenor_days,
                "eligible": {"amount": str(self.gross), "currency": self.currency},
                "documents": [{
                    "kind": self.kind, "number": self.number, "issue_date": str(self.issued_on),
                    "due_date": str(self.due_on), "fiscal_year": "2026", "buyer": "b1", "currency": self.currency,
                    "payment_terms": "60 days net",
                    "lines": [{"line": 1, "description": "Larch board", "product_code": "LB-28", "quantity": "100",
                               "uom": "m²", "unit_price": str(self.net / 100), "discount_percent": "0",
                               **money, "tax_codes": ["VAT 19 %"]}],
                    "totals": {**money, "paid": "0.00", "credited": "0.00", "outstanding": str(self.gross)},
                    "fingerprints": self._fingerprints().model_dump(),
                }],
            },
            "order_flow": {**about, "orders": [{
                "number": "S00042" if self.kind == "customer_invoice" else self.number, "buyer": "b1",
                "ordered_on": "2026-10-05", "confirmed_on": "2026-10-06", "state": "sale", "currency": self.currency,
                "total": str(self.gross),
                "documents": [self.number] if self.kind == "customer_invoice" else [],
                "lines": [{"line": 1, "product_code": "LB-28", "description": "Larch board 28 mm", "ordered": "100",
                           "delivered": "100", "invoiced": "100", "uom": "m²", "unit_price": str(self.net / 100)}],
            }]},
            "logistics_flow": {**about, "deliveries": [{
                "number": "WH/OUT/00042", "order": "S00042" if self.kind == "customer_invoice" else self.number,
                "direction": "out", "state": "done", "promised_on": "2026-10-20", "done_on": "2026-10-19",
                "carrier": "Spedition Hoff", "tracking_reference": "SH-99213",
                "lines": [{"product_code": "LB-28", "description": "Larch board 28 mm", "quantity_ordered": "100",
                           "quantity_done": "100", "uom": "m²"}],
            }]},
            "tax_flow": {**about, "taxes": [{"document": self.number, "tax_code": "VAT 19 %", "rate_percent": "19",
                                             "base": str(self.net), "amount": str(tax), "currency": self.currency}]},
            "cash_flow": {**about, "payments": [], "buyer_history": [history] if self.history else []},
        }  # fmt: skip

    def package(self, key: SigningKey, **header: Any) -> bytes:
        """The sealed package."""
        return seal_package(
            self.sections(),
            key=key,
            issuer_name=self.seller,
            issuer_tax_id=self.seller_tax_id,
            created_at=self.made_at,
            **header,
        )
