from datetime import timezone

from openscf.wire import Drawdown, DrawdownRequest

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from ..amounts import exact, wire_money
from .labels import as_note, label_of

STATES = [
    ("asked", "To be approved"),
    ("requested", "With the bank"),
    ("posted", "Paid out"),
    ("declined", "Declined"),
    ("withdrawn", "Withdrawn"),
]
# The bank's payment counts whatever happened here meanwhile: it is in its ledger.
TRANSITIONS = {
    "asked": {"requested", "withdrawn"},
    "requested": {"posted", "declined"},
    "declined": {"posted"},
    "withdrawn": {"posted"},
}
# What counts against the limit without being owed yet.
ON_THE_WAY = ("asked", "requested")


class ScfDrawdown(models.Model):
    """A part of a line's limit: asked for by one person, approved by another, and then paid out by the bank."""

    _name = "scf.drawdown"
    _description = "Drawdown of a line"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    loan_id = fields.Many2one("scf.loan", string="Line", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="loan_id.bank_id")
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    amount = fields.Monetary(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked By", readonly=True)
    asked_at = fields.Datetime(string="Asked On", readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    entry_id = fields.Many2one("scf.loan.entry", string="Loan Entry", readonly=True, ondelete="restrict")
    paid_on = fields.Date(related="entry_id.value_date")
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    state = fields.Selection(STATES, required=True, readonly=True, default="asked", index=True)

    _name_once = models.UniqueIndex("(loan_id, name)", "A drawdown's number is used once.")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_approve(self):
        """Have the bank pay it out: binding, by an approver other than who asked."""
        self.ensure_one()
        self.check_access("read")
        self.sudo().loan_id.submission_id._take_turn()  # a second click meets the first one here, and starts over
        self.invalidate_recordset()
        if why_not := self._why_not_approve():
            raise UserError(why_not)
        drawdown = self.sudo()  # the role was checked; drawdowns and messages are written by the system only
        drawdown.approved_by_id = self.env.user
        drawdown._set_state("requested")
        request = DrawdownRequest(
            drawdown_id=drawdown.name,
            amount=wire_money(drawdown.amount, drawdown.currency_id.name),
            requested_by=drawdown.user_id.name,
            approved_by=self.env.user.name,
            requested_at=drawdown.asked_at.replace(tzinfo=timezone.utc),
        )
        drawdown.loan_id.submission_id._send("draw", request.to_wire(), addressee=drawdown)
        drawdown._close_activities()
        drawdown.loan_id.message_post(
            body=self.env._(
                "%(user)s approved the drawdown of %(amount)s.", user=self.env.user.name, amount=drawdown._money()
            )
        )
        return True

    def action_withdraw(self):
        """Do without the money, while nobody has approved it."""
        self.ensure_one()
        self.loan_id.application_id._documents()._scf_check_requester()
        drawdown = self.sudo()
        drawdown.loan_id.submission_id._take_turn()
        drawdown.invalidate_recordset()
        if not drawdown._set_state("withdrawn"):
            raise UserError(
                self.env._("The drawdown is “%s” and can't be withdrawn any more.", label_of(self, "state"))
            )
        drawdown._close_activities()
        drawdown.loan_id.message_post(
            body=self.env._(
                "%(user)s withdrew the drawdown of %(amount)s.", user=self.env.user.name, amount=drawdown._money()
            )
        )
        return True

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _why_not_approve(self):
        """Why this user may not approve the drawdown now, as a sentence; an empty text where he may."""
        if self.state != "asked":
            return self.env._("The drawdown is “%s”.", label_of(self, "state"))
        names = ", ".join(self._approvers().mapped("name"))
        nobody = self.env._("nobody yet: give a colleague the role Approver")
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            return self.env._("Only an approver may approve a drawdown: %s.", names or nobody)
        if self.env.user == self.user_id:
            return self.env._("You asked for this drawdown, so somebody else has to approve it: %s.", names or nobody)
        loan = self.sudo().loan_id
        if why_late := loan._why_late():
            return why_late
        # What this drawdown blocks itself is there for it.
        others = loan._blocked() - exact(self.amount, self.currency_id.name)
        left = loan._drawable() - others
        if exact(self.amount, self.currency_id.name) > left:
            return self.env._(
                "Only %s can be drawn by now. Withdraw this drawdown, and draw less.",
                format_amount(self.env, float(max(left, 0)), self.currency_id),
            )
        return loan.offer_id._why_not_pay_out()

    def _approvers(self):
        """Users who may approve: approvers of the company other than who asked."""
        group = self.env.ref("scf_connector.group_scf_approver")
        return group.sudo().all_user_ids.filtered(
            lambda user: (
                user.active
                and self.company_id in user.company_ids
                and user != self.user_id
                and user._is_internal()
                and user != self.env.ref("base.user_root")
            )
        )

    def _ask(self):
        """Tell the approvers that money is wanted."""
        sentence = self.env._(
            "%(user)s wants to draw %(amount)s on the line at %(bank)s. Look at it and approve it.",
            user=self.user_id.name,
            amount=self._money(),
            bank=self.bank_id.name,
        )
        self.loan_id.message_post(body=sentence)
        for user in self._approvers():
            self.loan_id.activity_schedule(
                "scf_finance.activity_approve_drawdown", user_id=user.id, note=as_note(sentence)
            )

    def _scf_target(self, verb):
        return self.loan_id.bank_loan_ref

    def _scf_on_answer(self, message, answer):
        submission = self.loan_id.submission_id
        submission._take_turn()
        submission.delayed = False
        self._take(answer)

    def _scf_on_refused(self, message, problem):
        self.loan_id.submission_id.delayed = False
        self._decline(problem.get("detail") or problem.get("title") or "")

    def _scf_on_delayed(self, message):
        self.loan_id.submission_id._scf_on_delayed(message)

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, wire):
        """Apply a Drawdown of docs/protocol.md; what is over already changes nothing, and neither does a repeat."""
        self.ensure_one()
        message = Drawdown.model_validate(wire)
        state = message.status.value.lower()
        if state == "declined":
            self._decline(message.message or "")
        elif state == "posted" and self._set_state("posted"):
            self.entry_id = self.loan_id.entry_ids.filtered(
                lambda entry: message.entry and entry.bank_entry_ref == message.entry.id
            )

    def _decline(self, why):
        if not self._set_state("declined"):
            return
        self.message = why
        self.loan_id._warn(
            self.env._(
                "%(bank)s did not pay out the drawdown of %(amount)s: %(why)s It is available again.",
                bank=self.bank_id.name,
                amount=self._money(),
                why=why,
            )
        )

    def _lapse(self):
        """The line ended: what nobody approved is over."""
        for drawdown in self.filtered(lambda item: item.state == "asked"):
            drawdown._set_state("withdrawn")
            drawdown._close_activities()

    def _set_state(self, state):
        """The only writer of `state`: skips repeats and what can't follow.

        :return: whether the state changed
        """
        self.ensure_one()
        if state not in TRANSITIONS.get(self.state, ()):
            return False
        self.state = state
        self.loan_id.application_id._notify_panel()
        return True

    def _close_activities(self):
        if not self.loan_id.drawdown_ids.filtered(lambda item: item.state == "asked"):
            self.loan_id.activity_unlink(["scf_finance.activity_approve_drawdown"])

    def _money(self):
        return format_amount(self.env, self.amount, self.currency_id)
