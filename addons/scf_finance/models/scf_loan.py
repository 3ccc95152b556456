from odoo import api, fields, models
from odoo.exceptions import UserError

STATES = [
    ("granted", "Granted"),
    ("active", "Running"),
    ("overdue", "Overdue"),
    ("closed", "Repaid"),
    ("failed", "Payout failed"),
]


class ScfLoan(models.Model):
    """What was drawn at a bank: its ledger as the bank keeps it, and the entries in our books."""

    _name = "scf.loan"
    _description = "Loan"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.addressee"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(string="Loan Number", required=True, readonly=True, index="trigram")
    offer_id = fields.Many2one("scf.offer", required=True, readonly=True, index=True, ondelete="restrict")
    submission_id = fields.Many2one(related="offer_id.submission_id", store=True, index=True, precompute=True)
    application_id = fields.Many2one(related="offer_id.application_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="offer_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="offer_id.bank_id", store=True, index=True, precompute=True)
    partner_id = fields.Many2one(related="application_id.partner_id", string="Buyer", store=True)
    bank_loan_ref = fields.Char(string="Bank's Reference", required=True, readonly=True)
    terms = fields.Json(readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    principal = fields.Monetary(readonly=True)
    disbursed_amount = fields.Monetary(string="Paid Out", readonly=True, help="What came to the account, fees deducted.")
    start_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True, index=True)
    schedule = fields.Json(readonly=True, help="The bank's repayment schedule.")
    entry_ids = fields.One2many("scf.loan.entry", "loan_id", string="Loan Ledger", readonly=True)
    collection_ids = fields.One2many("scf.collection", "loan_id", string="Collections", readonly=True)
    balance_as_of = fields.Date(readonly=True)
    balance_principal = fields.Monetary(string="Principal Owed", readonly=True)
    balance_interest = fields.Monetary(string="Interest Owed", readonly=True)
    balance_fee = fields.Monetary(string="Fees Owed", readonly=True)
    balance_penalty = fields.Monetary(string="Penalty Owed", readonly=True)
    balance_total = fields.Monetary(string="Total Owed", readonly=True)
    repaid_percent = fields.Float(string="Repaid (%)", compute="_compute_repaid_percent", digits=(5, 2))
    book_principal = fields.Monetary(string="Principal in the Books", compute="_compute_book_principal",
                                     help="Open amount of the loan account for this loan.")
    mismatch = fields.Text(readonly=True, tracking=True,
                           help="Where this ledger, the accounting and the bank disagree.")
    shortfall = fields.Monetary(readonly=True, help="By how much the advance is above what the documents still carry.")
    failure_reason = fields.Char(readonly=True)
    bank_cursor = fields.Char(readonly=True, help="Cursor of the bank's last event on this loan.")
    state = fields.Selection(STATES, required=True, readonly=True, default="granted", index=True, tracking=True)

    _bank_reference_unique = models.UniqueIndex("(bank_id, bank_loan_ref)", "The bank used a loan's number twice.")
