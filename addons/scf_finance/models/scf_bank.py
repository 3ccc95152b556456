from odoo import models


class ScfBank(models.Model):
    _inherit = "scf.bank"
