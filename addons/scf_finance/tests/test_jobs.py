from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import FinanceCase

LOGGER = "odoo.addons.scf_finance.models.on_its_own"


@tagged("post_install", "-at_install")
class TestJobs(FinanceCase):
    """A job walks over many records: what fails for one of them does not stop the others."""

    def _run(self, xmlid):
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).with_user(self.env.ref("base.user_root")).method_direct_trigger()
        self.env.invalidate_all()

    def _failing(self, record, method, error):
        """Let the method fail for this record only, after it has written something."""
        original = getattr(type(record), method)

        def fail_or_go_on(self, *args, **kwargs):
            outcome = original(self, *args, **kwargs)
            if self == record:
                raise error
            return outcome

        return patch.object(type(record), method, fail_or_go_on)

    def test_collection_that_can_not_be_reported_waits_and_the_others_go(self):
        loan = self._financed(self._invoice(10000.0))
        for amount in (2500.0, 1500.0):
            self._pay(loan.application_id.line_ids.move_id, amount)
        odd, fine = loan.collection_ids.sorted("id")
        for _run in range(2):
            with self._failing(odd, "_report", UserError("No number.")), self.assertLogs(LOGGER, "ERROR") as logs:
                self._run("scf_finance.cron_report_collections")
            self.assertIn(f"scf.collection {odd.id} failed", logs.output[0])
        self.assertEqual((odd.state, fine.state), ("found", "reported"))
        self.assertEqual(len(self.rhone_bank.queued("collect")), 1, "what the failed report wrote is undone")
        self.assertIn("could not be reported to the bank: No number.", loan.activity_ids.note)
        told = loan.message_ids.filtered(lambda message: "could not be reported" in message.body)
        self.assertEqual(len(told), 1, "it is said once, however often the job runs")

        self._run("scf_finance.cron_report_collections")
        self.assertEqual((odd.state, odd.refusal), ("reported", False))

    def test_collection_that_collides_with_a_user_is_taken_up_again(self):
        loan = self._financed(self._invoice(10000.0))
        for amount in (2500.0, 1500.0):
            self._pay(loan.application_id.line_ids.move_id, amount)
        odd, fine = loan.collection_ids.sorted("id")
        cron = self.env.ref("scf_finance.cron_report_collections")
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        with self._failing(odd, "_report", SerializationFailure()):
            self._run("scf_finance.cron_report_collections")
        self.assertEqual((odd.state, fine.state), ("found", "reported"))
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))

    def test_loan_that_can_not_be_replayed_does_not_hide_an_overdue_one(self):
        start = self.today - timedelta(days=40)
        self.rhone_bank.today = start
        loans = self.env["scf.loan"]
        for _number in range(2):
            invoice = self._invoice(10000.0, invoice_date=start, days=85)
            loans |= self._financed(invoice, on=start, tenor_days=30)
        odd, fine = loans.sorted("id")
        following = "odoo.addons.scf_finance.models.scf_loan_following"
        with self._failing(odd, "_standing", ValueError("secret")), self.assertLogs(following, "ERROR") as logs:
            self.rhone_bank.env["scf.loan"]._cron_overdue()
        self.assertIn(f"scf.loan {odd.id} can't be replayed", logs.output[0])
        self.assertEqual((odd.state, fine.state), ("active", "overdue"))
        self.assertIn("could not be worked out", odd.activity_ids.note)

    def test_application_that_can_not_follow_keeps_its_offer_and_the_others_expire(self):
        odd, fine = (self._offered(self._invoice(10000.0)) for _number in range(2))
        failing = self._failing(odd.application_id, "_sync_state", ValueError("broken"))
        lapsed = max((odd | fine).mapped("expires_at")) + timedelta(seconds=1)
        later = patch.object(fields.Datetime, "now", return_value=lapsed)
        with failing, later, self.assertLogs(LOGGER, "ERROR") as logs:
            odd._cron_expire()
        self.assertIn(f"scf.application {odd.application_id.id} failed", logs.output[0])
        self.assertEqual((odd.state, fine.state), ("open", "expired"))
        self.assertEqual((odd.application_id.state, fine.application_id.state), ("offered", "expired"))
