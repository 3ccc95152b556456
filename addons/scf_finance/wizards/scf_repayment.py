from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date

from ..amounts import exact
from ..repaying.saving import repaid_early

REASONS = [
    ("due", "The loan is due"),
    ("early", "Early repayment"),
    ("recourse", "The buyer does not pay"),
    ("shortfall", "What secures the loan is worth less"),
    ("release", "Pledged goods are needed"),
]
LIVE = {"compute": "_compute_outcome", "compute_sudo": False}


class ScfRepayment(models.TransientModel):
    """Repay a loan from the company's own money: what is owed on the day, what goes where, and what is saved."""

    _name = "scf.repayment"
    _description = "Repayment from own money"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="loan_id.currency_id")
    paid_on = fields.Date(required=True, default=fields.Date.context_today)
    owed = fields.Monetary(string="Owed on That Day", compute="_compute_owed", compute_sudo=False)
    on_the_way = fields.Monetary(
        compute="_compute_owed",
        compute_sudo=False,
        help="Repayments from own money that the bank was told of and has not booked yet.",
    )
    amount = fields.Monetary(
        compute="_compute_amount", store=True, precompute=True, compute_sudo=False, readonly=False, required=True
    )
    reason = fields.Selection(REASONS, required=True, default="due")
    to_principal = fields.Monetary(**LIVE)
    to_interest = fields.Monetary(**LIVE)
    to_fees = fields.Monetary(string="To Fees and Penalty", **LIVE)
    remaining = fields.Monetary(string="Still Owed After It", **LIVE)
    saved = fields.Monetary(**LIVE, help="So much less is paid altogether than if everything is paid when it is due.")
    explanation = fields.Char(**LIVE)
    is_too_much = fields.Boolean(**LIVE)
    is_sent = fields.Boolean(readonly=True)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("loan_id", "paid_on")
    def _compute_owed(self):
        for repayment in self:
            loan = repayment._readable_loan()
            is_known = loan and repayment.paid_on
            repayment.owed = float(loan._balance(repayment.paid_on).total) if is_known else 0.0
            repayment.on_the_way = loan.sudo()._repayments_on_the_way() if loan else 0.0

    @api.depends("owed", "on_the_way", "reason")
    def _compute_amount(self):
        for repayment in self:
            shortfall, payable = repayment._readable_loan().shortfall, repayment._payable()
            repayment.amount = shortfall if repayment.reason == "shortfall" and 0 < shortfall < payable else payable

    @api.depends("owed", "on_the_way", "amount")
    def _compute_outcome(self):
        for repayment in self:
            loan = repayment._readable_loan()
            if not loan or not repayment.paid_on:
                repayment.update(dict.fromkeys(("to_principal", "to_interest", "to_fees", "remaining", "saved"), 0.0))
                repayment.update({"explanation": False, "is_too_much": False})
                continue
            amount = exact(repayment.amount or 0.0, loan.currency_id.name)
            outcome = repaid_early(loan._terms(), loan._events(), repayment.paid_on, amount)
            taken = outcome.allocation
            repayment.to_principal = float(taken.principal)
            repayment.to_interest = float(taken.interest)
            repayment.to_fees = float(taken.fee + taken.penalty)
            repayment.remaining = max(repayment._payable() - repayment.amount, 0.0)
            repayment.saved = float(outcome.saved)
            repayment.is_too_much = repayment.currency_id.compare_amounts(repayment.amount, repayment._payable()) > 0
            repayment.explanation = repayment._explain(float(outcome.day_costs))

    def _explain(self, day_costs):
        """What is odd about the amount, and what to do; else what waiting costs."""
        money, loan = self._money, self._readable_loan()
        if self.is_too_much:
            return self.env._(
                "%(much)s more than is owed on that day. The bank takes %(payable)s at most: keep the rest.",
                much=money(self.amount - self._payable()),
                payable=money(self._payable()),
            )
        if self.remaining and loan.state == "overdue":
            return self.env._(
                "%s stays owed and is past due: the loan stays open, and interest and penalty go on.",
                money(self.remaining),
            )
        if self.remaining:
            return self.env._(
                "%(rest)s stays owed, due on %(day)s. Each day costs %(day_costs)s until it is repaid.",
                rest=money(self.remaining),
                day=format_date(self.env, loan.due_date) if loan.due_date else "",
                day_costs=money(day_costs),
            )
        if self.saved:
            return self.env._("This repays the loan. Each day later would cost %s more.", money(day_costs))
        return self.env._("This repays the loan.")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_repay(self):
        """Queue the repayment, once; it is booked when the bank's ledger shows it."""
        self.ensure_one()
        loan = self.loan_id
        loan.check_access("read")
        self._check_may_repay()
        # Two repayments at the same moment, or a second click, meet here: the later one starts over and sees the first.
        loan.sudo().submission_id._take_turn()
        self.lock_for_update()
        self.invalidate_recordset()
        if self.is_sent:
            return True
        if loan.state not in ("active", "overdue"):
            raise UserError(self.env._("Loan %s is not running: there is nothing to repay.", loan.name))
        if self.paid_on > fields.Date.context_today(self):
            raise UserError(self.env._("The bank books what was paid: choose today or an earlier day."))
        if loan.start_date and self.paid_on < loan.start_date:
            raise UserError(self.env._("The loan was paid out on %s: it can't be repaid before.", loan.start_date))
        if not 0 < self.amount or self.currency_id.compare_amounts(self.amount, self._payable()) > 0:
            raise UserError(
                self.env._(
                    "Repay an amount between 0 and what is owed on that day: %s.",
                    format_amount(self.env, self._payable(), self.currency_id),
                )
            )
        reason = dict(self._fields["reason"]._description_selection(self.env))[self.reason]
        self.is_sent = True
        loan.sudo()._repay(self.amount, self.paid_on, reason)  # the role was checked; messages are the system's
        return True

    # -- business ---------------------------------------------------------------------------------------------------

    def _check_may_repay(self):
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise AccessError(self.env._("Only an approver may repay a loan from the company's own money."))

    def _readable_loan(self):
        """The loan; AccessError where the user may not read it."""
        self.loan_id.check_access("read")
        return self.loan_id

    def _payable(self):
        """What may still be paid: what is owed less what is on its way already."""
        return max(self.currency_id.round(self.owed - self.on_the_way), 0.0) if self.currency_id else 0.0

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)
