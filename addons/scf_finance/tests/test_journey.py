from odoo.tests import tagged

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestJourney(FinanceCase):
    def test_invoice_is_financed_and_repaid_by_the_buyer(self):
        invoice = self._invoice(10000.0)
        self.assertEqual(self._as("requester", invoice).scf_panel()["state"], "eligible")

        application = self._request(invoice)
        self.assertEqual(application.state, "requested")
        self.assertEqual(application.requested_amount, 8000.0)

        self.rhone_bank.receive(application.submission_ids)
        offer = self.rhone_bank.offer(application.submission_ids)
        self.assertEqual(application.state, "offered")
        self.assertEqual(offer.in_hand, 7960.0)

        self._accept(offer)
        self.assertEqual(application.state, "accepted")
        loan = self.rhone_bank.grant(offer)
        self.rhone_bank.disburse(loan)
        self.assertEqual((application.state, loan.state), ("financed", "active"))
        self.assertEqual(loan.book_principal, 8000.0)
        self.assertEqual(self._account_balance(self.company.scf_clearing_account_id), 7960.0)

        self._pay(invoice)
        [collection] = self._report(loan)
        self.assertEqual(collection["amount"], {"amount": "10000.00", "currency": "USD"})
        self.assertEqual((application.state, loan.state), ("repaid", "closed"))
        self._assert_books_closed(loan)
        self.assertEqual(loan.collection_ids.state, "allocated")
        self.assertFalse(application.line_ids.is_open)

    def test_order_is_financed_and_repaid_by_its_invoices(self):
        order = self._order(10000.0)
        loan = self._financed(order)
        down_payment = self._create_down_payment_invoice(order, "percentage", 30, post=True)
        self._pay(down_payment)
        [collection] = self._report(loan)
        self.assertEqual(collection["amount"]["amount"], "3000.00")
        self.assertEqual(loan.state, "active")
        self.assertEqual(loan.book_principal, 5000.0)

        final = self._create_final_invoice(order, post=True)
        self._pay(final)
        self._report(loan)
        self.assertEqual((loan.application_id.state, loan.state), ("repaid", "closed"))
        self._assert_books_closed(loan)
