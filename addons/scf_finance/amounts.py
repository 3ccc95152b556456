"""Odoo keeps money as float; arithmetic and the wire want exact decimals."""

from decimal import Decimal

from openscf.money import decimals, to_amount


def exact(amount: float, currency: str) -> Decimal:
    """The decimal that a monetary field shows: `amount` at the decimals of `currency` (ISO 4217 code)."""
    return Decimal(f"{amount:.{decimals(currency)}f}")


def wire_money(amount: Decimal | float, currency: str) -> dict:
    """Money as on the wire: `{"amount": "1234.50", "currency": "EUR"}`."""
    value = amount if isinstance(amount, Decimal) else exact(amount, currency)
    return {"amount": to_amount(value, currency), "currency": currency}
