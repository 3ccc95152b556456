"""What a rule says: one sentence that a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Fix(Enum):
    """The screen that helps; the panel turns it into an action the reader may open."""

    SETTINGS = "settings"
    COMPANY = "company"
    BANKS = "banks"
    APPLICATION = "application"
    INVOICES = "invoices"
    BILL = "bill"
    SUPPLIER = "supplier"
    SUPPLIER_ACCOUNT = "supplier_account"
    STOCK = "stock"
    PRODUCT = "product"
    RECEIVABLES = "receivables"


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: "ok" (said to reassure), "warn" (does not hinder), "stop" (refuses)."""

    code: str
    level: str
    sentence: str
    fix: Fix | None = None
    fix_id: int | None = None
