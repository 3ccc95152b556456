from dataclasses import replace
from datetime import timedelta, timezone
from functools import partial

from openscf.loan import LoanTerms, offer_cost
from openscf.wire import Acceptance, Decision, Offer, OfferStatus, terms_sha256

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_datetime

from ..eligibility.already_financed import check_already_financed
from ..eligibility.facts import DISTRIBUTOR_FINANCE
from .labels import label_of
from .on_its_own import on_its_own
from .scf_submission import ENDED

STATES = [
    ("open", "Open"),
    ("accepting", "Being accepted"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn by the bank"),
]
# An offer that ended never opens again; one that is being accepted no longer expires by our clock. Nobody but an
# approver here makes an offer accepted: the bank's word that it was leads nowhere from "open".
TRANSITIONS = {
    "open": {"accepting", "declined", "expired", "withdrawn"},
    "accepting": {"accepted", "declined", "expired", "withdrawn"},
}
# What a refused acceptance says of the offer; after any other refusal it still stands at the bank.
GONE = {
    "urn:openscf:problem:offer-expired": "expired",
    "urn:openscf:problem:wrong-state": "withdrawn",
}


class ScfOffer(models.Model):
    """A bank's offer: the terms as it signed them, and what they cost."""

    _name = "scf.offer"
    _description = "Financing offer"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "application_id desc, total_cost, id"

    submission_id = fields.Many2one("scf.submission", required=True, readonly=True, index=True, ondelete="restrict")
    application_id = fields.Many2one(related="submission_id.application_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="submission_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="submission_id.bank_id", store=True, index=True, precompute=True)
    bank_offer_ref = fields.Char(string="Bank's Reference", required=True, readonly=True)
    terms = fields.Json(readonly=True)
    terms_sha256 = fields.Char(string="Terms SHA-256", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    principal = fields.Monetary(readonly=True)
    rate_pa = fields.Float(string="Rate p.a. (%)", digits=(7, 4), readonly=True)
    fee = fields.Monetary(readonly=True)
    tenor_days = fields.Integer(string="Tenor (days)", readonly=True)
    repayment = fields.Selection(
        [
            ("bullet", "In one sum"),
            ("instalment", "In monthly instalments"),
            ("revolving", "As customers pay; drawn again as needed"),
        ],
        readonly=True,
    )
    instalments = fields.Integer(readonly=True)
    advance_rate = fields.Float(string="Advance Rate (%)", digits=(5, 2), readonly=True)
    recourse = fields.Boolean(readonly=True, help="The company repays if the buyer does not.")
    conditions = fields.Text(readonly=True)
    due_date = fields.Date(string="Due if Paid Out Today", compute="_compute_due_date")
    in_hand = fields.Monetary(string="Cash in Hand", readonly=True)
    total_cost = fields.Monetary(readonly=True, help="Interest and fees until the due date.")
    apr = fields.Float(string="Effective Annual Cost (%)", digits=(7, 2), readonly=True)
    expires_at = fields.Datetime(readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    accepted_at = fields.Datetime(readonly=True)
    payout_account = fields.Char(
        string="Paid Out To",
        related="submission_id.package_id.payout_account",
        help="The account that was sealed into the package: the bank pays out to it.",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="open", index=True)
    state_reason = fields.Char(readonly=True, help="Why the acceptance of this offer came to nothing.")

    _bank_reference_unique = models.UniqueIndex("(bank_id, bank_offer_ref)", "The bank used an offer's number twice.")
    # Two may end as accepted where a bank had taken an acceptance that was cancelled here; both loans are then owed.
    _one_accepting = models.UniqueIndex(
        "(application_id) WHERE state = 'accepting'",
        "Another offer of this application has just been accepted. Only one can be.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("tenor_days")
    def _compute_due_date(self):
        today = fields.Date.context_today(self)
        for offer in self:
            offer.due_date = today + timedelta(days=offer.tenor_days)

    @api.depends("bank_id", "principal", "currency_id")
    def _compute_display_name(self):
        for offer in self:
            offer.display_name = self.env._(
                "%(bank)s: %(amount)s",
                bank=offer.bank_id.sudo().name,
                amount=format_amount(self.env, offer.principal, offer.currency_id),
            )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_accept(self):
        """Accept these terms: binding, by an approver other than the requester."""
        self.ensure_one()
        self.check_access("read")
        if why_not := self._why_not_accept():
            raise UserError(why_not)
        offer = self.sudo()  # the role was checked; offers and messages are written by the system only
        if financed_elsewhere := offer._financed_elsewhere():
            raise UserError(financed_elsewhere)
        application = offer.application_id
        offer.write({"approved_by_id": self.env.user.id, "accepted_at": fields.Datetime.now()})
        offer._set_state("accepting")
        application.approver_id = self.env.user
        # A second approver at the same moment fails here, on the unique index, and nothing is queued.
        self.env.flush_all()
        acceptance = Acceptance(
            terms_sha256=offer.terms_sha256,
            requested_by=application.requester_id.name,
            approved_by=self.env.user.name,
            accepted_at=offer.accepted_at.replace(tzinfo=timezone.utc),
        )
        offer.submission_id._send("accept", acceptance.to_wire(), addressee=offer)
        application.message_post(
            body=self.env._(
                "%(user)s accepted the offer of %(bank)s.", user=self.env.user.name, bank=offer.bank_id.name
            )
        )
        application._sync_state()
        return True

    def action_decline(self):
        """Decline the offer; the other offers stay."""
        self.ensure_one()
        self.application_id._documents()._scf_check_requester()
        if self.state != "open":
            raise UserError(self.env._("The offer is “%s”: there is nothing to decline.", label_of(self, "state")))
        offer = self.sudo()
        offer._decline(self.env._("Declined by the applicant."))
        offer.application_id._sync_state()
        return True

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _why_not_accept(self):
        """Why this user may not accept the offer now, as a sentence; an empty text where he may."""
        if self.state != "open":
            return self.env._("The offer is “%s”.", label_of(self, "state"))
        if self.expires_at and self.expires_at <= fields.Datetime.now():
            return self.env._("The offer expired on %s. Ask the bank again.", self._expiry())
        if self.application_id.offer_ids.filtered(lambda offer: offer.state in ("accepting", "accepted")):
            return self.env._("Another offer of this application has been accepted.")
        if self.application_id.state != "offered":
            return self.env._(
                "The application is “%s”: its offers can't be accepted any more. Ask the banks again.",
                label_of(self.application_id, "state"),
            )
        names = ", ".join(self.application_id._approvers().mapped("name"))
        nobody = self.env._("nobody yet: give a colleague the role Approver")
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            return self.env._("Only an approver may accept an offer: %s.", names or nobody)
        if self.env.user == self.application_id.requester_id:
            return self.env._("You requested this financing, so somebody else has to accept it: %s.", names or nobody)
        return self._why_not_pay_out()

    def _financed_elsewhere(self):
        """Who has come to finance the purchase, or its goods, since the bank was asked, as a sentence; empty: nobody.

        What is bought may come before the loan is granted, and only from then on it is followed: till then it could be
        pledged to another bank.
        """
        application = self.application_id
        if application.technique != DISTRIBUTOR_FINANCE:
            return ""
        self.env.flush_all()
        for facts in application._documents()._scf_facts(self.env["scf.bank"], fields.Date.context_today(self)):
            others = tuple(claim for claim in facts.claims if claim.application_id != application.id)
            if others:
                return check_already_financed(replace(facts, claims=others), self.env).sentence
        return ""

    def _why_not_pay_out(self):
        """Why the bank must not pay out to the account in its package, as a sentence; an empty text where it may."""
        offer = self.sudo()  # an approver need not be allowed to read the document or the company's bank accounts
        untrusted = offer.application_id._documents()._scf_why_no_account()
        return untrusted or offer.submission_id.package_id._changed_account()

    def _expiry(self):
        return format_datetime(self.env, self.expires_at, dt_format="short")

    def _expires_text(self):
        """Until when the offer stands, or what became of it."""
        if self.state == "open" and self.expires_at:
            return self.env._("valid until %s", self._expiry())
        return label_of(self, "state")

    def _decline(self, reason):
        """Tell the bank that its open offer is not taken."""
        for offer in self.filtered(lambda offer: offer.state == "open"):
            offer._send_decline(reason)
            offer._set_state("declined")

    def _send_decline(self, reason):
        self.submission_id._send("decline", Decision(reason=reason).to_wire(), addressee=self)

    def _acceptance(self):
        """The message by which an approver here accepted these terms, whatever became of it; empty where none did."""
        self.ensure_one()
        messages = self.env["scf.message"].sudo()
        if not self.approved_by_id:
            return messages
        return messages.search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("verb", "=", "accept")], limit=1
        )

    def _confirm(self):
        """The bank granted a loan on an acceptance of ours, which binds also where it was given up here since."""
        self.state = "accepted"
        self.state_reason = False
        application = self.application_id
        application.approver_id = application.approver_id or self.approved_by_id
        application._notify_panel()

    def _scf_target(self, verb):
        return self.bank_offer_ref

    def _scf_on_answer(self, message, answer):
        self.submission_id._take_turn()
        self.submission_id.delayed = False
        if message.verb == "accept":
            self.env["scf.loan"]._take(self.submission_id, answer)
        else:
            self._take(self.submission_id, answer)

    def _scf_on_refused(self, message, problem):
        self.submission_id.delayed = False
        sentence = self.env._(
            "%(bank)s did not take our answer to its offer: %(detail)s",
            bank=self.bank_id.name,
            detail=problem.get("detail") or problem.get("title") or "",
        )
        if message.verb == "accept" and self.state == "accepting":
            sentence = self._why_acceptance_failed(message, problem) or sentence
            self._give_up_acceptance(problem.get("type"), sentence)
        self.application_id.message_post(body=sentence)
        self.application_id._notify_panel()

    def _why_acceptance_failed(self, message, problem):
        """What happened and what to do, where the bank's own sentence does not say it."""
        if message.state == "cancelled":
            return self.env._(
                "The acceptance of the offer of %(bank)s was cancelled here before the bank answered, and the offer is "
                "declined. Should the bank have taken the acceptance already, its loan comes all the same.",
                bank=self.bank_id.name,
            )
        if problem.get("type") == "urn:openscf:problem:terms-mismatch":
            return self.env._(
                "%(bank)s keeps other terms for its offer %(offer)s than the ones that were accepted here, so nothing "
                "was borrowed and the offer is declined. Tell the bank, and request the financing again: it then "
                "makes a new offer.",
                bank=self.bank_id.name,
                offer=self.bank_offer_ref,
            )
        return ""

    def _give_up_acceptance(self, problem_type, reason):
        """Go on without this offer; where it still stands at the bank, decline it, so that both sides agree."""
        if problem_type not in GONE:
            self._send_decline(self.env._("Our acceptance of this offer came to nothing."))
        self._set_state(GONE.get(problem_type, "declined"))
        self.state_reason = reason
        if problem_type == "urn:openscf:problem:wrong-state":
            # Our acceptance crossed the bank's word on this offer; whatever else it decided comes as an event.
            self.submission_id._reconsider()
        self.application_id.approver_id = False
        self.application_id._sync_state()
        if self.application_id.state == "offered":
            self.application_id._ask_approvers(self.application_id._best_offer().bank_id.name)

    def _scf_on_delayed(self, message):
        self.submission_id._scf_on_delayed(message)

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, submission, wire, cursor=None):
        """Take in an Offer as the bank signed it: a new one, or what became of a known one.

        :param dict wire: Offer of docs/protocol.md, as it was received (the digest covers its exact terms)
        :param int cursor: place of the event in the bank's feed, None where the offer came with something else
        :raise UserError: where the terms do not have the digest that the bank signed
        """
        message = Offer.model_validate(wire)
        offer = self.search([("bank_id", "=", submission.bank_id.id), ("bank_offer_ref", "=", message.id)])
        if not offer:
            offer = self._record(submission, message, wire["terms"])
        before = offer.state
        offer._set_state(message.status.value.lower())
        is_news = offer.state != before if cursor is None else submission._take_cursor(cursor)
        if message.status is OfferStatus.WITHDRAWN and is_news:
            submission._reconsider()
        submission.application_id._sync_state()
        return offer

    def _record(self, submission, message, terms):
        if terms_sha256(terms) != message.terms_sha256:
            raise UserError(
                self.env._(
                    "The offer %(offer)s of %(bank)s does not have the digest that the bank signed. Ask the bank.",
                    offer=message.id,
                    bank=submission.bank_id.name,
                )
            )
        loan_terms = LoanTerms.from_wire(terms)
        currency = submission.currency_id
        if loan_terms.currency != currency.name:
            raise UserError(
                self.env._(
                    "The offer %(offer)s of %(bank)s is in %(currency)s, but %(asked)s was asked for. Ask the bank.",
                    offer=message.id,
                    bank=submission.bank_id.name,
                    currency=loan_terms.currency,
                    asked=currency.name,
                )
            )
        cost = offer_cost(loan_terms, fields.Date.context_today(self))
        offer = self.create(
            {
                "submission_id": submission.id,
                "bank_offer_ref": message.id,
                "terms": terms,
                "terms_sha256": message.terms_sha256,
                "currency_id": currency.id,
                "principal": float(loan_terms.principal),
                "rate_pa": float(loan_terms.rate_pa),
                "fee": float(loan_terms.fee),
                "tenor_days": loan_terms.tenor_days,
                "repayment": loan_terms.repayment,
                "instalments": loan_terms.instalments,
                "advance_rate": float(message.terms.advance_rate),
                "recourse": message.terms.recourse,
                "conditions": "\n".join(message.terms.conditions),
                "in_hand": float(cost.in_hand),
                "total_cost": float(cost.total_cost),
                "apr": float(cost.apr),
                "expires_at": message.expires_at.replace(tzinfo=None),
            }
        )
        # A precomputed related field leaves the cached offers of the application as they were before.
        submission.application_id.invalidate_recordset(["offer_ids"])
        if submission.state in ENDED:
            offer._set_state("declined")  # it crossed our withdrawal
            return offer
        submission._set_state("offered")
        application = submission.application_id
        application._sync_state()
        application.message_post(body=offer._in_words())
        if application.state == "offered":
            application._ask_approvers(offer.bank_id.name)
        return offer

    def _in_words(self):
        words = {
            "bank": self.bank_id.name,
            "amount": format_amount(self.env, self.in_hand, self.currency_id),
            "supplier": self.application_id._paid_supplier(),
            "cost": format_amount(self.env, self.total_cost, self.currency_id),
            "expiry": self._expiry(),
        }
        if words["supplier"]:
            return self.env._(
                "%(bank)s offers to pay %(supplier)s %(amount)s for a total cost of %(cost)s, valid until %(expiry)s.",
                **words,
            )
        return self.env._(
            "%(bank)s offers %(amount)s in hand for a total cost of %(cost)s, valid until %(expiry)s.", **words
        )

    def _cron_expire(self):
        """Expire open offers whose time is over; the bank says so too, but may be out of reach."""
        offers = self.search([("state", "=", "open"), ("expires_at", "<=", fields.Datetime.now())])
        for application, lapsed in offers.grouped("application_id").items():
            on_its_own(application, partial(lapsed._expire, application))

    def _expire(self, application):
        self._set_state("expired")
        application._sync_state()

    def _set_state(self, state):
        """The only writer of `state` besides `_confirm`: skips repeats and what can't follow."""
        for offer in self:
            if state in TRANSITIONS.get(offer.state, ()):
                offer.state = state
                offer.application_id._notify_panel()
