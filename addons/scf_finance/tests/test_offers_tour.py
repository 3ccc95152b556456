from odoo.tests import tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestOffersTour(TourCase):
    """The comparison of offers in the browser, as who asked and as who decides."""

    def _offers(self):
        """Offers of both banks on an invoice, Hansa's the cheaper one; gives the application."""
        application = self._request(self._invoice(10000.0), banks=self.rhone + self.hansa)
        for bank, rate in ((self.rhone_bank, "9.40"), (self.hansa_bank, "6.90")):
            submission = application.submission_ids.filtered(lambda item, bank=bank: item.bank_id == bank.bank)
            bank.receive(submission)
            bank.offer(submission, rate=rate)
        return application

    def _tour(self, name, application, role):
        self.start_tour(f"/odoo/financing/{application.id}", name, login=self.people[role].login)

    def test_approver_compares_and_accepts(self):
        application = self._offers()
        self._tour("scf_offers_accept", application, "approver")
        taken = application.offer_ids.filtered(lambda offer: offer.state == "accepting")
        self.assertEqual(taken.bank_id, self.hansa)
        self.assertEqual(application.approver_id, self.people["approver"])

    def test_requester_reads_why_he_may_not_accept_and_declines_one(self):
        application = self._offers()
        self._tour("scf_offers_as_requester", application, "requester")
        declined = application.offer_ids.filtered(lambda offer: offer.state == "declined")
        self.assertEqual(declined.bank_id, self.rhone)
