from odoo import models

from .scf_pledge_claims import open_products, read_claims


class StockPicking(models.Model):
    """A transfer that would take pledged goods says so before it is validated, and offers to ask for their release."""

    _inherit = "stock.picking"

    def _pre_action_done_hook(self):
        result = super()._pre_action_done_hook()
        if result is True and (taken := self._scf_pledged_goods_taken()):
            return self.env["scf.release.request"]._open(taken, pickings=self)
        return result

    def _scf_pledged_goods_taken(self):
        """How much of which pledges these transfers would take.

        :return: quantities by pledge (`scf.pledge`), in the product's unit; of the pledges on the same goods the oldest
            ones first
        """
        taken = {}
        for claim, missing in self._scf_claims_broken():
            for pledge in self.env["scf.pledge"].sudo()._holding(claim):
                quantity = min(missing, pledge.held_quantity)
                if pledge.product_uom_id.compare(quantity, 0) > 0:
                    taken[pledge] = max(quantity, taken.get(pledge, 0.0))
                    missing -= quantity
        return taken

    def _scf_claims_broken(self):
        """The claims that would not be met after these transfers, each with the quantity that would be missing."""
        lines = self._scf_lines_to_move()
        claims = read_claims(self.env, lines.product_id.ids)
        broken = []
        for claim in claims:
            left = claim.on_hand - sum(
                line._scf_quantity_leaving(claim) for line in lines if line.product_id.id == claim.product_id
            )
            uom = self.env["product.product"].browse(claim.product_id).uom_id
            if uom.compare(left, claim.held) < 0:
                broken.append((claim, min(claim.held - left, claim.held)))
        return broken

    def _scf_lines_to_move(self):
        """What will be moved now, of products that are pledged."""
        if not self.env["scf.pledge"]._in_use():
            return self.env["stock.move.line"]
        pledged = open_products(self.env)
        return self.move_line_ids.filtered(
            lambda line: line.picked and line.product_id.id in pledged and line.state not in ("done", "cancel")
        )

    def _scf_take_only_free(self):
        """Lower the quantities of these transfers to what is not pledged."""
        # A claim may share its goods with one around it, so what is lowered for one is seen by the next.
        for _attempt in range(len(self._scf_claims_broken())):
            broken = self._scf_claims_broken()
            if not broken:
                break
            claim, missing = broken[0]
            lines = self._scf_lines_to_move().filtered(
                lambda line, claim=claim: (
                    line.product_id.id == claim.product_id and line._scf_quantity_leaving(claim) > 0
                )
            )
            for line in lines.sorted("id", reverse=True):
                uom = line.product_id.uom_id
                less = min(missing, line.quantity_product_uom)
                line.quantity = uom._compute_quantity(line.quantity_product_uom - less, line.product_uom_id)
                missing -= less
