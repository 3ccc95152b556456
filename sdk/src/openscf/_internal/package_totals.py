"""Every total of the financed documents, recomputed from lines, taxes and payments; and the limits of the request."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from openscf._internal.comparison import ZERO, compare
from openscf._internal.finding import Finding
from openscf._internal.sections import FinancedDocument, Sections
from openscf.kinds import COMPANY_TECHNIQUES, ORDER_KINDS
from openscf.package import Package


def check_totals(package: Package) -> list[Finding]:
    """Return a finding for each sum that does not come out, and for each limit that is exceeded."""
    sections, findings = package.sections, list[Finding]()
    taxes, payments = _taxes(sections), _payments(sections)
    for at, document in enumerate(sections.transaction.documents):
        pointer = f"/sections/transaction/documents/{at}"
        findings += _check_document(document, pointer)
        if taxes is not None:
            source = "the taxes of this document in tax_flow"
            findings += compare(f"{pointer}/totals/tax", document.totals.tax, taxes[document.number], source)
        if payments is not None:
            source = "the payments of this document in cash_flow"
            for name in ("paid", "credited"):
                stated = getattr(document.totals, name)
                findings += compare(f"{pointer}/totals/{name}", stated, payments[document.number, name], source)
    if taxes is None:
        findings.append(_unchecked("tax_flow", "the documents' taxes"))
    if payments is None:
        findings.append(_unchecked("cash_flow", "what was paid and credited"))
    return findings + _check_limits(package)


def _taxes(sections: Sections) -> defaultdict[str, Decimal] | None:
    if sections.tax_flow is None:
        return None
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for tax in sections.tax_flow.taxes:
        totals[tax.document] += tax.amount
    return totals


def _payments(sections: Sections) -> defaultdict[tuple[str, str], Decimal] | None:
    if sections.cash_flow is None:
        return None
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for payment in sections.cash_flow.payments:
        totals[payment.document, "credited" if payment.kind == "credit_note" else "paid"] += payment.amount
    return totals


def _check_document(document: FinancedDocument, pointer: str) -> list[Finding]:
    findings = []
    net = tax = gross = ZERO
    for at, line in enumerate(document.lines):
        if line.gross != line.net + line.tax:
            findings += compare(f"{pointer}/lines/{at}/gross", line.gross, line.net + line.tax, "net + tax")
        net, tax, gross = net + line.net, tax + line.tax, gross + line.gross
    totals = document.totals
    for name, total in (("net", net), ("tax", tax), ("gross", gross)):
        findings += compare(f"{pointer}/totals/{name}", getattr(totals, name), total, f"the lines' {name}")
    outstanding = totals.gross - totals.paid - totals.credited
    findings += compare(
        f"{pointer}/totals/outstanding", totals.outstanding, outstanding, "gross less paid and credited"
    )
    return findings


def _check_limits(package: Package) -> list[Finding]:
    """Check 0 < requested ≤ eligible ≤ what the documents carry, which needs one currency.

    Where the company's sales as a whole are financed, what was collected in the history takes the documents' place.
    """
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
    if requested.amount <= 0:
        message = f"{requested.amount:f} is requested; a loan needs a positive amount."
        findings.append(Finding(code="limit-exceeded", pointer=f"{pointer}/requested/amount", message=message))
    if requested.amount > eligible.amount:
        message = f"{requested.amount:f} is requested, {eligible.amount:f} is eligible."
        findings.append(Finding(code="limit-exceeded", pointer=f"{pointer}/requested/amount", message=message))
    findings += _check_eligible(package)
    return findings


def _check_eligible(package: Package) -> list[Finding]:
    transaction, cash = package.sections.transaction, package.sections.cash_flow
    eligible = transaction.eligible
    if transaction.technique not in COMPANY_TECHNIQUES:
        carried = sum(
            (doc.totals.gross if doc.kind in ORDER_KINDS else doc.totals.outstanding for doc in transaction.documents),
            ZERO,
        )
        what = f"the documents carry {carried:f}"
    elif cash is not None:
        carried = sum((row.collected for row in cash.months if row.currency == eligible.currency), ZERO)
        what = f"{carried:f} was collected in the history"
    else:
        return [_unchecked("cash_flow", "what is called eligible")]
    if eligible.amount <= carried:
        return []
    message = f"{eligible.amount:f} is called eligible; {what}."
    return [Finding(code="limit-exceeded", pointer="/sections/transaction/eligible/amount", message=message)]


def _unchecked(section: str, what: str) -> Finding:
    message = f"The package has no section {section}; {what} could not be checked."
    return Finding(code="not-checked", pointer="/sections", message=message, level="warning")
