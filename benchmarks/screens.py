"""The forms and lists beside which Financing shows something: the web client's own reads, in process and over HTTP.

The records are committed, so that a server reads them too: the databases are thrown away afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from benchmarks.scenarios import Scenario, specification

ROWS = 40
LINES = 5
FINANCING_ROLES = "scf_connector.group_scf_requester"


def screens(env) -> Scenario:
    """One run for each form and list, as the administrator; `calls` are the same reads for a server."""
    user = env.ref("base.user_admin")
    if role := env.ref(FINANCING_ROLES, raise_if_not_found=False):
        user.group_ids += role
    records = _records(env)
    env.cr.commit()
    env = env(user=user.id)
    calls = {**dict(_forms(env, records)), **dict(_lists(env, records))}
    return {name: _run(env, call) for name, call in calls.items()}, {"calls": calls}


def _run(env, call: list[Any]):
    model, method, arguments, keywords = call

    def run() -> None:
        env.invalidate_all()
        records = env[model].browse(arguments[0]) if method == "web_read" else env[model]
        getattr(records, method)(*arguments[method == "web_read" :], **keywords)

    return run


def _forms(env, records: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for name, record in records.items():
        asked = specification(env[record._name], _arch(env, record._name, "form"))
        yield f"form of {name}", [record._name, "web_read", [record.ids[-1:], asked], {}]


def _lists(env, records: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for name in ("a sales order", "an invoice", "a bill", "a purchase order", "a delivery", "a lot"):
        model, ids = records[name]._name, records[name].ids
        asked = specification(env[model], _arch(env, model, "list"))
        yield f"list with {name}", [model, "web_search_read", [[["id", "in", ids]], asked], {"limit": 80}]
    quants = env["stock.quant"].search([("product_id", "in", records["a product"].ids)])
    asked = specification(quants, _arch(env, "stock.quant", "list"))
    yield "list of the stock", ["stock.quant", "web_search_read", [[["id", "in", quants.ids]], asked], {"limit": 80}]


def _arch(env, model: str, kind: str):
    return etree.fromstring(env[model].get_views([(False, kind)])["views"][kind]["arch"])


def _records(env) -> dict[str, Any]:
    """`ROWS` sales with deliveries and invoices, as many purchases with receipts and bills, and lots."""
    products = env["product.product"].create(
        [{"name": f"Bench product {n}", "list_price": 100 + n, "is_storable": True} for n in range(LINES)]
    )
    buyer, supplier = env["res.partner"].create(
        [{"name": name, "is_company": True} for name in ("Bench Buyer", "Bench Supplier")]
    )
    purchases = env["purchase.order"].create(
        [
            {
                "partner_id": supplier.id,
                "order_line": [
                    (0, 0, {"product_id": product.id, "product_qty": 10, "price_unit": 50}) for product in products
                ],
            }
            for _ in range(ROWS)
        ]
    )
    purchases.button_confirm()
    _done(purchases.picking_ids)
    sales = env["sale.order"].create(
        [
            {
                "partner_id": buyer.id,
                "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 3}) for product in products],
            }
            for _ in range(ROWS)
        ]
    )
    sales.action_confirm()
    _done(sales.picking_ids)
    invoices = sales._create_invoices(grouped=True)
    invoices = sales.invoice_ids
    purchases.action_create_invoice()
    bills = purchases.invoice_ids
    for number, bill in enumerate(bills):
        bill.write({"invoice_date": sales[0].date_order.date(), "ref": f"BENCH-{number}"})
    (invoices | bills).action_post()
    tracked = env["product.product"].create({"name": "Bench lots", "is_storable": True, "tracking": "lot"})
    lots = env["stock.lot"].create([{"name": f"BENCH-{n}", "product_id": tracked.id} for n in range(ROWS)])
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    for lot in lots:
        env["stock.quant"]._update_available_quantity(tracked, warehouse.lot_stock_id, 7, lot_id=lot)
    return {
        "a sales order": sales,
        "an invoice": invoices,
        "a purchase order": purchases,
        "a bill": bills,
        "a delivery": sales.picking_ids,
        "a receipt": purchases.picking_ids,
        "a lot": lots,
        "a product": products | tracked,
        "a warehouse": warehouse,
        "a customer": buyer,
        "a supplier": supplier,
    }


def _done(pickings) -> None:
    for move in pickings.move_ids:
        move.quantity = move.product_uom_qty
        move.picked = True
    pickings.button_validate()
