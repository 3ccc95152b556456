import json

from openscf.wire import Decision, LoanApplication, LoanApplicationRequest, Reply

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime

from odoo.addons.scf_connector.models.scf_message import NOT_SENT

from ..amounts import wire_money
from .labels import as_note, label_of

STATES = [
    ("created", "Being sent"),
    ("processing", "With the bank"),
    ("action_required", "The bank asks"),
    ("offered", "Offer received"),
    ("offer_accepted", "Offer accepted"),
    ("granted", "Granted"),
    ("disbursement_initiated", "Being paid out"),
    ("disbursement_completed", "Paid out"),
    ("disbursed_failed", "Payout failed"),
    ("rejected", "Declined"),
    ("cancelled", "Withdrawn"),
    ("closed", "Repaid"),
]
# A submission only moves up, apart from the bank's questions and an offer that the bank took back; rejected, cancelled
# and closed end it, unless the bank had taken an acceptance before that.
RANK = {
    "created": 0,
    "processing": 1,
    "action_required": 1,
    "offered": 2,
    "offer_accepted": 3,
    "granted": 4,
    "disbursement_initiated": 5,
    "disbursement_completed": 6,
    "disbursed_failed": 6,
    "rejected": 7,
    "cancelled": 7,
    "closed": 7,
}
# Where the bank decides again once it has taken back its last open offer.
DECIDING = ("processing", "action_required")
ENDED = ("rejected", "cancelled", "closed", "disbursed_failed")
REJECTION_REASONS = [
    ("LOW_CREDIT_SCORE", "Credit standing"),
    ("FRAUD", "Suspicion of fraud"),
    ("DOC_IRREGULARITIES", "Irregularities in the documents"),
    ("AA_FAILED", "Account information missing"),
    ("OTHERS", "Other"),
]


