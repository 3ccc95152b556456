"""Packages for tests: a believable sale with its history, told in few words."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from openscf.consent import ConsentTerms, sign_consent
from openscf.fingerprint import fingerprints
from openscf.keys import SigningKey
from openscf.package import seal_package
from openscf.pdf import draw_pdf

SELLER_TAX_ID = "DE136695976"
ISSUER = "http://bank.example"


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


@dataclass
class Sale:
    """One invoice (or order) of `gross` to a buyer who pays as told. Amounts in `currency`, tax 19 %.

    `left_out` are sections that the package does not have, `kinds_left_out` kinds of files, `not_made` the files of
    which it says why they could not be made; `lights` is the level of
    each light; the consent lasts `consent_days`.
    """

    number: str = "INV/2026/00042"
    gross: Decimal = Decimal("11900.00")
    requested: Decimal = Decimal("8000.00")
    currency: str = "EUR"
    tenor_days: int = 45
    technique: str = "receivables_discounting"
    kind: str = "customer_invoice"
    made_at: datetime = field(default_factory=_now)
    due_in_days: int = 44
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
    left_out: frozenset[str] = frozenset()
    lights: dict[str, str] = field(default_factory=dict)
    contradictions: list[dict[str, Any]] = field(default_factory=list)
    consent_id: str = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")
    consent_days: int = 180
    kinds_left_out: frozenset[str] = frozenset()
    not_made: list[dict[str, str]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.made_at.date()

    @property
    def issued_on(self) -> date:
        return self.today - timedelta(days=21)

    @property
    def due_on(self) -> date:
        return self.today + timedelta(days=self.due_in_days)

    @property
    def net(self) -> Decimal:
        return (self.gross / Decimal("1.19")).quantize(self.gross)

    @property
    def tax(self) -> Decimal:
        return self.gross - self.net

    @property
    def order(self) -> str:
        return "S00042" if self.kind == "customer_invoice" else self.number

    @property
    def f1(self) -> str:
        return self._fingerprints().f1

    @property
    def f1s(self) -> list[str]:
        """F1 of each financed document."""
        return [self.f1]

    @property
    def disbursement_account(self) -> dict[str, str]:
        return {"iban": "DE02120300000000202051", "holder": self.seller}

    @property
    def files(self) -> dict[str, bytes]:
        """The files that come with the package, by name."""
        advice = {"despatch-00042.xml": b"<DespatchAdvice><ID>WH/OUT/00042</ID></DespatchAdvice>"}
        if self.kind != "customer_invoice":
            return advice
        return {"invoice-00042.xml": f"<Invoice><ID>{self.number}</ID></Invoice>".encode(), **advice}

    def _fingerprints(self) -> Any:
        return fingerprints(
            issuer=self.seller_tax_id,
            kind=self.kind,
            number=self.number,
            fiscal_year=str(self.issued_on.year),
            counterparty=self.buyer_tax_id,
            issue_date=self.issued_on,
            currency=self.currency,
            amount=self.gross,
        )

    def package(self, key: SigningKey, issuer: str = ISSUER, **header: Any) -> bytes:
        """The sealed package for one bank, as JSON."""
        sealed = seal_package(
            {issuer: self.sections(key, issuer)},
            key=key,
            issuer_name=self.seller,
            issuer_tax_id=self.seller_tax_id,
            created_at=self.made_at,
            **header,
        )
        return sealed.file_for(issuer)

    def pdf(self, key: SigningKey, issuer: str = ISSUER) -> bytes:
        """The same as one PDF/A-3 with its files embedded."""
        return draw_pdf(self.package(key, issuer), attachments=self.files, key=key)

    def sections(self, key: SigningKey, issuer: str = ISSUER) -> dict[str, Any]:
        """Every section that is not left out, the consent among them."""
        builders = {
            "party": self._party, "transaction": self._transaction, "order_flow": self._order_flow,
            "logistics_flow": self._logistics_flow, "tax_flow": self._tax_flow, "cash_flow": self._cash_flow,
            "inventory": self._inventory, "exposure": self._exposure, "evidence": self._evidence,
            "checks": self._checks, "forecast": self._forecast, "attachments": self._attachments,
        }  # fmt: skip
        built = {name: {**self._about(), **build()} for name, build in builders.items() if name not in self.left_out}
        return built | {"consent": {**self._about(), **self._consent(key, issuer, tuple(built))}}

    # --- the sections -------------------------------------------------------------------------------------------

    def _about(self) -> dict[str, Any]:
        begin = self.today - timedelta(days=self.history_days)
        return {
            "as_of": f"{self.made_at:%Y-%m-%dT%H:%M:%SZ}",
            "period": {"from": str(begin), "to": str(self.today)},
            "source": "test 1.0",
            "assurance": "document",
        }

    def _consent(self, key: SigningKey, issuer: str, sections: tuple[str, ...]) -> dict[str, Any]:
        terms = ConsentTerms(
            iss=self.seller,
            iss_tax_id=self.seller_tax_id,
            jti=self.consent_id,
            aud=issuer,
            aud_name="The bank",
            purpose="loan_application",
            sections=sections,
            counterparties="named",
            history_months=max(1, self.history_days // 30),
            granted_by="Jonas Petersen",
            iat=int(self.made_at.timestamp()) - 60,
            exp=int(self.made_at.timestamp()) + self.consent_days * 86_400,
            notice_sha256=hashlib.sha256(b"You agree that ...").hexdigest(),
        )
        return terms.section_members(sign_consent(terms, key=key))

    def _party(self) -> dict[str, Any]:
        return {
            "applicant": {
                "key": "a", "name": self.seller, "tax_id": self.seller_tax_id, "country": "DE", "city": "Lübeck",
                "collection_account": {"iban": "DE02120300000000202051", "bank": "DKB", "holder": self.seller},
            },
            "buyers": [{"key": "b1", "name": self.buyer, "tax_id": self.buyer_tax_id, "country": "AT",
                        "city": "Graz", "customer_since": "2023-04-01"}],
        }  # fmt: skip

    def _amounts(self) -> dict[str, str]:
        return {"net": str(self.net), "tax": str(self.tax), "gross": str(self.gross)}

    def _transaction(self) -> dict[str, Any]:
        nothing = str((self.gross * 0).quantize(self.gross))
        return {
            "technique": self.technique,
            "requested": {"amount": str(self.requested), "currency": self.currency},
            "tenor_days": self.tenor_days,
            "eligible": {"amount": str(self.gross), "currency": self.currency},
            "documents": [{
                "kind": self.kind, "number": self.number, "issue_date": str(self.issued_on),
                "due_date": str(self.due_on), "fiscal_year": str(self.issued_on.year), "buyer": "b1",
                "currency": self.currency, "payment_terms": "60 days net",
                "lines": [{"line": 1, "description": "Larch board", "product_code": "LB-28", "quantity": "100",
                           "uom": "m²", "unit_price": str(self.net / 100), "discount_percent": "0",
                           **self._amounts(), "tax_codes": ["VAT 19 %"]}],
                "totals": {**self._amounts(), "paid": nothing, "credited": nothing, "outstanding": str(self.gross)},
                "fingerprints": self._fingerprints().model_dump(),
            }],
        }  # fmt: skip

    def _order_flow(self) -> dict[str, Any]:
        return {"orders": [{
            "number": self.order, "buyer": "b1", "quoted_on": str(self.issued_on - timedelta(days=40)),
            "ordered_on": str(self.issued_on - timedelta(days=27)),
            "confirmed_on": str(self.issued_on - timedelta(days=26)), "state": "sale", "currency": self.currency,
            "total": str(self.gross), "documents": [self.number] if self.kind == "customer_invoice" else [],
            "lines": [{"line": 1, "product_code": "LB-28", "description": "Larch board 28 mm", "ordered": "100",
                       "delivered": "100", "invoiced": "100", "uom": "m²", "unit_price": str(self.net / 100)}],
        }]}  # fmt: skip

    def _logistics_flow(self) -> dict[str, Any]:
        months = [
            {"month": month, "direction": "out", "done": 20 + index % 7, "on_time": 18, "late": 2 + index % 7,
             "returns": index % 2, "backorders": 1, "mean_days_late": "2.5"}
            for index, (month, _) in enumerate(self._months())
        ]  # fmt: skip
        return {"deliveries": [{
            "number": "WH/OUT/00042", "order": self.order, "direction": "out", "state": "done",
            "promised_on": str(self.issued_on - timedelta(days=2)), "done_on": str(self.issued_on - timedelta(days=3)),
            "carrier": "Spedition Hoff", "tracking_reference": "SH-99213", "signed_by": "K. Moser",
            "lines": [{"line": 1, "product_code": "LB-28", "description": "Larch board 28 mm",
                       "quantity_ordered": "100", "quantity_done": "100", "uom": "m²"}],
        }], "months": months}  # fmt: skip

    def _tax_flow(self) -> dict[str, Any]:
        return {"taxes": [{"document": self.number, "tax_code": "VAT 19 %", "rate_percent": "19", "base": str(self.net),
                           "amount": str(self.tax), "currency": self.currency}]}  # fmt: skip

    def _months(self) -> Iterator[tuple[str, Decimal]]:
        """Each month of the history with what was invoiced in it."""
        unit = Decimal(0).quantize(self.gross)
        length = self.history_days // 28
        for index in range(length):
            years, month = divmod(self.today.year * 12 + self.today.month - length + index, 12)
            yield f"{years:04d}-{month + 1:02d}", unit + 38_000 + 2_500 * (index * 7 % 11)

    def _cash_flow(self) -> dict[str, Any]:
        months = [
            {"month": month, "currency": self.currency, "invoiced": str(invoiced),
             "credited": str((invoiced * 0).quantize(self.gross)),
             "collected": str((invoiced * (80 + index % 3 * 9) / 100).quantize(self.gross)),
             "paid_out": str((invoiced / 2).quantize(self.gross))}
            for index, (month, invoiced) in enumerate(self._months())
        ]  # fmt: skip
        ageing = [
            {"direction": direction, "currency": self.currency, "bucket": bucket, "documents": number,
             "amount": str(Decimal(amount).quantize(self.gross))}
            for direction, rows in (
                ("receivable", (("not_due", 9, 46_200), ("1-30", 3, 9_400), ("31-60", 1, 2_100), ("over_90", 1, 650))),
                ("payable", (("not_due", 6, 21_300), ("1-30", 1, 1_800))),
            )
            for bucket, number, amount in rows
        ]  # fmt: skip
        return {
            "payments": [], "buyer_history": self._buyer_history(), "months": months, "ageing": ageing,
            "balances": [{"account": "DE02 … 2051", "currency": self.currency,
                          "balance": str(Decimal(31_480).quantize(self.gross)),
                          "last_statement_on": str(self.today - timedelta(days=2)),
                          "last_statement_balance": str(Decimal(29_905).quantize(self.gross))}],
        }  # fmt: skip

    def _buyer_history(self) -> list[dict[str, Any]]:
        whole = sum((invoiced for _, invoiced in self._months()), Decimal(0))
        own = Decimal(84_000).quantize(self.gross) if self.history else Decimal(0)
        others = {
            "buyers": 6, "currency": self.currency, "invoices": 61, "invoiced": str(whole - own),
            "paid": str(whole - own), "overdue": str((whole * 0).quantize(self.gross)),
            "weighted_days_to_pay": "38.0", "weighted_days_late": "4.0", "late_share_percent": "12.00",
        }  # fmt: skip
        if not self.history:
            return [others]
        buyer = {
            "buyer": "b1", "currency": self.currency, "invoices": self.invoices, "invoiced": str(own),
            "paid": str((own - self.overdue).quantize(self.gross)), "overdue": str(self.overdue.quantize(self.gross)),
            "weighted_days_to_pay": "31.0", "weighted_days_late": self.days_late, "late_share_percent": self.late_share,
        }  # fmt: skip
        return [{name: value for name, value in buyer.items() if value is not None}, others]

    def _inventory(self) -> dict[str, Any]:
        rows = (("LB-28", "Larch board 28 mm", "410", 12_300, "34", "5.2"),
                ("OB-22", "Oak board 22 mm", "120", 7_900, "121", "1.4"))  # fmt: skip
        stock = [
            {"product_code": code, "description": name, "products": 1, "quantity": quantity, "uom": "m²",
             "value": str(Decimal(value).quantize(self.gross)), "currency": self.currency,
             "oldest_on": str(self.today - timedelta(days=200)), "mean_age_days": age, "turnover_pa": turnover}
            for code, name, quantity, value, age, turnover in rows
        ]  # fmt: skip
        return {
            "stock": stock,
            "totals": [{"currency": self.currency, "amount": str(Decimal(20_200).quantize(self.gross))}],
        }

    def _exposure(self) -> dict[str, Any]:
        amount = str(Decimal(15_000).quantize(self.gross))
        return {
            "loans": [{"technique": "receivables_discounting", "currency": self.currency, "principal": amount,
                       "outstanding": amount, "state": "active", "due_on": str(self.today + timedelta(days=30))}],
            "totals": [{"currency": self.currency, "amount": amount}],
        }  # fmt: skip

    def _evidence(self) -> dict[str, Any]:
        nothing = str((self.gross * 0).quantize(self.gross))
        return {
            "lines": [{
                "document": self.number, "line": 1, "quantity": "100", "gross": str(self.gross),
                "ordered": str(self.gross), "delivered": str(self.gross), "needs_delivery": True,
                "orders": [{"order": self.order, "line": 1, "quantity": "100", "net": str(self.net)}],
                "deliveries": [{"delivery": "WH/OUT/00042", "line": 1, "quantity": "100"}],
                "tax_codes": ["VAT 19 %"],
            }],
            "documents": [{
                "document": self.number, "currency": self.currency, "gross": str(self.gross),
                "ordered": str(self.gross), "delivered": str(self.gross), "deliverable": str(self.gross),
                "taxed": str(self.tax), "paid": nothing, "credited": nothing,
            }],
            "contradictions": [{"document": self.number, **one} for one in self.contradictions],
        }  # fmt: skip

    def _checks(self) -> dict[str, Any]:
        levels = {"authenticity": "green", "self_liquidation": "green", "control": "amber"} | self.lights
        codes = {
            "authenticity": ("order-exists", "Every line of the invoice stands on a confirmed order."),
            "self_liquidation": ("buyer-pays", "The buyer pays 2.5 days late on average, weighted by amount."),
            "control": ("collection-account", "The collection account is named, but not assigned to a bank."),
        }
        return {
            "results": [
                {"code": code, "light": light, "level": levels[light], "documents": [self.number], "sentence": sentence}
                for light, (code, sentence) in codes.items()
            ],
            "lights": [{"light": light, "level": level} for light, level in levels.items()],
        }

    def _forecast(self) -> dict[str, Any]:
        nothing = (self.gross * 0).quantize(self.gross)
        first = self.today - timedelta(days=self.today.weekday())
        week_of_payment = (max(self.due_on, self.today) - first).days // 7
        weeks = []
        for index in range(13):
            financed = self.gross if index == week_of_payment else nothing
            expected = financed + Decimal(6_000 + 900 * (index % 5)).quantize(self.gross)
            weeks.append(
                {"week": str(first + timedelta(weeks=index)), "currency": self.currency, "documents": 3 + index % 4,
                 "expected": str(expected), "financed": str(financed)}
            )  # fmt: skip
        total = sum((Decimal(week["expected"]) for week in weeks), Decimal(0))
        return {"weeks": weeks, "totals": [{"currency": self.currency, "amount": str(total)}]}

    def _attachments(self) -> dict[str, Any]:
        def row(name: str, content: bytes) -> dict[str, Any]:
            of_invoice = name.startswith("invoice")
            return {
                "name": name,
                "kind": "ubl_invoice" if of_invoice else "ubl_despatch_advice",
                "document": self.number if of_invoice else "WH/OUT/00042",
                "media_type": "application/xml",
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
            }

        rows = [row(name, content) for name, content in self.files.items()]
        not_made = [{"document": self.number, **row} for row in self.not_made]
        files = [one for one in rows if one["kind"] not in self.kinds_left_out]
        return {"files": files, **({"not_made": not_made} if not_made else {})}
