from odoo import models


class ScfFinanceable(models.AbstractModel):
    """A document that can be turned into working capital: sales orders and customer invoices."""

    _name = "scf.financeable"
    _description = "Document that can be financed"

    def scf_panel(self):
        raise NotImplementedError

    def action_scf_request(self):
        raise NotImplementedError

    def action_scf_open(self):
        raise NotImplementedError
