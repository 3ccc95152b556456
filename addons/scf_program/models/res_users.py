from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize


class ResUsers(models.Model):
    """An account of a member is for the address that the invitation went to: who signs with it has read mail there."""

    _inherit = "res.users"

    @api.model
    def signup(self, values, token=None):
        """Refuse to make an account of a member's for another address than the one that was written to.

        The login is what a signature names as the signatory's e-mail address, so nobody may just type it.
        """
        if token:
            partner = self.env["res.partner"].sudo()._signup_retrieve_partner(token)
            address = partner._scf_signup_address()
            if address and email_normalize(values.get("login") or "") != address:
                raise UserError(
                    self.env._(
                        "The invitation went to %s, and so the account is for that address. Ask who invited you to "
                        "invite another one.",
                        address,
                    )
                )
            if address and partner.name == partner.email and values.get("name"):
                partner.name = values["name"]  # the contact was made for the account, and nobody knew the name then
        return super().signup(values, token)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _scf_signup_address(self):
        """The only address for which this contact of a member may make an account.

        :return: the address in normal form; None where the contact has an account, or is no member's
        """
        self.ensure_one()
        contact = self.sudo()
        members = self.env["scf.program.member"].sudo()
        if contact.with_context(active_test=False).user_ids or not members.search_count(
            [("partner_id", "=", contact.commercial_partner_id.id)], limit=1
        ):
            return None
        return contact.email_normalized or None
