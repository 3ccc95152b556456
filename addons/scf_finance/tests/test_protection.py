from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestProtection(FinanceCase):
    """Documents that secure a financing can't be pulled away from under it."""

    def test_financed_invoice_can_not_be_reset_cancelled_or_deleted(self):
        invoice = self._invoice(10000.0)
        application = self._request(invoice)
        for act in (invoice.button_draft, invoice.button_cancel):
            with self.subTest(act.__name__), self.assertRaisesRegex(UserError, application.name):
                act()
        with self.assertRaises(UserError):
            invoice.unlink()

    def test_order_that_secures_a_loan_can_not_be_cancelled(self):
        order = self._order(10000.0)
        loan = self._financed(order)
        with self.assertRaisesRegex(UserError, "repay the loan"):
            order.action_cancel()
        with self.assertRaises(UserError):
            order.unlink()
        self.rhone_bank.post_repayment(loan, "9000.00")
        order.action_cancel()
        self.assertEqual(order.state, "cancel")

    def test_invoice_is_free_again_after_withdrawal(self):
        invoice = self._invoice(10000.0)
        application = self._request(invoice)
        self._as("requester", application).action_cancel()
        invoice.button_draft()
        self.assertEqual(invoice.state, "draft")

    def test_credit_note_of_a_financed_invoice_is_still_possible(self):
        invoice = self._invoice(10000.0)
        loan = self._financed(invoice)
        self._reverse_invoice(invoice, post=True)
        self.assertEqual(loan.state, "active")

    def test_documents_of_an_order_that_is_financed_may_be_corrected(self):
        order = self._order(10000.0)
        self._financed(order)
        invoice = self._create_down_payment_invoice(order, "percentage", 10, post=True)
        invoice.button_draft()
        self.assertEqual(invoice.state, "draft")

    def test_whoever_may_not_see_the_financing_is_bound_too(self):
        order = self._order(10000.0)
        self._request(order)
        with self.assertRaises(UserError):
            self._as("accountant", order).action_cancel()

    def test_copies_are_not_financed(self):
        invoice = self._invoice(10000.0)
        self._request(invoice)
        self.assertFalse(invoice.copy().scf_claim_ids)

    def test_accounts_are_created_once(self):
        company = self.company
        before = (
            company.scf_loan_account_id,
            company.scf_clearing_account_id,
            company.scf_interest_account_id,
            company.scf_fee_account_id,
            company.scf_journal_id,
        )
        company._scf_create_accounts()
        after = (
            company.scf_loan_account_id,
            company.scf_clearing_account_id,
            company.scf_interest_account_id,
            company.scf_fee_account_id,
            company.scf_journal_id,
        )
        self.assertEqual(before, after)
        self.assertEqual(company.scf_loan_account_id.account_type, "liability_current")
        self.assertTrue(company.scf_loan_account_id.reconcile and company.scf_clearing_account_id.reconcile)
        company.scf_fee_account_id = False
        company._scf_create_accounts()
        self.assertTrue(company.scf_fee_account_id)
