from odoo import models
from odoo.exceptions import UserError

# By these the bank knows the goods.
KNOWN_BY = {"name", "product_id", "company_id"}


class StockLot(models.Model):
    """A pledged lot stays what the bank knows it as."""

    _inherit = "stock.lot"

    def write(self, vals):
        if changed := KNOWN_BY & vals.keys():
            self._scf_refuse_while_pledged(
                {name: vals[name] for name in changed},
            )
        return super().write(vals)

    def _scf_refuse_while_pledged(self, vals):
        if not self.env["scf.pledge"]._in_use():
            return
        # Read with full rights: a lot is bound whoever may see the pledge.
        pledge = self.env["scf.pledge"].sudo().search([("lot_id", "in", self.ids), ("state", "=", "active")], limit=1)
        lot = pledge.lot_id
        if pledge and any((lot[name].id if lot._fields[name].relational else lot[name]) != vals[name] for name in vals):
            raise UserError(
                self.env._(
                    "Lot %(lot)s is pledged to %(bank)s, which knows it by its number and product: neither can be "
                    "changed before it is released (%(pledge)s).",
                    lot=lot.name,
                    bank=pledge.bank_name,
                    pledge=pledge.name,
                )
            )
