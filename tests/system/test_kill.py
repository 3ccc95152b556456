"""Power cuts: Odoo or a bank dies at the worst moment, starts again, and both sides tell the same story."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from openscf_bank.testing import BankProcess

from tests.parts.cut_wire import CutWire
from tests.parts.odoo_server import free_port
from tests.parts.town import DECIDES_BY_ITSELF, Town, open_town, until


def types_of_events(answer: bytes) -> list[str]:
    """Read what a page of the feed tells, without checking its signatures: that is the ERP's work."""
    payloads = [one["jws"].split(".")[1] for one in json.loads(answer).get("events", [])]
    return [json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))["type"] for text in payloads]


@pytest.fixture(scope="module")
def wired_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, CutWire]]:
    """A town with one bank, reached over a wire that a test can cut."""
    wire_port, bank_port = free_port(), free_port()
    with closing(CutWire(wire_port, bank_port)) as wire:
        bank = BankProcess(profile={"base": "rhone", **DECIDES_BY_ITSELF}, port=bank_port, issuer=wire.url)
        with open_town(tmp_path_factory.mktemp("odoo"), {"rhone": bank}) as town:
            yield town, wire


def test_odoo_dies_between_the_banks_answer_and_its_own_commit(wired_town: tuple[Town, CutWire]) -> None:
    town, wire = wired_town

    def bank_has_it(method: str, path: str, status: int, answer: bytes) -> bool:
        if (method, path) == ("POST", "/v1/loan-applications") and status == 202 and town.odoo.running:
            town.odoo.kill()
            return False
        return True

    invoice = town.posted_invoice(80)
    wire.witness = bank_has_it
    application = town.ask_banks(invoice=invoice)
    until("Odoo killed", lambda: not town.odoo.running)
    wire.witness = lambda *_: True
    town.odoo.start()

    town.send_now()
    town.accept_best(application)
    town.loan_in_state(application, "active")
    assert town.applications_at_bank("rhone", application) == 1
    town.pay(invoice, 10_000.0)
    town.loan_in_state(application, "closed")
    town.assert_one_truth(application)


def test_bank_dies_after_it_took_the_acceptance(wired_town: tuple[Town, CutWire]) -> None:
    town, wire = wired_town
    bank = town.banks["rhone"]
    invoice = town.posted_invoice(64)
    application = town.ask_banks(invoice=invoice)

    def bank_has_it(method: str, path: str, status: int, answer: bytes) -> bool:
        if method == "POST" and path.endswith("/accept") and status == 200:
            bank.kill()
            return False
        return True

    wire.witness = bank_has_it
    town.accept_best(application)
    until("the bank killed", lambda: not bank.running)
    wire.witness = lambda *_: True
    bank.start()

    town.send_now()
    town.loan_in_state(application, "active")
    town.pay(invoice, 3_000.0)
    town.pay(invoice, 5_000.0)
    town.loan_in_state(application, "closed")
    town.assert_one_truth(application)


def test_bank_dies_after_it_took_a_revocation(wired_town: tuple[Town, CutWire]) -> None:
    town, wire = wired_town
    bank, requester = town.banks["rhone"], town.as_("requester")
    own = {"rhone": {"use_standing": False}}
    application = town.ask_banks(invoice=town.delivered_sale(48), consents=own)
    consent = town.submission_at("rhone", application)["consent_id"][0]

    def bank_has_it(method: str, path: str, status: int, answer: bytes) -> bool:
        if method == "POST" and path.endswith("/revoke") and status == 200:
            bank.kill()
            return False
        return True

    wire.witness = bank_has_it
    requester.call("scf.consent", "action_revoke", [consent])
    until("the bank killed", lambda: not bank.running)
    wire.witness = lambda *_: True
    assert requester.read("scf.consent", consent, "state", "bank_told_at")["bank_told_at"] is False
    bank.start()

    town.send_now()
    town.until("the bank's word", lambda: requester.read("scf.consent", consent, "bank_told_at")["bank_told_at"])
    assert requester.read("scf.application", application, "state")["state"] == "cancelled"
    assert "The evidence is closed." in town.desk_page("rhone", application)


def test_odoo_dies_with_the_disbursement_in_its_hands(wired_town: tuple[Town, CutWire]) -> None:
    town, wire = wired_town
    invoice = town.posted_invoice(72)
    application = town.ask_banks(invoice=invoice)

    def told_of_disbursement(method: str, path: str, status: int, answer: bytes) -> None:
        if path.startswith("/v1/events") and "loan.disbursed" in types_of_events(answer):
            town.odoo.kill()

    [offer] = town.until("an offer", lambda: town.offers(application))
    wire.afterwards = told_of_disbursement
    town.as_("approver").call("scf.offer", "action_accept", [offer["id"]])
    until("Odoo killed", lambda: not town.odoo.running)
    wire.afterwards = lambda *_: None
    town.odoo.start()

    town.loan_in_state(application, "active")
    town.pay(invoice, 9_000.0)
    town.loan_in_state(application, "closed")
    town.assert_one_truth(application)
