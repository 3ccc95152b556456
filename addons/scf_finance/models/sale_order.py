from odoo import api, fields, models
from odoo.exceptions import UserError

from ..eligibility.facts import PRE_SHIPMENT, read_order_facts


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "scf.financeable"]

    _scf_field = "sale_order_id"
    _scf_kind = "sales_order"
    _scf_technique = PRE_SHIPMENT

    scf_claim_ids = fields.One2many(
        "scf.application.document",
        "sale_order_id",
        string="Financing",
        copy=False,
        groups="scf_connector.group_scf_requester",
    )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_financed(self):
        self._scf_refuse_while_financed()

    # -- actions ----------------------------------------------------------------------------------------------------

    def _action_cancel(self):
        self._scf_refuse_while_financed()
        return super()._action_cancel()

    def action_draft(self):
        self._scf_refuse_while_financed()
        return super().action_draft()

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_refuse_while_financed(self):
        if claim := self._scf_open_claim():
            raise UserError(
                self.env._(
                    "%(order)s secures the financing %(application)s, so it can't be cancelled. "
                    "Withdraw the request, or repay the loan, and then cancel the order.",
                    order=claim.sale_order_id.name,
                    application=claim.application_id.name,
                )
            )

    def _scf_facts(self, banks, today):
        return read_order_facts(self, banks=banks, today=today)

    def _scf_open_domain(self):
        return [("state", "=", "sale"), ("invoice_status", "!=", "invoiced")]

    def _scf_issue_date(self):
        return fields.Date.context_today(self, self.date_order)

    def _scf_invoices(self):
        return self.invoice_ids.filtered(lambda move: move.state == "posted")
