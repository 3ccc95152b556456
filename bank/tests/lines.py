"""Packages for tests: a working-capital line on all that a company sells."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from packages import Sale
from purchases_and_pledges import without_documents


@dataclass
class Line(Sale):
    """A line of `requested` for the company whose year of collections `Sale` tells; no document is financed."""

    technique: str = "revolving_line"
    requested: Decimal = Decimal("20000.00")
    tenor_days: int = 180
    left_out: frozenset[str] = frozenset({"attachments", "evidence"})

    @property
    def files(self) -> dict[str, bytes]:
        return {}

    @property
    def f1s(self) -> list[str]:
        return []

    def _transaction(self) -> dict[str, Any]:
        return {
            **super()._transaction(),
            "eligible": {"amount": "150000.00", "currency": self.currency},
            "documents": [],
        }

    def _order_flow(self) -> dict[str, Any]:
        return {"orders": []}

    def _logistics_flow(self) -> dict[str, Any]:
        return {**super()._logistics_flow(), "deliveries": []}

    def _tax_flow(self) -> dict[str, Any]:
        return {"taxes": []}

    def _checks(self) -> dict[str, Any]:
        checks = super()._checks()
        return {**checks, "results": [{**result, "documents": []} for result in checks["results"]]}

    def _forecast(self) -> dict[str, Any]:
        return without_documents(super()._forecast())
