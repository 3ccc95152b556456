from odoo import api, fields, models
from odoo.exceptions import UserError

STATES = [
    ("asked", "Asked"),
    ("released", "Released"),
    ("expired", "Not needed any more"),
]


class ScfPledgeRelease(models.Model):
    """Goods that somebody needs back from a pledge, or that the bank has let go."""

    _name = "scf.pledge.release"
    _description = "Release of pledged goods"
    _inherit = ["scf.record.kept"]
    _order = "id desc"
    _rec_name = "reference"

    pledge_id = fields.Many2one("scf.pledge", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="pledge_id.company_id", store=True, index=True, precompute=True)
    product_uom_id = fields.Many2one(related="pledge_id.product_uom_id")
    quantity = fields.Float(digits="Product Unit", required=True, readonly=True)
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked By", readonly=True)
    reference = fields.Char(string="Bank's Reference", readonly=True)
    released_on = fields.Datetime(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="asked")

    _reference_once = models.UniqueIndex(
        "(pledge_id, reference) WHERE reference IS NOT NULL", "The bank's reference of a release is used once."
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A release is part of the pledge's records and can't be deleted."))

    def _take(self, quantity, reference):
        """The bank has let this quantity go."""
        self.ensure_one()
        self.write(
            {
                "quantity": quantity,
                "reference": reference,
                "released_on": fields.Datetime.now(),
                "state": "released",
            }
        )

    def _expire(self):
        """The pledge holds nothing any more: what was asked needs no answer."""
        self.filtered(lambda release: release.state == "asked").state = "expired"
