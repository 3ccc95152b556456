from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount


class ScfProgramClosing(models.TransientModel):
    """The dialog before a program is closed: what it means for members, banks and what is owed."""

    _name = "scf.program.closing"
    _description = "Closing of a program"

    program_id = fields.Many2one("scf.program", required=True, readonly=True, ondelete="cascade")
    reason = fields.Text(help="The banks are told.")
    consequences = fields.Text(compute="_compute_consequences")

    @api.depends("program_id")
    def _compute_consequences(self):
        for closing in self:
            closing.consequences = "\n".join(closing._sentences())

    def _sentences(self):
        program = self.program_id
        yield self.env._("From now on nothing new is paid early, and nobody joins. This can't be undone.")
        if program.member_count:
            yield self.env._("Members, who keep their signatures and see that it is closed: %s.", program.member_count)
        if program.used_amount:
            yield self.env._(
                "%s was paid early and runs to its end: pay it on the due dates as before.",
                format_amount(self.env, program.used_amount, program.currency_id),
            )
        if banks := program.bank_ids.filtered(lambda bank: bank.status in ("requested", "active", "suspended")):
            yield self.env._("Banks that are told: %s.", ", ".join(banks.sudo().bank_id.mapped("name")))

    def action_confirm(self):
        """Close the program."""
        self.ensure_one()
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why: the banks and your colleagues will ask."))
        self.program_id._close(reason)
        return {"type": "ir.actions.act_window_close"}
