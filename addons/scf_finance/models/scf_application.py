from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date, format_list

from ..amounts import exact
from .labels import as_note, label_of
from .scf_application_document import DOCUMENT_FIELDS

TECHNIQUES = [
    ("pre_shipment", "Order finance"),
    ("receivables_discounting", "Invoice finance"),
    ("distributor_finance", "Purchase finance"),
    ("inventory_loan", "Stock finance"),
    ("revolving_line", "Working-capital line"),
]
STATES = [
    ("draft", "Draft"),
    ("requested", "Requested"),
    ("offered", "Offers received"),
    ("accepted", "Offer accepted"),
    ("financed", "Financed"),
    ("repaid", "Repaid"),
    ("declined", "Declined"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
]
OPEN_STATES = ("requested", "offered", "accepted", "financed")
# Who may follow whom. An application that ended comes back only by a loan on an acceptance that the bank had taken
# before it was given up here.
TRANSITIONS = {
    "draft": {"requested", "cancelled"},
    "requested": {"offered", "accepted", "financed", "declined", "expired", "cancelled"},
    "offered": {"requested", "accepted", "financed", "declined", "expired", "cancelled"},
    "accepted": {"requested", "offered", "financed", "repaid", "declined", "expired", "cancelled"},
    "financed": {"repaid"},
    "repaid": {"financed"},
    "declined": {"accepted"},
    "expired": {"accepted"},
    "cancelled": {"accepted"},
}
# What a requester may write over RPC, and only while the application is a draft. Everything else is written by the
# methods of this module.
REQUESTER_FIELDS = {
    "line_ids",
    "requested_amount",
    "tenor_days",
    "repayment",
    "bank_ids",
    "proposal_ids",
}
# What changes when documents are put into a draft or taken out of it.
DOCUMENTS = [f"line_ids.{name}" for name in DOCUMENT_FIELDS]
# Whose panels the transaction has news for.
_NEWS = "scf_finance.panel_news"
THREAD_MODELS = ("mail.thread", "mail.activity.mixin")
# What is computed from the documents is computed with the user's own rights: a draft must not tell a requester anything
# about a document that he may not read.
FROM_DOCUMENTS = {"store": True, "precompute": True, "compute_sudo": False}


class ScfApplication(models.Model):
    """What a company needs, and everything that the banks say to it."""

    _name = "scf.application"
    _description = "Financing application"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.record.kept"]
    _order = "id desc"
    _mail_post_access = "read"
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default="/", index="trigram")
    company_id = fields.Many2one("res.company", compute="_compute_from_documents", **FROM_DOCUMENTS, index=True)
    technique = fields.Selection(TECHNIQUES, compute="_compute_from_documents", **FROM_DOCUMENTS)
    partner_id = fields.Many2one(
        "res.partner",
        string="Only Buyer or Supplier",
        compute="_compute_from_documents",
        **FROM_DOCUMENTS,
        index=True,
        help="The buyer, or the supplier who is paid, where all documents have the same one.",
    )
    buyers = fields.Char(string="Buyer or Supplier", compute="_compute_buyers")
    currency_id = fields.Many2one("res.currency", compute="_compute_from_documents", **FROM_DOCUMENTS)
    document_name = fields.Char(string="Document", compute="_compute_document_name")
    document_count = fields.Integer(string="Documents", compute="_compute_document_name")
    line_ids = fields.One2many(
        "scf.application.document",
        "application_id",
        string="Financed Documents",
        copy=False,
        domain=[("standing", "=", "held")],
    )
    has_unfinanceable = fields.Boolean(
        compute="_compute_has_unfinanceable", help="A document of the draft can't be financed as it is."
    )
    eligible_amount = fields.Monetary(compute="_compute_eligible_amount", **FROM_DOCUMENTS)
    requested_amount = fields.Monetary(compute="_compute_request", **FROM_DOCUMENTS, readonly=False, tracking=True)
    tenor_days = fields.Integer(string="Tenor (days)", compute="_compute_request", **FROM_DOCUMENTS, readonly=False)
    repayment = fields.Selection(
        [
            ("bullet", "In one sum"),
            ("instalment", "In monthly instalments"),
            ("revolving", "As customers pay; drawn again as needed"),
        ],
        required=True,
        default="bullet",
    )
    bank_ids = fields.Many2many(
        "scf.bank",
        string="Banks to Ask",
        compute="_compute_request",
        **FROM_DOCUMENTS,
        readonly=False,
        check_company=True,
        copy=False,
    )
    proposal_ids = fields.One2many(
        "scf.consent.proposal",
        "application_id",
        string="What the Banks May Read",
        compute="_compute_proposal_ids",
        store=True,
        readonly=False,
        copy=False,
    )
    read_count = fields.Integer(string="Readings", compute="_compute_read_count")
    submission_ids = fields.One2many("scf.submission", "application_id", string="Submissions", copy=False)
    offer_ids = fields.One2many("scf.offer", "application_id", string="Offers", copy=False)
    loan_ids = fields.One2many("scf.loan", "application_id", string="Loans", copy=False)
    package_id = fields.Many2one("scf.package", string="Evidence Package", readonly=True, copy=False)
    package_ids = fields.One2many("scf.package", "application_id", string="All Packages", readonly=True, copy=False)
    requester_id = fields.Many2one(
        "res.users", string="Requested By", readonly=True, copy=False, default=lambda self: self.env.user
    )
    approver_id = fields.Many2one("res.users", string="Approved By", readonly=True, copy=False, tracking=True)
    requested_at = fields.Datetime(string="Requested On", readonly=True, copy=False)
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
        group_expand="_expand_states",
    )
    state_reason = fields.Char(readonly=True, copy=False, help="Why the application is in this state.")

    _requested_not_negative = models.Constraint(
        "CHECK (requested_amount >= 0)",
        "The requested amount can't be negative.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("name")
    def _compute_display_name(self):
        for application in self:
            application.display_name = self.env._("New request") if application.name == "/" else application.name

    @api.depends(*DOCUMENTS, "line_ids.standing")
    def _compute_from_documents(self):
        for application in self:
            documents = application._documents_read_by_drafter()
            buyers = documents._scf_counterparty()
            # Without documents a draft belongs to the company that it is drafted in: somebody has to see it.
            application.company_id = documents.company_id or application.company_id or self.env.company
            application.currency_id = documents.currency_id
            application.partner_id = buyers if len(buyers) == 1 else False
            application.technique = documents._scf_technique if documents else False

    @api.depends("partner_id", "line_ids.partner_id")
    def _compute_buyers(self):
        for application in self:
            count = len(application.line_ids.partner_id)
            application.buyers = (
                self.env._("%s buyers", count) if count > 1 else application.line_ids.partner_id.display_name
            )

    @api.depends("line_ids.document_name")
    def _compute_document_name(self):
        for application in self:
            names = [line.document_name for line in application.line_ids if line.document_name]
            application.document_count = len(application.line_ids)
            application.document_name = (
                self.env._("%(document)s and %(count)s more", document=names[0], count=len(names) - 1)
                if len(names) > 1
                else "".join(names)
            )

    @api.depends("line_ids.why_not")
    def _compute_has_unfinanceable(self):
        for application in self:
            application.has_unfinanceable = any(application.line_ids.mapped("why_not"))

    @api.depends(*DOCUMENTS)
    def _compute_eligible_amount(self):
        for application in self:
            documents = application._documents_read_by_drafter()
            application.eligible_amount = float(documents._scf_assess().eligible_amount) if documents else 0.0

    @api.depends(*DOCUMENTS)
    def _compute_request(self):
        for application in self:
            documents = application._documents_read_by_drafter()
            if not documents:
                application.requested_amount, application.tenor_days, application.bank_ids = 0.0, 0, False
                continue
            assessment = documents._scf_assess()
            quotes = assessment.banks_for(assessment.eligible_amount, assessment.tenor_days)
            application.requested_amount = float(assessment.eligible_amount)
            application.tenor_days = assessment.tenor_days
            application.bank_ids = [Command.set([item.bank.bank_id for item in quotes])]

    @api.depends("bank_ids")
    def _compute_proposal_ids(self):
        for application in self:
            if application.state != "draft":
                continue
            kept = application.proposal_ids.filtered(
                lambda proposal, banks=application.bank_ids._origin: proposal.bank_id._origin in banks
            )
            application.proposal_ids = [
                *(Command.delete(gone.id) for gone in application.proposal_ids - kept),
                *(
                    Command.create(application._proposed_to(bank))
                    for bank in application.bank_ids._origin - kept.bank_id._origin
                ),
            ]

    def _compute_read_count(self):
        counts = dict(
            self.env["scf.package.read"]._read_group(
                [("application_id", "in", self.ids)], ["application_id"], ["__count"]
            )
        )
        for application in self:
            application.read_count = counts.get(application._origin, 0)

    def _expand_states(self, states, domain):
        """Columns of the board: the journey in its order, and the other states that are in use."""
        return [state for state, _label in STATES if state in OPEN_STATES or state in states]

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_writable(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_writable(vals)
        if not self.env.su and REQUESTER_FIELDS & vals.keys() and any(item.state != "draft" for item in self):
            raise UserError(
                self.env._("The application has been sent: it can't be changed any more. Withdraw it and ask again.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(item.state != "draft" for item in self):
            raise UserError(
                self.env._(
                    "An application that was sent is part of the company's records and can't be deleted. Withdraw it."
                )
            )

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | REQUESTER_FIELDS

    def _check_writable(self, vals):
        """Over RPC only a request's own fields may be written: states and amounts granted are facts, not input."""
        if self.env.su:
            return
        own = {name for name in vals if self._fields.get(name) and name not in self._thread_fields()}
        if forbidden := own - REQUESTER_FIELDS:
            raise AccessError(
                self.env._(
                    "These fields of a financing application are kept by the system: %s", ", ".join(sorted(forbidden))
                )
            )

    def _thread_fields(self):
        return {name for model in THREAD_MODELS for name in self.env[model]._fields} - {"id", "display_name"}

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_submit(self):
        """Ask the banks: give them consent, claim the documents, seal the evidence, and queue one submission per bank.

        Everything is written in this transaction and sent after it; a bank that is down delays nothing here.
        A screen says by `scf_read` of the context what stood on it (`_check_read`).
        """
        self.ensure_one()
        documents = self._documents()
        documents._scf_check_requester()
        self.check_access("write")
        if self.state != "draft":
            raise UserError(self.env._("%s has been sent already.", self.name))
        self._refuse_without_documents()
        if read := self.env.context.get("scf_read"):
            self._check_read(read)
        documents._scf_lock()
        assessment = documents._scf_assess()
        self._check_request(assessment)
        # The rest is the system's own bookkeeping, which no role may write by hand.
        application = self.sudo()
        application.write(
            {
                "name": self.env["ir.sequence"].sudo().with_company(self.company_id).next_by_code("scf.application"),
                "eligible_amount": float(assessment.eligible_amount),
                "requester_id": self.env.user.id,
                "requested_at": fields.Datetime.now(),
            }
        )
        application.line_ids._claim(assessment)
        consents = application._grant_consents()
        application.package_id = self.env["scf.package"].sudo()._build(application, consents)
        for disclosure in application.package_id.disclosure_ids.sorted("id"):
            self.env["scf.submission"].sudo()._open(application, disclosure)
        application._set_state("requested")
        application._tell_documents(
            self.env._(
                "Financing of %(amount)s requested (%(application)s).",
                amount=application._money(application.requested_amount),
                application=application.name,
            )
        )
        return True

    def action_cancel(self):
        """Withdraw the application from every bank; the documents are free again."""
        self.ensure_one()
        self._documents()._scf_check_requester()
        self.check_access("write")
        if self.state == "draft":
            self.sudo()._set_state("cancelled")
            return True
        if self.state not in ("requested", "offered"):
            raise UserError(
                self.env._(
                    "%(application)s is “%(state)s”: only a request that nobody has accepted yet can be withdrawn. "
                    "A running loan is repaid, not cancelled.",
                    application=self.name,
                    state=label_of(self, "state"),
                )
            )
        for submission in self.sudo().submission_ids:
            submission._withdraw(self.env._("Withdrawn by the applicant."))
        self.sudo()._sync_state()
        return True

    def action_reach(self):
        """Open the dialog that picks the documents which reach an amount at the least cost."""
        self.ensure_one()
        self.check_access("write")
        if self.technique not in (False, "pre_shipment", "receivables_discounting"):
            raise UserError(
                self.env._("An amount is reached with sales orders or invoices. Choose purchases and goods yourself.")
            )
        defaults = {"default_application_id": self.id, "default_company_id": self.company_id.id}
        if self.line_ids:
            defaults |= {"default_technique": self.technique, "default_currency_id": self.currency_id.id}
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("scf_finance.action_scf_reach"),
            "name": self.env._("Reach an amount"),
            "context": {**defaults, "default_amount": self.requested_amount},
        }

    def action_leave_out(self):
        """Take those documents out of a draft that can't be financed as they are."""
        self.ensure_one()
        self.check_access("write")
        self.line_ids.filtered("why_not").unlink()
        return True

    def action_open_documents(self):
        """Open the financed document, or the list of them."""
        self.ensure_one()
        documents = self._documents()
        documents.check_access("read")
        action = {"type": "ir.actions.act_window", "name": self.env._("Documents"), "res_model": documents._name}
        if len(documents) == 1:
            return {**action, "res_id": documents.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", documents.ids)], "views": [(False, "list"), (False, "form")]}

    def action_open_reads(self):
        """Open the list of what the banks read, and when."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("scf_finance.action_scf_package_read"),
            "domain": [("application_id", "=", self.id)],
        }

    def action_open_loans(self):
        """Open the loan of the application, or the list of its loans."""
        self.ensure_one()
        action = {"type": "ir.actions.act_window", "name": self.env._("Loans"), "res_model": "scf.loan"}
        if len(self.loan_ids) == 1:
            return {**action, "res_id": self.loan_ids.id, "views": [(False, "form")]}
        return {**action, "domain": [("application_id", "=", self.id)], "views": [(False, "list"), (False, "form")]}

    # -- business ---------------------------------------------------------------------------------------------------

    def _proposed_to(self, bank):
        """Values of what the request proposes to let a bank read."""
        return {"bank_id": bank.id}

    def _sent_fingerprints(self):
        """What the banks are told of the documents: F1 of each."""
        return self.line_ids.mapped("asset_key")

    def _documents(self):
        """The documents of the application: one recordset of one model."""
        return self.line_ids._documents()

    def _documents_read_by_drafter(self):
        """The documents; while a request is drafted those that the user may read, and none while they don't fit."""
        documents = self._documents() if isinstance(self.id, int) else self.line_ids._documents_read_by_user()
        kinds = {document._scf_kind for document in documents}
        is_mixed = len(documents.company_id) > 1 or len(documents.currency_id) > 1 or len(kinds) > 1
        return documents.browse() if is_mixed else documents

    def _refuse_without_documents(self):
        if not self.line_ids:
            raise UserError(self.env._("Choose at least one document to be financed."))

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id)

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }

    def _check_request(self, assessment):
        """Refuse what the rules or the chosen banks' published limits exclude, with the sentence that says why."""
        if assessment.stops:
            raise UserError("\n".join(finding.sentence for finding in assessment.stops))
        if not self.bank_ids:
            raise UserError(self.env._("Choose at least one bank to ask."))
        currency = self.currency_id.name
        requested = exact(self.requested_amount, currency)
        if not 0 < requested <= assessment.eligible_amount:
            raise UserError(
                self.env._(
                    "Request an amount between 0 and %(eligible)s: that is what can be financed today.",
                    eligible=self._money(float(assessment.eligible_amount)),
                )
            )
        taking = {item.bank.bank_id: item.bank for item in assessment.banks_for(requested, self.tenor_days)}
        for bank in self.bank_ids:
            terms = taking.get(bank.id)
            if not terms:
                raise UserError(
                    self.env._(
                        "%(bank)s does not lend %(amount)s for %(days)s days on what you chose. "
                        "Change the amount or the tenor, or leave the bank out.",
                        bank=bank.name,
                        amount=self._money(self.requested_amount),
                        days=self.tenor_days,
                    )
                )
            if self.repayment not in terms.repayment:
                raise UserError(
                    self.env._(
                        "%(bank)s does not offer repayment “%(repayment)s”. Choose another one, or leave the bank out.",
                        bank=bank.name,
                        repayment=label_of(self, "repayment"),
                    )
                )

    def _check_read(self, read):
        """Refuse to send what the user has not read: a colleague may have changed the draft while it was open.

        :param dict read: `requested_amount`, `tenor_days`, `repayment` and, where a supplier is paid, `payee_account`
            as they stood on the screen, in `lines` the ids of the documents' lines among the `line_count` that were
            there, and in `words` the words of each bank's consent by the bank's id
        """
        if not set(read.get("lines") or []) <= set(self.line_ids.ids) or read.get("line_count") != len(self.line_ids):
            raise UserError(
                self.env._(
                    "The documents have been changed since you opened the request: it is for %s now. Look at it again "
                    "before you ask the banks.",
                    format_list(self.env, self.line_ids.mapped("document_name")),
                )
            )
        is_same_amount = not self.currency_id.compare_amounts(read.get("requested_amount", 0.0), self.requested_amount)
        if not is_same_amount or (read.get("tenor_days"), read.get("repayment")) != (self.tenor_days, self.repayment):
            raise UserError(
                self.env._(
                    "The request has been changed since you opened it: it is over %(amount)s for %(days)s days, repaid "
                    "“%(repayment)s”. Look at it again before you ask the banks.",
                    amount=self._money(self.requested_amount),
                    days=self.tenor_days,
                    repayment=label_of(self, "repayment"),
                )
            )
        if (read.get("payee_account") or False) != self.payee_account:
            raise UserError(
                self.env._(
                    "The supplier's bank account is another one than when you opened the request: the bank would pay "
                    "to %s. Look at it again before you ask the banks.",
                    self.payee_account or self.env._("none"),
                )
            )
        words = {str(bank): text for bank, text in (read.get("words") or {}).items()}
        unread = [self._proposal(bank).notice for bank in self.bank_ids if self._is_unread(bank, words)]
        if unread or len(words) != len(self.bank_ids):
            raise UserError(
                self.env._(
                    "What the banks may read has been changed since you opened the request. Read it again before you "
                    "ask them.\n\n%s",
                    "\n\n".join(unread),
                )
            )

    def _is_unread(self, bank, words):
        return words.get(str(bank.id)) != self._proposal(bank).notice

    def _proposal(self, bank):
        """What the request is about to allow a bank.

        :raise UserError: where nothing is proposed for it, so that nobody can have read it
        """
        proposal = self.proposal_ids.filtered(lambda item: item.bank_id == bank)
        if not proposal:
            raise UserError(
                self.env._(
                    "Nothing says what %s may read. Take the bank out of the request and choose it again.", bank.name
                )
            )
        return proposal

    def _grant_consents(self):
        """The consents that the current user gives with this request: one for each bank, new or in force."""
        now = fields.Datetime.now()
        consents = self.env["scf.consent"]
        for bank in self.bank_ids:
            consents |= self._proposal(bank)._consent(now)
        return consents

    def _preview(self, proposal):
        """What one bank would get of this request today, as the bytes of a PDF; nothing is kept or sent.

        :param proposal: the ``scf.consent.proposal`` for the bank
        """
        self.ensure_one()
        self._documents()._scf_check_requester()
        if self.state != "draft":
            raise UserError(self.env._("%s has been sent already: open what the bank received.", self.name))
        self._refuse_without_documents()
        if unstatable := self._documents()._scf_why_unstatable():
            raise UserError(unstatable)
        return self.env["scf.package"].sudo()._preview(self.sudo(), proposal.sudo())

    def _set_state(self, state, reason=None):
        """The only writer of `state`: skips repeats and what can't follow, frees or holds the documents, and tells.

        :return: whether the state changed
        """
        self.ensure_one()
        if state == self.state or state not in TRANSITIONS.get(self.state, ()):
            return False
        # What ended and comes back by a loan can't take its documents from who finances them by now.
        holds = state in OPEN_STATES and (any(self.line_ids.mapped("is_open")) or self._can_reopen())
        self.write({"state": state, "state_reason": reason or False})
        self.line_ids.filtered(lambda line: line.is_open != holds).is_open = holds
        if state not in ("requested", "offered"):
            self.activity_unlink(["scf_finance.activity_compare_offers", "scf_finance.activity_answer_bank"])
        if state in ("declined", "expired", "cancelled", "financed", "repaid"):
            self._tell_documents(
                self.env._(
                    "Financing %(application)s: %(state)s. %(reason)s",
                    application=self.name,
                    state=label_of(self, "state"),
                    reason=reason or "",
                )
            )
        self._notify_panel()
        return True

    def _sync_state(self):
        """Move to the state that submissions, offers and loans add up to."""
        self.ensure_one()
        return self._set_state(*self._state_of_parts())

    def _state_of_parts(self):
        loans = set(self.loan_ids.mapped("state"))
        offers = set(self.offer_ids.mapped("state"))
        submissions = set(self.submission_ids.mapped("state"))
        if loans & {"active", "overdue"}:
            return "financed", None
        if "granted" in loans or "accepting" in offers:
            return "accepted", None
        if "closed" in loans:
            return "repaid", None
        if "failed" in loans:
            return "declined", self.env._("The bank could not pay out: %s", self.loan_ids[:1].failure_reason or "")
        if "accepted" in offers:
            return "accepted", None
        if "open" in offers:
            return "offered", None
        if submissions & {"created", "processing", "action_required"}:
            return "requested", None
        given_up = " ".join(self.offer_ids.filtered("state_reason").mapped("state_reason"))
        if offers & {"expired", "withdrawn"}:
            return "expired", given_up or self.env._("The offers lapsed before one was accepted.")
        if submissions == {"cancelled"} or "declined" in offers:
            reasons = [given_up, *self.submission_ids.mapped("end_reason")]
            return "cancelled", "\n".join(filter(None, reasons)) or None
        return "declined", "\n".join(self.submission_ids.mapped("state_message"))

    def _can_reopen(self):
        """Whether every sale is still free to be held by this application again, its order and its invoices alike."""
        self.env.flush_all()
        facts = self._documents()._scf_facts(self.env["scf.bank"], fields.Date.context_today(self))
        return all(claim.application_id == self.id for document in facts for claim in document.claims)

    def _best_offer(self):
        """The open offer with the lowest effective annual cost; the larger amount where two cost the same."""
        offers = self.offer_ids.filtered(lambda offer: offer.state == "open")
        return min(offers, key=lambda offer: (offer.apr, -offer.in_hand), default=offers)

    def _approvers(self):
        """Users who may accept an offer of this application: approvers of its company other than the requester."""
        group = self.env.ref("scf_connector.group_scf_approver")
        return group.sudo().all_user_ids.filtered(
            lambda user: (
                user.active
                and not user.share
                and self.company_id in user.company_ids
                and user != self.requester_id
                and user._is_internal()
                and user != self.env.ref("base.user_root")
            )
        )

    def _ask_approvers(self, bank_name):
        """Give each approver one activity, however many offers come."""
        waiting = self.activity_search(["scf_finance.activity_compare_offers"]).user_id
        for user in self._approvers() - waiting:
            self.activity_schedule(
                "scf_finance.activity_compare_offers",
                user_id=user.id,
                note=as_note(
                    self.env._(
                        "%(bank)s has made an offer for %(document)s. Compare the offers and accept one.",
                        bank=bank_name,
                        document=self.document_name,
                    )
                ),
            )

    def _tell_documents(self, body):
        """Say it on the documents too, where sales and accounting look."""
        documents = self._documents().sudo()
        documents._message_log_batch(bodies=dict.fromkeys(documents.ids, body))

    def _notify_panel(self):
        """Tell the open screens of this company's financing users, once it is committed, to read the panel again."""
        precommit, applications = self.env.cr.precommit, self.sudo().env["scf.application"]
        if _NEWS not in precommit.data:
            precommit.data[_NEWS] = set()
            precommit.add(lambda: applications._tell_panels(precommit.data.pop(_NEWS)))
        precommit.data[_NEWS].update(self.ids)

    @api.model
    def _tell_panels(self, application_ids):
        """Send the news of a transaction: the same few queries for one application as for many."""
        lines = self.env["scf.application.document"].search_fetch(
            [("application_id", "in", sorted(application_ids))], ["application_id", "company_id", *DOCUMENT_FIELDS]
        )
        group_id = self.env["ir.model.data"]._xmlid_to_res_id("scf_connector.group_scf_requester")
        for company, of_company in lines.grouped("company_id").items():
            users = self.env["res.users"].search_fetch(
                [("all_group_ids", "in", group_id), ("company_ids", "in", company.id)], ["partner_id"]
            )
            for application, own in of_company.grouped("application_id").items():
                documents = own._documents()
                for model, ids in ((documents._name, documents.ids), (application._name, application.ids)):
                    users.partner_id._bus_send("scf_panel", {"model": model, "ids": ids})

    # -- what the panel says ----------------------------------------------------------------------------------------

    def _headline(self):
        amount = self._money(self.requested_amount)
        loan = self.loan_ids[:1]
        return {
            "draft": lambda: self.env._("A request over %s is being prepared", amount),
            "requested": lambda: self.env._("%s requested", amount),
            "offered": lambda: self.env._("Offers to compare: %s", len(self._open_offers())),
            "accepted": lambda: self.env._("Offer accepted: the money is on its way"),
            "financed": lambda: self.env._("%s received", self._money(loan.disbursed_amount)),
            "repaid": lambda: self.env._("Repaid in full"),
            "declined": lambda: self.env._("Declined"),
            "expired": lambda: self.env._("Offer expired"),
            "cancelled": lambda: self.env._("Request withdrawn"),
        }[self.state]()

    def _subline(self):
        if self.state in ("requested", "offered"):
            return self.env._(
                "Asked on %(date)s: %(banks)s",
                date=format_date(self.env, self.requested_at),
                banks=", ".join(self.submission_ids.bank_id.sudo().mapped("name")),
            )
        if self.loan_ids:
            loan = self.loan_ids[:1]
            return self.env._("Loan %(loan)s at %(bank)s", loan=loan.name, bank=loan.bank_id.sudo().name)
        accepted = self.offer_ids.filtered(lambda offer: offer.state in ("accepting", "accepted"))
        if accepted:
            return self.env._(
                "%(amount)s from %(bank)s", amount=self._money(accepted.in_hand), bank=accepted.bank_id.sudo().name
            )
        return self.state_reason or ""

    def _with_others(self):
        """What else the application finances beside the document whose panel shows it."""
        others = len(self.line_ids) - 1
        if others > 1:
            return self.env._("with %s other documents", others)
        return self.env._("with one other document") if others else ""

    def _next_step(self):
        if self.loan_ids:
            return self.loan_ids[:1]._next_step()
        if self.state == "requested":
            asking = self.submission_ids.filtered(lambda submission: submission.state == "action_required")
            if asking:
                return self.env._("%s asks for something: answer it.", asking[0].bank_id.sudo().name)
            return self.env._("The banks decide. You are told when one answers.")
        if self.state == "offered":
            names = ", ".join(self._approvers().mapped("name"))
            if not names:
                return self.env._(
                    "Somebody other than the requester has to accept: give a colleague the role Approver."
                )
            return self.env._("One of these people compares the offers and accepts one: %s.", names)
        if self.state == "accepted":
            return self.env._("The bank pays out; the payment is booked when it does.")
        if self.state in ("declined", "expired", "cancelled"):
            return self.env._("You may ask again at any time.")
        return ""

    def _open_offers(self):
        return self.offer_ids.filtered(lambda offer: offer.state == "open")
