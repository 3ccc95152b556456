from odoo.http import request

from odoo.addons.auth_signup.controllers.main import AuthSignupHome


class Signup(AuthSignupHome):
    """Making an account from an invitation: the address stands there already, and can't be another one."""

    def get_auth_signup_qcontext(self):
        qcontext = super().get_auth_signup_qcontext()
        if qcontext.get("token") and not qcontext.get("invalid_token"):
            partner = request.env["res.partner"].sudo()._signup_retrieve_partner(qcontext["token"])
            address = partner._scf_signup_address()
            qcontext["scf_address"] = address
            if address and qcontext.get("name") == address:
                qcontext["name"] = ""  # nobody knows the person's name yet
        return qcontext
