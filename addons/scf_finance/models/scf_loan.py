from openscf.loan import LoanTerms, replay
from openscf.wire import Loan, Money, terms_sha256
from openscf.wire import Repayment as RepaymentMessage

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from ..amounts import exact, wire_money
from .labels import as_note, label_of

STATES = [
    ("granted", "Granted"),
    ("active", "Running"),
    ("overdue", "Overdue"),
    ("closed", "Repaid"),
    ("failed", "Payout failed"),
]
TRANSITIONS = {
    "granted": {"active", "closed", "failed"},
    "active": {"overdue", "closed"},
    "overdue": {"active", "closed"},
    "closed": {"active"},
    "failed": set(),
}
SUBMISSION_STATES = {"active": "disbursement_completed", "closed": "closed", "failed": "disbursed_failed"}


class ScfLoan(models.Model):
    """What was drawn at a bank: its ledger as the bank keeps it, and the entries in our books."""

    _name = "scf.loan"
    _description = "Loan"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.addressee", "scf.record.kept"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(string="Loan Number", required=True, readonly=True, index="trigram")
    offer_id = fields.Many2one("scf.offer", required=True, readonly=True, index=True, ondelete="restrict")
    submission_id = fields.Many2one(related="offer_id.submission_id", store=True, index=True, precompute=True)
    application_id = fields.Many2one(related="offer_id.application_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="offer_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="offer_id.bank_id", store=True, index=True, precompute=True)
    partner_id = fields.Many2one(related="application_id.partner_id", string="Buyer or Supplier", store=True)
    bank_loan_ref = fields.Char(string="Bank's Reference", required=True, readonly=True)
    terms = fields.Json(readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    principal = fields.Monetary(readonly=True)
    disbursed_amount = fields.Monetary(
        string="Paid Out", readonly=True, help="What came to the account, fees deducted."
    )
    start_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True, index=True)
    schedule = fields.Json(readonly=True, help="The bank's repayment schedule.")
    entry_ids = fields.One2many("scf.loan.entry", "loan_id", string="Loan Ledger", readonly=True)
    collection_ids = fields.One2many("scf.collection", "loan_id", string="Collections", readonly=True)
    balance_as_of = fields.Date(readonly=True)
    balance_principal = fields.Monetary(string="Principal Owed", readonly=True)
    balance_interest = fields.Monetary(string="Interest Owed", readonly=True)
    balance_fee = fields.Monetary(string="Fees Owed", readonly=True)
    balance_penalty = fields.Monetary(string="Penalty Owed", readonly=True)
    balance_total = fields.Monetary(string="Total Owed", readonly=True)
    repaid_percent = fields.Float(string="Repaid (%)", compute="_compute_repaid_percent", digits=(5, 2))
    book_principal = fields.Monetary(
        string="Principal in the Books",
        compute="_compute_book_principal",
        help="Open amount of the loan account for this loan.",
    )
    mismatch = fields.Text(
        readonly=True, tracking=True, help="Where this ledger, the accounting and the bank disagree."
    )
    shortfall = fields.Monetary(readonly=True, help="By how much the advance is above what the documents still carry.")
    failure_reason = fields.Char(readonly=True)
    bank_cursor = fields.Char(readonly=True, help="Cursor of the event that the bank's figures are from.")
    state_cursor = fields.Char(readonly=True, help="Cursor of the bank's last event on this loan.")
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="granted",
        index=True,
        tracking=True,
        group_expand="_expand_states",
    )

    _bank_reference_unique = models.UniqueIndex("(bank_id, bank_loan_ref)", "The bank used a loan's number twice.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("principal", "balance_principal", "state")
    def _compute_repaid_percent(self):
        for loan in self:
            paid_out = loan.state in ("active", "overdue", "closed") and loan.principal
            loan.repaid_percent = 100 * (1 - loan.balance_principal / loan.principal) if paid_out else 0.0

    @api.depends("item_ids.amount_residual_currency", "item_ids.parent_state")
    def _compute_book_principal(self):
        for loan in self:
            # A financing role alone does not read journal items; this figure is the loan's own.
            loan.book_principal = -sum(loan.sudo()._loan_items().mapped("amount_residual_currency"))

    def _expand_states(self, states, domain):
        """Columns of the board in the order of a loan's life: the running ones always, the others where in use."""
        return [state for state, _label in STATES if state in ("active", "overdue") or state in states]

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_repay_now(self):
        """Open the dialog that repays from the company's own money."""
        self.ensure_one()
        self.check_access("read")
        if self.state not in ("active", "overdue"):
            raise UserError(
                self.env._(
                    "Loan %(loan)s is “%(state)s”: there is nothing to repay.",
                    loan=self.name,
                    state=label_of(self, "state"),
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Repay %s", self.name),
            "res_model": "scf.repayment",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_loan_id": self.id,
                "default_reason": "shortfall" if self.shortfall else "due" if self.state == "overdue" else "early",
            },
        }

    def action_open_moves(self):
        """Open the journal entries of the loan."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal entries of %s", self.name),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.entry_ids.move_id.ids)],
        }

    # -- business: arithmetic ---------------------------------------------------------------------------------------

    def _terms(self):
        return LoanTerms.from_wire(self.terms)

    def _events(self):
        """The ledger as dated events; a deducted fee is part of the disbursement and no event of its own."""
        return [event for entry in self.entry_ids if (event := entry._event())]

    def _balance(self, as_of):
        """What is owed at the end of the day `as_of`, replayed from the ledger (`openscf.loan.Balance`)."""
        self.ensure_one()
        return replay(self._terms(), self._events(), as_of).balance

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, submission, wire, cursor=None):
        """Find the loan that the bank speaks of, or create it, and take in the bank's figures.

        :param dict wire: Loan of docs/protocol.md, as it was received
        :param int cursor: place of the event in the bank's feed, None for an answer
        """
        message = Loan.model_validate(wire)
        loan = self.search([("bank_id", "=", submission.bank_id.id), ("bank_loan_ref", "=", message.id)])
        if not loan:
            loan = self._grant(submission, message, wire)
        # An answer repeats what the bank said first; it is news only before any event.
        if cursor > int(loan.bank_cursor or 0) if cursor is not None else not loan.bank_cursor:
            loan._take_figures(message, cursor)
        return loan

    def _grant(self, submission, message, wire):
        offer = submission.offer_ids.filtered(lambda offer: offer.bank_offer_ref == message.offer_id)
        if not offer:
            raise UserError(
                self.env._(
                    "%(bank)s speaks of loan %(loan)s on the offer %(offer)s, which it never made to us. Ask the bank.",
                    bank=submission.bank_id.name,
                    loan=message.number,
                    offer=message.offer_id,
                )
            )
        if terms_sha256(wire["terms"]) != offer.terms_sha256:
            raise UserError(
                self.env._(
                    "The terms of loan %(loan)s are not the ones that were accepted. Ask %(bank)s.",
                    loan=message.number,
                    bank=submission.bank_id.name,
                )
            )
        acceptance = offer._acceptance()
        if not acceptance:
            raise UserError(
                self.env._(
                    "%(bank)s speaks of loan %(loan)s on an offer that nobody here accepted. Ask the bank.",
                    bank=submission.bank_id.name,
                    loan=message.number,
                )
            )
        terms = LoanTerms.from_wire(wire["terms"])
        loan = self.create(
            {
                "name": message.number,
                "offer_id": offer.id,
                "bank_loan_ref": message.id,
                "terms": wire["terms"],
                "currency_id": offer.currency_id.id,
                "principal": float(terms.principal),
            }
        )
        # A precomputed related field leaves the cached loans of the application as they were before.
        submission.application_id.invalidate_recordset(["loan_ids"])
        given_up = offer.state not in ("accepting", "accepted")
        offer._confirm()
        submission._set_state("granted")
        application = submission.application_id
        application._sync_state()
        application.message_post(
            body=self.env._("%(bank)s has granted loan %(loan)s.", bank=loan.bank_id.name, loan=loan.name)
        )
        if given_up:
            loan._warn(loan._why_granted(acceptance))
        loan._decline_others()
        application.line_ids._follow()
        self.env["scf.collection"]._find_since_package(loan)
        return loan

    def _why_granted(self, acceptance):
        """Why there is a loan though its acceptance was given up here, and what else finances the same sale."""
        bank = self.bank_id.name
        sentences = [
            self.env._(
                "%(bank)s took the acceptance before it was cancelled here: loan %(loan)s is granted and owed.",
                bank=bank,
                loan=self.name,
            )
            if acceptance.state == "cancelled"
            else self.env._(
                "%(bank)s refused the acceptance and granted loan %(loan)s on it all the same: it is owed. Ask the "
                "bank how this came about.",
                bank=bank,
                loan=self.name,
            )
        ]
        application = self.application_id
        others = (application.offer_ids - self.offer_id).filtered(
            lambda offer: offer.state in ("accepting", "accepted")
        )
        if others:
            sentences.append(
                self.env._(
                    "An offer of %s has been accepted for the same documents too: repay the loan that is not needed.",
                    ", ".join(others.bank_id.mapped("name")),
                )
            )
        elif not any(application.line_ids.mapped("is_open")):
            sentences.append(
                self.env._(
                    "What it financed is by now being financed by another application: repay this loan from own money."
                )
            )
        else:
            sentences.append(self.env._("Should it not be wanted any more, repay it from own money once it is paid."))
        return " ".join(sentences)

    def _decline_others(self):
        """Nobody else's money is needed: decline the other offers and withdraw what is still being decided."""
        reason = self.env._("Another offer was accepted.")
        for other in self.application_id.submission_ids - self.submission_id:
            other.offer_ids._decline(reason)
            other._withdraw(reason)

    def _take_figures(self, message, cursor):
        balance = message.balance
        self.write(
            {
                "start_date": message.start_date or self.start_date,
                "due_date": message.due_date or self.due_date,
                "disbursed_amount": float(message.disbursed.amount) if message.disbursed else self.disbursed_amount,
                "schedule": message.to_wire().get("schedule", []),
                "balance_as_of": balance.as_of,
                "balance_principal": float(balance.principal),
                "balance_interest": float(balance.interest),
                "balance_fee": float(balance.fee),
                "balance_penalty": float(balance.penalty),
                "balance_total": float(balance.total),
                **({"bank_cursor": str(cursor)} if cursor is not None else {}),
            }
        )

    def _take_event(self, kind, content, cursor):
        """Apply an event of this loan (docs/protocol.md, "Events"); one that was applied before changes nothing.

        One of a type that nobody here handles leaves the bank's figures, which came with it.
        """
        self.ensure_one()
        is_news = cursor > int(self.state_cursor or 0)
        if handler := self._event_handlers().get(kind):
            getattr(self, handler)(content, is_news)
        if is_news:
            self.state_cursor = str(cursor)
        if self.state == "overdue" and not self._past_due():
            self._set_state("active")
        self._check_agreement()
        self.application_id._notify_panel()

    def _event_handlers(self):
        """The method that applies each type of event: called with the event's data, and whether it is newer than all
        that were applied before. What is booked counts however late it comes, a state only where it is news.
        """
        return {
            "loan.disbursed": "_take_disbursed",
            "loan.disbursement_failed": "_take_failed",
            "loan.closed": "_take_closed",
            "loan.reopened": "_take_reopened",
            "loan.shortfall": "_take_shortfall",
            "repayment.posted": "_take_entry",
            "repayment.reversed": "_take_entry",
        }

    def _take_disbursed(self, content, is_news):
        self._take_entries(content, is_news)
        if self.state == "granted":
            self._set_state("active")

    def _take_failed(self, content, is_news):
        self.failure_reason = content.get("reason")
        self._set_state("failed")

    def _take_closed(self, content, is_news):
        if is_news:
            self._set_state("closed")

    def _take_reopened(self, content, is_news):
        if is_news:
            self._reopen()

    def _take_entry(self, content, is_news):
        self.env["scf.loan.entry"]._record(self, [content["entry"]])

    def _take_entries(self, content, is_news):
        self.env["scf.loan.entry"]._record(self, content.get("entries") or [])

    def _take_shortfall(self, content, is_news):
        if not is_news:
            return
        shortfall = Money.model_validate(content["shortfall"])
        self.shortfall = float(shortfall.amount)
        if not self.shortfall:
            self.message_post(body=self.env._("The bank asks for nothing more: %s", content.get("message") or ""))
            return
        self._warn(
            self.env._(
                "The bank asks for %(amount)s: %(message)s",
                amount=format_amount(self.env, self.shortfall, self.currency_id),
                message=content.get("message") or "",
            )
        )

    def _reduce_shortfall(self, entries):
        """Principal that was repaid from own money makes up for a shortfall."""
        if self.shortfall:
            self.shortfall = max(0.0, self.shortfall - sum(entries.mapped("principal")))

    def _reopen(self):
        if not self.application_id._can_reopen():
            self._warn(
                self.env._(
                    "The bank re-opened this loan because a repayment was taken back, but what it financed is by now "
                    "being financed by another application. Repay this loan from own money."
                )
            )
        self._set_state("active")
        if any(self.application_id.line_ids.mapped("is_open")):
            # What was paid while the loan counted as repaid was nobody's: it is this loan's now.
            self.application_id.line_ids._follow()
            self.env["scf.collection"]._find_since_package(self)
            self.env["scf.collection"]._trigger_report()

    def _set_state(self, state):
        """The only writer of `state`: skips repeats and what can't follow, and moves submission and application.

        :return: whether the state changed
        """
        self.ensure_one()
        if state not in TRANSITIONS[self.state]:
            return False
        self.state = state
        submission_state = SUBMISSION_STATES.get(state)
        if submission_state:
            self.submission_id._set_state(submission_state)
        if state == "closed":
            self.activity_unlink(["scf_finance.activity_check_loan"])
            self.shortfall = 0
        if state in ("active", "closed"):
            self.env["scf.collection"]._trigger_report()
        if state in ("closed", "failed"):
            self.application_id.line_ids._unfollow()
        self.application_id._sync_state()
        self.application_id._notify_panel()
        return True

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _repay(self, amount, paid_on, reason):
        """Queue a repayment from own money; it is booked when the bank's ledger shows it."""
        reference = self.env["ir.sequence"].with_company(self.company_id).next_by_code("scf.repayment")
        payment = RepaymentMessage(
            repayment_id=reference, amount=wire_money(amount, self.currency_id.name), paid_on=paid_on, reason=reason
        )
        self.submission_id._send("repay", payment.to_wire(), addressee=self)
        self.message_post(
            body=self.env._(
                "Repayment %(reference)s of %(amount)s from own money on %(day)s: %(reason)s",
                reference=reference,
                amount=format_amount(self.env, amount, self.currency_id),
                day=format_date(self.env, paid_on),
                reason=reason,
            )
        )

    def _scf_target(self, verb):
        return self.bank_loan_ref

    def _scf_on_answer(self, message, answer):
        self.submission_id.delayed = False

    def _scf_on_refused(self, message, problem):
        self.submission_id.delayed = False
        self._warn(
            self.env._(
                "%(bank)s did not take the repayment: %(detail)s",
                bank=self.bank_id.name,
                detail=problem.get("detail") or problem.get("title") or "",
            )
        )

    def _scf_on_delayed(self, message):
        self.submission_id._scf_on_delayed(message)

    # -- business: watching -----------------------------------------------------------------------------------------

    def _check_agreement(self):
        """Compare our replay of the ledger, our books and the bank's balance; say where they differ."""
        differences = self._differences()
        text = "\n".join(differences) or False
        if text == (self.mismatch or False):
            return
        self.mismatch = text
        if text:
            self._warn(text)

    def _differences(self):
        currency = self.currency_id.name
        state = replay(self._terms(), self._events(), self.balance_as_of)
        ours, texts = state.balance, []
        for name, label in (
            ("principal", self.env._("principal")),
            ("interest", self.env._("interest")),
            ("fee", self.env._("fees")),
            ("penalty", self.env._("penalty")),
        ):
            theirs = exact(self[f"balance_{name}"], currency)
            if getattr(ours, name) != theirs:
                texts.append(
                    self.env._(
                        "On %(day)s the bank states %(label)s of %(theirs)s; the ledger gives %(ours)s.",
                        day=self.balance_as_of,
                        label=label,
                        theirs=theirs,
                        ours=getattr(ours, name),
                    )
                )
        booked = exact(self.book_principal, currency)
        if booked != ours.principal:
            texts.append(
                self.env._(
                    "The loan account carries %(booked)s; the ledger gives a principal of %(ours)s.",
                    booked=booked,
                    ours=ours.principal,
                )
            )
        return texts

    def _past_due_sentence(self, amount):
        return self.env._(
            "%(amount)s is past due. Repay it from own money, or ask the buyer why the payment is missing.",
            amount=amount,
        )

    def _tell_unchecked(self):
        self._warn(
            self.env._("What is due could not be worked out today; the server's log has the details. Ask the bank.")
        )

    def _warn(self, text):
        """Say it in the chatter and as an activity of whoever asked for the loan."""
        self.message_post(body=text)
        responsible = self.application_id.requester_id
        open_activities = self.activity_search(["scf_finance.activity_check_loan"], user_id=responsible.id)
        if open_activities:
            open_activities.note = as_note(text)
        else:
            self.activity_schedule("scf_finance.activity_check_loan", user_id=responsible.id, note=as_note(text))
        self.application_id._notify_panel()

    def _next_step(self):
        due = format_date(self.env, self.due_date) if self.due_date else ""
        return {
            "granted": lambda: self.env._("The bank pays out; the payment is booked when it does."),
            "active": lambda: self.env._(
                "The buyer's payments repay the loan, which is due on %s. You may repay earlier.", due
            ),
            "overdue": lambda: self.env._("The loan was due on %s. Repay it from own money.", due),
            "closed": lambda: self.env._("Nothing more to do."),
            "failed": lambda: self.env._(
                "The bank could not pay out: %s. You may ask again.", self.failure_reason or ""
            ),
        }[self.state]()
