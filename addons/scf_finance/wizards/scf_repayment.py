from odoo import api, fields, models
from odoo.exceptions import UserError

REASONS = [
    ("due", "The loan is due"),
    ("early", "Early repayment"),
    ("recourse", "The buyer does not pay"),
    ("shortfall", "A credit note reduced the claim"),
]


class ScfRepayment(models.TransientModel):
    """Repay a loan from the company's own money."""

    _name = "scf.repayment"
    _description = "Repayment from own money"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="loan_id.currency_id")
    paid_on = fields.Date(required=True, default=fields.Date.context_today)
    owed = fields.Monetary(string="Owed on That Day", compute="_compute_owed")
    amount = fields.Monetary(compute="_compute_amount", store=True, readonly=False, required=True)
    reason = fields.Selection(REASONS, required=True, default="due")
