from odoo import models
from odoo.fields import Domain


class ProductProduct(models.Model):
    """What is pledged is on hand, and not free to sell."""

    _inherit = "product.product"

    def _compute_quantities_dict(self, lot_id, owner_id, package_id, from_date=False, to_date=False):
        quantities = super()._compute_quantities_dict(lot_id, owner_id, package_id, from_date, to_date)
        if owner_id or package_id or not self.env["scf.pledge"]._in_use():
            return quantities
        held = self._scf_held(lot_id)
        for product in self:
            if product._origin in held:
                figures = quantities[product.id]
                free = figures["free_qty"]
                figures["free_qty"] = product.uom_id.round(max(free - held[product._origin], min(free, 0.0)))
        return quantities

    def _scf_held(self, lot_id):
        """What is pledged in the locations that the context asks for, by product."""
        domain = Domain("state", "=", "active") & Domain("product_id", "in", self._origin.ids)
        if lot_id is not None:
            domain &= Domain("lot_id", "=", lot_id)
        domain &= Domain(self._get_domain_locations()[0])  # a pledge's place is a `location_id`, as a quant's is
        # Read with full rights: how much is free is the same for everybody.
        groups = self.env["scf.pledge"].sudo()._read_group(domain, ["product_id"], ["held_quantity:sum"])
        return {product.with_env(self.env): held for product, held in groups}
