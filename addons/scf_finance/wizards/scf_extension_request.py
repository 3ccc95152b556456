from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

DEFAULT_DAYS = 30
LONGEST_DAYS = 366


class ScfExtensionRequest(models.TransientModel):
    """Ask a bank for more time: until when, why, and what the time costs before the bank's fee."""

    _name = "scf.extension.request"
    _description = "Request for more time"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="loan_id.currency_id")
    due_before = fields.Date(related="loan_id.due_date", string="Due Now", related_sudo=False)
    days = fields.Integer(string="More Days", required=True, default=DEFAULT_DAYS)
    due_date = fields.Date(
        string="Due Then",
        compute="_compute_due_date",
        inverse="_inverse_due_date",
        compute_sudo=False,
        readonly=False,
    )
    interest_cost = fields.Monetary(
        string="Interest for the Time", compute="_compute_interest_cost", compute_sudo=False
    )
    explanation = fields.Char(compute="_compute_interest_cost", compute_sudo=False)
    reason = fields.Char(help="Why the money comes later; the bank reads it.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("loan_id", "days")
    def _compute_due_date(self):
        for request in self:
            is_possible = request.due_before and 0 < request.days <= LONGEST_DAYS
            request.due_date = request.due_before + timedelta(days=request.days) if is_possible else request.due_before

    @api.onchange("due_date")
    def _inverse_due_date(self):
        for request in self:
            if request.due_date and request.due_before:
                request.days = (request.due_date - request.due_before).days

    @api.depends("loan_id", "days")
    def _compute_interest_cost(self):
        for request in self:
            loan = request.loan_id.sudo(False)._filtered_access("read")
            is_possible = loan and 0 < request.days <= LONGEST_DAYS
            request.interest_cost = float(loan._extension_costs(request.days)) if is_possible else 0.0
            request.explanation = request._explain(is_possible)

    def _explain(self, is_possible):
        if not is_possible:
            return self.env._("Choose a day after the loan is due, at most a year later.")
        return self.env._(
            "The time costs about %s of interest if everything is paid on its new due date. The bank adds a fee, which "
            "you see before anything binds you.",
            format_amount(self.env, self.interest_cost, self.currency_id),
        )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_ask(self):
        """Ask the bank; nothing binds anybody before an approver accepts its offer."""
        self.ensure_one()
        loan = self.loan_id
        loan.check_access("read")
        loan.application_id._documents()._scf_check_requester()
        if not self.reason:
            raise UserError(self.env._("Say why you need more time: the bank decides on it."))
        if not 0 < self.days <= LONGEST_DAYS:
            raise UserError(self.env._("Ask for 1 to %s days.", LONGEST_DAYS))
        loan.sudo().submission_id._take_turn()  # two askings at once meet here: the second one starts over
        if why_not := loan._why_not_extend():
            raise UserError(why_not)
        loan.sudo()._ask_extension(self.days, self.reason)  # the role was checked; messages are the system's
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The bank has been asked. Its price comes before anything binds you."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
