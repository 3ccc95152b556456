import uuid
from dataclasses import replace
from datetime import timezone

from openscf.errors import InputInvalid
from openscf.payables import AcceptedBy, EarlyPaymentRequest, Payable

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools import email_normalize, format_date

from odoo.addons.scf_finance.eligibility.already_financed import check_already_financed
from odoo.addons.scf_finance.eligibility.facts import Claim

from .row_hold import hold
from .scf_approved_invoice import HOLDING, SOLD
from .scf_membership_joining import APPROVER, THIS_SERVER


class ScfApprovedInvoice(models.Model):
    """Getting paid early: one person asks, another one approves, and the bank asks the customer to agree."""

    _inherit = "scf.approved.invoice"

    request_ref = fields.Char(readonly=True, copy=False)
    pay_on = fields.Date(string="Paid On", readonly=True, help="The day on which the bank pays.")
    discount = fields.Monetary(readonly=True, help="What the bank keeps.")
    payout = fields.Monetary(readonly=True, help="What the bank pays us.")
    requested_by_id = fields.Many2one("res.users", readonly=True, tracking=True)
    agreed_by_id = fields.Many2one("res.users", string="Approved For Us By", readonly=True, tracking=True)
    agreed_at = fields.Datetime(string="Sent On", readonly=True)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_choose_day(self):
        """Open the dialog that asks for the early payment."""
        self.ensure_one()
        self.check_access("read")
        if why_not := self._why_not_ask():
            raise UserError(why_not)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Get paid early"),
            "res_model": "scf.early.payment.ask",
            "view_mode": "form",
            "target": "new",
            "context": {"default_approved_id": self.id},
        }

    def action_approve(self):
        """Agree, for the company, to what a colleague asked for; from here on it binds us."""
        self.ensure_one()
        self.check_access("read")
        if self.state != "to_approve":
            raise UserError(self.env._("There is no early payment of %s to approve.", self.number))
        if not self.env.user.has_group(APPROVER):
            raise AccessError(self.env._("Only an approver may agree to an early payment."))
        if self.env.user == self.requested_by_id:
            raise UserError(self.env._("You asked for this early payment, so somebody else has to approve it."))
        if not email_normalize(self.env.user.email or ""):
            raise UserError(self.env._("Whoever agrees has an e-mail address: enter yours in your preferences."))
        approved = self.sudo()
        approved._hold()
        if why_not := approved._why_not_hold() or approved._why_not_on(self.pay_on):
            raise UserError(why_not)
        approved.write({"agreed_by_id": self.env.user.id, "agreed_at": fields.Datetime.now()})
        approved._set_state("sent")
        approved.activity_unlink(["mail.mail_activity_data_todo"])
        approved._send_request()
        approved._tell(self.env._("%(user)s agreed to the early payment.", user=self.env.user.name))
        return True

    def action_withdraw(self):
        """Take back what was asked for and not approved yet."""
        self.ensure_one()
        self.check_access("read")
        if self.state != "to_approve":
            raise UserError(self.env._("Only an early payment that nobody approved yet can be taken back."))
        approved = self.sudo()
        approved._set_state("registered")
        approved._drop_request()
        approved._tell(self.env._("%s took back the early payment.", self.env.user.name))
        return True

    # -- business: asking -------------------------------------------------------------------------------------------

    @api.private
    def _ask(self, day):
        """Ask for the early payment on a day, at what it costs then; another person has to approve it.

        :raise UserError: with what to do
        """
        self.ensure_one()
        self.check_access("read")
        user, approved = self.env.user, self.sudo()
        if not user.has_group("scf_connector.group_scf_requester"):
            raise AccessError(self.env._("Only users with the role “Financing: Requester” may ask for money."))
        approved._hold()
        if why_not := approved._why_not_ask() or approved._why_not_on(day) or approved._why_not_hold():
            raise UserError(why_not)
        price = approved._price(day)
        approved.write(
            {
                "request_ref": str(uuid.uuid4()),
                "pay_on": day,
                "discount": float(price.discount.amount),
                "payout": float(price.payout.amount),
                "requested_by_id": user.id,
                "agreed_by_id": False,
                "agreed_at": False,
                "message": False,
            }
        )
        approved._set_state("to_approve")
        approved._tell(
            self.env._(
                "%(user)s asks to be paid early: %(price)s.", user=user.name, price=approved._price_in_words(day)
            )
        )
        approved._ask_approvers()

    def _why_not_ask(self):
        """Why nobody can ask for the early payment now, as a sentence; None where somebody can."""
        approved = self.sudo()
        if approved.state != "registered":
            return self.env._("%(number)s: %(state)s", number=self.number, state=approved._headline())
        if not approved.move_id:
            return approved.mismatch or self.env._("The approval was not matched with an invoice of ours.")
        if approved.membership_id.state != "approved":
            return self.env._("The membership in %s is not in force.", approved.membership_id.program_name)
        if not approved._first_day():
            return approved._why_no_day()
        if "accounts" in approved.company_id._scf_lacks():
            return self.env._(
                "%s has no accounts for financing. An administrator of accounting sets up the books first.",
                approved.company_id.name,
            )
        return None

    def _why_not_on(self, day):
        """Why the bank can't pay on that day, as a sentence; None where it can."""
        terms, first = self._terms(), self._first_day()
        if first and first <= day <= terms.last_on:
            try:
                self._price(day)
            except InputInvalid as error:
                return str(error)
            return None
        if not first:
            return self._why_no_day()
        return self.env._(
            "%(bank)s can pay from %(first)s to %(last)s. Choose a day of these, and ask again.",
            bank=self.bank_name,
            first=format_date(self.env, first),
            last=format_date(self.env, terms.last_on),
        )

    def _why_no_day(self):
        """Why the bank can pay on no day any more, as a sentence."""
        membership = self.membership_id.sudo()
        if membership._is_limit_over():
            day = format_date(self.env, membership.valid_until)
            return self.env._("The limit at %(bank)s ended on %(day)s. Ask the bank.", day=day, **self._wording())
        return self.env._("%(bank)s pays %(number)s early no more: it is due too soon.", **self._wording())

    def _hold(self):
        """Make this and every other request on the same sale run one after the other."""
        hold(self)
        self.move_id._scf_lock()

    def _why_not_hold(self):
        """One asset, one financier: why the bank can't have the invoice, as a sentence; None where it can."""
        self.env.flush_all()
        [facts] = self.move_id._scf_facts(self.env["scf.bank"], fields.Date.context_today(self))
        claims = list(facts.claims)
        if self.state in HOLDING:
            claims.remove(self._claim())  # its own; another bank's, and another request at this one, stay
        for beside in self._instalments_beside().filtered(lambda one: one.state in SOLD):
            claims.remove(beside._claim())  # each instalment is paid early by itself
        finding = check_already_financed(replace(facts, claims=tuple(claims)), self.env)
        return finding.sentence if finding.level == "stop" else None

    def _claim(self):
        """The early payment among the claims on its invoice."""
        return Claim(
            application_id=None,
            application_name=self.env._("the early payment of %s", self.bank_name),
            document_name=self.move_id.name,
        )

    def _approvers(self):
        """Who may agree to what was asked for."""
        return (
            self.env["res.users"]
            .sudo()
            .search([("all_group_ids", "in", self.env.ref(APPROVER).id), ("company_ids", "in", self.company_id.id)])
            .filtered(lambda user: user != self.requested_by_id and not user.share)
        )

    def _ask_approvers(self):
        for user in self._approvers():
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Approve the early payment of %s", self.number),
                user_id=user.id,
            )

    def _drop_request(self):
        self.activity_unlink(["mail.mail_activity_data_todo"])
        self.write(
            {
                "request_ref": False,
                "pay_on": False,
                "discount": 0,
                "payout": 0,
                "requested_by_id": False,
                "agreed_by_id": False,
                "agreed_at": False,
            }
        )

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _send_request(self):
        currency, user = self.currency_id.name, self.agreed_by_id
        wire = EarlyPaymentRequest(
            request_id=self.request_ref,
            pay_on=self.pay_on,
            discount={"amount": f"{self.discount:.{self.currency_id.decimal_places}f}", "currency": currency},
            payout={"amount": f"{self.payout:.{self.currency_id.decimal_places}f}", "currency": currency},
            accepted_by=AcceptedBy(
                name=user.name,
                email=email_normalize(user.email),
                at=self.agreed_at.replace(tzinfo=timezone.utc),
                address=request.httprequest.remote_addr if request else THIS_SERVER,
            ),
            channel="erp",
        )
        self.bank_id._send("early_payment", wire.to_wire(), channel=f"payable-{self.bank_payable_ref}", addressee=self)

    def _scf_target(self, verb):
        return self.bank_payable_ref

    def _scf_before_send(self, message):
        if self.pay_on and self.pay_on < fields.Date.context_today(self):
            return self.env._("The day of the early payment passed before the bank could be told. Ask again.")
        return None

    def _scf_on_answer(self, message, answer):
        self._take(Payable.model_validate(answer), kind="")

    def _scf_on_refused(self, message, problem):
        if self.state != "sent":
            return
        self._set_state("registered")
        self._drop_request()
        self.message = self.env._(
            "%(bank)s did not take the request: %(why)s",
            bank=self.bank_name,
            why=problem.get("detail") or problem.get("title") or "",
        )
        self._tell(self.message)
        self._match()

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _follow_state(self, was, payable, kind):
        result = super()._follow_state(was, payable, kind)
        if self.state in ("requested", "confirmed") and payable.request:
            self.write(
                {
                    "request_ref": payable.request.request_id,
                    "pay_on": payable.request.pay_on,
                    "discount": float(payable.request.discount.amount),
                    "payout": float(payable.request.payout.amount),
                }
            )
        elif self.state in ("registered", "withdrawn", "rejected"):
            self._drop_request()
        return result

    # -- business: words --------------------------------------------------------------------------------------------

    def _wording(self):
        return {"number": self.number, **self.membership_id._names()}

    def _subline(self):
        """What there is to add: who pays whom, or what came of it."""
        if self.state in ("paid", "overdue", "settled") and self.paid_on:
            return self._settled_words()
        if self.state == "registered" and self.message:
            return self.message
        return self.env._(
            "%(bank)s pays, %(anchor)s pays the bank on %(day)s; without recourse to us",
            day=format_date(self.env, self.due_date),
            **self._wording(),
        )

    def _next_step(self):
        names = ", ".join(self._approvers().mapped("name")) if self.state == "to_approve" else ""
        return {
            "registered": self.env._("Get paid early, or wait for the due date."),
            "to_approve": self.env._("An approver agrees: %s", names or self.env._("nobody has the role yet")),
            "sent": self.env._("Wait for the bank."),
            "requested": self.env._("Wait for the customer to agree."),
            "confirmed": self.env._("Wait for the money."),
        }.get(self.state, "")

    def _panel_actions(self):
        """What the user may do on the invoice, the next step first."""
        if self.state == "registered" and not self._why_not_ask():
            return [{"name": "action_scf_get_paid_early", "label": self.env._("Get paid early"), "kind": "primary"}]
        is_approver = self.env.user.has_group(APPROVER) and self.env.user != self.requested_by_id
        if self.state == "to_approve" and is_approver:
            label = self.env._("Approve the early payment")
            return [{"name": "action_scf_approve_early_payment", "label": label, "kind": "primary"}]
        return []

    def _panel_row(self):
        """One bank and its price, as a row of the panel."""
        return {
            "key": f"approved_{self.id}",
            "label": self.bank_name,
            "value": self.offer_in_words or self._headline(),
            "detail": self.membership_id._limit_in_words(),
            "progress": None,
            "action": {
                "type": "ir.actions.act_window",
                "res_model": self._name,
                "res_id": self.id,
                "views": [(False, "form")],
            },
        }

    def _headline(self):
        """What there is to say of the early payment first."""
        words = {
            **self._wording(),
            "payout": self._money(self.payout),
            "day": format_date(self.env, self.pay_on) if self.pay_on else "",
        }
        if self.state == "registered":
            if not self.offer_in_words:
                return self.env._("%(anchor)s approved this invoice", **words)
            return self.env._("%(anchor)s approved this invoice: get %(price)s", price=self.offer_in_words, **words)
        return {
            "to_approve": lambda: self.env._("%(payout)s on %(day)s waits for a second person", **words),
            "sent": lambda: self.env._("%(payout)s on %(day)s is being asked for", **words),
            "requested": lambda: self.env._("%(payout)s on %(day)s: %(anchor)s is asked to agree", **words),
            "confirmed": lambda: self.env._("%(bank)s pays %(payout)s on %(day)s", **words),
            "paid": lambda: self.env._("Paid early: %(payout)s on %(day)s", **words),
            "overdue": lambda: self.env._("Paid early: %(payout)s on %(day)s", **words),
            "settled": lambda: (
                self.env._("Paid early: %(payout)s on %(day)s", **words)
                if self.pay_on
                else self.env._("%(anchor)s settled this invoice", **words)
            ),
            "rejected": lambda: self.env._("%(bank)s did not take the approval of this invoice", **words),
            "withdrawn": lambda: self.env._("%(anchor)s took back its approval of this invoice", **words),
        }[self.state]()
