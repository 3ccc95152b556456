from odoo import models


class StockWarehouse(models.Model):
    """A warehouse: what of its goods is pledged, and what could be lent on the rest."""

    _name = "stock.warehouse"
    _inherit = ["stock.warehouse", "scf.goods.overview"]

    def _scf_quants_domain(self):
        return [("location_id", "child_of", self.view_location_id.id)]

    def _scf_pledges_domain(self):
        return [("location_id", "child_of", self.view_location_id.id)]
