"""Every fingerprint of a package, recomputed."""

from __future__ import annotations

from collections.abc import Mapping

from openscf._internal.finding import Finding
from openscf.errors import InputInvalid
from openscf.fingerprint import fingerprints
from openscf.package import Package


def check_fingerprints(package: Package, keys: Mapping[str, bytes]) -> list[Finding]:
    """Return a finding for each fingerprint that is not the document's, and a warning where its key is not known."""
    findings = []
    names = {buyer.key: buyer.tax_id or buyer.name for buyer in package.sections.party.buyers}
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
        buyer = names.get(document.buyer)
        if buyer is None:
            continue  # found as an unknown reference, or as a buyer without a name
        try:
            computed = fingerprints(
                issuer=package.sections.party.applicant.tax_id,
                kind=document.kind,
                number=document.number,
                fiscal_year=document.fiscal_year,
                counterparty=buyer,
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
