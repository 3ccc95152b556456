from odoo import fields, models
from odoo.exceptions import UserError


class ScfReply(models.TransientModel):
    """Answer to a bank that asks for more before it decides."""

    _name = "scf.reply"
    _description = "Answer to the bank"

    submission_id = fields.Many2one("scf.submission", required=True, readonly=True, ondelete="cascade")
    action_message = fields.Text(related="submission_id.action_message", related_sudo=False)
    message = fields.Text(string="Your Answer", required=True)
    renew_package = fields.Boolean(
        string="Send fresh evidence",
        default=True,
        help="Build a new package from today's records; it replaces the one that the bank has.",
    )

    def action_send(self):
        """Queue the answer, with a fresh package where it was asked for."""
        self.ensure_one()
        # The dialog's record is the user's own; what it names must be open to him too.
        self.submission_id.check_access("read")
        self.submission_id.application_id._documents()._scf_check_requester()
        submission = self.submission_id.sudo()
        if submission.state != "action_required":
            raise UserError(self.env._("%s does not ask for anything any more.", submission.bank_id.name))
        consent = submission.consent_id
        if why_not := consent._why_not_in_force():
            raise UserError(why_not)
        disclosure = None
        if self.renew_package:
            packages = self.env["scf.package"].sudo()
            disclosure = packages._build(
                submission.application_id, consent, supersedes=submission.package_id
            ).disclosure_ids
        submission._reply(self.message, disclosure)
        submission.application_id.message_post(
            body=self.env._("Answer to %(bank)s: %(message)s", bank=submission.bank_id.name, message=self.message)
        )
        return True
