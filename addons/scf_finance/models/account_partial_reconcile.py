from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        # Whoever reconciles need not have a financing role; the row that follows is the system's own.
        self.env["scf.collection"].sudo()._find(partials.sudo())
        return partials

    def unlink(self):
        if self:
            self.env["scf.collection"].sudo()._undo(self.ids)
        return super().unlink()
