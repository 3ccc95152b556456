"""Packages for tests: a purchase whose supplier is paid by the bank, and goods in stock that are pledged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from openscf.fingerprint import Fingerprints, fingerprints
from packages import Sale

CENTS = Decimal("0.01")


@dataclass
class Purchase(Sale):
    """A supplier's bill (or an order to it) of `gross`. `account` is where the package says that it is paid.

    `days_to_sell` is how long the goods take to sell, None where none were sold.
    """

    number: str = "BILL/2026/11/0042"
    kind: str = "vendor_bill"
    technique: str = "distributor_finance"
    issuer_number: str = "RE-000042"
    supplier: str = "Sägewerk Huber"
    supplier_tax_id: str = "ATU57477929"
    account: str | None = "AT61 1904 3002 3457 3201"
    trusted: bool = True
    days_to_sell: str | None = "61"
    left_out: frozenset[str] = frozenset({"attachments"})

    @property
    def order(self) -> str:
        return "P00042" if self.kind == "vendor_bill" else self.number

    @property
    def files(self) -> dict[str, bytes]:
        return {}

    @property
    def disbursement_account(self) -> dict[str, str]:
        return {"iban": "AT611904300234573201", "holder": self.supplier}

    def _fingerprints(self) -> Fingerprints:
        value = {"issue_date": self.issued_on, "currency": self.currency, "amount": self.gross}
        if self.kind == "purchase_order":
            return fingerprints(
                issuer=self.seller_tax_id, kind=self.kind, number=self.number, fiscal_year=self.issued_on.year,
                counterparty=self.supplier_tax_id, **value,
            )  # fmt: skip
        return fingerprints(
            issuer=self.supplier_tax_id, kind="customer_invoice", number=self.issuer_number,
            fiscal_year=self.issued_on.year, counterparty=self.seller_tax_id, **value,
        )  # fmt: skip

    def _party(self) -> dict[str, Any]:
        supplier: dict[str, Any] = {
            "key": "S1", "name": self.supplier, "tax_id": self.supplier_tax_id, "country": "AT", "city": "Murau",
            "supplier_since": "2021-02-01",
        }  # fmt: skip
        if self.account is not None:
            trusted = {"trusted": True} if self.trusted else {}
            supplier["account"] = {"iban": self.account, "holder": self.supplier, **trusted}
        return {**super()._party(), "sellers": [supplier]}

    def _transaction(self) -> dict[str, Any]:
        transaction = super()._transaction()
        for document in transaction["documents"]:
            del document["buyer"]
            document["seller"] = "S1"
            if self.kind == "vendor_bill":
                document["issuer_number"] = self.issuer_number
        return transaction

    def _order_flow(self) -> dict[str, Any]:
        flow = super()._order_flow()
        for order in flow["orders"]:
            del order["buyer"]
            order |= {"seller": "S1", "state": "purchase"}
            order["documents"] = [self.number] if self.kind == "vendor_bill" else []
        return flow

    def _logistics_flow(self) -> dict[str, Any]:
        flow = super()._logistics_flow()
        flow["deliveries"][0]["direction"] = "in"
        return flow

    def _inventory(self) -> dict[str, Any]:
        row = _resale(self.number, "Larch board", "100", on_hand="410", currency=self.currency, days=self.days_to_sell)
        return {**super()._inventory(), "resale": [row]}

    def _forecast(self) -> dict[str, Any]:
        return without_documents(super()._forecast())


@dataclass(frozen=True)
class Lot:
    """Goods of one kind in one place: `quantity` m² worth `unit_value` each."""

    number: str
    description: str
    quantity: str = "100"
    unit_value: str = "80.00"
    age_days: int | None = 60
    days_to_sell: str | None = "75"

    @property
    def value(self) -> Decimal:
        return (Decimal(self.quantity) * Decimal(self.unit_value)).quantize(CENTS)


@dataclass
class Pledge(Sale):
    """Goods in stock that are pledged for a loan, one document per lot."""

    technique: str = "inventory_loan"
    kind: str = "pledged_goods"
    requested: Decimal = Decimal("6000.00")
    lots: tuple[Lot, ...] = (Lot("PLG/00042", "Oak board 22 mm"),)
    left_out: frozenset[str] = frozenset({"attachments"})

    def __post_init__(self) -> None:
        self.gross = sum((lot.value for lot in self.lots), Decimal(0))
        self.number = self.lots[0].number

    @property
    def files(self) -> dict[str, bytes]:
        return {}

    @property
    def f1s(self) -> list[str]:
        return [self._of_lot(lot).f1 for lot in self.lots]

    def _of_lot(self, lot: Lot) -> Fingerprints:
        return fingerprints(
            issuer=self.seller_tax_id, kind=self.kind, number=lot.number, fiscal_year=self.today.year,
            counterparty=f"LOT-{lot.number}", issue_date=self.today, currency=self.currency, amount=lot.value,
        )  # fmt: skip

    def _transaction(self) -> dict[str, Any]:
        return {**super()._transaction(), "documents": [self._document(lot) for lot in self.lots]}

    def _document(self, lot: Lot) -> dict[str, Any]:
        worth = {"net": str(lot.value), "tax": "0.00", "gross": str(lot.value)}
        since = {} if lot.age_days is None else {"oldest_on": str(self.today - timedelta(days=lot.age_days))}
        return {
            "kind": self.kind, "number": lot.number, "issue_date": str(self.today), "fiscal_year": str(self.today.year),
            "currency": self.currency,
            "goods": {"lot": f"LOT-{lot.number}", "place": "WH/Stock/Pledged", "on_hand": lot.quantity, **since},
            "lines": [{"line": 1, "description": lot.description, "product_code": "OB-22", "quantity": lot.quantity,
                       "uom": "m²", "unit_price": lot.unit_value, "discount_percent": "0", **worth}],
            "totals": {**worth, "paid": "0.00", "credited": "0.00", "outstanding": str(lot.value)},
            "fingerprints": self._of_lot(lot).model_dump(),
        }  # fmt: skip

    def _order_flow(self) -> dict[str, Any]:
        return {"orders": []}

    def _logistics_flow(self) -> dict[str, Any]:
        return {**super()._logistics_flow(), "deliveries": []}

    def _tax_flow(self) -> dict[str, Any]:
        return {"taxes": []}

    def _inventory(self) -> dict[str, Any]:
        rows = [
            _resale(lot.number, lot.description, lot.quantity, lot.quantity, self.currency, lot.days_to_sell)
            for lot in self.lots
        ]
        return {**super()._inventory(), "resale": rows}

    def _evidence(self) -> dict[str, Any]:
        return {
            "lines": [
                {"document": lot.number, "line": 1, "quantity": lot.quantity, "gross": str(lot.value),
                 "ordered": "0.00", "delivered": "0", "needs_delivery": False, "orders": [], "deliveries": [],
                 "tax_codes": []}
                for lot in self.lots
            ],
            "documents": [
                {"document": lot.number, "currency": self.currency, "gross": str(lot.value), "ordered": "0.00",
                 "delivered": "0.00", "deliverable": "0.00", "taxed": "0.00", "paid": "0.00", "credited": "0.00"}
                for lot in self.lots
            ],
            "contradictions": [],
        }  # fmt: skip

    def _forecast(self) -> dict[str, Any]:
        return without_documents(super()._forecast())


def _resale(
    document: str, description: str, quantity: str, on_hand: str, currency: str, days: str | None
) -> dict[str, Any]:
    """A row of goods that were sold at the speed that `days` tells, or not at all."""
    sold = 0 if days is None else int(Decimal(on_hand) * 366 / Decimal(days)) + 1
    return {
        "document": document, "line": 1, "product_code": "LB-28", "description": description, "quantity": quantity,
        "uom": "m²", "on_hand": on_hand, "sold_quantity": str(sold), "sold_net": f"{sold * 41}.00",
        "currency": currency, **({} if days is None else {"days_to_sell": days}),
    }  # fmt: skip


def without_documents(forecast: dict[str, Any]) -> dict[str, Any]:
    """No collection belongs to purchases and pledged goods yet."""
    weeks = [{**week, "financed": "0.00"} for week in forecast["weeks"]]
    return {**forecast, "weeks": weeks}
