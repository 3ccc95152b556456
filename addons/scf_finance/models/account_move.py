from odoo import api, fields, models
from odoo.exceptions import UserError

from ..eligibility.facts import RECEIVABLES_DISCOUNTING, read_invoice_facts


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "scf.financeable"]

    _scf_field = "move_id"
    _scf_kind = "customer_invoice"
    _scf_technique = RECEIVABLES_DISCOUNTING

    scf_claim_ids = fields.One2many(
        "scf.application.document",
        "move_id",
        string="Financing",
        copy=False,
        groups="scf_connector.group_scf_requester",
    )
    scf_loan_entry_ids = fields.One2many(
        "scf.loan.entry", "move_id", string="Loan Entries", groups="scf_connector.group_scf_requester"
    )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_financed(self):
        self._scf_refuse_while_financed()

    # -- actions ----------------------------------------------------------------------------------------------------

    def button_draft(self):
        self._scf_refuse_while_financed()
        result = super().button_draft()
        # A draft keeps its reconciliations, but a payment that is a draft has not come.
        self.env["scf.collection"].sudo()._undo(self._scf_partials().ids)
        return result

    def _post(self, soft=True):
        posted_again = self.filtered("posted_before")
        posted = super()._post(soft=soft)
        if partials := (posted & posted_again)._scf_partials():
            self.env["scf.collection"].sudo()._find(partials)
        return posted

    def button_cancel(self):
        self._scf_refuse_while_financed()
        return super().button_cancel()

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_partials(self):
        """Reconciliations of the moves' items, read with full rights: whoever posts need not see all of them."""
        items = self.line_ids.sudo()
        return items.matched_debit_ids | items.matched_credit_ids

    def _scf_refuse_while_financed(self):
        if claim := self._scf_open_claim():
            raise UserError(
                self.env._(
                    "%(invoice)s secures the financing %(application)s, so it can't be reset to draft, cancelled or "
                    "deleted. Withdraw the request, or repay the loan, first; to correct the invoice, write a "
                    "credit note.",
                    invoice=claim.move_id.name,
                    application=claim.application_id.name,
                )
            )
        # Read with full rights: the journal entry is bound whoever may see the loan.
        if entry := self.env["scf.loan.entry"].sudo().search([("move_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "%(move)s books the ledger of loan %(loan)s as the bank reported it. It can't be changed; "
                    "a correction comes from the bank as a further entry.",
                    move=entry.move_id.name,
                    loan=entry.loan_id.name,
                )
            )

    def _scf_is_candidate(self):
        return self.move_type == "out_invoice" and super()._scf_is_candidate()

    def _scf_facts(self, banks, today):
        return read_invoice_facts(self, banks=banks, today=today)

    def _scf_open_domain(self):
        return [
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
        ]

    def _scf_issue_date(self):
        return self.invoice_date

    def _scf_sale(self):
        # Who finances the invoice must meet who finances its order: both write the order's row. A requester may not
        # be allowed to read the order.
        return [self.sudo().line_ids.sale_line_ids.order_id, self]
