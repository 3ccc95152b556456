"""What sales does: orders, deliveries and invoices, each looked up before it is made."""

from __future__ import annotations

from collections.abc import Mapping

from demo.company import buyer
from demo.erp import Row
from demo.stage import Document, Stage, StoryFailed
from demo.telling import money

SHIPPED_FIRST = ("NL-KG178", "NL-BO60")
"""Articles of the open order that leave the warehouse first; the others wait in a backorder."""


def deliver_and_invoice_a_part(stage: Stage, order: Document) -> Document:
    """Mia ships the first load and invoices it, unless that is done; gives the posted invoice."""
    if not stage.mia.search("stock.picking", [("sale_id", "=", order.id), ("state", "=", "done")]):
        delivery = open_delivery(stage, order)
        pick(stage, delivery, SHIPPED_FIRST)
        validate(stage, delivery)
    invoice = invoice_delivered(stage, order)
    stage.tell.line(f"{stage.mia.name} delivers and invoices the first part of {order.name}; the rest is a backorder")
    return invoice


def take_order(stage: Stage, *, reference: str, customer: str, quantities: Mapping[str, int]) -> Document:
    """The customer's confirmed order of that reference; Mia enters it unless she has before.

    :param customer: key of a buyer in `company`.
    :param quantities: by article's code.
    """
    found = stage.mia.search("sale.order", [("client_order_ref", "=", reference)], "name", limit=1)
    if not found:
        firm = buyer(customer).firm
        [partner] = stage.mia.search("res.partner", [("name", "=", firm.name)], limit=1)
        lines = [
            [0, 0, {"product_id": product_of(stage, code), "product_uom_qty": quantity}]
            for code, quantity in quantities.items()
        ]
        values = {"partner_id": partner["id"], "client_order_ref": reference, "order_line": lines}
        order_id = stage.mia.create("sale.order", values)
        stage.mia.call("sale.order", "action_confirm", [order_id])
        found = [stage.mia.read("sale.order", order_id, "name")]
        wanted = ", ".join(f"{quantity} × {code}" for code, quantity in quantities.items())
        stage.tell.line(f"{firm.name} orders {wanted}: {found[0]['name']}")
    return Document(model="sale.order", id=found[0]["id"], name=found[0]["name"])


def product_of(stage: Stage, code: str) -> int:
    [product] = stage.mia.search("product.product", [("default_code", "=", code)], limit=1)
    return int(product["id"])


def open_delivery(stage: Stage, order: Document) -> Row:
    """The order's transfer that is still to be made."""
    domain = [("sale_id", "=", order.id), ("state", "not in", ("done", "cancel"))]
    rows = stage.mia.search("stock.picking", domain, "name", "move_ids", limit=1)
    if not rows:
        raise StoryFailed(f"The order {order.name} has no delivery to make.")
    return rows[0]


def pick(stage: Stage, transfer: Row, codes: tuple[str, ...] = ()) -> None:
    """Takes all that the transfer asks for, or only all of these articles."""
    for move_id in transfer["move_ids"]:
        move = stage.mia.read("stock.move", move_id, "product_id", "product_uom_qty")
        is_taken = not codes or any(code in move["product_id"][1] for code in codes)
        quantity = move["product_uom_qty"] if is_taken else 0
        stage.mia.write("stock.move", move_id, {"quantity": quantity, "picked": is_taken})


def validate(stage: Stage, transfer: Row) -> None:
    question = try_to_validate(stage, transfer)
    if question is not True:
        raise StoryFailed(f"Odoo asks {question.get('name', question)!r} before it validates {transfer['name']}.")


def try_to_validate(stage: Stage, transfer: Row) -> bool | Row:
    """True where the goods have moved, else the dialog that Odoo opens; what was not picked is a backorder."""
    return stage.mia.call("stock.picking", "button_validate", [transfer["id"]], context={"skip_backorder": True})


def invoice_delivered(stage: Stage, order: Document) -> Document:
    """The posted invoice of what was delivered; Mia makes it and Jonas posts it, unless that is done."""
    invoice_ids = stage.mia.read("sale.order", order.id, "invoice_ids")["invoice_ids"]
    if not invoice_ids:
        wizard = stage.mia.create(
            "sale.advance.payment.inv",
            {"advance_payment_method": "delivered", "sale_order_ids": [[6, 0, [order.id]]]},
        )
        stage.mia.call("sale.advance.payment.inv", "create_invoices", [wizard])
        invoice_ids = stage.mia.read("sale.order", order.id, "invoice_ids")["invoice_ids"]
    if stage.jonas.read("account.move", invoice_ids[0], "state")["state"] == "draft":
        stage.jonas.call("account.move", "action_post", [invoice_ids[0]])
    invoice = stage.jonas.read("account.move", invoice_ids[0], "name", "amount_total", "currency_id")
    stage.tell.line(f"invoice {invoice['name']} over {money(invoice['amount_total'], invoice['currency_id'][1])}")
    return Document(model="account.move", id=invoice["id"], name=invoice["name"])
