"""How the evidence on documents of each kind is read: sales, purchases, goods that are pledged, or none at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from . import pledged_goods, purchase, sale, whole_company
from .contradictions import contradiction_rows
from .headers import Header, read_headers
from .purchase_contradictions import purchase_contradiction_rows
from .purchase_settlements import read_purchase_reductions
from .scope import Linked, Reduction, Scope
from .trade import Trade


@dataclass(frozen=True, slots=True)
class Side:
    """What reads the documents of some kinds, and what is told of them. Each reads in a fixed number of queries.

    :ivar sources: what the sections about the documents were read from, by section
    :ivar has_resale: whether the goods are still to be sold
    """

    sources: Mapping[str, str]
    read_headers: Callable[..., tuple[Header, ...]]
    read_linked: Callable[..., Linked]
    read_reductions: Callable[..., Iterable[Reduction]]
    read_trade: Callable[[Scope], Trade]
    contradiction_rows: Callable[[Trade, list[dict]], list[dict]]
    has_resale: bool


SALES = Side(
    sources=MappingProxyType(
        {
            "transaction": "odoo/19.0 sale.order, account.move",
            "order_flow": "odoo/19.0 sale.order",
            "evidence": "odoo/19.0 sale.order, stock.picking, account.move",
        }
    ),
    read_headers=read_headers,
    read_linked=sale.read_linked,
    read_reductions=sale.read_reductions,
    read_trade=sale.read_sale,
    contradiction_rows=contradiction_rows,
    has_resale=False,
)
PURCHASES = Side(
    sources=MappingProxyType(
        {
            "transaction": "odoo/19.0 purchase.order, account.move",
            "order_flow": "odoo/19.0 purchase.order, sale.order",
            "evidence": "odoo/19.0 purchase.order, stock.picking, account.move",
        }
    ),
    read_headers=read_headers,
    read_linked=purchase.read_linked,
    read_reductions=read_purchase_reductions,
    read_trade=purchase.read_purchase,
    contradiction_rows=purchase_contradiction_rows,
    has_resale=True,
)
GOODS = Side(
    sources=MappingProxyType(
        {
            "transaction": "odoo/19.0 scf.pledge, stock.quant",
            "order_flow": "odoo/19.0 sale.order",
            "evidence": "odoo/19.0 scf.pledge",
        }
    ),
    read_headers=pledged_goods.read_goods_headers,
    read_linked=pledged_goods.read_linked,
    read_reductions=pledged_goods.read_reductions,
    read_trade=pledged_goods.read_goods,
    contradiction_rows=pledged_goods.no_contradictions,
    has_resale=True,
)
COMPANY = Side(
    sources=MappingProxyType(
        {
            "transaction": "odoo/19.0 scf.credit.line",
            "order_flow": "odoo/19.0 sale.order",
            "evidence": "odoo/19.0 scf.credit.line",
        }
    ),
    read_headers=whole_company.read_no_headers,
    read_linked=whole_company.read_linked,
    read_reductions=whole_company.read_reductions,
    read_trade=whole_company.read_trade,
    contradiction_rows=whole_company.no_contradictions,
    has_resale=False,
)
# By the kind of the documents, as on the wire; a line for the company as a whole has none.
SIDES: Mapping[str | None, Side] = MappingProxyType(
    {
        "sales_order": SALES,
        "customer_invoice": SALES,
        "purchase_order": PURCHASES,
        "vendor_bill": PURCHASES,
        "pledged_goods": GOODS,
        None: COMPANY,
    }
)
