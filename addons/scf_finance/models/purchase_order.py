from odoo import api, fields, models
from odoo.exceptions import UserError

from ..eligibility.facts import DISTRIBUTOR_FINANCE
from ..eligibility.purchase_facts import read_purchase_order_facts


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "scf.financeable"]

    _scf_field = "purchase_order_id"
    _scf_kind = "purchase_order"
    _scf_technique = DISTRIBUTOR_FINANCE

    scf_claim_ids = fields.One2many(
        "scf.application.document",
        "purchase_order_id",
        string="Financing",
        copy=False,
        groups="scf_connector.group_scf_requester",
    )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_financed(self):
        self._scf_refuse_while_financed()

    # -- actions ----------------------------------------------------------------------------------------------------

    def button_cancel(self):
        self._scf_refuse_while_financed()
        return super().button_cancel()

    def button_draft(self):
        self._scf_refuse_while_financed()
        return super().button_draft()

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_refuse_while_financed(self):
        if claim := self._scf_open_claim():
            raise UserError(
                self.env._(
                    "%(order)s is paid by the financing %(application)s, so it can't be cancelled. "
                    "Withdraw the request, or repay the loan, and then cancel the order.",
                    order=claim.purchase_order_id.name,
                    application=claim.application_id.name,
                )
            )

    def _scf_facts(self, banks, today):
        return read_purchase_order_facts(self, banks=banks, today=today)

    def _scf_open_domain(self):
        return [("state", "=", "purchase"), ("invoice_status", "!=", "invoiced")]

    def _scf_issue_date(self):
        return fields.Date.context_today(self, self.date_approve or self.date_order)

    def _scf_invoices(self):
        return self.invoice_ids.filtered(lambda move: move.state == "posted" and move.move_type == "in_invoice")
