from odoo import fields, models


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "scf.financeable"]

    scf_application_ids = fields.One2many("scf.application", "sale_order_id", string="Financing", copy=False,
                                          groups="scf_connector.group_scf_requester")
