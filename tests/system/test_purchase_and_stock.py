"""A bank pays a supplier and is repaid by the resale; a bank lends on goods in stock and lets them go."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.parts.odoo_server import RpcError
from tests.parts.town import Town


def test_bank_pays_the_supplier_and_is_repaid_by_what_the_goods_bring(town: Town) -> None:
    purchase = town.confirmed_purchase(100)
    requester, approver = town.as_("requester"), town.as_("approver")
    panel = requester.call("purchase.order", "scf_panel", [purchase])
    assert panel["state"] == "eligible", panel
    application = town.ask_banks(purchase=purchase)
    town.accept_best(application, of=2)
    loan = town.loan_in_state(application, "active")
    paid = Decimal(f"{loan['principal']:.2f}")
    assert 0 < paid < 6_000, "a part of 100 pots at 60.00"
    assert town.payable_to("supplier") == -paid, "the supplier was paid in advance, in full"
    town.assert_one_truth(application)

    town.receive(purchase)
    bill = town.posted_bill(purchase, "HS-2026-0815")
    assert approver.read("account.move", bill, "amount_residual")["amount_residual"] == float(6_000 - paid)
    with pytest.raises(RpcError):
        town.ask_banks(invoice=bill)

    order = town.confirmed_order(100, product="bought_in")
    invoice = town.invoice_of_delivered(order, due_in_days=40)
    assert requester.call("account.move", "scf_panel", [invoice])["state"] == "ineligible", "the goods are financed"
    town.pay(invoice, 3_000.0)
    town.until("the first repayment", lambda: len(town.repayments(loan["id"])) == 1)
    town.assert_one_truth(application)
    town.pay(invoice, 9_500.0)
    loan = town.loan_in_state(application, "closed")
    town.assert_one_truth(application)
    assert loan["balance_total"] == 0
    assert town.books(loan["id"])["loan"] == 0


def test_goods_secure_a_loan_and_are_released_against_repayment(town: Town) -> None:
    requester, approver = town.as_("requester"), town.as_("approver")
    application = town.proposed_goods(100)
    requester.call("scf.application", "action_submit", [application])
    town.accept_best(application, of=1)
    loan = town.loan_in_state(application, "active")
    [pledge] = requester.search_read("scf.pledge", [("application_id", "=", application)], "state", "held_quantity")
    assert (pledge["state"], pledge["held_quantity"]) == ("active", 100.0)
    town.assert_one_truth(application)

    free = town.on_hand("product") - 100
    order = town.confirmed_order(int(free) + 40)
    [picking] = town.as_("admin").search_read("stock.picking", [("sale_id", "=", order)], "id")
    town.finish_transfer(picking["id"])
    assert town.as_("admin").read("stock.picking", picking["id"], "state")["state"] != "done", "40 are pledged"

    dialog = requester.call("scf.pledge", "action_ask_release", [pledge["id"]])["res_id"]
    [line] = requester.search_read("scf.release.request.line", [("request_id", "=", dialog)], "id")
    requester.call("scf.release.request.line", "write", [line["id"]], {"quantity": 40})
    requester.call("scf.release.request", "write", [dialog], {"reason": "Sold to Greystone"})
    requester.call("scf.release.request", "action_ask", [dialog])

    def waiting():
        domain = [("pledge_id", "=", pledge["id"]), ("state", "=", "waiting")]
        return requester.search_read("scf.pledge.release", domain, "repay_first")

    [release] = town.until("the bank's word on the release", waiting)
    assert 0 < release["repay_first"] < loan["principal"]
    town.repay(loan["id"], release["repay_first"])
    town.until(
        "40 pans released",
        lambda: requester.read("scf.pledge", pledge["id"], "held_quantity")["held_quantity"] == 60.0,
    )
    town.finish_transfer(picking["id"])
    assert town.as_("admin").read("stock.picking", picking["id"], "state")["state"] == "done"
    town.assert_one_truth(application)

    town.repay(loan["id"], approver.read("scf.loan", loan["id"], "balance_total")["balance_total"])
    town.loan_in_state(application, "closed")
    town.until("all released", lambda: requester.read("scf.pledge", pledge["id"], "state")["state"] == "released")
    town.assert_one_truth(application)
