from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..amounts import exact
from ..repaying.saving import oldest_first, repaid_early


class ScfJointRepayment(models.TransientModel):
    """One payment over several loans: the ones that are due first are repaid first, shown before it is sent."""

    _name = "scf.joint.repayment"
    _description = "Repayment of several loans"

    loan_ids = fields.Many2many("scf.loan", string="Loans", readonly=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id", compute_sudo=False)
    paid_on = fields.Date(required=True, default=fields.Date.context_today)
    owed = fields.Monetary(string="Owed on That Day", compute="_compute_owed", compute_sudo=False)
    amount = fields.Monetary(
        compute="_compute_amount", store=True, precompute=True, compute_sudo=False, readonly=False, required=True
    )
    line_ids = fields.One2many(
        "scf.joint.repayment.line",
        "joint_id",
        string="What Each Loan Gets",
        compute="_compute_line_ids",
        store=True,
        precompute=True,
        compute_sudo=False,
    )
    saved = fields.Monetary(compute="_compute_saved", compute_sudo=False, help="Against paying when it is due.")
    explanation = fields.Char(compute="_compute_saved", compute_sudo=False)
    is_too_much = fields.Boolean(compute="_compute_saved", compute_sudo=False)
    is_sent = fields.Boolean(readonly=True)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("loan_ids")
    def _compute_currency_id(self):
        for joint in self:
            joint.currency_id = joint._loans().currency_id[:1]

    @api.depends("loan_ids", "paid_on")
    def _compute_owed(self):
        for joint in self:
            joint.owed = float(sum(owes for _id, _due, owes in joint._owed_by_loan()))

    @api.depends("owed")
    def _compute_amount(self):
        for joint in self:
            joint.amount = joint.owed

    @api.depends("amount", "owed")
    def _compute_line_ids(self):
        for joint in self:
            owed = {loan_id: (due, owes) for loan_id, due, owes in joint._owed_by_loan()}
            joint.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "loan_id": loan_id,
                            "due_date": owed[loan_id][0],
                            "owed": float(owed[loan_id][1]),
                            "amount": float(part),
                        }
                    )
                    for loan_id, part in joint._spread().items()
                ),
            ]

    @api.depends("line_ids.amount", "amount")
    def _compute_saved(self):
        for joint in self:
            joint.saved = sum(joint.line_ids.mapped("saved"))
            joint.is_too_much = (
                bool(joint.currency_id) and joint.currency_id.compare_amounts(joint.amount, joint.owed) > 0
            )
            joint.explanation = joint._explain()

    def _explain(self):
        if self.is_too_much:
            return self.env._(
                "%(much)s more than these loans owe on that day: pay %(owed)s at most.",
                much=self._money(self.amount - self.owed),
                owed=self._money(self.owed),
            )
        left = self.line_ids.filtered(lambda line: line.amount < line.owed)
        if left:
            return self.env._(
                "What is due first is repaid first. %(loans)s stay open, with %(rest)s.",
                loans=", ".join(left.loan_id.mapped("name")),
                rest=self._money(self.owed - self.amount),
            )
        return self.env._("This repays all of these loans.")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_repay(self):
        """Queue one repayment for each loan that gets something, once."""
        self.ensure_one()
        self.env["scf.repayment"]._check_may_repay()
        loans = self.loan_ids
        loans.check_access("read")
        loans.sudo().submission_id._take_turn()
        self.lock_for_update()
        self.invalidate_recordset()
        if self.is_sent:
            return True
        loans._check_together()
        if not 0 < self.amount or self.currency_id.compare_amounts(self.amount, self.owed) > 0:
            raise UserError(
                self.env._("Pay an amount between 0 and what these loans owe on that day: %s.", self._money(self.owed))
            )
        self.is_sent = True
        for loan_id, part in self._spread().items():
            if part > 0:
                repayment = self.env["scf.repayment"].create(
                    {
                        "loan_id": loan_id,
                        "paid_on": self.paid_on,
                        "amount": float(part),
                        "reason": self._reason(loan_id),
                    }
                )
                repayment.action_repay()
        return True

    def _reason(self, loan_id):
        return "due" if self.env["scf.loan"].browse(loan_id).state == "overdue" else "early"

    # -- business ---------------------------------------------------------------------------------------------------

    def _loans(self):
        """The loans, as far as the user may read them."""
        return self.loan_ids._origin.sudo(False)._filtered_access("read")

    def _owed_by_loan(self):
        """Id, first due date that is not paid and what may still be paid of each loan."""
        if not self.paid_on:
            return []
        return [(loan.id, loan._due_first(self.paid_on), self._payable(loan)) for loan in self._loans()]

    def _payable(self, loan):
        """What is owed less what is on its way; where more is, it pays nothing of another loan."""
        on_the_way = exact(loan.sudo()._repayments_on_the_way(), loan.currency_id.name)
        return max(loan._balance(self.paid_on).total - on_the_way, Decimal(0))

    def _spread(self):
        return oldest_first(exact(self.amount or 0.0, self.currency_id.name or "EUR"), self._owed_by_loan())

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)


class ScfJointRepaymentLine(models.TransientModel):
    """What one loan gets of the payment."""

    _name = "scf.joint.repayment.line"
    _description = "Part of a repayment of several loans"

    joint_id = fields.Many2one("scf.joint.repayment", required=True, ondelete="cascade")
    loan_id = fields.Many2one("scf.loan", readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="loan_id.currency_id", related_sudo=False)
    due_date = fields.Date(string="Due First", readonly=True)
    owed = fields.Monetary(readonly=True)
    amount = fields.Monetary(string="Gets", readonly=True)
    saved = fields.Monetary(compute="_compute_saved", compute_sudo=False)

    @api.depends("loan_id", "amount")
    def _compute_saved(self):
        for line in self:
            loan = line.loan_id.sudo(False)._filtered_access("read")
            amount = exact(line.amount, line.currency_id.name or "EUR")
            outcome = loan and repaid_early(loan._terms(), loan._events(), line.joint_id.paid_on, amount)
            line.saved = float(outcome.saved) if outcome else 0.0
