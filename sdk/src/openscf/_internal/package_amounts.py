"""Every amount of a package in a currency that exists, with that currency's decimals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from openscf._internal.finding import Finding
from openscf._internal.sections import (
    AgeingRow,
    ApplicationRow,
    BalanceRow,
    BuyerHistoryRow,
    CashMonth,
    Confirmation,
    CurrencyTotal,
    EvidenceDocument,
    ForecastWeek,
    LoanRow,
    OrderMonth,
    OrderRow,
    PaymentRow,
    PledgeRow,
    Row,
    Sections,
    StockRow,
    Sum,
    TaxMonth,
    TaxRow,
)
from openscf.errors import InputInvalid
from openscf.money import decimals
from openscf.package import Package

# The amounts of each row that names its own currency; what is not here is a price, a quantity, a percentage or days.
AMOUNTS: Final[dict[type[Row], tuple[str, ...]]] = {
    Sum: ("amount",),
    Confirmation: ("amount",),
    OrderRow: ("total",),
    OrderMonth: ("confirmed_net", "cancelled_net"),
    TaxRow: ("base", "amount"),
    TaxMonth: ("base", "amount"),
    PaymentRow: ("amount",),
    BuyerHistoryRow: ("invoiced", "paid", "overdue"),
    CashMonth: ("invoiced", "credited", "collected", "paid_out"),
    AgeingRow: ("amount",),
    BalanceRow: ("balance", "last_statement_balance"),
    StockRow: ("value",),
    CurrencyTotal: ("amount",),
    LoanRow: ("principal", "outstanding"),
    ApplicationRow: ("requested",),
    PledgeRow: ("amount",),
    ForecastWeek: ("expected", "financed"),
    EvidenceDocument: ("gross", "ordered", "delivered", "deliverable", "taxed", "paid", "credited"),
}
_LINE_AMOUNTS = ("net", "tax", "gross")
_TOTAL_AMOUNTS = ("net", "tax", "gross", "paid", "credited", "outstanding")


def check_amounts(package: Package) -> list[Finding]:
    """Return a finding for each unknown currency and each amount with other decimals than its currency has."""
    findings = []
    for pointer, currency, amounts in _amounts(package.sections):
        try:
            expected = decimals(currency)
        except InputInvalid as error:
            findings.append(Finding(code="currency-unknown", pointer=f"{pointer}/currency", message=str(error)))
            continue
        for name, amount in amounts:
            if amount is not None and amount.as_tuple().exponent != -expected:
                message = f"{amount:f} is not written with the {expected} decimals of {currency}."
                findings.append(Finding(code="amount-decimals", pointer=f"{pointer}/{name}", message=message))
    return findings


_Amounts = tuple[str, str, list[tuple[str, Decimal | None]]]
"""The pointer of a row, its currency, and its amounts by their pointer within the row."""


def _amounts(sections: Sections) -> Iterator[_Amounts]:
    for name in Sections.model_fields:
        section = getattr(sections, name)
        for member in type(section).model_fields if section is not None else ():
            yield from _of_member(getattr(section, member), f"/sections/{name}/{member}")
    yield from _of_documents(sections)
    yield from _of_evidence_lines(sections)
    yield from _of_checks(sections)


def _of_member(value: Any, pointer: str) -> Iterator[_Amounts]:
    """Yield the amounts of an object with a currency, or of a list of them."""
    listed = isinstance(value, tuple)
    for at, row in enumerate(value if listed else (value,)):
        names = AMOUNTS.get(type(row))
        if names:
            yield f"{pointer}/{at}" if listed else pointer, row.currency, [(name, getattr(row, name)) for name in names]


def _of_documents(sections: Sections) -> Iterator[_Amounts]:
    for at, document in enumerate(sections.transaction.documents):
        amounts: list[tuple[str, Decimal | None]] = [
            (f"lines/{number}/{name}", getattr(line, name))
            for number, line in enumerate(document.lines)
            for name in _LINE_AMOUNTS
        ]
        amounts += [(f"totals/{name}", getattr(document.totals, name)) for name in _TOTAL_AMOUNTS]
        yield f"/sections/transaction/documents/{at}", document.currency, amounts


def _of_evidence_lines(sections: Sections) -> Iterator[_Amounts]:
    """The lines of the evidence are in their document's currency; what needs no delivery has "0" delivered."""
    currencies = {document.number: document.currency for document in sections.transaction.documents}
    for at, line in enumerate(sections.evidence.lines if sections.evidence else ()):
        if line.document in currencies:
            amounts: list[tuple[str, Decimal | None]] = [("gross", line.gross), ("ordered", line.ordered)]
            if line.needs_delivery:
                amounts.append(("delivered", line.delivered))
            amounts += [(f"orders/{number}/net", order.net) for number, order in enumerate(line.orders)]
            yield f"/sections/evidence/lines/{at}", currencies[line.document], amounts


def _of_checks(sections: Sections) -> Iterator[_Amounts]:
    for at, check in enumerate(sections.checks.results if sections.checks else ()):
        if check.currency is not None:
            money = check.unit == "money"
            amounts = [("figure", check.figure), ("threshold", check.threshold)] if money else []
            yield f"/sections/checks/results/{at}", check.currency, amounts
