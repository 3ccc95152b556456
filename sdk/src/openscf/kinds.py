"""The kinds of documents that are financed, and by which technique (docs/package.md, "Kinds of documents")."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openscf.wire import DocumentKind

__all__ = ["COMPANY_TECHNIQUES", "GOODS_KIND", "ORDER_KINDS", "PURCHASE_KINDS", "SALES_KINDS", "TECHNIQUES"]

# The applicant sells: the document names its buyer.
SALES_KINDS: Final[frozenset[DocumentKind]] = frozenset(("sales_order", "customer_invoice"))
# The applicant buys: the document names its seller, who is paid by the bank.
PURCHASE_KINDS: Final[frozenset[DocumentKind]] = frozenset(("purchase_order", "vendor_bill"))
# Goods that the applicant holds and pledges: nobody else is party to the document.
GOODS_KIND: Final[DocumentKind] = "pledged_goods"
# What was paid on an order is still part of the trade: an order carries its gross, not what is outstanding.
ORDER_KINDS: Final[frozenset[DocumentKind]] = frozenset(("sales_order", "purchase_order"))
# What the company sells as a whole stands for the loan: a package names no document.
COMPANY_TECHNIQUES: Final[frozenset[str]] = frozenset(("revolving_line",))

TECHNIQUES: Final[Mapping[str, frozenset[DocumentKind]]] = MappingProxyType(
    {
        "pre_shipment": frozenset(("sales_order",)),
        "receivables_discounting": frozenset(("customer_invoice",)),
        "distributor_finance": PURCHASE_KINDS,
        "inventory_loan": frozenset((GOODS_KIND,)),
        **dict.fromkeys(COMPANY_TECHNIQUES, frozenset()),
    }
)
"""What each known technique finances."""
