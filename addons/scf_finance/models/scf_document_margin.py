from odoo import fields, models
from odoo.fields import NO_ACCESS

from ..offers.margin import read_margins


class ScfApplicationDocument(models.Model):
    """What a financed sale earns before the cost of financing it, as it was when the loan was last looked at.

    Nobody reads it here: the report of costs shows it to those who may see margins.
    """

    _inherit = "scf.application.document"

    margin_net = fields.Float(readonly=True, copy=False, groups=NO_ACCESS, help="Net sales, in the company's currency.")
    margin_amount = fields.Float(readonly=True, copy=False, groups=NO_ACCESS)
    margin_known = fields.Boolean(
        readonly=True, copy=False, groups=NO_ACCESS, help="Every line that sells something has a cost."
    )

    def _refresh_margins(self):
        """Take over the margins of these sales: one query for each company."""
        for company, documents in self.sudo().grouped("company_id").items():
            invoices = documents.move_id.filtered(lambda move: move.move_type == "out_invoice")
            orders = documents.sale_order_id
            margins = read_margins(self.env, orders.ids, invoices.ids, company) if invoices or orders else {}
            for document in documents:
                key = (
                    ("order", document.sale_order_id.id) if document.sale_order_id else ("invoice", document.move_id.id)
                )
                if margin := margins.get(key):
                    is_known = margin.amount is not None
                    values = {
                        "margin_net": float(margin.net),
                        "margin_amount": float(margin.amount) if is_known else 0.0,
                        "margin_known": is_known,
                    }
                    if any(document[name] != value for name, value in values.items()):
                        document.write(values)


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    def _follow(self, habits=None):
        result = super()._follow(habits)
        self.application_id.line_ids._refresh_margins()
        return result
