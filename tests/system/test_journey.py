"""The first financing from the request to the closed loan, over the web client's own calls and two real banks."""

from __future__ import annotations

import pytest

from tests.parts.odoo_server import RpcError
from tests.parts.town import Town


def test_invoice_is_financed_and_repaid_by_the_customers_payments(town: Town) -> None:
    invoice = town.posted_invoice(80)
    application = town.ask_banks(invoice=invoice)
    offer = town.accept_best(application, of=2)
    loan = town.loan_in_state(application, "active")
    [cheapest] = [one for one in town.offers(application) if one["id"] == offer]
    assert loan["bank_id"][0] == cheapest["bank_id"][0]
    assert {one["state"] for one in town.offers(application) if one["id"] != offer} == {"declined"}

    town.pay(invoice, 4_000.0)
    town.until("the first repayment", lambda: len(town.repayments(loan["id"])) == 1)
    town.assert_one_truth(application)
    assert town.loan_of(application)["state"] == "active"

    town.pay(invoice, 6_000.0)
    loan = town.loan_in_state(application, "closed")
    town.assert_one_truth(application)
    assert loan["balance_total"] == 0
    assert town.books(loan["id"])["loan"] == 0


def test_order_is_financed_and_repaid_by_its_invoice(town: Town) -> None:
    order = town.confirmed_order(60)
    application = town.ask_banks(order=order)
    town.accept_best(application, of=2)
    town.loan_in_state(application, "active")
    invoice = town.invoice_of_delivered(order)
    town.pay(invoice, 60 * 125.0)
    town.loan_in_state(application, "closed")
    town.assert_one_truth(application)


def test_two_invoices_are_one_loan_that_the_payments_of_both_repay(town: Town) -> None:
    invoices = (town.posted_invoice(40), town.posted_invoice(24, due_in_days=55))
    requester = town.as_("requester")
    application = town.ask_banks(invoices=invoices)
    asked = requester.read("scf.application", application, "requested_amount", "tenor_days")
    assert (asked["requested_amount"], asked["tenor_days"]) == (7_200.0, 55), "90 % of both, to the later due date"
    town.accept_best(application, of=2)
    town.loan_in_state(application, "active")
    for invoice in invoices:
        panel = requester.call("account.move", "scf_panel", [invoice])
        assert (panel["state"], panel["application"]["id"]) == ("financed", application)
        assert "with one other document" in panel["subline"]

    town.pay(invoices[1], 3_000.0)
    town.pay(invoices[0], 5_000.0)
    loan = town.loan_in_state(application, "closed")
    town.assert_one_truth(application)
    assert len(town.repayments(loan["id"])) == 2


def test_the_one_who_asked_cannot_accept(town: Town) -> None:
    application = town.ask_banks(invoice=town.posted_invoice(40))
    town.until("two offers", lambda: len(town.offers(application)) == 2)
    requester = town.as_("requester")
    with pytest.raises(RpcError):
        requester.call("scf.offer", "action_accept", [town.offers(application)[0]["id"]])
    assert {offer["state"] for offer in town.offers(application)} == {"open"}


def test_nothing_waits_for_banks_that_are_down(town: Town) -> None:
    invoice = town.posted_invoice(50)
    for bank in town.banks.values():
        bank.stop()
    try:
        requester = town.as_("requester")
        assert requester.call("account.move", "scf_panel", [invoice])["state"] == "eligible"
        application = town.ask_banks(invoice=invoice)
        town.until("both submissions delayed", lambda: all(one["delayed"] for one in town.submissions(application)))
        panel = requester.call("account.move", "scf_panel", [invoice])
        assert panel["state"] == "requested"
        assert len(panel["submissions"]) == 2
    finally:
        for bank in town.banks.values():
            bank.start()
    town.send_now()
    town.until("two offers after all", lambda: len(town.offers(application)) == 2)
