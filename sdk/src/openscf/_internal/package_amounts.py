"""Every amount of a package in a currency that exists, with that currency's decimals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from openscf._internal.finding import Finding
from openscf.errors import InputInvalid
from openscf.money import decimals
from openscf.package import Package

_LINE_AMOUNTS = ("net", "tax", "gross")
_TOTAL_AMOUNTS = ("net", "tax", "gross", "paid", "credited", "outstanding")
_HISTORY_AMOUNTS = ("invoiced", "paid", "overdue")


def check_amounts(package: Package) -> list[Finding]:
    """Return a finding for each unknown currency and each amount with other decimals than its currency has."""
    findings = []
    for pointer, currency, amounts in _amounts(package):
        try:
            expected = decimals(currency)
        except InputInvalid as error:
            findings.append(Finding(code="currency-unknown", pointer=f"{pointer}/currency", message=str(error)))
            continue
        for name, amount in amounts:
            exponent = amount.as_tuple().exponent
            if exponent != -expected:
                message = f"{amount:f} is not written with the {expected} decimals of {currency}."
                findings.append(Finding(code="amount-decimals", pointer=f"{pointer}/{name}", message=message))
    return findings


def _amounts(package: Package) -> Iterator[tuple[str, str, list[tuple[str, Decimal]]]]:
    """Yield the pointer of each row, its currency, and its amounts by their pointer within the row."""
    sections = package.sections
    for name in ("requested", "eligible"):
        money = getattr(sections.transaction, name)
        yield f"/sections/transaction/{name}", money.currency, [("amount", money.amount)]
    for at, document in enumerate(sections.transaction.documents):
        amounts = [
            (f"lines/{number}/{name}", getattr(line, name))
            for number, line in enumerate(document.lines)
            for name in _LINE_AMOUNTS
        ]
        amounts += [(f"totals/{name}", getattr(document.totals, name)) for name in _TOTAL_AMOUNTS]
        yield f"/sections/transaction/documents/{at}", document.currency, amounts
    if sections.order_flow:
        for at, order in enumerate(sections.order_flow.orders):
            yield f"/sections/order_flow/orders/{at}", order.currency, [("total", order.total)]
    if sections.tax_flow:
        for at, tax in enumerate(sections.tax_flow.taxes):
            yield f"/sections/tax_flow/taxes/{at}", tax.currency, [("base", tax.base), ("amount", tax.amount)]
    if sections.cash_flow:
        for at, payment in enumerate(sections.cash_flow.payments):
            yield f"/sections/cash_flow/payments/{at}", payment.currency, [("amount", payment.amount)]
        for at, history in enumerate(sections.cash_flow.buyer_history):
            amounts = [(name, getattr(history, name)) for name in _HISTORY_AMOUNTS]
            yield f"/sections/cash_flow/buyer_history/{at}", history.currency, amounts
