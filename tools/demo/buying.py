"""The bank pays a supplier: a purchase from its confirmation to the first money that its goods bring."""

from __future__ import annotations

from decimal import Decimal

from demo import financing, repaying, selling
from demo.company import SUPPLIERS, Supplier, article
from demo.erp import Row
from demo.stage import Document, Stage
from demo.telling import exact, money

BOUGHT, ORDERED = "NL-KV10", 20
CONFIRMED_AS = "AB-ADVENT-KV10"
"""The supplier's number for the order."""
BILLED_AS = "RE-ADVENT-KV10"
SOLD_TO, SOLD_UNDER = "elbblick", "ELB-ADVENT"
SOLD_OF_FINANCED = 12
"""What lay in stock before is sold first; of the financed goods so many."""
PAID_PERCENT = 50
"""Of the invoice: what the customer has paid when the chapter ends; the loan runs on."""


def have_supplier_paid(stage: Stage) -> None:
    """Confirmed, financed, paid by the bank, received, sold in part, and repaid from that."""
    purchase = _confirm_purchase(stage)
    _show_panel(stage, purchase)
    application = financing.request(stage, purchase)
    loan = financing.have_loan(stage, application)
    stage.expect(
        loan["disbursed_amount"] == loan["principal"],
        f"{_supplier().firm.name} has all of it: the bank's fee is repaid with the principal",
    )
    repaying.show_booking(stage, loan["id"], "disbursement")
    _receive(stage, purchase)
    _take_bill(stage, purchase)
    invoice = _sell(stage, application)
    total = exact(stage.jonas.read("account.move", invoice.id, "amount_total")["amount_total"])
    repaying.have_paid(stage, loan["id"], invoice, until_open=total - exact(total * PAID_PERCENT / 100))
    _show_goods(stage, application)
    _show_running(stage, purchase)
    repaying.show_agreement(stage, loan["id"])


def _confirm_purchase(stage: Stage) -> Document:
    """Mia's purchase order of goods that sell, confirmed unless it is there."""
    found = stage.mia.search("purchase.order", [("partner_ref", "=", CONFIRMED_AS)], "name", limit=1)
    if not found:
        [partner] = stage.mia.search("res.partner", [("vat", "=", _supplier().firm.vat)], limit=1)
        price = float(article(BOUGHT).cost)
        line = {"product_id": selling.product_of(stage, BOUGHT), "product_qty": ORDERED, "price_unit": price}
        values = {"partner_id": partner["id"], "partner_ref": CONFIRMED_AS, "order_line": [[0, 0, line]]}
        order_id = stage.mia.create("purchase.order", values)
        stage.mia.call("purchase.order", "button_confirm", [order_id])
        found = [stage.mia.read("purchase.order", order_id, "name")]
    row = stage.mia.read("purchase.order", found[0]["id"], "name", "partner_id", "amount_total", "currency_id")
    stage.tell.line(
        f"{stage.mia.name} orders {ORDERED} × {BOUGHT} from {row['partner_id'][1]}: {row['name']} over "
        f"{money(row['amount_total'], row['currency_id'][1])}"
    )
    return Document(model="purchase.order", id=row["id"], name=row["name"])


def _supplier() -> Supplier:
    return next(one for one in SUPPLIERS if one.key == article(BOUGHT).supplier)


def _show_panel(stage: Stage, purchase: Document) -> None:
    """What the panel says is possible, while nobody has been asked."""
    shown = financing.panel(stage, purchase)
    if shown["state"] in ("eligible", "ineligible"):
        stage.expect(shown["state"] == "eligible", f"{shown['headline']} ({shown['subline']})")


def _receive(stage: Stage, purchase: Document) -> None:
    for picking_id in stage.mia.read("purchase.order", purchase.id, "picking_ids")["picking_ids"]:
        receipt = stage.mia.read("stock.picking", picking_id, "name", "state", "move_ids")
        if receipt["state"] not in ("done", "cancel"):
            selling.pick(stage, receipt)
            selling.validate(stage, receipt)
        stage.tell.line(f"the goods arrive: {receipt['name']}")


def _take_bill(stage: Stage, purchase: Document) -> None:
    """Jonas posts the supplier's bill; what the bank has paid is taken off it."""
    if not stage.jonas.read("purchase.order", purchase.id, "invoice_ids")["invoice_ids"]:
        stage.jonas.call("purchase.order", "action_create_invoice", [purchase.id])
    [bill_id] = stage.jonas.read("purchase.order", purchase.id, "invoice_ids")["invoice_ids"]
    if stage.jonas.read("account.move", bill_id, "state")["state"] == "draft":
        stage.jonas.write("account.move", bill_id, {"invoice_date": repaying.today(), "ref": BILLED_AS})
        stage.jonas.call("account.move", "action_post", [bill_id])
    bill = stage.jonas.read("account.move", bill_id, "name", "amount_total", "amount_residual")
    stage.expect(
        0 < bill["amount_residual"] < bill["amount_total"],
        f"of the supplier's bill {bill['name']} over {money(bill['amount_total'])} only "
        f"{money(bill['amount_residual'])} is left for the company to pay",
    )


def _sell(stage: Stage, application: Row) -> Document:
    """A customer takes all that lay there before and a part of what the bank paid for; gives the posted invoice."""
    on_hand = stage.mia.read("product.product", selling.product_of(stage, BOUGHT), "qty_available")["qty_available"]
    order = selling.take_order(
        stage,
        reference=SOLD_UNDER,
        customer=SOLD_TO,
        quantities={BOUGHT: int(on_hand) - ORDERED + SOLD_OF_FINANCED},
    )
    if not stage.mia.search("stock.picking", [("sale_id", "=", order.id), ("state", "=", "done")]):
        delivery = selling.open_delivery(stage, order)
        selling.pick(stage, delivery)
        selling.validate(stage, delivery)
    sold = sum(row["quantity_sold"] for row in _goods(stage, application))
    stage.expect(
        sold == SOLD_OF_FINANCED, f"first in, first out: {sold:g} of the {ORDERED} that the bank paid for have left"
    )
    return selling.invoice_delivered(stage, order)


def _goods(stage: Stage, application: Row) -> list[Row]:
    return stage.mia.search(
        "scf.followed.goods",
        [("application_id", "=", application["id"])],
        "product_id", "quantity_financed", "quantity_received", "quantity_in_stock", "quantity_sold",
    )  # fmt: skip


def _show_goods(stage: Stage, application: Row) -> None:
    columns = ("quantity_financed", "quantity_received", "quantity_in_stock", "quantity_sold")
    stage.tell.table(
        ("goods", "financed", "received", "in stock", "sold"),
        [(row["product_id"][1], *(f"{row[name]:g}" for name in columns)) for row in _goods(stage, application)],
        right=(1, 2, 3, 4),
    )


def _show_running(stage: Stage, purchase: Document) -> None:
    """The panel of the purchase in numbers: the loan runs, repaid in part by what its goods brought."""
    shown = financing.panel(stage, purchase)
    loan = shown["loan"]
    stage.expect(
        Decimal(0) < Decimal(str(loan["repaid_percent"])) < 100,
        f"the panel of {purchase.name}: {shown['headline']}; {loan['repaid']} of {loan['principal']} repaid, "
        f"{loan['remaining']} left, due {loan['due_date']}",
    )
