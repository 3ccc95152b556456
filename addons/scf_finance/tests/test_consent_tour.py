from odoo.tests import HttpCase, tagged

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestConsentTour(FinanceCase, HttpCase):
    """Consent in the request dialog, in the browser."""

    def test_requester_reads_changes_and_gives_consent(self):
        invoice = self._invoice(10000.0)
        url = f"/odoo/customer-invoices/{invoice.id}"
        self.start_tour(url, "scf_consent_request", login=self.people["requester"].login)
        application = self.env["scf.application"].search([("line_ids.move_id", "=", invoice.id)])
        given = {consent.bank_id: consent for consent in application.submission_ids.consent_id}
        self.assertNotIn("tax_flow", given[self.hansa].sections)
        self.assertIn("tax_flow", given[self.rhone].sections)
        self.assertNotIn("taxes on your sales", given[self.hansa].notice)
