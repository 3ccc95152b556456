from odoo.tests import tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestPanelTour(TourCase):
    """The Financing panel in the browser, as the people who use it see it."""

    def _tour(self, name, document, role):
        path = "sales" if document._name == "sale.order" else "customer-invoices"
        self.start_tour(f"/odoo/{path}/{document.id}", name, login=self.people[role].login)

    def _offers(self, document):
        """Offers of both banks on the document, Hansa's the cheaper one; gives the application."""
        application = self._request(document, banks=self.rhone + self.hansa)
        for bank, rate in ((self.rhone_bank, "9.40"), (self.hansa_bank, "6.90")):
            submission = application.submission_ids.filtered(lambda item, bank=bank: item.bank_id == bank.bank)
            bank.receive(submission)
            bank.offer(submission, rate=rate)
        return application

    def test_requester_asks_the_banks_from_the_order(self):
        self.company.scf_collection_bank_account_id.allow_out_payment = True
        order = self._order(10000.0)
        self._tour("scf_panel_request", order, "requester")
        application = self.env["scf.application"].search([("line_ids.sale_order_id", "=", order.id)])
        self.assertEqual(application.state, "requested")
        self.assertEqual(application.submission_ids.bank_id, self.rhone + self.hansa)
        self.assertEqual(application.requester_id, self.people["requester"])

    def test_requester_compares_but_does_not_accept(self):
        order = self._order(10000.0)
        self._offers(order)
        self._tour("scf_panel_compare_as_requester", order, "requester")

    def test_approver_accepts_on_the_invoice(self):
        invoice = self._invoice(10000.0)
        application = self._offers(invoice)
        self._tour("scf_panel_accept", invoice, "approver")
        accepted = application.offer_ids.filtered(lambda offer: offer.state in ("accepting", "accepted"))
        self.assertEqual(accepted.bank_id, self.hansa)
        self.assertEqual(application.approver_id, self.people["approver"])

    def test_missing_setup_is_one_click_from_its_fix(self):
        self.company.scf_collection_bank_account_id = False
        self._tour("scf_panel_missing_setup", self._invoice(10000.0), "admin")

    def test_financed_invoice_leads_to_its_loan(self):
        invoice = self._invoice(10000.0)
        self._financed(invoice)
        self._tour("scf_panel_financed_invoice", invoice, "requester")

    def test_user_without_the_role_sees_no_panel(self):
        self._tour("scf_panel_no_role", self._order(10000.0), "accountant")
