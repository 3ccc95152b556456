from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class ScfReleaseRequest(models.TransientModel):
    """Goods are needed that a bank holds: ask for their release, or do without them."""

    _name = "scf.release.request"
    _description = "Request for the release of pledged goods"

    picking_ids = fields.Many2many("stock.picking", string="Transfers", readonly=True)
    line_ids = fields.One2many("scf.release.request.line", "request_id", string="Pledged Goods")
    reason = fields.Char(help="What the goods are needed for; the bank reads it.")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_ask(self):
        """Record the request on each pledge; the transfers stay as they are."""
        self.ensure_one()
        if not self.reason:
            raise UserError(self.env._("Say what the goods are needed for: the bank decides on it."))
        asked = self.line_ids.filtered(lambda line: line.product_uom_id.compare(line.quantity, 0) > 0)
        if not asked:
            raise UserError(self.env._("Say how much has to be released."))
        for line in asked:
            line.pledge_id.check_access("read")
            # Asking takes no right on pledges; what is recorded is the system's.
            line.pledge_id.sudo()._ask_release(line.quantity, self.reason)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The release was asked for. The goods stay until the bank has answered."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_take_free(self):
        """Lower the transfers to what is free, and go on validating them."""
        self.ensure_one()
        self.picking_ids._scf_take_only_free()
        if not any(move.picked and move.quantity for move in self.picking_ids.move_ids):
            raise UserError(self.env._("Nothing of it is free: the transfer would be empty. Ask for the release."))
        validated = self.env.context.get("button_validate_picking_ids") or self.picking_ids.ids
        return self.env["stock.picking"].browse(validated).button_validate()

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _open(self, quantities, pickings=None):
        """Open the dialog.

        :param dict quantities: by `scf.pledge`, in the product's unit
        :param pickings: the transfers that need the goods, where there are any
        """
        request = self.create(
            {
                "picking_ids": [Command.set(pickings.ids)] if pickings else [],
                "reason": ", ".join(pickings.mapped("name")) if pickings else False,
                "line_ids": [
                    Command.create({"pledge_id": pledge.id, "quantity": quantity})
                    for pledge, quantity in quantities.items()
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("These goods are pledged") if pickings else self.env._("Ask for release"),
            "res_model": self._name,
            "res_id": request.id,
            "views": [(False, "form")],
            "target": "new",
            "context": dict(self.env.context),
        }


class ScfReleaseRequestLine(models.TransientModel):
    """One pledge of which goods are needed."""

    _name = "scf.release.request.line"
    _description = "Pledged goods that are needed"

    request_id = fields.Many2one("scf.release.request", required=True, ondelete="cascade")
    pledge_id = fields.Many2one("scf.pledge", required=True, readonly=True, ondelete="cascade")
    product_id = fields.Many2one(related="pledge_id.product_id")
    lot_id = fields.Many2one(related="pledge_id.lot_id")
    location_id = fields.Many2one(related="pledge_id.location_id")
    bank_name = fields.Char(related="pledge_id.bank_name", string="Pledged To")
    held_quantity = fields.Float(related="pledge_id.held_quantity")
    product_uom_id = fields.Many2one(related="pledge_id.product_uom_id")
    quantity = fields.Float(string="Needed", digits="Product Unit")
