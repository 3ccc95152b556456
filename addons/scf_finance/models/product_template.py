from odoo import models
from odoo.exceptions import UserError

from .scf_pledge_guard import pledge_that_forbids

# What the ledger of quants would mean something else after.
COUNTED_BY = {"uom_id", "tracking", "is_storable", "type"}


class ProductTemplate(models.Model):
    """Pledged goods are counted as they were when they were pledged."""

    _inherit = "product.template"

    def write(self, vals):
        changed = {name: vals[name] for name in COUNTED_BY & vals.keys()}
        if changed and (pledge := pledge_that_forbids(self, "product_id.product_tmpl_id", changed)):
            raise UserError(
                self.env._(
                    "%(product)s is pledged to %(bank)s: its type, unit and tracking can't be changed before it "
                    "is released (%(pledge)s).",
                    product=pledge.product_id.product_tmpl_id.display_name,
                    bank=pledge.bank_name,
                    pledge=pledge.name,
                )
            )
        return super().write(vals)
