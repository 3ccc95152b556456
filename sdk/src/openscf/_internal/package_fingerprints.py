"""Every fingerprint of a package, recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from openscf._internal.finding import Finding
from openscf._internal.sections import FinancedDocument, PartySection
from openscf.errors import InputInvalid
from openscf.fingerprint import fingerprints
from openscf.package import Package


def check_fingerprints(package: Package, keys: Mapping[str, bytes]) -> list[Finding]:
    """Return a finding for each fingerprint that is not the document's, and a warning where its key is not known."""
    findings = []
    party = package.sections.party
    names = {
        **{buyer.key: buyer.tax_id or buyer.name for buyer in party.buyers},
        **{seller.key: seller.tax_id or seller.name for seller in party.sellers},
    }
    for at, document in enumerate(package.sections.transaction.documents):
        pointer = f"/sections/transaction/documents/{at}/fingerprints"
        stated = document.fingerprints
        key = keys.get(stated.key_version)
        if key is None:
            message = f"The key {stated.key_version!r:.80} is not known here; the fingerprints could not be checked."
            findings.append(
                Finding(code="not-checked", pointer=f"{pointer}/key_version", message=message, level="warning")
            )
            continue
        identity = _identity(document, party, names)
        if identity is None:
            continue  # found as an unknown reference, or as a buyer without a name
        try:
            computed = fingerprints(
                **identity._asdict(),
                issue_date=document.issue_date,
                currency=document.currency,
                amount=document.totals.gross,
                key=key,
                key_version=stated.key_version,
            )
        except InputInvalid as error:
            findings.append(Finding(code="fingerprint-mismatch", pointer=pointer, message=str(error)))
            continue
        for name in ("f1", "f2", "f3"):
            if getattr(stated, name) != getattr(computed, name):
                message = f"{name.upper()} is not the fingerprint of this document."
                findings.append(Finding(code="fingerprint-mismatch", pointer=f"{pointer}/{name}", message=message))
    return findings


class _Identity(NamedTuple):
    """What the asset is called by who issued it."""

    issuer: str
    kind: str
    number: str
    fiscal_year: str
    counterparty: str


def _identity(document: FinancedDocument, party: PartySection, names: Mapping[str, str | None]) -> _Identity | None:
    """Return the identity of a document; None where its buyer or seller has no name here."""
    applicant, year = party.applicant.tax_id, document.fiscal_year
    if document.goods is not None:
        return _Identity(applicant, document.kind, document.number, year, _named_goods(document))
    other = names.get(document.counterparty or "")
    if other is None:
        return None
    if document.issuer_number is not None:
        # A bill is its seller's invoice: the same asset, whoever of the two has it financed.
        return _Identity(other, "customer_invoice", document.issuer_number, str(document.issue_date.year), applicant)
    return _Identity(applicant, document.kind, document.number, year, other)


def _named_goods(document: FinancedDocument) -> str:
    """Return by what goods are known: their lot, or else their product."""
    lot = document.goods.lot if document.goods else None
    line = document.lines[0] if document.lines else None
    return lot or (line.product_code or line.description if line else "")
