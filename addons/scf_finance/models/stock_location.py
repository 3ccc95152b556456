from odoo import models

from .scf_pledge_claims import open_products
from .scf_pledge_guard import touch


class StockLocation(models.Model):
    """A location that moves takes its goods along, out of the place where they are pledged too."""

    _inherit = "stock.location"

    def write(self, vals):
        result = super().write(vals)
        if {"location_id", "active", "usage", "company_id"} & vals.keys():
            touch(self.env, open_products(self.env))
        return result
