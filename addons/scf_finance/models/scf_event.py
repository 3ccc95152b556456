from odoo import models


class ScfEvent(models.Model):
    _inherit = "scf.event"
