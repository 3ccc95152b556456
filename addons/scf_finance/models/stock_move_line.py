from odoo import models


class StockMoveLine(models.Model):
    """How much a line takes out of a pledged place."""

    _inherit = "stock.move.line"

    def _scf_quantity_leaving(self, claim):
        """What the claim's place loses by this line, in the product's unit; negative for what comes in."""
        self.ensure_one()
        leaves = claim.has(self.location_id, self.lot_id, self.owner_id)
        enters = claim.has(self.location_dest_id, self.lot_id, self.owner_id)
        return self.quantity_product_uom * (leaves - enters)
