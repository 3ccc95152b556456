"""Every total of a package, recomputed from its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from openscf._internal.finding import Finding
from openscf._internal.sections import FinancedDocument, PaymentRow, TaxRow
from openscf.package import Package

ZERO = Decimal(0)


def check_totals(package: Package) -> list[Finding]:
    """Return a finding for each sum that does not come out, and for each limit that is exceeded."""
    sections, findings = package.sections, list[Finding]()
    for at, document in enumerate(sections.transaction.documents):
        pointer = f"/sections/transaction/documents/{at}"
        findings += _check_document(document, pointer)
        if sections.tax_flow:
            findings += _check_taxes(document, pointer, sections.tax_flow.taxes)
        if sections.cash_flow:
            findings += _check_payments(document, pointer, sections.cash_flow.payments)
    if sections.tax_flow is None:
        findings.append(_unchecked("tax_flow", "the documents' taxes"))
    if sections.cash_flow is None:
        findings.append(_unchecked("cash_flow", "what was paid and credited"))
    return findings + _check_limits(package)


def _check_document(document: FinancedDocument, pointer: str) -> list[Finding]:
    findings = []
    for at, line in enumerate(document.lines):
        findings += _compare(f"{pointer}/lines/{at}/gross", line.gross, line.net + line.tax, "net + tax")
    totals = document.totals
    for name in ("net", "tax", "gross"):
        total = sum((getattr(line, name) for line in document.lines), ZERO)
        findings += _compare(f"{pointer}/totals/{name}", getattr(totals, name), total, f"the lines' {name}")
    outstanding = totals.gross - totals.paid - totals.credited
    findings += _compare(
        f"{pointer}/totals/outstanding", totals.outstanding, outstanding, "gross less paid and credited"
    )
    return findings


def _check_taxes(document: FinancedDocument, pointer: str, taxes: Iterable[TaxRow]) -> list[Finding]:
    total = sum((tax.amount for tax in taxes if tax.document == document.number), ZERO)
    return _compare(f"{pointer}/totals/tax", document.totals.tax, total, "the taxes of this document in tax_flow")


def _check_payments(document: FinancedDocument, pointer: str, payments: Iterable[PaymentRow]) -> list[Finding]:
    by_name: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in payments:
        if payment.document == document.number:
            by_name["credited" if payment.kind == "credit_note" else "paid"] += payment.amount
    return [
        finding
        for name in ("paid", "credited")
        for finding in _compare(
            f"{pointer}/totals/{name}",
            getattr(document.totals, name),
            by_name[name],
            "the payments of this document in cash_flow",
        )
    ]


def _check_limits(package: Package) -> list[Finding]:
    """Check requested ≤ eligible ≤ what the documents carry, which needs one currency."""
    transaction = package.sections.transaction
    requested, eligible, pointer = transaction.requested, transaction.eligible, "/sections/transaction"
    foreign = [
        Finding(code="currency-mismatch", pointer=where, message=f"{currency} is not {eligible.currency}.")
        for where, currency in (
            (f"{pointer}/requested/currency", requested.currency),
            *((f"{pointer}/documents/{at}/currency", doc.currency) for at, doc in enumerate(transaction.documents)),
        )
        if currency != eligible.currency
    ]
    if foreign:
        return foreign
    findings = []
    carried = sum(
        (doc.totals.gross if doc.kind == "sales_order" else doc.totals.outstanding for doc in transaction.documents),
        ZERO,
    )
    if requested.amount <= 0:
        message = f"{requested.amount:f} is requested; a loan needs a positive amount."
        findings.append(Finding(code="limit-exceeded", pointer=f"{pointer}/requested/amount", message=message))
    if requested.amount > eligible.amount:
        message = f"{requested.amount:f} is requested, {eligible.amount:f} is eligible."
        findings.append(Finding(code="limit-exceeded", pointer=f"{pointer}/requested/amount", message=message))
    if eligible.amount > carried:
        message = f"{eligible.amount:f} is called eligible; the documents carry {carried:f}."
        findings.append(Finding(code="limit-exceeded", pointer=f"{pointer}/eligible/amount", message=message))
    return findings


def _compare(pointer: str, stated: Decimal, computed: Decimal, source: str) -> list[Finding]:
    if stated == computed:
        return []
    message = f"{stated:f} is stated; {source} give {computed:f}."
    return [Finding(code="total-mismatch", pointer=pointer, message=message)]


def _unchecked(section: str, what: str) -> Finding:
    message = f"The package has no section {section}; {what} could not be checked."
    return Finding(code="not-checked", pointer="/sections", message=message, level="warning")
