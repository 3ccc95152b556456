"""Borrowing against stock: goods secure a loan, stay where they are, and are released against a repayment."""

from __future__ import annotations

from demo import financing, repaying, selling
from demo.erp import ErpRefused, Row
from demo.stage import Document, Stage, StoryFailed
from demo.telling import money

PLEDGED, QUANTITY = "NL-KG178", 24
WANTED_BY, WANTED_UNDER = "lefevre", "LEF-ADVENT"
NEEDED = 8
"""Of the pledged goods: what the customer's order takes beyond all that is free."""


def borrow_against_stock(stage: Stage) -> None:
    """Proposed, lent on, held against a delivery, released for a repayment, delivered; the loan runs on."""
    pledge, draft_id = _propose(stage)
    application = financing.request(stage, pledge, draft_id=draft_id)
    loan = financing.have_loan(stage, application)
    repaying.show_booking(stage, loan["id"], "disbursement")
    repaying.import_statement(stage)
    held = _read(stage, pledge)
    stage.tell.line(f"{pledge.name}: {held['held_quantity']:g} of {held['quantity']:g} {PLEDGED} are held")
    order = _take_order(stage, pledge)
    if not stage.mia.search("stock.picking", [("sale_id", "=", order.id), ("state", "=", "done")]):
        _have_delivery_stopped(stage, pledge, order)
        _have_released(stage, pledge, loan["id"])
        delivery = selling.open_delivery(stage, order)
        selling.validate(stage, delivery)
        stage.tell.good(f"{delivery['name']} leaves")
    running = repaying.loan_row(stage, loan["id"])
    held = _read(stage, pledge)
    stage.expect(
        running["state"] == "active" and 0 < running["repaid_percent"] < 100 and held["state"] == "active",
        f"loan {running['name']} runs on, {running['repaid_percent']:.0f} % repaid, secured by "
        f"{held['held_quantity']:g} {PLEDGED}",
    )
    repaying.show_agreement(stage, loan["id"])


def _propose(stage: Stage) -> tuple[Document, int | None]:
    """Goods that Mia chooses in the dialog of the stock screens, and the application that it drafts.

    Goods that she proposed before are taken up again.
    """
    domain = [("product_id.default_code", "=", PLEDGED), ("state", "!=", "dropped")]
    known = stage.mia.search("scf.pledge", domain, "name", "application_id", order="id desc", limit=1)
    if not known:
        quants = stage.mia.search(
            "stock.quant", [("product_id.default_code", "=", PLEDGED), ("location_id.usage", "=", "internal")]
        )
        dialog_id = stage.mia.call("stock.quant", "action_scf_borrow", [row["id"] for row in quants])["res_id"]
        for line in stage.mia.search("scf.borrow.line", [("borrow_id", "=", dialog_id)]):
            stage.mia.write("scf.borrow.line", line["id"], {"quantity": QUANTITY})
        dialog = stage.mia.read("scf.borrow", dialog_id, "value", "lendable", "bank_text", "currency_id")
        currency = dialog["currency_id"][1]
        stage.tell.line(
            f"{QUANTITY} × {PLEDGED} are worth {money(dialog['value'], currency)} at cost and would bring "
            f"{money(dialog['lendable'], currency)}. {dialog['bank_text']}"
        )
        application_id = stage.mia.call("scf.borrow", "action_borrow", [dialog_id])["res_id"]
        known = stage.mia.search("scf.pledge", [("application_id", "=", application_id)], "name", "application_id")
    pledge = Document(model="scf.pledge", id=known[0]["id"], name=known[0]["name"])
    application_id = known[0]["application_id"][0]
    state = stage.mia.read("scf.application", application_id, "state")["state"]
    return pledge, application_id if state == "draft" else None


def _read(stage: Stage, pledge: Document) -> Row:
    return stage.mia.read("scf.pledge", pledge.id, "state", "quantity", "held_quantity", "bank_name", "location_id")


def _take_order(stage: Stage, pledge: Document) -> Document:
    """A customer wants all that is not pledged, and some that is."""
    product_id = selling.product_of(stage, PLEDGED)
    on_hand = stage.mia.read("product.product", product_id, "qty_available")["qty_available"]
    free = int(on_hand - _read(stage, pledge)["held_quantity"])
    return selling.take_order(stage, reference=WANTED_UNDER, customer=WANTED_BY, quantities={PLEDGED: free + NEEDED})


def _have_delivery_stopped(stage: Stage, pledge: Document, order: Document) -> None:
    """The delivery would take pledged goods: Odoo asks, and no way around the question takes them either."""
    if stage.mia.search("scf.pledge.release", [("pledge_id", "=", pledge.id)], limit=1):
        return
    delivery = selling.open_delivery(stage, order)
    selling.pick(stage, delivery)
    dialog = selling.try_to_validate(stage, delivery)
    if dialog is True or dialog.get("res_model") != "scf.release.request":
        raise StoryFailed(f"{delivery['name']} takes goods that are pledged, and nothing stops it.")
    [line] = stage.mia.search(
        "scf.release.request.line",
        [("request_id", "=", dialog["res_id"])],
        "product_id", "bank_name", "location_id", "held_quantity", "quantity",
    )  # fmt: skip
    stage.tell.good(
        f"{delivery['name']} is stopped: “{dialog['name']}”. {line['held_quantity']:g} × {line['product_id'][1]} have "
        f"to stay in {line['location_id'][1]} for {line['bank_name']}, and it needs {line['quantity']:g} of them"
    )
    _show_stock_holds(stage)
    stage.mia.write("scf.release.request", dialog["res_id"], {"reason": f"Sold on {order.name}"})
    stage.mia.call("scf.release.request", "action_ask", [dialog["res_id"]])
    stage.tell.line(f"{stage.mia.name} asks the bank to release {line['quantity']:g}")


def _show_stock_holds(stage: Stage) -> None:
    """A stock count that finds nothing is refused with the sentence that names goods, bank, place and pledge."""
    [quant] = stage.mia.search(
        "stock.quant", [("product_id.default_code", "=", PLEDGED), ("location_id.usage", "=", "internal")]
    )
    try:
        stage.mia.write("stock.quant", quant["id"], {"inventory_quantity": 0})
        stage.mia.call("stock.quant", "action_apply_inventory", [quant["id"]])
    except ErpRefused as refusal:
        stage.mia.call("stock.quant", "action_clear_inventory_quantity", [quant["id"]])
        stage.tell.good(f"nor does a stock count take them: “{refusal}”")
    else:
        raise StoryFailed(f"A stock count took {PLEDGED}, which is pledged.")


def _have_released(stage: Stage, pledge: Document, loan_id: int) -> None:
    """The bank wants money first; Jonas repays it from the company's own, and the bank lets the goods go."""

    def answered(*states: str) -> Row | None:
        domain = [("pledge_id", "=", pledge.id), ("state", "in", states)]
        rows = stage.mia.search("scf.pledge.release", domain, "name", "state", "quantity", "repay_first", "reference")
        return rows[0] if rows else None

    release = stage.until("the bank's word on the release", lambda: answered("waiting", "released"))
    bank = _read(stage, pledge)["bank_name"]
    if release["state"] == "waiting":
        stage.tell.line(f"{bank} releases {release['quantity']:g} once {money(release['repay_first'])} is repaid")
        repaying.repay_from_own_money(stage, loan_id, release["repay_first"])
    release = stage.until("the goods to be released", lambda: answered("released"))
    repaying.import_statement(stage)
    stage.tell.good(f"{bank} releases {release['quantity']:g} ({release['reference']})")
