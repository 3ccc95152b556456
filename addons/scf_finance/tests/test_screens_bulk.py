from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import scf_bulk_request
from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestBulkRequest(FinanceCase):
    """A selection that takes several applications: planned, confirmed, sent by a job, stopped, gone on with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.EUR").active = True

    def setUp(self):
        super().setUp()
        self.dollars = self._invoice(2000.0) | self._invoice(3000.0)
        self.euros = self._invoice(4000.0, currency_id=self.env.ref("base.EUR").id)
        self.paid = self._invoice(700.0)
        self._pay(self.paid)

    def _planned(self, documents=None):
        documents = documents or self.dollars | self.euros | self.paid
        action = self._as("requester", documents).action_scf_request()
        self.assertEqual(action["res_model"], "scf.bulk.request")
        return self._as("requester", self.env["scf.bulk.request"]).browse(action["res_id"])

    def _started(self, **digest):
        bulk = self._planned()
        bulk.with_context(**digest).action_start()
        return bulk

    def _run_job(self):
        with self.enter_registry_test_mode():
            self.env.ref("scf_finance.cron_bulk_requests").method_direct_trigger()
        self.env.invalidate_all()

    # --- planning ---

    def test_plan_says_what_is_asked_and_what_is_left_out(self):
        bulk = self._planned()
        self.assertEqual((bulk.state, bulk.part_count, bulk.document_count), ("draft", 2, 3))
        self.assertEqual(sorted(bulk.part_ids.mapped("requested_amount")), [3200.0, 4000.0])
        self.assertEqual(bulk.part_ids.application_id.mapped("state"), ["draft", "draft"])
        self.assertEqual(bulk.left_out_ids.document_name, self.paid.display_name)
        self.assertIn("paid", bulk.left_out_ids.reason)
        self.assertIn("3 documents will be asked for in 2 requests", bulk.summary)
        self.assertEqual(bulk.proposal_ids.bank_id, self.rhone | self.hansa)
        self.assertEqual(len(bulk.proposal_ids), 2, "what is alike stands there once")
        self.assertTrue(all(proposal.notice for proposal in bulk.proposal_ids))

    def test_few_documents_that_fit_one_application_are_one_draft(self):
        action = self._as("requester", self.dollars | self.paid).action_scf_request()
        self.assertEqual(action["res_model"], "scf.application")

    def test_many_documents_of_one_application_are_sent_by_the_job_too(self):
        with patch.object(scf_bulk_request, "MOST_AT_ONCE", 1):
            bulk = self._planned(self.dollars)
        self.assertEqual(bulk.part_count, 1)

    def test_selection_without_anything_financeable_can_not_be_sent(self):
        other = self._invoice(800.0, currency_id=self.env.ref("base.EUR").id)
        self._pay(other)
        bulk = self._planned(self.paid | other)
        self.assertEqual((bulk.part_count, bulk.left_out_count), (0, 2))
        with self.assertRaisesRegex(UserError, "Nothing of the selection"):
            bulk.action_start()

    def test_plan_is_thrown_away_with_its_drafts(self):
        bulk = self._planned()
        drafts = bulk.part_ids.application_id
        bulk.action_discard()
        self.assertFalse(bulk.exists() or drafts.exists())

    # --- sending ---

    def test_job_asks_the_banks_in_the_name_of_who_confirmed(self):
        bulk = self._started()
        self.assertEqual(bulk.state, "running")
        self.assertTrue(
            self.env["ir.cron.trigger"].search([("cron_id", "=", self.env.ref("scf_finance.cron_bulk_requests").id)])
        )
        self._run_job()
        self.assertEqual((bulk.state, bulk.asked_count, bulk.failed_count), ("done", 2, 0))
        applications = bulk.part_ids.application_id
        self.assertEqual(applications.mapped("state"), ["requested", "requested"])
        self.assertEqual(applications.requester_id, self.people["requester"])
        self.assertEqual(len(applications.submission_ids), 4)
        self.assertTrue(all(self.dollars.mapped("scf_claim_ids.is_open")))
        self.assertIn("2 of 2 requests have been sent", bulk.summary)

    def test_screen_is_told_of_each_step_and_whoever_left_of_the_end(self):
        bulk, sent = self._started(), []
        with patch.object(
            type(self.env["bus.bus"]),
            "_sendone",
            lambda bus, channel, kind, message: sent.append((channel, kind, message)),
        ):
            self._run_job()
        mine = [message for channel, kind, message in sent if kind == "scf_panel" and message["model"] == bulk._name]
        self.assertEqual(mine, [{"model": bulk._name, "ids": bulk.ids}] * 2)
        [told] = [(channel, message) for channel, kind, message in sent if kind == "simple_notification"]
        self.assertEqual(told[0], self.people["requester"].partner_id)
        self.assertIn("2 of 2", told[1]["message"])

    def test_what_hinders_one_request_hinders_no_other(self):
        bulk = self._started()
        self._request(self.dollars[0])
        self._run_job()
        self.assertEqual((bulk.state, bulk.asked_count, bulk.failed_count), ("done", 1, 1))
        failed = bulk.part_ids.filtered(lambda part: part.state == "failed")
        self.assertIn("already being financed", failed.reason)
        self.assertEqual(failed.application_id.state, "draft")

    @mute_logger("odoo.addons.scf_finance.models.scf_bulk_request")
    def test_trouble_of_the_program_is_written_down(self):
        bulk = self._started()
        with patch.object(type(self.env["scf.package"]), "_build", side_effect=ZeroDivisionError):
            self._run_job()
        self.assertEqual(bulk.failed_count, 2)
        self.assertIn("log has the details", bulk.part_ids[0].reason)

    def test_what_was_not_read_is_not_sent(self):
        """A colleague changes a draft after it was confirmed: that one is not sent."""
        bulk = self._started()
        self._as("admin", bulk.part_ids[0].application_id).write({"requested_amount": 1000.0})
        self._run_job()
        self.assertEqual(bulk.part_ids.mapped("state"), ["failed", "asked"])
        self.assertIn("has been changed since you opened it", bulk.part_ids[0].reason)

    def test_what_changed_on_the_screen_is_not_confirmed(self):
        bulk = self._planned()
        digest = bulk.digest
        self._as("admin", bulk.part_ids[0].application_id).write({"requested_amount": 1000.0})
        bulk.invalidate_recordset(["digest"])
        with self.assertRaisesRegex(UserError, "changed since you opened"):
            bulk.with_context(scf_digest=digest).action_start()
        bulk.with_context(scf_digest=bulk.digest).action_start()

    # --- stopping, and a restart ---

    def test_stop_keeps_the_rest_from_being_sent_and_it_can_go_on(self):
        bulk = self._started()
        part = bulk.part_ids[0].sudo()
        part._send()
        part.bulk_id._settle()
        bulk.action_stop()
        self._run_job()
        self.assertEqual((bulk.state, bulk.part_ids.mapped("state")), ("stopped", ["asked", "stopped"]))
        bulk.action_resume()
        self._run_job()
        self.assertEqual((bulk.state, bulk.part_ids.mapped("state")), ("done", ["asked", "asked"]))

    def test_restart_goes_on_where_it_was(self):
        """Whatever the process knew is gone: the rows say what waits, and each is sent once."""
        bulk = self._started()
        bulk.part_ids[0].sudo()._send()
        self.env["ir.cron.trigger"].search([]).unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self._run_job()
        self.assertEqual((bulk.state, bulk.asked_count), ("done", 2))
        self.assertEqual(len(bulk.part_ids.application_id.submission_ids), 4)

    # --- who may do what ---

    def test_nobody_else_sees_or_sends_it(self):
        bulk = self._planned()
        for role in ("accountant", "approver", "admin"):
            theirs = bulk.with_user(self.people[role])
            for call in (lambda b=theirs: b.read(["summary"]), theirs.action_start, theirs.action_discard):
                with self.subTest(role), self.assertRaises(AccessError):
                    call()
        with self.assertRaises(AccessError):
            bulk.write({"state": "done"})
        with self.assertRaises(AccessError):
            self._as("requester", self.env["scf.bulk.part"]).create({"bulk_id": bulk.id})

    def test_role_that_was_taken_away_sends_nothing(self):
        bulk = self._started()
        requester = self.people["requester"]
        requester.group_ids = [Command.unlink(self.env.ref("scf_connector.group_scf_requester").id)]
        self._run_job()
        self.assertEqual(bulk.sudo().part_ids.mapped("state"), ["failed", "failed"])

    def test_who_has_left_asks_for_nothing_more_and_an_approver_takes_over(self):
        bulk = self._started()
        bulk.part_ids[0].sudo()._send()
        self.people["requester"].sudo().active = False
        self._run_job()
        bulk = bulk.sudo()
        self.assertEqual((bulk.state, bulk.part_ids.mapped("state")), ("done", ["asked", "failed"]))
        self.assertIn("has left", bulk.part_ids[1].reason)
        draft = bulk.part_ids[1].application_id
        self.assertEqual((draft.state, len(draft.submission_ids)), ("draft", 0))
        self.assertEqual(draft.activity_ids.user_id, draft._approvers())
        self.assertIn("has left", draft.activity_ids[0].note)
        self._as("approver", draft).action_submit()
        self.assertEqual((draft.state, draft.requester_id), ("requested", self.people["approver"]))

    def test_each_company_gets_its_own_request(self):
        other = self.setup_other_company()["company"]
        user = self.people["requester"]
        user.company_ids += other
        theirs = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": other.id,
                "partner_id": self.buyer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 500.0, "tax_ids": False})],
            }
        )
        theirs.action_post()
        both = (self.dollars | theirs).with_user(user).with_context(allowed_company_ids=(self.company | other).ids)
        bulk = self.env["scf.bulk.request"].with_user(user).browse(both.action_scf_request()["res_id"])
        self.assertEqual(bulk.part_ids.company_id, self.company)
        self.assertEqual(bulk.left_out_ids.document_name, theirs.display_name)
        self.assertIn("tax ID", bulk.left_out_ids.reason)
