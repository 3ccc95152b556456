from openscf.fingerprint import fingerprints

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..amounts import exact
from ..eligibility.facts import DISTRIBUTOR_FINANCE, RECEIVABLES_DISCOUNTING, read_invoice_facts
from ..eligibility.purchase_facts import read_bill_facts
from ..evidence.wire_text import tax_id_of


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "scf.financeable"]

    _scf_field = "move_id"

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

    @property
    def _scf_kind(self):
        """Of the first one; without any, customer invoices are meant."""
        return "vendor_bill" if self[:1].move_type == "in_invoice" else "customer_invoice"

    @property
    def _scf_technique(self):
        return DISTRIBUTOR_FINANCE if self._scf_kind == "vendor_bill" else RECEIVABLES_DISCOUNTING

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_financed(self):
        self._scf_refuse_while_financed()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_get_paid(self):
        """Request financing of customer invoices, from their list, which shares its actions with the bills'."""
        if self.filtered(lambda move: move.move_type != "out_invoice"):
            raise UserError(self.env._("Choose customer invoices: for these, buyers pay you. Bills are paid by you."))
        return self.action_scf_request()

    def action_scf_have_paid(self):
        """Request that a bank pays vendor bills, from their list."""
        if self.filtered(lambda move: move.move_type != "in_invoice"):
            raise UserError(self.env._("Choose vendor bills: a bank pays suppliers for you, not what buyers owe you."))
        return self.action_scf_request()

    def button_draft(self):
        if not self:
            # Every reconciliation calls this with nothing, several times.
            return super().button_draft()
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
        if self:
            self._scf_refuse_while_financed()
        return super().button_cancel()

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_partials(self):
        """Reconciliations of the moves' items, read with full rights: whoever posts need not see all of them."""
        items = self.line_ids.sudo()
        return items.matched_debit_ids | items.matched_credit_ids

    def _scf_refuse_while_financed(self):
        claim = self._scf_open_claim()
        if claim and claim.move_id._scf_is_purchase():
            raise UserError(
                self.env._(
                    "%(bill)s is paid by the financing %(application)s, so it can't be reset to draft, cancelled or "
                    "deleted. Withdraw the request, or repay the loan, first; to correct the bill, enter the "
                    "supplier's credit note.",
                    bill=claim.move_id.name,
                    application=claim.application_id.name,
                )
            )
        if claim:
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
        return self.move_type in ("out_invoice", "in_invoice") and super()._scf_is_candidate()

    def _scf_facts(self, banks, today):
        read = read_bill_facts if self._scf_kind == "vendor_bill" else read_invoice_facts
        return read(self, banks=banks, today=today)

    def _scf_fingerprints(self):
        """A bill's are those that its supplier would compute of the same invoice, which he numbered."""
        self.ensure_one()
        if self._scf_kind != "vendor_bill":
            return super()._scf_fingerprints()
        supplier = self._scf_counterparty()
        return fingerprints(
            issuer=tax_id_of(supplier.vat) or supplier.name,
            kind="customer_invoice",
            number=self.ref,
            fiscal_year=self._scf_fiscal_year(),
            counterparty=self.company_id.sudo().vat,
            issue_date=self._scf_issue_date(),
            currency=self.currency_id.name,
            amount=exact(self.amount_total, self.currency_id.name),
        )

    def _scf_fiscal_year(self):
        # Of the supplier's fiscal years nothing is known here.
        return str(self.invoice_date.year) if self._scf_kind == "vendor_bill" else super()._scf_fiscal_year()

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
        items = self.sudo().line_ids
        return [items.sale_line_ids.order_id, items.purchase_line_id.order_id, self]
