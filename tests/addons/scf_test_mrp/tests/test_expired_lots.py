from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.scf_finance.tests.goods_case import GoodsCase


@tagged("post_install", "-at_install")
class TestExpiredLots(GoodsCase):
    """Where lots have a date, no bank is offered goods that are past it."""

    def test_an_expired_lot_is_refused(self):
        pledge = self._copper(500)
        self.lot.expiration_date = fields.Datetime.now() - timedelta(days=2)
        self.assertEqual(self._stops(pledge), ["lot_expired"])

    def test_a_lot_before_its_date_is_taken(self):
        pledge = self._copper(500)
        self.lot.expiration_date = fields.Datetime.now() + timedelta(days=300)
        self.assertEqual(self._stops(pledge), [])
