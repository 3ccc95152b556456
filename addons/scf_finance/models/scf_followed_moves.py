"""What changes which goods came or left: each says so, and the followed goods are looked at again, once."""

from odoo import api, models

from .scf_followed_flow import touch_followed

# What of a done transfer decides when it took which goods, and for whom.
OF_MOVE = {"state", "date", "product_id", "company_id", "sale_line_id", "purchase_line_id", "origin_returned_move_id"}
OF_LINE = {
    "quantity",
    "product_uom_id",
    "lot_id",
    "owner_id",
    "location_id",
    "location_dest_id",
    "move_id",
    "product_id",
}


class StockMove(models.Model):
    _inherit = "stock.move"

    def write(self, vals):
        result = super().write(vals)
        if OF_MOVE & vals.keys():
            touch_followed(self.env, self.sudo().filtered(lambda move: move.state == "done").product_id.ids)
        return result


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._scf_touch_followed()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if OF_LINE & vals.keys():
            self._scf_touch_followed()
        return result

    def unlink(self):
        self._scf_touch_followed()
        return super().unlink()

    def _scf_touch_followed(self):
        touch_followed(self.env, self.sudo().filtered(lambda line: line.state == "done").product_id.ids)
