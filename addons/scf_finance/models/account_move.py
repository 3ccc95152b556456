from odoo import fields, models


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "scf.financeable"]

    scf_application_ids = fields.One2many("scf.application", "move_id", string="Financing", copy=False,
                                          groups="scf_connector.group_scf_requester")
