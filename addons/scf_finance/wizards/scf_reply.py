from odoo import api, fields, models
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

    renewed_words = fields.Text(
        string="What You Agree To Again",
        compute="_compute_renewed_words",
        help="The consent was given under the company's former name: fresh evidence needs it under the present one.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("submission_id", "renew_package")
    def _compute_renewed_words(self):
        for reply in self:
            # Whoever may read the request may read what was agreed to with it.
            consent = reply.submission_id.consent_id if reply.submission_id.has_access("read") else None
            is_needed = reply.renew_package and consent and consent._is_renewable()
            reply.renewed_words = is_needed and consent._renewed_words()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_send(self):
        """Queue the answer, with a fresh package where it was asked for.

        Fresh evidence under a former name of the company carries the consent as it is given again with the answer.
        """
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
            if consent._is_renewable():
                consent = consent._renew()
            packages = self.env["scf.package"].sudo()
            disclosure = packages._build(
                submission.application_id, consent, supersedes=submission.package_id
            ).disclosure_ids
        submission._reply(self.message, disclosure)
        submission.application_id.message_post(
            body=self.env._("Answer to %(bank)s: %(message)s", bank=submission.bank_id.name, message=self.message)
        )
        return True
