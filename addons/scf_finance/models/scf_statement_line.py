from odoo import fields, models
from odoo.exceptions import UserError

from ..statements.comparison import AGREED

STATUSES = [
    ("agreed", "✓ Agreed"),
    ("explained", "ℹ Explained"),
    ("different", "≠ Different"),
]
CAUSES = [
    (AGREED, "All three agree"),
    ("not_arrived", "Missing here: no event has told of it"),
    ("stopped", "Missing here: its event waits in the inbox"),
    ("missing_there", "Missing at the bank"),
    ("later", "Came after the statement was made"),
    ("type", "Other kind of entry"),
    ("amount", "Other amount"),
    ("value_date", "Other value date"),
    ("allocation", "Other allocation"),
    ("unbooked", "Not booked"),
    ("draft", "Journal entry not posted"),
    ("changed", "Journal entry changed"),
    ("unmatched", "Journal item not matched"),
    ("moved", "Booked in another period"),
    ("rounding", "Rounding of the conversion"),
    ("earlier", "An earlier period disagrees"),
    ("sums", "The bank's figures do not add up"),
    ("in_transit", "On its way to the bank account"),
    ("not_seen", "Not on a bank statement"),
    ("one_found", "Found on a bank statement"),
    ("several_found", "Several lines may be it"),
    ("other_amount", "On a bank statement with another amount"),
]


class ScfStatementLine(models.Model):
    """One line of a loan's statement: what the bank, our ledger and our journal say, side by side."""

    _name = "scf.statement.line"
    _description = "Line of a loan's statement"
    _inherit = ["scf.record.kept"]
    _order = "statement_id, about desc, value_date, sequence, id"
    _rec_name = "bank_ref"

    statement_id = fields.Many2one(
        "scf.statement", string="Loan Statement", required=True, readonly=True, index=True, ondelete="cascade"
    )
    loan_id = fields.Many2one(related="statement_id.loan_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="statement_id.bank_id", store=True, precompute=True)
    company_id = fields.Many2one(related="statement_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="statement_id.currency_id", store=True, precompute=True)
    about = fields.Selection(
        [("entry", "Loan ledger"), ("clearing", "Financing clearing")], required=True, readonly=True, default="entry"
    )
    sequence = fields.Integer(readonly=True)
    bank_ref = fields.Char(string="Bank's Entry", readonly=True)
    type = fields.Char(readonly=True)
    value_date = fields.Date(readonly=True)
    bank_amount = fields.Monetary(string="At the Bank", readonly=True)
    ledger_amount = fields.Monetary(string="Our Ledger", readonly=True)
    book_amount = fields.Monetary(string="Journal", readonly=True)
    bank_principal = fields.Monetary(string="Principal: Bank", readonly=True)
    ledger_principal = fields.Monetary(string="Principal: Our Ledger", readonly=True)
    book_principal = fields.Monetary(string="Principal: Journal", readonly=True)
    entry_id = fields.Many2one("scf.loan.entry", string="Ledger Entry", readonly=True, ondelete="cascade")
    move_id = fields.Many2one("account.move", string="Journal Entry", readonly=True, ondelete="cascade")
    event_id = fields.Many2one("scf.event", readonly=True, ondelete="set null")
    bank_line_id = fields.Many2one(
        "account.bank.statement.line", string="Bank Statement Line", readonly=True, ondelete="set null"
    )
    cause = fields.Selection(CAUSES, required=True, readonly=True)
    status = fields.Selection(STATUSES, required=True, readonly=True, index=True)
    explanation = fields.Char(readonly=True, help="What differs, and what to do next.")

    # -- actions: what to do next -----------------------------------------------------------------------------------

    def action_fetch_events(self):
        """Look for news of the bank; they are compared at the next check."""
        self.check_access("read")
        return self.sudo().bank_id.action_check_now()

    def action_open_event(self):
        """Open the event that waits in the inbox."""
        self.ensure_one()
        return self._open(self.event_id)

    def action_open_move(self):
        """Open the journal entry."""
        self.ensure_one()
        return self._open(self.move_id)

    def action_open_bank_lines(self):
        """Open the lines of bank statements that may be this money."""
        self.ensure_one()
        self.check_access("read")
        candidates = self.sudo().loan_id._find_bank_lines(self.sudo().move_id)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bank statement lines that may be %s", self.loan_id.name),
            "res_model": "account.bank.statement.line",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", candidates.ids)],
        }

    def action_match_again(self):
        """Match the loan's journal items anew, as they were when they were booked."""
        self.ensure_one()
        self.check_access("read")
        self.env["account.bank.statement.line"]._scf_check_accountant()
        self.sudo().loan_id._reconcile_books()
        self.statement_id._compare()

    def action_match_bank_line(self):
        """Match the line of the bank statement with the money that waits on the clearing account."""
        self.ensure_one()
        self.check_access("read")
        self.env["account.bank.statement.line"]._scf_check_accountant()
        if not self.sudo().bank_line_id:
            raise UserError(self.env._("The bank statement's line is gone. Compare again."))
        self.sudo().loan_id._match_bank_line(self.sudo().bank_line_id, self.sudo().move_id)
        self.statement_id._compare()

    def action_fetch_again(self):
        """Have the bank make the statement anew."""
        self.ensure_one()
        return self.statement_id.action_fetch_again()

    def _open(self, record):
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
