from unittest.mock import patch

from odoo.tests import tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestConsentTour(TourCase):
    """Consent in the request dialog, in the browser."""

    def test_requester_reads_changes_and_gives_consent(self):
        invoice = self._invoice(10000.0)
        url = f"/odoo/customer-invoices/{invoice.id}"
        applications = type(self.env["scf.application"])
        with patch.object(applications, "_check_read", autospec=True, side_effect=applications._check_read) as compared:
            self.start_tour(url, "scf_consent_request", login=self.people["requester"].login)
        application = self.env["scf.application"].search([("line_ids.move_id", "=", invoice.id)])
        [[(_application, screen), _named]] = compared.call_args_list
        words = {str(consent.bank_id.id): consent.notice for consent in application.submission_ids.consent_id}
        self.assertEqual(screen["words"], words, "what stood on the screen is what was agreed to")
        given = {consent.bank_id: consent for consent in application.submission_ids.consent_id}
        self.assertNotIn("tax_flow", given[self.hansa].sections)
        self.assertIn("tax_flow", given[self.rhone].sections)
        self.assertNotIn("taxes on your sales", given[self.hansa].notice)
