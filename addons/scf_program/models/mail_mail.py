from odoo import models

# The mail server's word that nobody can be reached at the address; anything else is tried again.
UNREACHABLE = ("mail_email_invalid", "mail_email_missing")


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        if failure_type in UNREACHABLE:
            ours = self.filtered(lambda mail: mail.model == "scf.program.member")
            for member in self.env["scf.program.member"].sudo().browse(ours.mapped("res_id")).exists():
                member._bounce(self.env._("The e-mail could not be sent: %s", failure_reason or member.email or ""))
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
