from odoo import api, fields, models

KINDS = [
    ("sold", "Sold"),
    ("returned", "Returned to the supplier"),
    ("lost", "Left without a sale"),
]


class ScfFollowedUse(models.Model):
    """How many of the financed goods a transfer took: first in, first out, by lot where the product has lots."""

    _name = "scf.followed.use"
    _description = "Use of financed goods"
    _inherit = ["scf.record.kept"]
    _order = "goods_id, move_id"

    goods_id = fields.Many2one("scf.followed.goods", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="goods_id.company_id", store=True, index=True, precompute=True)
    product_uom_id = fields.Many2one(related="goods_id.product_uom_id", string="Unit")
    move_id = fields.Many2one("stock.move", string="Transfer", required=True, index=True, ondelete="cascade")
    moved_on = fields.Datetime(related="move_id.date", string="Date")
    reference = fields.Char(related="move_id.reference")
    sale_line_id = fields.Many2one(
        related="move_id.sale_line_id", string="Sales Order Line", store=True, index="btree_not_null", precompute=True
    )
    quantity = fields.Float(digits="Product Unit", required=True, help="In the product's unit.")
    kind = fields.Selection(KINDS, compute="_compute_kind", store=True, precompute=True)

    _once_per_move = models.UniqueIndex("(goods_id, move_id)", "This transfer's use of the goods is known already.")

    @api.depends("move_id.location_dest_id.usage", "move_id.sale_line_id.product_id")
    def _compute_kind(self):
        for use in self:
            move = use.move_id
            if sold_as := move.sale_line_id.product_id:
                # In a kit the goods have no price of their own, so no payment is for them.
                use.kind = "sold" if sold_as == move.product_id else "lost"
            else:
                use.kind = {"customer": "sold", "supplier": "returned"}.get(move.location_dest_id.usage, "lost")
