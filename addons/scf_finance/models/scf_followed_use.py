from odoo import api, fields, models

from .kits import parts_of_kit, shares_of_parts

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
    quantity_in_sold = fields.Float(
        compute="_compute_kind",
        store=True,
        precompute=True,
        help="How many of the goods are in one of what was sold, each in its product's unit: 1, other than in a kit.",
    )
    share_of_price = fields.Float(
        compute="_compute_kind",
        store=True,
        precompute=True,
        help="Which share of the price of what was sold is for the goods, as it was when they left: 1, other than in a "
        "kit.",
    )

    _once_per_move = models.UniqueIndex("(goods_id, move_id)", "This transfer's use of the goods is known already.")

    @api.depends("move_id.location_dest_id.usage", "move_id.sale_line_id.product_id")
    def _compute_kind(self):
        for use in self:
            move = use.move_id
            use.quantity_in_sold = use.share_of_price = 1.0
            if not (sold_as := move.sale_line_id.product_id):
                use.kind = {"customer": "sold", "supplier": "returned"}.get(move.location_dest_id.usage, "lost")
            elif sold_as == move.product_id:
                use.kind = "sold"
            else:
                use._take_from_kit(move.sale_line_id)

    def _take_from_kit(self, sale_line):
        """The goods left as a part of a kit; of what is no kit with such a part, no payment is for them."""
        kits = sale_line.product_uom_id._compute_quantity(
            sale_line.product_uom_qty, sale_line.product_id.uom_id, round=False
        )
        parts = parts_of_kit(sale_line.product_id, kits, sale_line.company_id)
        self.kind = "sold" if self.move_id.product_id in parts else "lost"
        if self.kind == "sold":
            self.quantity_in_sold = parts[self.move_id.product_id] / kits
            self.share_of_price = shares_of_parts(parts, sale_line.company_id)[self.move_id.product_id]
