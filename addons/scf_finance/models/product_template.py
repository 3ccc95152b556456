from odoo import models
from odoo.exceptions import UserError

# What the ledger of quants would mean something else after.
COUNTED_BY = {"uom_id", "tracking", "is_storable", "type"}


class ProductTemplate(models.Model):
    """Pledged goods are counted as they were when they were pledged."""

    _inherit = "product.template"

    def write(self, vals):
        if changed := COUNTED_BY & vals.keys():
            self._scf_refuse_while_pledged({name: vals[name] for name in changed})
        return super().write(vals)

    def _scf_refuse_while_pledged(self, vals):
        if not self.env["scf.pledge"]._in_use():
            return
        # Read with full rights: a product is bound whoever may see the pledge.
        pledges = (
            self.env["scf.pledge"]
            .sudo()
            .search([("product_id.product_tmpl_id", "in", self.ids), ("state", "=", "active")])
        )
        for pledge in pledges:
            template = pledge.product_id.product_tmpl_id
            if any((template[name].id if name == "uom_id" else template[name]) != vals[name] for name in vals):
                raise UserError(
                    self.env._(
                        "%(product)s is pledged to %(bank)s: its type, unit and tracking can't be changed before it "
                        "is released (%(pledge)s).",
                        product=template.display_name,
                        bank=pledge.bank_name,
                        pledge=pledge.name,
                    )
                )
