from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount

REASONS = [
    ("due", "The loan is due"),
    ("early", "Early repayment"),
    ("recourse", "The buyer does not pay"),
    ("shortfall", "What secures the loan is worth less"),
    ("release", "Pledged goods are needed"),
]


class ScfRepayment(models.TransientModel):
    """Repay a loan from the company's own money."""

    _name = "scf.repayment"
    _description = "Repayment from own money"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="loan_id.currency_id")
    paid_on = fields.Date(required=True, default=fields.Date.context_today)
    owed = fields.Monetary(string="Owed on That Day", compute="_compute_owed")
    amount = fields.Monetary(
        compute="_compute_amount", store=True, precompute=True, compute_sudo=False, readonly=False, required=True
    )
    reason = fields.Selection(REASONS, required=True, default="due")

    @api.depends("loan_id", "paid_on")
    def _compute_owed(self):
        for repayment in self:
            loan = repayment.loan_id
            repayment.owed = float(loan._balance(repayment.paid_on).total) if loan and repayment.paid_on else 0.0

    @api.depends("owed", "reason")
    def _compute_amount(self):
        for repayment in self:
            shortfall = repayment.loan_id.shortfall
            is_part = repayment.reason == "shortfall" and 0 < shortfall < repayment.owed
            repayment.amount = shortfall if is_part else repayment.owed

    def action_repay(self):
        """Queue the repayment; it is booked when the bank's ledger shows it."""
        self.ensure_one()
        loan = self.loan_id
        loan.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise AccessError(self.env._("Only an approver may repay a loan from the company's own money."))
        if loan.state not in ("active", "overdue"):
            raise UserError(self.env._("Loan %s is not running: there is nothing to repay.", loan.name))
        if self.paid_on > fields.Date.context_today(self):
            raise UserError(self.env._("The bank books what was paid: choose today or an earlier day."))
        if loan.start_date and self.paid_on < loan.start_date:
            raise UserError(self.env._("The loan was paid out on %s: it can't be repaid before.", loan.start_date))
        if not 0 < self.amount or self.currency_id.compare_amounts(self.amount, self.owed) > 0:
            raise UserError(
                self.env._(
                    "Repay an amount between 0 and what is owed on that day: %s.",
                    format_amount(self.env, self.owed, self.currency_id),
                )
            )
        reason = dict(self._fields["reason"]._description_selection(self.env))[self.reason]
        loan.sudo()._repay(self.amount, self.paid_on, reason)  # the role was checked; messages are the system's
        return True
