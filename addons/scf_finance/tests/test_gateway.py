from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .gateway_case import GatewayCase


@tagged("post_install", "-at_install")
class TestGateway(GatewayCase):
    """The journey against a real bank's gateway, over HTTP, with the jobs run by hand."""

    def test_invoice_is_financed_paid_and_undone_on_a_real_bank(self):
        bank, gateway = self._open_bank()
        invoice = self._invoice(9000.0, currency_id=self.euro)
        application = self._request(invoice, banks=bank)
        offer = self._offer_of(application, gateway)
        self._accept(offer)
        self._exchange(gateway)
        loan = application.loan_ids
        self.assertEqual((application.state, loan.state), ("financed", "active"))
        self.assertFalse(loan.mismatch)
        self.assertEqual(loan.book_principal, loan.principal)

        payment = self._pay(invoice, 2000.0, currency_id=self.euro.id)
        self._exchange(gateway)
        self.assertEqual(loan.collection_ids.state, "allocated")
        self.assertLess(loan.book_principal, loan.principal)

        payment.action_cancel()
        self._exchange(gateway)
        self.assertEqual(loan.book_principal, loan.principal)
        self.assertFalse(loan.mismatch)

        self._pay(invoice, currency_id=self.euro.id)
        self._exchange(gateway)
        self.assertEqual((application.state, loan.state), ("repaid", "closed"))
        self._assert_books_closed(loan)
        self.assertFalse(self.env["scf.event"].sudo().search([("state", "=", "failed")]))
        self.assertFalse(self.env["scf.message"].sudo().search([("state", "in", ("refused", "dead", "queued"))]))

    def test_bank_that_is_down_answers_later_and_nothing_is_lost(self):
        bank, gateway = self._open_bank()
        invoice = self._invoice(9000.0, currency_id=self.euro)
        gateway.kill()
        application = self._request(invoice, banks=bank)
        self._run("scf_connector.cron_outbox")
        self.assertTrue(application.submission_ids.delayed)
        self.assertEqual(self._as("requester", invoice).scf_panel()["submissions"][0]["tone"], "warning")
        gateway.start()
        bank.sudo().rest_until = False
        self.env["scf.message"].sudo().search([("state", "=", "queued")]).next_attempt_at = self.env.cr.now()
        self._offer_of(application, gateway)
        self.assertFalse(application.submission_ids.delayed)
        self.assertEqual(application.state, "offered")

    def test_officer_asks_and_declines(self):
        bank, gateway = self._open_bank(
            {
                "base": "rhone",
                "rules": {
                    "refer": [{"check": "requested_amount", "maximum": "1.00", "message": "An officer decides."}]
                },
            }
        )
        invoice = self._invoice(9000.0, currency_id=self.euro)
        application = self._request(invoice, banks=bank)
        self._exchange(gateway)
        submission = application.submission_ids
        gateway.officer.ask(submission.bank_application_ref, "Please send the signed delivery note.")
        self._exchange(gateway)
        self.assertEqual(submission.state, "action_required")
        self._as("requester", self.env["scf.reply"]).create(
            {"submission_id": submission.id, "message": "It is in the fresh package."}
        ).action_send()
        self._exchange(gateway)
        self.assertEqual(submission.state, "processing")
        gateway.officer.decline(submission.bank_application_ref, "The buyer's limit is reached.")
        self._exchange(gateway)
        self.assertEqual((submission.state, application.state), ("rejected", "declined"))
        self.assertIn("limit is reached", submission.state_message)

    def test_order_and_credit_note_and_own_money_on_a_real_bank(self):
        bank, gateway = self._open_bank()
        order = self._order(9000.0, currency_id=self.euro)
        application = self._request(order, banks=bank)
        self._accept(self._offer_of(application, gateway))
        self._exchange(gateway)
        loan = application.loan_ids
        self.assertEqual(loan.state, "active", application.state_reason)
        invoice = self._create_final_invoice(order, post=True)
        refund = self._create_invoice_one_line(
            move_type="out_refund",
            product_id=self.product_a,
            price_unit=4000.0,
            partner_id=self.buyer,
            tax_ids=self.env["account.tax"],
            invoice_date=self.today,
            currency_id=self.euro,
            post=True,
        )
        (invoice + refund).line_ids.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        self._exchange(gateway)
        self.assertGreater(loan.shortfall, 0)
        self.assertEqual(loan.book_principal, loan.principal, "a credit note is no cash")
        self._as("approver", self.env["scf.repayment"]).create(
            {"loan_id": loan.id, "reason": "shortfall"}
        ).action_repay()
        self._exchange(gateway)
        self._pay(invoice, currency_id=self.euro.id)
        self._exchange(gateway)
        self.assertEqual((loan.state, loan.application_id.state), ("closed", "repaid"))
        self._assert_books_closed(loan)

    def test_more_time_other_documents_and_a_buyer_who_pays_a_real_bank(self):
        bank, gateway = self._open_bank()
        invoice, other = self._invoice(9000.0, currency_id=self.euro), self._invoice(9500.0, currency_id=self.euro)
        application = self._request(invoice, banks=bank)
        self._accept(self._offer_of(application, gateway))
        self._exchange(gateway)
        loan, due = application.loan_ids, application.loan_ids.due_date

        request = self._as("requester", self.env["scf.extension.request"])
        request.create({"loan_id": loan.id, "days": 15, "reason": "The buyer pays later."}).action_ask()
        self._exchange(gateway)
        gateway.officer.offer_extension(loan.bank_loan_ref, loan.extension_ids.name, fee="30.00")
        self._exchange(gateway)
        self.assertEqual((loan.extension_ids.state, loan.extension_ids.fee), ("offered", 30.0))
        self._as("approver", loan).action_accept_extension()
        self._exchange(gateway)
        self.assertEqual((loan.extension_ids.state, loan.due_date), ("granted", due + timedelta(days=15)))
        self.assertEqual((loan.balance_fee, loan.mismatch), (30.0, False))

        request = self._as("requester", self.env["scf.substitution.request"]).create(
            {"loan_id": loan.id, "reason": "The buyer disputes it."}
        )
        lines, moves = [Command.set(application.line_ids.ids)], [Command.set(other.ids)]
        request.write({"released_line_ids": lines, "move_ids": moves})
        request.action_send()
        self._exchange(gateway)
        substitution = loan.substitution_ids
        self.assertEqual(substitution.state, "requested", substitution.message)
        gateway.officer.grant_substitution(loan.bank_loan_ref, substitution.name)
        self._exchange(gateway)
        self.assertEqual((substitution.state, application.line_ids.move_id), ("granted", other))

        gateway.officer.charge(loan.bank_loan_ref, "12.00")
        gateway.officer.call_loan(loan.bank_loan_ref, "The buyer is insolvent.")
        self._exchange(gateway)
        self.assertEqual((loan.state, loan.called_on, loan.balance_fee), ("overdue", self.today, 42.0))
        gateway.officer.record_buyer_payment(
            loan.bank_loan_ref, other.name, "9500.00", received_on=self.today, reference="TX-1", payer="Atlas Retail"
        )
        self._exchange(gateway)
        self.assertEqual((loan.state, other.amount_residual, loan.mismatch), ("closed", 0, False))
        self.assertIn("on to you", loan.buyer_payment_ids.consequence)
        self._assert_books_closed(loan)
        self.assertFalse(self.env["scf.event"].sudo().search([("state", "=", "failed")]))
        self.assertFalse(self.env["scf.message"].sudo().search([("state", "in", ("refused", "dead", "queued"))]))

    def test_bank_states_what_we_booked_until_an_event_is_missing(self):
        bank, gateway = self._open_bank()
        invoice = self._invoice(9000.0, currency_id=self.euro)
        application = self._request(invoice, banks=bank)
        self._accept(self._offer_of(application, gateway))
        self._exchange(gateway)
        loan = application.loan_ids
        payment = self._pay(invoice, 2000.0, currency_id=self.euro.id)
        self._exchange(gateway)
        payment.action_cancel()
        self._exchange(gateway)
        statement = loan._fetch_statement(loan.start_date, self.today)
        lines = statement.entry_line_ids
        kinds = ["disbursement", "fee", "repayment", "repayment_reversal"]
        self.assertEqual(lines.entry_id.mapped("type"), kinds)
        self.assertNotIn("different", lines.mapped("status"), lines.mapped("explanation"))
        self.assertEqual(statement.bank_closing, loan.book_principal)
        self.assertTrue(statement.signature)

        # The bank draws what the buyer pays, and its event has not come.
        self._pay(invoice, 1000.0, currency_id=self.euro.id)
        self._run("scf_finance.cron_report_collections")
        self._run("scf_connector.cron_outbox")
        gateway.run_jobs()
        loan._fetch_statement(loan.start_date, self.today)
        missing = statement.entry_line_ids.filtered(lambda line: not line.entry_id)
        self.assertEqual((missing.cause, statement.state), ("not_arrived", "different"))
        self._run("scf_connector.cron_poll")
        statement.action_compare()
        self.assertNotIn("different", statement.entry_line_ids.mapped("status"))

        with self.assertRaisesRegex(UserError, "did not give the statement"):
            loan._fetch_statement(self.today, self.today - timedelta(days=1))
