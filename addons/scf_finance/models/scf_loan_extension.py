from datetime import timedelta, timezone
from decimal import Decimal
from functools import partial

from openscf.wire import Decision, Extension, ExtensionAcceptance, ExtensionRequest

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date, format_datetime

from ..amounts import exact, wire_money
from ..repaying.saving import extension_costs
from .labels import as_note, label_of
from .on_its_own import on_its_own

STATES = [
    ("requested", "Asked"),
    ("offered", "Offered"),
    ("accepting", "Being accepted"),
    ("granted", "Granted"),
    ("declined", "Declined"),
    ("withdrawn", "Withdrawn"),
    ("expired", "Expired"),
]
# The bank's grant counts whatever happened here meanwhile: its ledger has the new due dates.
TRANSITIONS = {
    "requested": {"offered", "granted", "declined", "withdrawn", "expired"},
    "offered": {"accepting", "granted", "declined", "withdrawn", "expired"},
    "accepting": {"offered", "granted", "declined", "expired"},
    "declined": {"granted"},
    "withdrawn": {"granted"},
    "expired": {"granted"},
}
OPEN_STATES = ("requested", "offered", "accepting")
# What a refused acceptance says of the offer; after any other refusal it still stands at the bank.
GONE = {"urn:openscf:problem:offer-expired": "expired", "urn:openscf:problem:wrong-state": "declined"}


