"""What sales does with the financed order: delivers a part of it and invoices that part."""

from __future__ import annotations

from demo.stage import Document, Stage, StoryFailed
from demo.telling import money

SHIPPED_FIRST = ("NL-KG178", "NL-BO60")
"""Articles of the open order that leave the warehouse first; the others wait in a backorder."""


def deliver_and_invoice_a_part(stage: Stage, order: Document) -> Document:
    """Mia ships the first load and invoices it, unless that is done; gives the posted invoice."""
    if not stage.mia.search("stock.picking", [("sale_id", "=", order.id), ("state", "=", "done")]):
        _ship(stage, order)
    invoice_ids = stage.mia.read("sale.order", order.id, "invoice_ids")["invoice_ids"]
    if not invoice_ids:
        wizard = stage.mia.create(
            "sale.advance.payment.inv",
            {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [order.id]]]},
        )
        stage.mia.call("sale.advance.payment.inv", "create_invoices", [wizard])
        invoice_ids = stage.mia.read("sale.order", order.id, "invoice_ids")["invoice_ids"]
    invoice = stage.jonas.read("account.move", invoice_ids[0], "state")
    if invoice["state"] == "draft":
        stage.jonas.call("account.move", "action_post", [invoice["id"]])
    invoice = stage.jonas.read("account.move", invoice["id"], "name", "amount_total", "currency_id")
    stage.tell.line(
        f"{stage.mia.name} delivers and invoices the first part of {order.name}: {invoice['name']} over "
        f"{money(invoice['amount_total'], invoice['currency_id'][1])}; the rest is a backorder"
    )
    return Document(model="account.move", id=invoice["id"], name=invoice["name"])


def _ship(stage: Stage, order: Document) -> None:
    open_pickings = stage.mia.search(
        "stock.picking", [("sale_id", "=", order.id), ("state", "not in", ("done", "cancel"))], "move_ids"
    )
    if not open_pickings:
        raise StoryFailed(f"The order {order.name} has no delivery to make.")
    picking = open_pickings[0]
    for move_id in picking["move_ids"]:
        move = stage.mia.read("stock.move", move_id, "product_id", "product_uom_qty")
        first = any(code in move["product_id"][1] for code in SHIPPED_FIRST)
        quantity = move["product_uom_qty"] if first else 0
        stage.mia.write("stock.move", move_id, {"quantity": quantity, "picked": first})
    question = stage.mia.call("stock.picking", "button_validate", [picking["id"]], context={"skip_backorder": True})
    if question is not True:
        raise StoryFailed(f"Odoo asks {question.get('name', question)!r} before it validates the delivery.")
