from datetime import timedelta

from odoo.tests import tagged

from .gateway_case import GatewayCase


@tagged("post_install", "-at_install")
class TestLineAtARealBank(GatewayCase):
    """A line against a real bank's gateway: asked for without documents, drawn, swept, drawn again."""

    def given(self):
        super().given()
        for months in range(2, 8):
            invoiced = self.today - timedelta(days=30 * months)
            invoice = self._invoice(60000.0, currency_id=self.euro, invoice_date=invoiced)
            self._pay(invoice, currency_id=self.euro.id, payment_date=invoiced + timedelta(days=10))

    def _draw(self, loan, amount):
        draw = self._as("requester", self.env["scf.draw"]).create({"loan_id": loan.id, "amount": amount})
        draw.action_draw()
        drawdown = draw.sudo().drawdown_id
        self._as("approver", drawdown).action_approve()
        return drawdown

    def test_a_line_is_granted_drawn_swept_and_drawn_again(self):
        bank, gateway = self._open_bank()
        line = self._as("requester", self.env["scf.credit.line"])._of(self.company, self.euro)
        self.assertFalse(line._scf_assess().stops)
        application = self._request(line.sudo(), banks=bank, amount=20000.0, repayment="revolving")
        offer = self._offer_of(application, gateway)
        self.assertEqual(offer.repayment, "revolving")
        self._accept(offer)
        self._exchange(gateway)
        loan = application.loan_ids
        self.assertEqual((loan.state, loan.available_amount), ("granted", offer.principal))

        drawdown = self._draw(loan, 5000.0)
        self._exchange(gateway)
        self.assertEqual((loan.state, drawdown.state, loan.used_amount), ("active", "posted", 5000.0))
        self.assertFalse(loan.mismatch)

        payment = self._pay(self._invoice(10000.0, currency_id=self.euro), currency_id=self.euro.id)
        self._exchange(gateway)
        self.assertEqual((loan.collection_ids.state, loan.used_amount), ("allocated", 3000.0))
        payment.action_cancel()
        self._exchange(gateway)
        self.assertEqual(loan.used_amount, 5000.0)

        self._draw(loan, 1000.0)
        self._exchange(gateway)
        self._pay(self._invoice(50000.0, currency_id=self.euro), currency_id=self.euro.id)
        self._exchange(gateway)
        self.assertEqual((loan.state, loan.used_amount, loan.book_principal), ("active", 0.0, 0.0))
        self.assertFalse(loan.mismatch)
        self.assertFalse(self.env["scf.event"].sudo().search([("state", "=", "failed")]))
        self.assertFalse(self.env["scf.message"].sudo().search([("state", "in", ("refused", "dead", "queued"))]))
