from .pledge_case import PledgeCase


class GoodsCase(PledgeCase):
    """The vocabulary of inventory loans: copper in a lot and sand without, in the collateral location."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people["requester"].group_ids += cls.env.ref("stock.group_stock_user")

    def setUp(self):
        super().setUp()
        self._put(self.copper, 1000, self.collateral, lot=self.lot)
        self._put(self.sand, 2000, self.collateral)

    def _copper(self, quantity=500, **values):
        return self._proposed(self.copper, quantity, self.collateral, lot=self.lot, **values)

    def _sell(self, product, quantity, lot=None, source=None):
        """Goods leave for a customer."""
        self._move(product, quantity, source or self.collateral, self.customers, lot=lot)._action_done()

    def _stops(self, pledges):
        return [finding.code for finding in pledges._scf_assess().stops]
