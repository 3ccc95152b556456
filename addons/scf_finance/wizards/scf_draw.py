from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from openscf.loan import LoanTerms, offer_cost

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from ..amounts import exact
from ..eligibility.line_facts import DAYS_A_MONTH

LIVE = {"compute": "_compute_outcome", "compute_sudo": False}


class ScfDraw(models.TransientModel):
    """Draw on a line: how much, and what it costs until what customers pay has repaid it."""

    _name = "scf.draw"
    _description = "Drawing on a line"

    loan_id = fields.Many2one("scf.loan", string="Line", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="loan_id.currency_id")
    available_amount = fields.Monetary(related="loan_id.available_amount", related_sudo=False)
    monthly_amount = fields.Monetary(
        compute="_compute_monthly_amount",
        store=True,
        precompute=True,
        compute_sudo=False,
        readonly=True,
        string="Customers Pay a Month",
        help="On average of the last 12 months, in the line's currency.",
    )
    amount = fields.Monetary(required=True)
    repaid_on = fields.Date(string="Expected to Be Repaid On", **LIVE)
    interest_cost = fields.Monetary(string="Interest Until Then", **LIVE)
    fee = fields.Monetary(string="Fee Deducted", **LIVE)
    in_hand = fields.Monetary(string="Cash in Hand", **LIVE)
    explanation = fields.Char(**LIVE)
    is_possible = fields.Boolean(**LIVE)
    drawdown_id = fields.Many2one("scf.drawdown", readonly=True)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("loan_id")
    def _compute_monthly_amount(self):
        for draw in self:
            line = draw._readable_loan().application_id._documents()
            facts = line._scf_facts(self.env["scf.bank"], fields.Date.context_today(self)) if line else ()
            draw.monthly_amount = float(facts[0].open_amount) if facts else 0.0

    @api.depends("amount", "loan_id", "monthly_amount")
    def _compute_outcome(self):
        for draw in self:
            loan = draw._readable_loan()
            draw.update({"repaid_on": False, "interest_cost": 0.0, "fee": 0.0, "in_hand": 0.0})
            draw.explanation = draw._why_not()
            draw.is_possible = not draw.explanation
            if not draw.is_possible:
                continue
            days = draw._days_to_repay()
            draw.repaid_on = fields.Date.context_today(draw) + timedelta(days=days)
            draw.interest_cost = float(draw._interest(days))
            draw.fee = float(loan._deducted_fee())
            draw.in_hand = draw.amount - draw.fee
            draw.explanation = draw._explain()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_draw(self):
        """Ask for the money, once; an approver has the bank pay it out."""
        self.ensure_one()
        loan = self.loan_id
        loan.check_access("read")
        loan.application_id._documents()._scf_check_requester()
        # Two drawings at the same moment, or a second click, meet here: the later one starts over and sees the first.
        loan.sudo().submission_id._take_turn()
        self.lock_for_update()
        self.invalidate_recordset()
        loan.invalidate_recordset()
        if not self.drawdown_id:
            if why_not := self._why_not():
                raise UserError(why_not)
            self.drawdown_id = loan.sudo()._ask_drawdown(self.amount)  # the role was checked
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Asked. The bank pays out as soon as a colleague has approved it."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _readable_loan(self):
        """The line, as far as the user may read it."""
        return self.loan_id.sudo(False)._filtered_access("read")

    def _why_not(self):
        """Why so much can't be drawn, as a sentence; an empty text where it can."""
        loan = self._readable_loan()
        if not loan:
            return self.env._("Choose the line.")
        if why_not := loan._why_not_draw():
            return why_not
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            return self.env._("Say how much you need: %s can be drawn.", self._money(self.available_amount))
        if self.currency_id.compare_amounts(self.amount, self.available_amount) > 0:
            return self.env._("Only %s can be drawn now.", self._money(self.available_amount))
        fee = float(loan.sudo()._deducted_fee())
        if fee and self.currency_id.compare_amounts(self.amount, fee) <= 0:
            return self.env._("The fee of %s is deducted from it. Draw more than that.", self._money(fee))
        return ""

    def _days_to_repay(self):
        """After how many days the bank's share of what customers pay has repaid all that is drawn then.

        At least one, and no more than until the line ends: what is left is due then.
        """
        loan = self._readable_loan()
        today, terms = fields.Date.context_today(self), loan._terms()
        longest = (loan.due_date - today).days if loan.due_date else terms.tenor_days
        share = Decimal(str(self.monthly_amount)) * terms.sweep_percent / 100 / DAYS_A_MONTH
        owed = exact(self.amount + loan.used_amount, self.currency_id.name)
        days = int((owed / share).to_integral_value(rounding=ROUND_CEILING)) if share else longest
        return max(min(days, longest), 1)

    def _interest(self, days):
        """The most that the amount costs in so many days: nothing of it is repaid before."""
        terms = self._readable_loan()._terms()
        whole = LoanTerms(
            principal=exact(self.amount, self.currency_id.name),
            currency=terms.currency,
            rate_pa=terms.rate_pa,
            day_count=terms.day_count,
            repayment="bullet",
            tenor_days=days,
        )
        return offer_cost(whole, fields.Date.context_today(self)).interest

    def _explain(self):
        return self.env._(
            "It costs at most %(interest)s of interest until %(day)s, when the bank's share of what customers pay will "
            "have repaid it. Repaid sooner it costs less.",
            interest=self._money(self.interest_cost),
            day=format_date(self.env, self.repaid_on),
        )

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)
