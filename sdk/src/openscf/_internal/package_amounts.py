"""Every amount of a package in a currency that exists, with that currency's decimals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from openscf._internal.finding import Finding
from openscf._internal.pointer import pointer_of
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
    ResaleRow,
    Row,
    Sections,
    StockRow,
    Sum,
    TaxMonth,
    TaxRow,
)
from openscf.errors import InputInvalid
from openscf.money import decimals, minor_unit
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
    ResaleRow: ("sold_net",),
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
    for place, currency, parts in _amounts(package.sections):
        try:
            unit = minor_unit(currency)
        except InputInvalid as error:
            pointer = pointer_of((*place, "currency"))
            findings.append(Finding(code="currency-unknown", pointer=pointer, message=str(error)))
            continue
        for step, row, names in parts:
            for name in names:
                amount = getattr(row, name)
                # As many decimals as the unit has; None where an optional amount is left out.
                if amount is not None and not unit.same_quantum(amount):
                    pointer = pointer_of((*place, *step, name))
                    message = f"{amount:f} is not written with the {decimals(currency)} decimals of {currency}."
                    findings.append(Finding(code="amount-decimals", pointer=pointer, message=message))
    return findings


_Place = tuple[str | int, ...]
"""The steps of a pointer: written out for what is wrong only."""
_Part = tuple[_Place, Row, tuple[str, ...]]
"""Where a row stands, the row, and its amounts by name."""
_Amounts = tuple[_Place, str, Sequence[_Part]]
"""Where a currency is stated, the currency, and what is in it, by its place below."""


def _amounts(sections: Sections) -> Iterator[_Amounts]:
    for name in Sections.model_fields:
        section = getattr(sections, name)
        for member in type(section).model_fields if section is not None else ():
            yield from _of_member(getattr(section, member), ("sections", name, member))
    yield from _of_documents(sections)
    yield from _of_evidence_lines(sections)
    yield from _of_checks(sections)


def _of_member(value: Any, place: _Place) -> Iterator[_Amounts]:
    """Yield the amounts of an object with a currency, or of a list of them."""
    if not isinstance(value, tuple):
        names = AMOUNTS.get(type(value))
        if names:
            yield place, value.currency, (((), value, names),)
        return
    # The rows of a list are of one model.
    names = AMOUNTS.get(type(value[0])) if value else None
    if names:
        for at, row in enumerate(value):
            yield (*place, at), row.currency, (((), row, names),)


def _of_documents(sections: Sections) -> Iterator[_Amounts]:
    for at, document in enumerate(sections.transaction.documents):
        parts: list[_Part] = [(("lines", number), line, _LINE_AMOUNTS) for number, line in enumerate(document.lines)]
        parts.append((("totals",), document.totals, _TOTAL_AMOUNTS))
        yield ("sections", "transaction", "documents", at), document.currency, parts


def _of_evidence_lines(sections: Sections) -> Iterator[_Amounts]:
    """The lines of the evidence are in their document's currency; what needs no delivery has "0" delivered."""
    currencies = {document.number: document.currency for document in sections.transaction.documents}
    for at, line in enumerate(sections.evidence.lines if sections.evidence else ()):
        if line.document in currencies:
            names = ("gross", "ordered", "delivered") if line.needs_delivery else ("gross", "ordered")
            parts: list[_Part] = [((), line, names)]
            parts += [(("orders", number), order, ("net",)) for number, order in enumerate(line.orders)]
            yield ("sections", "evidence", "lines", at), currencies[line.document], parts


def _of_checks(sections: Sections) -> Iterator[_Amounts]:
    for at, check in enumerate(sections.checks.results if sections.checks else ()):
        if check.currency is not None:
            names = ("figure", "threshold") if check.unit == "money" else ()
            yield ("sections", "checks", "results", at), check.currency, (((), check, names),)
