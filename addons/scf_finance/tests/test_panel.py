import json
from datetime import timedelta
from unittest.mock import patch

from lxml.etree import fromstring

from odoo import fields
from odoo.tests import tagged

from .common import FinanceCase

KEYS = {
    "visible",
    "rows",
    "state",
    "headline",
    "subline",
    "technique",
    "technique_label",
    "eligible",
    "indicative",
    "reasons",
    "application",
    "submissions",
    "offers",
    "loan",
    "next_step",
    "actions",
}


@tagged("post_install", "-at_install")
class TestPanel(FinanceCase):
    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)

    def _panel(self, document=None, role="requester"):
        panel = self._as(role, document or self.invoice).scf_panel()
        json.dumps(panel)  # what goes over the wire
        self.assertEqual(set(panel), KEYS)
        return panel

    def test_eligible_invoice_says_how_much_and_what_it_costs(self):
        panel = self._panel()
        self.assertEqual(
            (panel["visible"], panel["state"], panel["technique"]), (True, "eligible", "receivables_discounting")
        )
        self.assertIn("8,000.00", panel["headline"])
        self.assertIn("80 %", panel["subline"])
        self.assertEqual(panel["eligible"]["value"], "8000.00")
        self.assertIn("119.00", panel["indicative"]["cost_text"])  # 8000 × (7.9 % × 45/360 + 0.5 %)
        self.assertEqual(
            panel["actions"], [{"name": "action_scf_request", "label": "Ask the banks", "kind": "primary"}]
        )
        self.assertTrue(all(reason["level"] == "ok" for reason in panel["reasons"]))
        self.assertIsNone(panel["application"])

    def test_ineligible_invoice_says_why_and_offers_no_action(self):
        self.company.scf_collection_bank_account_id = False
        panel = self._panel()
        self.assertEqual((panel["state"], panel["eligible"], panel["actions"]), ("ineligible", None, []))
        [stop] = [reason for reason in panel["reasons"] if reason["level"] == "stop"]
        self.assertEqual(stop["code"], "collection_account_missing")
        self.assertIsNone(stop["fix"], "a requester may not open the settings")
        [stop] = [reason for reason in self._panel(role="admin")["reasons"] if reason["level"] == "stop"]
        self.assertEqual(stop["fix"]["action"]["res_model"], "res.config.settings")

    def test_order_panel(self):
        panel = self._panel(self._order(10000.0))
        self.assertEqual((panel["state"], panel["technique"]), ("eligible", "pre_shipment"))

    def test_other_moves_have_no_panel(self):
        for kind in ("out_refund", "in_refund"):
            move = self._create_invoice_one_line(move_type=kind, product_id=self.product_a, partner_id=self.buyer)
            self.assertEqual(self._as("requester", move).scf_panel(), {"visible": False})

    def test_panel_follows_the_journey(self):
        application = self._request(self.invoice, banks=self.rhone | self.hansa)
        panel = self._panel()
        self.assertEqual((panel["state"], panel["application"]["name"]), ("requested", application.name))
        self.assertEqual([row["tone"] for row in panel["submissions"]], ["info", "info"])

        rhone = application.submission_ids.filtered(lambda submission: submission.bank_id == self.rhone)
        hansa = application.submission_ids - rhone
        self.rhone_bank.receive(rhone)
        self.hansa_bank.be_down("apply")
        late = next(row for row in self._panel()["submissions"] if row["id"] == hansa.id)
        self.assertEqual(late["tone"], "warning")
        self.assertIn("can't be reached", late["message"])

        offer = self.rhone_bank.offer(rhone)
        [shown] = self._panel()["offers"]
        self.assertFalse(shown["marks"], "one offer is no choice")
        self.assertFalse(shown["can_accept"])
        self.assertIn("Only an approver", shown["why_not"])
        [shown] = self._panel(role="approver")["offers"]
        self.assertEqual((shown["can_accept"], shown["why_not"]), (True, None))
        self.assertIn("7,960.00", shown["in_hand"])

        self._accept(offer)
        self.assertEqual(self._panel()["state"], "accepted")
        loan = self.rhone_bank.grant(offer)
        self.rhone_bank.disburse(loan)
        panel = self._panel()
        self.assertEqual(
            (panel["state"], panel["loan"]["id"], panel["loan"]["repaid_percent"]), ("financed", loan.id, 0)
        )
        self.rhone_bank.post_repayment(loan, "9000.00")
        panel = self._panel()
        self.assertEqual((panel["state"], panel["loan"]["repaid_percent"]), ("repaid", 100))

    def test_declined_document_may_be_asked_for_again(self):
        submission = self._request(self.invoice).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "REJECTED", rejection={"reason": "OTHERS", "message": "Not now."})
        panel = self._panel()
        self.assertEqual((panel["state"], panel["submissions"][0]["message"]), ("declined", "Not now."))
        self.assertIn("action_scf_request", [action["name"] for action in panel["actions"]])
        self.assertEqual(panel["eligible"]["value"], "8000.00")

    def test_open_screens_are_told_when_a_bank_answers(self):
        sent = []
        submission = self._request(self.invoice).submission_ids
        with patch.object(
            type(self.env["bus.bus"]),
            "_sendone",
            lambda bus, channel, kind, message: sent.append((channel, kind, message)),
        ):
            self.rhone_bank.receive(submission)
            self.env.cr.flush()
        panels = [(channel, message) for channel, kind, message in sent if kind == "scf_panel"]
        self.assertIn({"model": "account.move", "ids": self.invoice.ids}, [message for _channel, message in panels])
        told = {channel for channel, _message in panels}
        self.assertIn(self.people["approver"].partner_id, told)
        self.assertNotIn(self.people["accountant"].partner_id, told)

    def test_cancelled_document_shows_the_history_of_its_financing_and_nothing_else(self):
        self.assertEqual(self._cancelled(self._invoice(500.0)).scf_panel(), {"visible": False})
        application = self._request(self.invoice)
        self._as("requester", application).action_cancel()
        panel = self._cancelled(self.invoice).scf_panel()
        self.assertEqual((panel["state"], panel["application"]["name"]), ("cancelled", application.name))

    def _cancelled(self, invoice):
        invoice.button_draft()
        invoice.button_cancel()
        return self._as("requester", invoice)

    def test_forms_cost_who_has_a_role_no_query_more(self):
        """The panel asks for itself, after the form; `accountant` and `requester` differ by the role alone."""
        for document in (self._order(10000.0), self.invoice):
            with self.subTest(document._name):
                self.assertEqual(
                    self._queries_to_open(document, "requester"), self._queries_to_open(document, "accountant")
                )

    def _queries_to_open(self, document, role):
        records = self._as(role, document)
        arch = fromstring(records.get_views([(False, "form")])["views"]["form"]["arch"])
        names = {node.get("name") for node in arch.iterfind(".//field") if not list(node.iterancestors("field"))}
        specification = {name: {} for name in names}
        return self._queries(lambda: records.web_read(specification))

    def _queries(self, run):
        """What `run` reads of a database that it has asked the same before, so that no cache tells the first time."""
        for _warm in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            run()
        return self.cr.sql_log_count - before

    def test_panel_reads_a_fixed_number_of_queries(self):
        invoice = self._as("requester", self.invoice)  # held: its environment caches the time zone while it lives
        few = self._queries(invoice.scf_panel)
        for index in range(10):
            paid = self._invoice(600.0 + index, invoice_date=self.today - timedelta(days=60))
            self._pay(paid, payment_date=fields.Date.today())
        self.assertEqual(self._queries(invoice.scf_panel), few)
        self.assertLessEqual(few, 30)
