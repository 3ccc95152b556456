from odoo import models


class ScfProgramBank(models.Model):
    _inherit = "scf.program.bank"

    def _set_status(self, status):
        """A bank that agrees later gets the members that joined before it."""
        has_changed = super()._set_status(status)
        if has_changed and status == "active":
            joinings = self.env["scf.program.joining"].sudo()
            for joining in joinings.search([("program_id", "=", self.program_id.id), ("sent_at", "!=", False)]):
                joining._send_to(self)
        return has_changed


class ScfProgramMemberBank(models.Model):
    _inherit = "scf.program.member.bank"

    def _scf_before_send(self, message):
        """Nothing of a member leaves without its consent; that it leaves the program does."""
        if message.verb == "member" and not self._joining()._consent_for(self.program_bank_id):
            return self.env._("%s took its consent back, or it ended.", self.member_id.partner_id.display_name)
        return super()._scf_before_send(message)

    def _joining(self):
        return self.env["scf.program.joining"].sudo().search([("member_id", "=", self.member_id.id)])