class ScfLoanExtension(models.Model):
    """More time for a loan: asked for, offered by the bank at a price, accepted by somebody else than who asked."""

    _name = "scf.loan.extension"
    _description = "Extension of a loan"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    days = fields.Integer(readonly=True)
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked By", readonly=True)
    due_before = fields.Date(string="Due Until Now", readonly=True)
    due_date = fields.Date(string="New Due Date", readonly=True, help="As the bank offered it.")
    fee = fields.Monetary(readonly=True)
    interest_cost = fields.Monetary(
        string="Interest for the Time", compute="_compute_total_cost", help="If everything is paid when it is due."
    )
    total_cost = fields.Monetary(
        string="Costs Altogether", compute="_compute_total_cost", help="The fee, and the interest for the time."
    )
    expires_at = fields.Datetime(string="Valid Until", readonly=True)
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    approved_by_id = fields.Many2one("res.users", readonly=True)
    accepted_at = fields.Datetime(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="requested")

    _name_once = models.UniqueIndex("(loan_id, name)", "An extension's number is used once.")
    _one_open = models.UniqueIndex(
        "(loan_id) WHERE state IN ('requested', 'offered', 'accepting')",
        "An extension of this loan is being asked for already. Wait for the bank, or withdraw it.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("days", "fee", "state")
    def _compute_total_cost(self):
        for extension in self:
            extension.interest_cost = extension.total_cost = 0.0
            if extension.state in OPEN_STATES:
                fee = exact(extension.fee, extension.currency_id.name)
                total = extension.loan_id._extension_costs(extension.days, fee)
                extension.total_cost = float(total)
                extension.interest_cost = float(total - fee)

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What the bank was asked is part of the loan's records and can't be deleted."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_accept(self):
        """Accept the bank's price and the new due date: binding, by an approver other than who asked."""
        self.ensure_one()
        self.check_access("read")
        self.sudo().loan_id.submission_id._take_turn()  # a second click meets the first one here, and starts over
        self.invalidate_recordset()
        if why_not := self._why_not_accept():
            raise UserError(why_not)
        extension = self.sudo()  # the role was checked; extensions and messages are written by the system only
        extension.write({"approved_by_id": self.env.user.id, "accepted_at": fields.Datetime.now()})
        extension._set_state("accepting")
        acceptance = ExtensionAcceptance.model_validate(
            {
                "fee": wire_money(extension.fee, extension.currency_id.name),
                "due_date": extension.due_date,
                "approved_by": self.env.user.name,
                "accepted_at": extension.accepted_at.replace(tzinfo=timezone.utc),
            }
        )
        extension.loan_id.submission_id._send("accept_extension", acceptance.to_wire(), addressee=extension)
        extension._close_activities()
        extension.loan_id.message_post(
            body=self.env._(
                "%(user)s accepted the extension to %(day)s for %(fee)s.",
                user=self.env.user.name,
                day=format_date(self.env, extension.due_date),
                fee=extension._money(extension.fee),
            )
        )
        return True

    def action_withdraw(self):
        """Do without the extension; the loan stays due as it was."""
        self.ensure_one()
        self.loan_id.application_id._documents()._scf_check_requester()
        extension = self.sudo()
        if not extension._set_state("withdrawn"):
            raise UserError(
                self.env._("The extension is “%s” and can't be withdrawn any more.", label_of(self, "state"))
            )
        decision = Decision(reason=self.env._("Withdrawn by the applicant."))
        extension.loan_id.submission_id._send("withdraw_extension", decision.to_wire(), addressee=extension)
        extension._close_activities()
        extension.loan_id.message_post(
            body=self.env._("%(user)s withdrew the extension %(name)s.", user=self.env.user.name, name=self.name)
        )
        return True

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _why_not_accept(self):
        """Why this user may not accept the extension now, as a sentence; an empty text where he may."""
        if self.state != "offered":
            return self.env._("The extension is “%s”.", label_of(self, "state"))
        if self.expires_at and self.expires_at <= fields.Datetime.now():
            return self.env._("The bank's offer of the extension expired on %s. Ask again.", self._expiry())
        if self.loan_id.state not in ("active", "overdue"):
            return self.env._("Loan %s is not running any more: there is nothing to extend.", self.loan_id.name)
        names = ", ".join(self._approvers().mapped("name"))
        nobody = self.env._("nobody yet: give a colleague the role Approver")
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            return self.env._("Only an approver may accept an extension: %s.", names or nobody)
        if self.env.user == self.user_id:
            return self.env._("You asked for this extension, so somebody else has to accept it: %s.", names or nobody)
        return ""

    def _approvers(self):
        """Users who may accept: approvers of the company other than who asked."""
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

    def _expiry(self):
        return format_datetime(self.env, self.expires_at, dt_format="short")

    def _ask(self):
        request = ExtensionRequest(extension_id=self.name, days=self.days, reason=self.reason)
        self.loan_id.submission_id._send("extend", request.to_wire(), addressee=self)
        self.loan_id.message_post(
            body=self.env._(
                "%(user)s asked %(bank)s for %(days)s more days: %(reason)s",
                user=self.user_id.name,
                bank=self.loan_id.bank_id.name,
                days=self.days,
                reason=self.reason,
            )
        )

    def _scf_target(self, verb):
        loan = self.loan_id.bank_loan_ref
        return loan if verb == "extend" else (loan, self.name)

    def _scf_on_answer(self, message, answer):
        submission = self.loan_id.submission_id
        submission._take_turn()
        submission.delayed = False
        self._take(answer)

    def _scf_on_refused(self, message, problem):
        self.loan_id.submission_id.delayed = False
        detail = problem.get("detail") or problem.get("title") or ""
        if message.verb == "extend":
            self._end("declined", detail)
        elif message.verb == "accept_extension":
            if self._is_of_former_offer(message):
                return
            state = GONE.get(problem.get("type"), "offered")
            if self._set_state(state):
                self.write({"approved_by_id": False, "accepted_at": False})
            self._tell(
                self.env._(
                    "%(bank)s did not take our acceptance of the extension: %(detail)s",
                    bank=self.loan_id.bank_id.name,
                    detail=detail,
                )
            )
        else:
            self._tell(
                self.env._(
                    "%(bank)s did not take the withdrawal of the extension: %(detail)s",
                    bank=self.loan_id.bank_id.name,
                    detail=detail,
                )
            )

    def _is_of_former_offer(self, message):
        """Whether an acceptance is of what the bank offered before it changed its offer."""
        accepted = ExtensionAcceptance.model_validate_json(message.payload)
        return (accepted.fee.amount, accepted.due_date) != (exact(self.fee, self.currency_id.name), self.due_date)

    def _scf_on_delayed(self, message):
        self.loan_id.submission_id._scf_on_delayed(message)

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, wire):
        """Apply an Extension of docs/protocol.md: what is over already changes nothing, and neither does a repeat."""
        self.ensure_one()
        message = Extension.model_validate(wire)
        state = message.status.value.lower()
        if state == "offered":
            self._take_offer(message)
        elif state == "granted":
            self._take_grant(message)
        elif state != "requested":
            self._end(state, message.message or "")

    def _take_offer(self, message):
        """Offer to accept; the bank may change it while it stands, also where our acceptance is on its way.

        The bank takes exactly what it offers (docs/protocol.md), so it refuses an acceptance of what it offered before.
        """
        terms = self._terms_of(message)
        is_changed = any(self[name] != value for name, value in terms.items())
        if self.state != "requested" and not (self.state in ("offered", "accepting") and is_changed):
            return
        is_first = self.state == "requested"
        self.write({**terms, "approved_by_id": False, "accepted_at": False})
        self._set_state("offered")
        self._close_activities()
        sentence = self._offer_sentence()
        if not is_first:
            sentence = self.env._(
                "The bank changed its offer, and what was accepted before counts no more. %s", sentence
            )
        self.loan_id.message_post(body=sentence)
        for user in self._approvers():
            self.loan_id.activity_schedule(
                "scf_finance.activity_accept_extension", user_id=user.id, note=as_note(sentence)
            )

    def _terms_of(self, message):
        """What an offer says, as this record keeps it."""
        return {
            "days": message.days,  # the bank may offer another day than was asked for
            "fee": float(message.fee.amount) if message.fee else 0.0,
            "due_date": message.due_date,
            "expires_at": message.expires_at.replace(tzinfo=None, microsecond=0) if message.expires_at else False,
            "message": message.message or False,
        }

    def _offer_sentence(self):
        return self.env._(
            "%(bank)s offers to extend the loan to %(day)s for a fee of %(fee)s: with the interest for the time it "
            "costs %(total)s altogether. Valid until %(expiry)s.",
            bank=self.loan_id.bank_id.name,
            day=format_date(self.env, self.due_date),
            fee=self._money(self.fee),
            total=self._money(self.total_cost),
            expiry=self._expiry() if self.expires_at else self.env._("the bank takes it back"),
        )

    def _take_grant(self, message):
        was_accepted = self.accepted_at
        if not self._set_state("granted"):
            return
        self.write({"message": message.message, "due_date": message.due_date or self.due_date})
        self._close_activities()
        sentence = self.env._(
            "%(bank)s has extended the loan: it is due on %(day)s.",
            bank=self.loan_id.bank_id.name,
            day=format_date(self.env, self.due_date),
        )
        if was_accepted:
            self._tell(sentence)
        else:
            self._tell(self.env._("%s Nobody here had accepted that: ask the bank how this came about.", sentence))

    def _end(self, state, message):
        """The bank declined, or its offer is over."""
        if not self._set_state(state):
            return
        self.message = message
        self._close_activities()
        words = {"bank": self.loan_id.bank_id.name, "message": message}
        if state == "declined":
            self._tell(
                self.env._(
                    "%(bank)s does not extend the loan: %(message)s Repay it from own money when it is due.", **words
                )
            )
        elif state == "expired":
            self._tell(self.env._("The offer of %(bank)s to extend the loan expired. Ask again if needed.", **words))

    def _lapse(self):
        """The loan ended, or the bank called it: what was still open is over."""
        for extension in self.filtered(lambda item: item.state in OPEN_STATES):
            extension._set_state("declined")
            extension._close_activities()

    @api.model
    def _cron_expire(self):
        """End offers whose time is over; the bank says so too, but may be out of reach."""
        domain = [("state", "=", "offered"), ("expires_at", "<=", fields.Datetime.now())]
        for extension in self.search(domain):
            on_its_own(extension, partial(extension._end, "expired", ""))

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
        self.loan_id.activity_unlink(["scf_finance.activity_accept_extension"])

    def _tell(self, sentence):
        """Say it on the loan, and to whoever asked."""
        self.loan_id.message_post(body=sentence)
        self.loan_id.activity_schedule(
            "scf_finance.activity_check_loan", user_id=self.user_id.id, note=as_note(sentence)
        )

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)


