from odoo.tests import tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestScreensTour(TourCase):
    """Home, its lists and a bulk request in the browser, clicked by somebody who may ask."""

    def setUp(self):
        super().setUp()
        self._invoice(10000.0)
        self._invoice(5000.0)
        self._pay(self._invoice(700.0))

    def test_requester_starts_from_home(self):
        self.start_tour("/odoo", "scf_home", login=self.people["requester"].login)
        draft = self.env["scf.application"].search([], limit=1)
        self.assertEqual((draft.state, draft.requested_amount, len(draft.line_ids)), ("draft", 12000.0, 2))

    def test_requester_asks_for_a_mixed_selection(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self._invoice(3000.0, currency_id=euro.id)
        self.start_tour("/odoo/customer-invoices", "scf_bulk_request", login=self.people["requester"].login)
        bulk = self.env["scf.bulk.request"].sudo().search([])
        self.assertEqual((bulk.state, bulk.part_ids.mapped("state")), ("running", ["waiting", "waiting"]))
        self.assertEqual(bulk.user_id, self.people["requester"])
