from odoo import fields, models
from odoo.exceptions import UserError


class ScfReply(models.TransientModel):
    """Answer to a bank that asks for more before it decides."""

    _name = "scf.reply"
    _description = "Answer to the bank"

    submission_id = fields.Many2one("scf.submission", required=True, readonly=True, ondelete="cascade")
    action_message = fields.Text(related="submission_id.action_message")
    message = fields.Text(string="Your Answer", required=True)
    renew_package = fields.Boolean(
        string="Send fresh evidence", default=True,
        help="Build a new package from today's records; it replaces the one that the bank has.",
    )
