from odoo import api, models
from odoo.exceptions import UserError


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def write(self, vals):
        if not self.env.context.get("scf_keep_package"):
            self._scf_refuse_sealed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sealed(self):
        self._scf_refuse_sealed()

    def _scf_refuse_sealed(self):
        """The bytes that the banks received are evidence: not even a forgotten write may touch them."""
        if any(attachment.res_model == "scf.disclosure" for attachment in self.sudo()):
            raise UserError(self.env._("The file of a sealed package is kept as it is: a correction is a new package."))
