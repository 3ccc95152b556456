"""Whether the financed documents belong together: of one kind, which the technique finances, and from one seller."""

from __future__ import annotations

from collections.abc import Iterator

from openscf._internal.comparison import ZERO
from openscf._internal.finding import Finding
from openscf._internal.sections import Sections, TransactionSection
from openscf.kinds import SALES_KINDS, TECHNIQUES
from openscf.package import Package

POINTER = "/sections/transaction/documents"


def check_kinds(package: Package) -> Iterator[Finding]:
    """Yield a finding for each document that does not go with the technique, or with the other documents.

    What an unknown technique finances is not known here; its documents are of one kind all the same.
    """
    sections = package.sections
    yield from _kinds(sections.transaction)
    yield from _sellers(sections)
    yield from _expected_collections(sections)


def _kinds(transaction: TransactionSection) -> Iterator[Finding]:
    technique, documents = transaction.technique, transaction.documents
    first = documents[0].kind if documents else None
    financed = TECHNIQUES.get(technique)
    for at, document in enumerate(documents):
        if financed is not None and document.kind not in financed:
            what = " or ".join(sorted(financed)) or "no single document"
            message = f"{technique} finances {what}; this is a {document.kind}."
        elif document.kind != first:
            message = f"This is a {document.kind}, the first document a {first}; one application has one kind."
        else:
            continue
        yield Finding(code="technique-mismatch", pointer=f"{POINTER}/{at}/kind", message=message)


def _sellers(sections: Sections) -> Iterator[Finding]:
    """All purchases are from one seller, and no other seller is named."""
    sellers = [(at, document.seller) for at, document in enumerate(sections.transaction.documents) if document.seller]
    for at, seller in sellers:
        if seller != sellers[0][1]:
            message = f"The seller is {seller!r:.80}, of the others {sellers[0][1]!r:.80}; a loan pays one seller."
            yield Finding(code="several-sellers", pointer=f"{POINTER}/{at}/seller", message=message)
    financed = {seller for _, seller in sellers}
    for at, row in enumerate(sections.party.sellers):
        if row.key not in financed:
            message = f"The seller {row.name!r:.80} is of no financed document; nothing else may be told of it."
            yield Finding(code="seller-unused", pointer=f"/sections/party/sellers/{at}/key", message=message)


def _expected_collections(sections: Sections) -> Iterator[Finding]:
    """What was bought or pledged is not sold yet, so that no expected collection comes from it; nor is there one from
    documents where none is financed."""
    if any(document.kind in SALES_KINDS for document in sections.transaction.documents):
        return
    for at, week in enumerate(sections.forecast.weeks if sections.forecast else ()):
        if week.financed != ZERO:
            message = f"{week.financed:f} is expected of the financed documents; purchases and goods collect nothing."
            pointer = f"/sections/forecast/weeks/{at}/financed"
            yield Finding(code="limit-exceeded", pointer=pointer, message=message)
