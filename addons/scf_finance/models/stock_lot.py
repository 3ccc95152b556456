from odoo import models
from odoo.exceptions import UserError

from .scf_pledge_guard import pledge_that_forbids

# By these the bank knows the goods.
KNOWN_BY = {"name", "product_id", "company_id"}


class StockLot(models.Model):
    """A pledged lot stays what the bank knows it as."""

    _inherit = "stock.lot"

    def write(self, vals):
        changed = {name: vals[name] for name in KNOWN_BY & vals.keys()}
        if changed and (pledge := pledge_that_forbids(self, "lot_id", changed)):
            raise UserError(
                self.env._(
                    "Lot %(lot)s is pledged to %(bank)s, which knows it by its number and product: neither can be "
                    "changed before it is released (%(pledge)s).",
                    lot=pledge.lot_id.name,
                    bank=pledge.bank_name,
                    pledge=pledge.name,
                )
            )
        return super().write(vals)
