from odoo import api, fields, models
from odoo.exceptions import UserError

TYPES = [
    ("disbursement", "Payout"),
    ("fee", "Fee"),
    ("repayment", "Repayment"),
    ("repayment_reversal", "Repayment taken back"),
]


class ScfLoanEntry(models.Model):
    """A line of the bank's loan ledger. Never changed or deleted: a correction is a further entry."""

    _name = "scf.loan.entry"
    _description = "Loan ledger entry"
    _order = "loan_id, sequence, id"
    _rec_name = "bank_entry_ref"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    bank_entry_ref = fields.Char(string="Bank's Entry", required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    type = fields.Selection(TYPES, required=True, readonly=True)
    value_date = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    penalty = fields.Monetary(readonly=True)
    fee = fields.Monetary(readonly=True)
    interest = fields.Monetary(readonly=True)
    principal = fields.Monetary(readonly=True)
    source_ref = fields.Char(string="Source", readonly=True, help="Our collection or repayment that caused the entry.")
    reverses_id = fields.Many2one("scf.loan.entry", readonly=True, ondelete="restrict")
    move_id = fields.Many2one("account.move", string="Journal Entry", readonly=True, ondelete="restrict",
                              index="btree_not_null")

    _bank_entry_unique = models.UniqueIndex("(loan_id, bank_entry_ref)", "The bank used a ledger entry's number twice.")
