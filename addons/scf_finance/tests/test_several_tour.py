from odoo.tests import tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestSeveralTour(TourCase):
    """From the list of invoices to one request for several of them, clicked by somebody who may ask."""

    def test_requester_finances_a_selection(self):
        large = self._invoice(20000.0, days=80)
        large.ref = "Third"
        soon = self._invoice(6250.0, days=30) | self._invoice(6250.0, days=30)
        self._pay(self._invoice(700.0, days=20))
        self.start_tour("/odoo/customer-invoices", "scf_several_documents", login=self.people["requester"].login)
        application = self.env["scf.application"].search([("state", "=", "requested")])
        self.assertEqual(application._documents(), soon | large)
        self.assertEqual(application.requester_id, self.people["requester"])
