from odoo import models

from .scf_pledge_claims import open_products


class StockMove(models.Model):
    """A transfer reserves no pledged goods for a place where they may not go."""

    _inherit = "stock.move"

    def _update_reserved_quantity_vals(
        self, need, location_id, lot_id=None, package_id=None, owner_id=None, strict=True
    ):
        move = self._scf_sparing_pledges()
        return super(StockMove, move)._update_reserved_quantity_vals(
            need, location_id, lot_id, package_id, owner_id, strict
        )

    def _get_available_quantity(
        self, location_id, lot_id=None, package_id=None, owner_id=None, strict=False, allow_negative=False
    ):
        available = super()._get_available_quantity(location_id, lot_id, package_id, owner_id, strict, allow_negative)
        move = self._scf_sparing_pledges()
        if move is self or available <= 0 or location_id.should_bypass_reservation():
            return available
        picks = move.env["stock.quant"]._get_reserve_quantity(
            self.product_id, location_id, available, None, lot_id, package_id, owner_id, strict
        )
        return min(available, sum(taken for _quant, taken in picks))

    def _scf_sparing_pledges(self):
        """The move with its destination in the context, where goods of its product are pledged; else itself."""
        if not self.env["scf.pledge"]._in_use() or self.product_id.id not in open_products(self.env):
            return self
        return self.with_context(scf_leaving_to=self.location_dest_id.id)
