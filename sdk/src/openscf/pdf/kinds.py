"""The kinds of documents in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from openscf._internal.sections import FinancedDocument, TransactionSection
from openscf.kinds import GOODS_KIND, PURCHASE_KINDS
from openscf.wire import DocumentKind

TITLES: Final[dict[DocumentKind, str]] = {
    "sales_order": "Order",
    "customer_invoice": "Invoice",
    "purchase_order": "Purchase order",
    "vendor_bill": "Bill",
    "pledged_goods": "Pledged goods",
}
BOX_TITLES: Final[dict[DocumentKind, str]] = {**TITLES, "sales_order": "Financed order"}
"""What the box of the financed document is called, which stands beside that of its order."""


def is_bought(transaction: TransactionSection) -> bool:
    """Tell whether purchases are financed; the documents of a package are of one kind."""
    return any(document.kind in PURCHASE_KINDS for document in transaction.documents)


def is_pledged(transaction: TransactionSection) -> bool:
    """Tell whether pledged goods are what is financed."""
    return any(document.kind == GOODS_KIND for document in transaction.documents)


def heading(document: FinancedDocument, named: Callable[[str | None], str]) -> str:
    """Return a document with whom it is made out to, or who made it out."""
    title = f"{TITLES[document.kind]} {document.number}"
    if document.issuer_number is not None:
        return f"{title}, number {document.issuer_number} of {named(document.seller)}"
    return f"{title} to {named(document.counterparty)}" if document.counterparty else title
