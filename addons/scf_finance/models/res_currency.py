from odoo import api, models
from odoo.exceptions import UserError


class ResCurrency(models.Model):
    _inherit = "res.currency"

    @api.model
    def _scf_by_code(self, code):
        """The currency of an ISO 4217 code, also an inactive one.

        :raise UserError: where Odoo does not know the code
        """
        currency = self.with_context(active_test=False).search([("name", "=", code)], limit=1)
        if not currency:
            raise UserError(self.env._("The currency %s is not known here. Create it first.", code))
        return currency
