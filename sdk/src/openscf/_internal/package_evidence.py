"""The evidence graph against the documents, taxes and payments that it is drawn from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from openscf._internal.comparison import ZERO, compare
from openscf._internal.finding import Finding
from openscf._internal.sections import DocumentLine, EvidenceLine, EvidenceSection, FinancedDocument
from openscf.package import Package

POINTER = "/sections/evidence"
_PARTS = ("gross", "ordered", "delivered", "deliverable")

_Lines = Mapping[tuple[str, int], tuple[int, int, DocumentLine]]
"""The lines of the financed documents by document and number, each with the places of its document and its own."""


def check_evidence(package: Package) -> Iterator[Finding]:
    """Yield a finding for each amount that its lines, taxes or payments do not give; a warning per contradiction."""
    evidence = package.sections.evidence
    if evidence is None:
        return
    documents = {document.number: document for document in package.sections.transaction.documents}
    lines = {
        (document.number, line.line): (at, number, line)
        for at, document in enumerate(package.sections.transaction.documents)
        for number, line in enumerate(document.lines)
    }
    yield from _lines(evidence, lines)
    yield from _documents(evidence, documents, _taxed(package))
    yield from _contradictions(evidence, documents, lines)


def _lines(evidence: EvidenceSection, lines: _Lines) -> Iterator[Finding]:
    """Each line of a document has one line of evidence, with its quantity, amount and taxes."""
    seen = set[tuple[str, int]]()
    for at, row in enumerate(evidence.lines):
        key = row.document, row.line
        if key in seen:
            message = f"The line {row.line} of {row.document!r:.80} has evidence twice."
            yield Finding(code="repeated", pointer=f"{POINTER}/lines/{at}/line", message=message)
        seen.add(key)
        if key in lines:
            line = lines[key][2]
            if (row.quantity, row.gross, row.tax_codes) != (line.quantity, line.gross, line.tax_codes):
                yield from _differs_from_line(row, line, f"{POINTER}/lines/{at}")
            yield from _carried(row, at)
        else:
            message = f"The document {row.document!r:.80} has no line {row.line}."
            yield Finding(code="reference-unknown", pointer=f"{POINTER}/lines/{at}/line", message=message)
    for key, (at, number, _) in lines.items():
        if key not in seen:
            pointer = f"/sections/transaction/documents/{at}/lines/{number}"
            message = f"The line {key[1]} of {key[0]!r:.80} has no line in the evidence."
            yield Finding(code="evidence-missing", pointer=pointer, message=message)


def _differs_from_line(row: EvidenceLine, line: DocumentLine, pointer: str) -> Iterator[Finding]:
    yield from compare(f"{pointer}/quantity", row.quantity, line.quantity, "the document's lines")
    yield from compare(f"{pointer}/gross", row.gross, line.gross, "the document's lines")
    if row.tax_codes != line.tax_codes:
        stated, given = ", ".join(row.tax_codes) or "none", ", ".join(line.tax_codes) or "none"
        message = f"The taxes {stated:.80} are stated; the document's line has {given:.80}."
        yield Finding(code="evidence-mismatch", pointer=f"{pointer}/tax_codes", message=message)


def _carried(row: EvidenceLine, at: int) -> Iterator[Finding]:
    """What an order or a delivery carries is a part of the line, and nothing where none is named."""
    gross = row.gross
    least, most = (ZERO, gross) if gross >= ZERO else (gross, ZERO)
    for name, amount, carried in (
        ("ordered", row.ordered, row.orders),
        ("delivered", row.delivered, row.deliveries if row.needs_delivery else ()),
    ):
        if not least <= amount <= most:
            message = f"{amount:f} is stated; the line has {gross:f}, and a part of it lies between 0 and that."
            yield Finding(code="limit-exceeded", pointer=f"{POINTER}/lines/{at}/{name}", message=message)
        elif amount and not carried:
            message = f"{amount:f} is {name}, but nothing is named that carries it: 0 was expected."
            yield Finding(code="evidence-mismatch", pointer=f"{POINTER}/lines/{at}/{name}", message=message)


def _documents(
    evidence: EvidenceSection, documents: Mapping[str, FinancedDocument], taxed: Mapping[str, Decimal]
) -> Iterator[Finding]:
    """Each document has its four streams once: sums of its lines, its taxes, and what its totals say was paid."""
    gross, ordered, delivered, deliverable = (defaultdict[str, Decimal](Decimal) for _ in _PARTS)
    for line in evidence.lines:
        document, amount = line.document, line.gross
        gross[document] += amount
        ordered[document] += line.ordered
        delivered[document] += line.delivered
        if line.needs_delivery:
            deliverable[document] += amount
    computed = dict(zip(_PARTS, (gross, ordered, delivered, deliverable), strict=True))
    for number, count in Counter(row.document for row in evidence.documents).items():
        if count > 1:
            message = f"The streams of {number!r:.80} are stated {count} times."
            yield Finding(code="repeated", pointer=f"{POINTER}/documents", message=message)
    for number in documents.keys() - {row.document for row in evidence.documents}:
        message = f"The streams of {number!r:.80} are not stated."
        yield Finding(code="evidence-missing", pointer=f"{POINTER}/documents", message=message)
    for at, row in enumerate(evidence.documents):
        financed = documents.get(row.document)
        if financed is None:
            continue  # found as an unknown reference
        totals, pointer = financed.totals, f"{POINTER}/documents/{at}"
        for name in _PARTS:
            amount = computed[name][row.document]
            yield from compare(f"{pointer}/{name}", getattr(row, name), amount, "the lines of the evidence")
        yield from compare(f"{pointer}/taxed", row.taxed, taxed[row.document], "the taxes of this document")
        yield from compare(f"{pointer}/paid", row.paid, totals.paid, "the totals of the document")
        yield from compare(f"{pointer}/credited", row.credited, totals.credited, "the totals of the document")


def _taxed(package: Package) -> Mapping[str, Decimal]:
    """Return the tax of each document: of its rows in tax_flow, of its totals where the package has no tax_flow."""
    documents = package.sections.transaction.documents
    if package.sections.tax_flow is None:
        return {document.number: document.totals.tax for document in documents}
    taxed = {document.number: ZERO for document in documents}
    for tax in package.sections.tax_flow.taxes:
        taxed[tax.document] = taxed.get(tax.document, ZERO) + tax.amount
    return taxed


def _contradictions(
    evidence: EvidenceSection, documents: Mapping[str, FinancedDocument], lines: _Lines
) -> Iterator[Finding]:
    for at, row in enumerate(evidence.contradictions):
        pointer = f"{POINTER}/contradictions/{at}"
        if row.document in documents and row.line is not None and (row.document, row.line) not in lines:
            message = f"The document {row.document!r:.80} has no line {row.line}."
            yield Finding(code="reference-unknown", pointer=f"{pointer}/line", message=message)
        message = f"The applicant itself names a contradiction ({row.code}): {row.sentence:.200}"
        yield Finding(code="contradiction", pointer=pointer, message=message, level="warning")
