from decimal import Decimal

from openscf.wire import Substitution, SubstitutionRequest, SubstitutionStatus

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_list

from ..amounts import exact
from ..eligibility.facts import PRE_SHIPMENT, RECEIVABLES_DISCOUNTING
from ..evidence.sections import Request
from ..repaying.cover import Gap, carried
from .labels import as_note, label_of

STATES = [
    ("requested", "Asked"),
    ("granted", "Replaced"),
    ("declined", "Declined"),
    ("lapsed", "Not Needed Any More"),
]
# Where the documents themselves repay the loan, one of them can stand for another.
TECHNIQUES = (RECEIVABLES_DISCOUNTING, PRE_SHIPMENT)


class ScfLoanSubstitution(models.Model):
    """Other documents for disputed ones: asked of the bank with fresh evidence, held here from the asking on."""

    _name = "scf.loan.substitution"
    _description = "Replacement of financed documents"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    released_line_ids = fields.Many2many(
        "scf.application.document", "scf_substitution_released_rel", string="Released", readonly=True
    )
    incoming_line_ids = fields.Many2many(
        "scf.application.document", "scf_substitution_incoming_rel", string="Instead", readonly=True
    )
    released_names = fields.Char(string="Released Documents", compute="_compute_names")
    incoming_names = fields.Char(string="Other Documents", compute="_compute_names")
    disclosure_id = fields.Many2one("scf.disclosure", string="What Was Sent", readonly=True, ondelete="restrict")
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked By", readonly=True)
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    state = fields.Selection(STATES, required=True, readonly=True, default="requested")

    _name_once = models.UniqueIndex("(loan_id, name)", "A replacement's number is used once.")
    _one_open = models.UniqueIndex(
        "(loan_id) WHERE state = 'requested'", "The bank is being asked to replace documents of this loan already."
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("released_line_ids", "incoming_line_ids")
    def _compute_names(self):
        for substitution in self:
            substitution.released_names = ", ".join(substitution.released_line_ids.mapped("document_name"))
            substitution.incoming_names = ", ".join(substitution.incoming_line_ids.mapped("document_name"))

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What the bank was asked is part of the loan's records and can't be deleted."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_file(self):
        """Open what the bank received."""
        self.ensure_one()
        self.check_access("read")
        return self.disclosure_id.action_open_file()

    # -- business: what we say to the bank --------------------------------------------------------------------------

    @api.model
    @api.private
    def _ask(self, loan, released, documents, consent, reason):
        """Hold `documents` for the loan, seal what it would then rest on, and ask the bank.

        :param released: lines of the application (``scf.application.document``) that would be free
        :param documents: what would take their place; may be none where the other lines carry the loan
        :param consent: the ``scf.consent`` that the bank reads under
        """
        application = loan.application_id
        kept = application.line_ids - released
        incoming = application.line_ids._ask_for(application, documents)
        sequence = self.env["ir.sequence"].with_company(loan.company_id)
        substitution = self.create(
            {
                "name": sequence.next_by_code("scf.loan.substitution"),
                "loan_id": loan.id,
                "released_line_ids": [Command.set(released.ids)],
                "incoming_line_ids": [Command.set(incoming.ids)],
                "reason": reason,
                "user_id": self.env.uid,
            }
        )
        self.env.flush_all()  # a second asking at the same moment fails here, before anything is sealed or queued
        package = self.env["scf.package"]._build(
            application,
            consent,
            supersedes=loan.submission_id.package_id,
            request=loan._request_on(kept._documents() | documents),
        )
        substitution.disclosure_id = package.disclosure_ids
        substitution._send()
        loan.message_post(
            body=self.env._(
                "%(user)s asked %(bank)s to take %(incoming)s in place of %(released)s: %(reason)s",
                user=substitution.user_id.name,
                bank=loan.bank_id.name,
                incoming=substitution.incoming_names or self.env._("nothing"),
                released=substitution.released_names,
                reason=reason,
            )
        )
        return substitution

    def _send(self):
        request = SubstitutionRequest.model_validate(
            {
                "substitution_id": self.name,
                "released": [
                    {"kind": document._scf_kind, "number": document.name}
                    for document in self.released_line_ids._documents()
                ],
                "package_sha256": self.disclosure_id.sha256,
                "package_id": self.disclosure_id.package_id.package_ref,
                "reason": self.reason,
            }
        )
        self.loan_id.submission_id._send(
            "substitute", request.to_wire(), addressee=self, documents=self.disclosure_id._documents()
        )

    def _scf_target(self, verb):
        return self.loan_id.bank_loan_ref

    def _scf_before_send(self, message):
        return self.disclosure_id.consent_id._why_not_in_force()

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
        """Apply a Substitution of docs/protocol.md; once the bank has decided, repeats change nothing."""
        self.ensure_one()
        message = Substitution.model_validate(wire)
        if message.status is SubstitutionStatus.GRANTED:
            self._grant(message.message or "")
        elif message.status is SubstitutionStatus.DECLINED:
            self._decline(message.message or "")

    def _grant(self, message):
        if not self._set_state("granted", message):
            return
        loan = self.loan_id
        self.released_line_ids._release()
        self.incoming_line_ids._put_in_place()
        loan.submission_id.disclosure_id = self.disclosure_id
        loan._resell()
        # What was paid on the new documents since the package was sealed is this loan's now.
        self.env["scf.collection"]._find_since_package(loan)
        self.env["scf.collection"]._trigger_report()
        self._tell(
            self.env._(
                "%(bank)s took %(incoming)s in place of %(released)s, which can be financed again or paid to you "
                "freely. %(message)s",
                bank=loan.bank_id.name,
                incoming=self.incoming_names or self.env._("nothing"),
                released=self.released_names,
                message=message,
            )
        )

    def _decline(self, message):
        if not self._set_state("declined", message):
            return
        self.incoming_line_ids._release()
        self._tell(
            self.env._(
                "%(bank)s does not take %(incoming)s in place of %(released)s: %(message)s Repay the difference from "
                "own money, choose other documents, or wait for the buyer.",
                bank=self.loan_id.bank_id.name,
                incoming=self.incoming_names or self.env._("nothing"),
                released=self.released_names,
                message=message,
            )
        )

    def _lapse(self):
        """The loan needs no documents any more: what was held for it is free."""
        for substitution in self:
            if substitution._set_state("lapsed", self.env._("The loan ended before the bank answered.")):
                substitution.incoming_line_ids._release()

    def _set_state(self, state, message):
        """The only writer of `state`: the bank decides once.

        :return: whether the state changed
        """
        self.ensure_one()
        if self.state != "requested":
            return False
        self.write({"state": state, "message": message})
        return True

    def _tell(self, sentence):
        """Say it on the loan, and to whoever asked."""
        loan = self.loan_id
        loan.message_post(body=sentence)
        loan.activity_schedule("scf_finance.activity_check_loan", user_id=self.user_id.id, note=as_note(sentence))
        loan.application_id._notify_panel()


class ScfApplicationDocument(models.Model):
    """Documents of a running loan that take each other's place."""

    _inherit = "scf.application.document"

    def _ask_for(self, application, documents):
        """Hold documents for an application without making them its own yet; gives their lines.

        The database lets one open application have each: a concurrent claim fails here.
        """
        if not documents:
            return self.browse()
        every = self.search([("application_id", "=", application.id)])
        known = {line._documents().id: line for line in every if line._documents()._name == documents._name}
        kept = [application._fields[name] for name in ("eligible_amount", "requested_amount", "tenor_days", "bank_ids")]
        # What was asked for, of whom and on what, stays as it was when it was asked for.
        with self.env.protecting(kept, application):
            lines = self.browse()
            for document, assessed in zip(documents, documents._scf_assess().documents, strict=True):
                line = known.get(document.id) or self.create(
                    {"application_id": application.id, documents._scf_field: document.id, "standing": "asked"}
                )
                line.write(
                    {
                        "standing": "asked",
                        "asset_key": document._scf_fingerprints().f1,
                        "amount": float(assessed.facts.open_amount),
                        "is_open": True,
                    }
                )
                lines |= line
            self.env.flush_all()
        application.invalidate_recordset(["line_ids"])
        return lines

    def _put_in_place(self):
        """These documents stand for the loan now."""
        self._move_to("held", is_open=True)

    def _release(self):
        """These documents are free: the loan rests on others."""
        self._move_to("replaced", is_open=False)

    def _move_to(self, standing, *, is_open):
        application = self.application_id
        kept = [application._fields[name] for name in ("eligible_amount", "requested_amount", "tenor_days", "bank_ids")]
        with self.env.protecting(kept, application):
            self.write({"standing": standing, "is_open": is_open})
            self.env.flush_all()
        application.invalidate_recordset(["line_ids"])


class ScfLoan(models.Model):
    """What the loan's documents carry, and the exchange of some for others."""

    _inherit = "scf.loan"

    substitution_ids = fields.One2many("scf.loan.substitution", "loan_id", string="Replacements", readonly=True)
    may_substitute = fields.Boolean(compute="_compute_may_substitute", help="Documents can be replaced by others now.")

    @api.depends("state", "application_id.technique", "substitution_ids.state", "called_on")
    def _compute_may_substitute(self):
        for loan in self:
            loan.may_substitute = not loan._why_not_substitute()

    def _why_not_substitute(self):
        """Why no document of the loan can be replaced now, as a sentence; an empty text where one can."""
        if self.application_id.technique not in TECHNIQUES:
            return self.env._("Only invoices and sales orders can be replaced: the buyer's payment repays the loan.")
        if self.state not in ("active", "overdue"):
            return self.env._(
                "Loan %(loan)s is “%(state)s”: nothing has to be replaced.",
                loan=self.name,
                state=label_of(self, "state"),
            )
        if self.called_on:
            return self.env._("The bank has called the loan: repay it, or speak to the bank.")
        if asked := self.substitution_ids.filtered(lambda item: item.state == "requested"):
            return self.env._("The bank has not yet answered %s. Wait for its answer.", asked.name)
        return ""

    def action_substitute(self):
        """Open the dialog that offers the bank other documents."""
        self.ensure_one()
        self.application_id._documents()._scf_check_requester()
        if why_not := self._why_not_substitute():
            raise UserError(why_not)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replace documents of %s", self.name),
            "res_model": "scf.substitution.request",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_loan_id": self.id},
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _event_handlers(self):
        return {
            **super()._event_handlers(),
            "substitution.granted": "_take_substitution",
            "substitution.declined": "_take_substitution",
        }

    def _take_substitution(self, content, is_news):
        wire = content["substitution"]
        known = self.substitution_ids.filtered(lambda item: item.name == wire["substitution_id"])
        if not known:
            raise UserError(
                self.env._(
                    "%(bank)s speaks of the replacement %(name)s on loan %(loan)s, which nobody here asked for.",
                    bank=self.bank_id.name,
                    name=wire["substitution_id"],
                    loan=self.name,
                )
            )
        known._take(wire)

    def _set_state(self, state):
        changed = super()._set_state(state)
        if changed and state in ("closed", "failed"):
            self.substitution_ids._lapse()
        return changed

    def _resell(self):
        """Other invoices are the bank's now: what they are worth above the principal owed is what it holds back."""
        if not self.sells_receivables:
            return
        carried = exact(sum(self._sold_items().mapped("amount_residual_currency")), self.currency_id.name)
        holdback = max(carried - exact(self.balance_principal, self.currency_id.name), Decimal(0))
        change = holdback - exact(self.holdback, self.currency_id.name)
        self.holdback = float(holdback)
        if change:
            today = fields.Date.context_today(self)
            held, sold = self.company_id._scf_require("scf_holdback_account_id"), self._debt_account()
            self._post_books(
                [self._line(held, change, today), self._line(sold, -change, today)],
                today,
                self.env._("Loan %s: other invoices sold in place of disputed ones", self.name),
            )
            self._reconcile_books()

    def _gap(self, documents):
        """The principal owed beside what documents carry of it today (`repaying.cover.Gap`)."""
        self.ensure_one()
        currency = self.currency_id.name
        self.env.flush_all()
        facts = documents._scf_facts(self.env["scf.bank"], fields.Date.context_today(self)) if documents else []
        return Gap(exact(self.balance_principal, currency), carried(facts, self._advance_rate()))

    def _advance_rate(self):
        """In percent, as the bank offered it."""
        return exact(self.offer_id.advance_rate, "EUR")

    def _request_on(self, documents):
        """What a package says when other documents stand for the running loan.

        :raise UserError: where they do not carry what is owed
        """
        gap = self._gap(documents)
        if gap.missing:
            raise UserError(
                self.env._(
                    "%(documents)s carry %(carried)s, but the principal owed is %(principal)s. Choose more.",
                    documents=format_list(self.env, documents.mapped("name")),
                    carried=format_amount(self.env, float(gap.carried), self.currency_id),
                    principal=format_amount(self.env, float(gap.principal), self.currency_id),
                )
            )
        days = (self.due_date - fields.Date.context_today(self)).days
        return Request(documents, requested=gap.principal, eligible=gap.carried, tenor_days=max(days, 1))