class ScfLoan(models.Model):
    """Asking for more time, and what it costs."""

    _inherit = "scf.loan"

    extension_ids = fields.One2many("scf.loan.extension", "loan_id", string="Extensions", readonly=True)
    offered_extension_id = fields.Many2one("scf.loan.extension", compute="_compute_offered_extension_id")
    extension_offer = fields.Char(compute="_compute_offered_extension_id")
    may_extend = fields.Boolean(compute="_compute_may_extend", help="More time can be asked for now.")

    @api.depends("extension_ids.state")
    def _compute_offered_extension_id(self):
        for loan in self:
            offered = loan.extension_ids.filtered(lambda item: item.state == "offered")[:1]
            loan.offered_extension_id = offered
            loan.extension_offer = offered._offer_sentence() if offered else False

    @api.depends("state", "extension_ids.state", "called_on")
    def _compute_may_extend(self):
        for loan in self:
            loan.may_extend = not loan._why_not_extend()

    def _why_not_extend(self):
        """Why no more time can be asked for now, as a sentence; an empty text where it can."""
        if self.state not in ("active", "overdue"):
            return self.env._(
                "Loan %(loan)s is “%(state)s”: there is nothing to extend.",
                loan=self.name,
                state=label_of(self, "state"),
            )
        if self.called_on:
            return self.env._("The bank has called the loan: repay it, or speak to the bank.")
        if pending := self.extension_ids.filtered(lambda item: item.state in OPEN_STATES):
            return self.env._(
                "%(name)s is “%(state)s”. Wait for the bank, or withdraw it.",
                name=pending[0].name,
                state=label_of(pending[0], "state"),
            )
        return ""

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_extend(self):
        """Open the dialog that asks the bank for more time."""
        self.ensure_one()
        self.application_id._documents()._scf_check_requester()
        if why_not := self._why_not_extend():
            raise UserError(why_not)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("More time for %s", self.name),
            "res_model": "scf.extension.request",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_loan_id": self.id},
        }

    def action_accept_extension(self):
        """Accept the extension that the bank offers."""
        self.ensure_one()
        self.check_access("read")
        if not self.offered_extension_id:
            raise UserError(self._no_offer_sentence())
        return self.offered_extension_id.action_accept()

    def action_withdraw_extension(self):
        """Do without the extension that was asked for or is offered."""
        self.ensure_one()
        self.check_access("read")
        if not (extension := self.extension_ids.filtered(lambda item: item.state in OPEN_STATES)[:1]):
            raise UserError(self._no_offer_sentence())
        return extension.action_withdraw()

    def _no_offer_sentence(self):
        return self.env._("The bank offers no extension of loan %s now.", self.name)

    # -- business ---------------------------------------------------------------------------------------------------

    def _ask_extension(self, days, reason):
        """Record that more time is wanted, and ask the bank.

        :param int days: by how much everything not paid yet would be due later
        """
        sequence = self.env["ir.sequence"].with_company(self.company_id)
        extension = self.env["scf.loan.extension"].create(
            {
                # The number is a part of an address at the bank, where a slash would end it.
                "name": sequence.next_by_code("scf.loan.extension").replace("/", "-"),
                "loan_id": self.id,
                "days": days,
                "reason": reason,
                "user_id": self.env.uid,
                "due_before": self.due_date,
                "due_date": self._extended(days),
            }
        )
        self.env.flush_all()  # a second asking at the same moment fails here, before anything is queued
        extension._ask()
        return extension

    def _extended(self, days):
        """The new last due date; the bank's own word may be another one."""
        return self.due_date + timedelta(days=days) if self.due_date else False

    def _extension_costs(self, days, fee=Decimal(0)):
        """What so many more days cost altogether, as Decimal in the loan's currency."""
        today = fields.Date.context_today(self)
        return extension_costs(self._terms(), self._events(), today, days, fee) if days > 0 else fee

    def _event_handlers(self):
        kinds = ("offered", "granted", "declined", "expired")
        return {**super()._event_handlers(), **{f"extension.{kind}": "_take_extension" for kind in kinds}}

    def _take_extension(self, content, is_news):
        self._take_entries(content, is_news)
        wire = content["extension"]
        extension = self.extension_ids.filtered(lambda item: item.name == wire["extension_id"])
        if extension:
            extension._take(wire)
        elif is_news and wire["status"] == "GRANTED":
            self._warn(
                self.env._(
                    "%(bank)s has extended the loan to %(day)s, which nobody here asked for: ask the bank.",
                    bank=self.bank_id.name,
                    day=format_date(self.env, self.due_date),
                )
            )

    def _set_state(self, state):
        changed = super()._set_state(state)
        if changed and state in ("closed", "failed"):
            self.extension_ids._lapse()
        return changed

    def _take_call(self, content, is_news):
        result = super()._take_call(content, is_news)
        self.extension_ids._lapse()
        return result
