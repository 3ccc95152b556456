"""The other side of an application's documents, by name."""

from __future__ import annotations

from collections.abc import Mapping

from openscf.package import FinancedDocument as Document
from openscf.package import Sections


def names(sections: Sections | None) -> str:
    """The buyers, the supplier or the goods of a package's documents; nothing where it could not be read."""
    if sections is None:
        return ""
    party = sections.party
    known = {buyer.key: buyer.name or buyer.key for buyer in party.buyers}
    known |= {seller.key: seller.name for seller in party.sellers}
    documents = sections.transaction.documents
    return ", ".join(sorted({_name(document, known) for document in documents}))[:255]


def _name(document: Document, known: Mapping[str, str]) -> str:
    if document.counterparty is not None:
        return known.get(document.counterparty, document.counterparty)
    return document.lines[0].description if document.lines else document.number