class ScfSubmission(models.Model):
    """An application at one bank."""

    _name = "scf.submission"
    _description = "Submission to a bank"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id"
    _rec_name = "reference"

    application_id = fields.Many2one("scf.application", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="application_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one("scf.bank", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(related="application_id.currency_id")
    reference = fields.Char(required=True, readonly=True)
    bank_application_ref = fields.Char(string="Bank's Reference", readonly=True, index="btree_not_null")
    disclosure_id = fields.Many2one("scf.disclosure", string="What It Received", readonly=True, ondelete="restrict")
    package_id = fields.Many2one(related="disclosure_id.package_id", store=True, precompute=True)
    consent_id = fields.Many2one(related="disclosure_id.consent_id", store=True, index=True, precompute=True)
    consent_state = fields.Selection(related="consent_id.state", string="Consent Status")
    read_count = fields.Integer(string="Readings", compute="_compute_reads")
    read_summary = fields.Char(string="Read by the Bank", compute="_compute_reads")
    state = fields.Selection(STATES, required=True, readonly=True, default="created", index=True)
    state_message = fields.Char(string="What Is Going On", compute="_compute_state_message")
    rejection_reason = fields.Selection(REJECTION_REASONS, readonly=True)
    rejection_message = fields.Char(readonly=True)
    end_reason = fields.Char(readonly=True, help="Why the request was withdrawn, where it was not by the button.")
    action_message = fields.Text(string="What the Bank Asks", readonly=True)
    offer_ids = fields.One2many("scf.offer", "submission_id", readonly=True)
    waiting_since = fields.Datetime(readonly=True, help="When it became the bank's turn.")
    delayed = fields.Boolean(readonly=True, help="The bank can't be reached; what we sent waits in the outbox.")
    bank_updated_at = fields.Datetime(readonly=True, help="Time of the bank's last word on this submission.")
    bank_cursor = fields.Char(readonly=True, help="Cursor of the bank's last event on this submission.")

    _reference_unique = models.UniqueIndex("(bank_id, reference)", "A submission's reference is used once per bank.")
    _bank_reference_unique = models.UniqueIndex(
        "(bank_id, bank_application_ref) WHERE bank_application_ref IS NOT NULL",
        "The bank gave the same reference to two submissions.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends(
        "state",
        "delayed",
        "rejection_reason",
        "rejection_message",
        "action_message",
        "end_reason",
        "offer_ids.state",
        "offer_ids.state_reason",
        "bank_id.unreachable_since",
    )
    def _compute_state_message(self):
        for submission in self:
            submission.state_message = submission._sentence()

    def _sentence(self):
        """What an accountant reads about this submission."""
        bank = self.bank_id.sudo().name
        if self.delayed:
            return self._delay_sentence()
        if self.state == "offered" and not self.offer_ids.filtered(lambda offer: offer.state in ("open", "accepting")):
            given_up = self.offer_ids.filtered("state_reason")[-1:]
            return given_up.state_reason or self.env._("The offer of %s lapsed.", bank)
        if self.state == "processing" and "withdrawn" in self.offer_ids.mapped("state"):
            return self.env._("%s took its offer back and is looking at the request again.", bank)
        if self.state == "cancelled" and self.end_reason:
            return self.end_reason
        if self.state == "rejected":
            return self.rejection_message or self.env._(
                "%(bank)s declined: %(reason)s.", bank=bank, reason=label_of(self, "rejection_reason")
            )
        return {
            "created": lambda: self.env._("On its way to %s.", bank),
            "processing": lambda: self.env._("%s has received the request and is deciding.", bank),
            "action_required": lambda: self.env._(
                "%(bank)s asks: %(question)s", bank=bank, question=self.action_message or ""
            ),
            "offered": lambda: self.env._("%s has made an offer.", bank),
            "offer_accepted": lambda: self.env._("%s has our acceptance.", bank),
            "granted": lambda: self.env._("%s has granted the loan.", bank),
            "disbursement_initiated": lambda: self.env._("%s is paying out.", bank),
            "disbursement_completed": lambda: self.env._("%s has paid out.", bank),
            "disbursed_failed": lambda: self.env._("%s could not pay out.", bank),
            "cancelled": lambda: self.env._("Withdrawn from %s.", bank),
            "closed": lambda: self.env._("The loan at %s is repaid.", bank),
        }[self.state]()

    def _delay_sentence(self):
        """Why what we sent has not arrived: the bank is away, or it does not let us in for now."""
        bank = self.bank_id.sudo()
        waiting = self.env["scf.message"].sudo()
        if not bank.unreachable_since:
            waiting = waiting.search(
                [
                    ("bank_id", "=", bank.id),
                    ("channel", "=", self.reference),
                    ("state", "in", ("queued", "dead")),
                    ("last_error", "!=", False),
                ],
                order="id",
                limit=1,
            )
        if waiting:
            return self.env._("%s What we sent waits here and goes out by itself.", waiting.last_error)
        return self.env._(
            "%s can't be reached. What we sent waits here and goes out as soon as the bank answers.", bank.name
        )

    def _compute_reads(self):
        groups = self.env["scf.package.read"]._read_group(
            [("application_id", "in", self.application_id.ids)],
            ["application_id", "bank_id"],
            ["__count", "read_at:max"],
        )
        reads = {(application, bank): (count, last) for application, bank, count, last in groups}
        for submission in self:
            count, last = reads.get((submission.application_id, submission.bank_id), (0, None))
            submission.read_count = count
            submission.read_summary = count and submission._read_sentence(count, last)

    def _read_sentence(self, count, last):
        bank, when = self.bank_id.sudo().name, format_datetime(self.env, last, dt_format="short")
        if count == 1:
            return self.env._("Read by %(bank)s once, on %(when)s", bank=bank, when=when)
        return self.env._("Read by %(bank)s %(count)s times, last on %(when)s", bank=bank, count=count, when=when)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_reply(self):
        """Open the dialog that answers the bank's question."""
        self.ensure_one()
        self.application_id._documents()._scf_check_requester()
        if self.state != "action_required":
            raise UserError(self.env._("%s does not ask for anything at the moment.", self.bank_id.sudo().name))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer %s", self.bank_id.sudo().name),
            "res_model": "scf.reply",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_submission_id": self.id},
        }

    def action_withdraw(self):
        """Withdraw the request from this bank; the other banks go on."""
        self.ensure_one()
        self.application_id._documents()._scf_check_requester()
        submission = self.sudo()
        if not submission._withdraw(self.env._("Withdrawn by the applicant.")):
            raise UserError(
                self.env._(
                    "The request at %(bank)s is “%(state)s” and can't be withdrawn any more.",
                    bank=submission.bank_id.name,
                    state=label_of(self, "state"),
                )
            )
        submission.application_id._sync_state()
        return True

    def action_open_file(self):
        """Open what the bank received."""
        self.ensure_one()
        self.check_access("read")
        return self.disclosure_id.action_open_file()

    def action_open_reads(self):
        """Open the list of what the bank read, and when."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("scf_finance.action_scf_package_read"),
            "domain": [("application_id", "=", self.application_id.id), ("bank_id", "=", self.bank_id.id)],
        }

    def action_revoke_consent(self):
        """Take back the consent that the bank reads under; its requests end, also others under the same consent."""
        self.ensure_one()
        self.check_access("read")
        return self.consent_id.action_revoke()

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _open(self, application, disclosure):
        """Create the submission of `application` at a bank and queue the request with what is disclosed to it."""
        bank = disclosure.bank_id
        submission = self.create(
            {
                "application_id": application.id,
                "bank_id": bank.id,
                "reference": f"{application.name}/{bank.id}",
                "disclosure_id": disclosure.id,
                "waiting_since": fields.Datetime.now(),
            }
        )
        request = LoanApplicationRequest(
            reference=submission.reference,
            technique=application.technique,
            requested=wire_money(application.requested_amount, application.currency_id.name),
            tenor_days=application.tenor_days,
            repayment=application.repayment,
            package_sha256=disclosure.sha256,
            package_id=disclosure.package_id.package_ref,
            disbursement_account=disclosure.package_id._sealed_payout_account(),
            documents_fingerprints=application._sent_fingerprints(),
        )
        submission._send("apply", submission._apply_payload(request), documents=disclosure._documents())
        return submission

    def _apply_payload(self, request):
        """The body of the request; to be extended by what else a bank is told of.

        :param request: `openscf.wire.LoanApplicationRequest`
        :rtype: dict
        """
        return request.to_wire()

    def _send(self, verb, payload, *, addressee=None, documents=()):
        """Queue one message of this submission; its messages reach the bank in the order they were written."""
        return self.bank_id._send(
            verb, payload, channel=self.reference, addressee=addressee or self, documents=documents
        )

    def _withdraw(self, reason):
        """Tell the bank that the request is withdrawn.

        :return: False where it is too late: accepted, or ended already
        """
        if not self._may_end():
            return False
        self._send("cancel", Decision(reason=reason).to_wire())
        self.offer_ids._set_state("declined")
        return self._set_state("cancelled")

    def _may_end(self):
        """Whether nobody has accepted anything yet, so that the request may still be taken away from the bank."""
        return self.state in ("created", "processing", "action_required", "offered") and not any(
            offer.state in ("accepting", "accepted") for offer in self.offer_ids
        )

    def _end_with_consent(self, sentence):
        """End with the consent that the bank read under; the bank ends its side by the revocation itself.

        :return: False where it is too late: accepted, or ended already
        """
        if not self._may_end():
            return False
        self.offer_ids._set_state("declined")
        self.end_reason = sentence
        return self._set_state("cancelled")

    def _reply(self, message, disclosure=None):
        """Answer the bank's question, with a fresh package where one was built."""
        answer = Reply(
            message=message,
            package_sha256=disclosure.sha256 if disclosure else None,
            package_id=disclosure.package_id.package_ref if disclosure else None,
        )
        self._send("reply", answer.to_wire(), documents=disclosure._documents() if disclosure else ())
        if disclosure:
            self.disclosure_id = disclosure
        question = self.action_message
        self.waiting_since = fields.Datetime.now()
        self._set_state("processing")
        self.action_message = question  # until the bank has taken the answer: it may refuse it

    def _scf_target(self, verb):
        return self.bank_application_ref or None

    def _scf_before_send(self, message):
        """What goes to the bank to be read needs its consent still in force when it leaves, however long it waited."""
        if message.verb not in ("apply", "reply"):
            return None
        carried = json.loads(message.payload).get("package_sha256")
        sent = self.application_id.package_ids.disclosure_ids.filtered(
            lambda disclosure: disclosure.bank_id == self.bank_id and disclosure.sha256 == carried
        )
        return (sent or self.disclosure_id).consent_id._why_not_in_force()

    def _take_turn(self):
        """Make whoever hears of this submission at the same moment start over.

        The bank's answer comes by the outbox and its event by the inbox, and both may tell of the same loan at once.
        The row is written, not only locked: the second transaction then fails, is tried again, and sees the loan.
        """
        self.env.cr.execute(SQL("UPDATE scf_submission SET write_date = write_date WHERE id IN %s", self._ids))

    def _scf_on_answer(self, message, answer):
        self._take_turn()
        self.delayed = False
        self._take(answer)

    def _scf_on_refused(self, message, problem):
        detail = problem.get("detail") or problem.get("title") or ""
        bank = self.bank_id.name
        self.delayed = False
        if problem.get("type") == NOT_SENT:
            self._take_back(message.verb, detail)
        elif message.verb == "apply":
            self._reject(
                "OTHERS", self.env._("%(bank)s did not take the request: %(detail)s", bank=bank, detail=detail)
            )
        elif message.verb == "reply":
            self.application_id.message_post(
                body=self.env._("%(bank)s did not take our answer: %(detail)s", bank=bank, detail=detail)
            )
            if self.state == "processing" and self.action_message:
                self._ask(self.action_message)
                self.application_id._sync_state()
        else:
            self.application_id.message_post(
                body=self.env._("%(bank)s did not take the withdrawal: %(detail)s", bank=bank, detail=detail)
            )
        self.application_id._notify_panel()

    def _take_back(self, verb, sentence):
        """Take in that a message was held back because the consent had ended."""
        self.application_id.message_post(body=sentence)
        if verb == "apply":
            self._reject("OTHERS", sentence)

    def _scf_on_delayed(self, message):
        if message.state == "dead":
            self.application_id.message_post(
                body=self.env._(
                    "%s did not answer for days, so our message was set aside. An administrator sends it again from "
                    "the outbox.",
                    self.bank_id.name,
                )
            )
        if not self.delayed:
            self.delayed = True
            self.application_id._notify_panel()

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, wire, cursor=None):
        """Take in a LoanApplication as the bank answered or signed it; older ones than the last are passed over.

        :param dict wire: LoanApplication of docs/protocol.md, as it was received
        :param int cursor: place of the event in the bank's feed, None for an answer
        """
        application = LoanApplication.model_validate(wire)
        if not self.bank_application_ref:
            self.bank_application_ref = application.id
        for offer in wire.get("offers") or ():
            self.env["scf.offer"]._take(self, offer)
        told_at = application.updated_at.replace(tzinfo=None)
        if self._is_stale(told_at, cursor):
            return
        self.write(
            {
                "bank_updated_at": told_at,
                "delayed": False,
                **({"bank_cursor": str(cursor)} if cursor is not None else {}),
            }
        )
        status = application.status.value
        if status == "REJECTED":
            rejection = application.rejection
            self._reject(rejection.reason.value if rejection else "OTHERS", rejection.message if rejection else False)
        elif status == "ACTION_REQUIRED":
            question = application.action_required.message if application.action_required else ""
            self._ask(question, is_event=cursor is not None)
        else:
            self._set_state(status.lower(), is_event=cursor is not None)
            self.action_message = False
        self.application_id._sync_state()

    def _is_stale(self, told_at, cursor):
        """Whether the bank has said something newer; times have seconds only, so events compare by cursor too."""
        if cursor is not None and cursor <= int(self.bank_cursor or 0):
            return True
        return bool(self.bank_updated_at) and told_at < self.bank_updated_at

    def _take_cursor(self, cursor):
        """Note how far we have heard the bank on this submission.

        :return: whether the event at `cursor` is newer than all before
        """
        is_news = cursor > int(self.bank_cursor or 0)
        if is_news:
            self.bank_cursor = str(cursor)
        return is_news

    def _reconsider(self):
        """Follow the bank back to deciding once it has taken back its last open offer; it keeps our documents."""
        if self.state != "offered" or any(offer.state in ("open", "accepting") for offer in self.offer_ids):
            return
        self.waiting_since = fields.Datetime.now()
        self._set_state("processing", is_event=True)
        self.application_id.message_post(body=self.state_message)
        if not self.application_id._open_offers():
            self.application_id.activity_unlink(["scf_finance.activity_compare_offers"])

    def _reject(self, reason, message):
        self.write({"rejection_reason": reason, "rejection_message": message})
        if self._set_state("rejected"):
            self.application_id.message_post(body=self.state_message)
            self.offer_ids._set_state("withdrawn")
            self.application_id._sync_state()

    def _ask(self, message, *, is_event=False):
        self.action_message = message
        if self._set_state("action_required", is_event=is_event):
            self.application_id.activity_schedule(
                "scf_finance.activity_answer_bank",
                user_id=self.application_id.requester_id.id,
                note=as_note(self.state_message),
            )

    def _set_state(self, state, *, is_event=False):
        """The only writer of `state`: skips repeats and what can't follow.

        :param bool is_event: the bank's latest word, which may lead back from an offer; an answer, repeated for days,
            may not
        :return: whether the state changed
        """
        self.ensure_one()
        if state == self.state or not self._may_follow(state, is_event):
            return False
        self.state = state
        if state != "action_required":
            self.action_message = False
            if "action_required" not in self.application_id.submission_ids.mapped("state"):
                self.application_id.activity_unlink(["scf_finance.activity_answer_bank"])
        self.application_id._notify_panel()
        return True

    def _may_follow(self, state, is_event):
        if self.state in ENDED:
            if self.state == "closed":
                return state == "disbursement_completed"  # a repayment was taken back
            was_given_up = self.state in ("rejected", "cancelled") and "accepted" in self.offer_ids.mapped("state")
            return state == "granted" and was_given_up
        if state in ("rejected", "cancelled"):
            return RANK[self.state] <= RANK["offered"]
        if state in DECIDING and (self.state in DECIDING or (is_event and self.state == "offered")):
            return True
        return RANK[state] > RANK[self.state]
