from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount

from ..amounts import exact
from ..eligibility.bank_limits import takes
from ..models.scf_consent_proposal import VALID_DAYS
from ..repaying.cover import replacement

# The rules take about a second for so many: the newest are looked at, which are the ones that are not due yet.
MOST_LOOKED_AT = 2_000


class ScfSubstitutionRequest(models.TransientModel):
    """Offer a bank other documents for disputed ones: what is needed, what is chosen, what is still missing."""

    _name = "scf.substitution.request"
    _description = "Request to replace financed documents"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, ondelete="cascade")
    application_id = fields.Many2one(related="loan_id.application_id", related_sudo=False)
    technique = fields.Selection(related="application_id.technique", related_sudo=False)
    currency_id = fields.Many2one(related="loan_id.currency_id")
    released_line_ids = fields.Many2many(
        "scf.application.document",
        string="To Be Released",
        compute="_compute_released_line_ids",
        store=True,
        precompute=True,
        compute_sudo=False,
        readonly=False,
        domain="[('application_id', '=', application_id), ('standing', '=', 'held')]",
    )
    missing = fields.Monetary(
        string="To Be Carried", compute="_compute_missing", compute_sudo=False, help="What the rest does not carry."
    )
    free_move_ids = fields.Many2many("account.move", compute="_compute_free", compute_sudo=False)
    free_order_ids = fields.Many2many("sale.order", compute="_compute_free", compute_sudo=False)
    move_ids = fields.Many2many(
        "account.move",
        string="Invoices Instead",
        compute="_compute_chosen",
        store=True,
        precompute=True,
        compute_sudo=False,
        readonly=False,
        domain="[('id', 'in', free_move_ids)]",
    )
    order_ids = fields.Many2many(
        "sale.order",
        string="Orders Instead",
        compute="_compute_chosen",
        store=True,
        precompute=True,
        compute_sudo=False,
        readonly=False,
        domain="[('id', 'in', free_order_ids)]",
    )
    carried = fields.Monetary(
        string="Carried by These", compute="_compute_carried", compute_sudo=False, help="At the loan's advance rate."
    )
    explanation = fields.Char(compute="_compute_carried", compute_sudo=False)
    is_enough = fields.Boolean(compute="_compute_carried", compute_sudo=False)
    reason = fields.Char(help="What is wrong with the documents; the bank reads it.")
    consent_words = fields.Text(
        string="What You Agree To Again",
        compute="_compute_consent_words",
        help="The consent that the bank read under has ended: fresh evidence needs a new one.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("loan_id")
    def _compute_released_line_ids(self):
        for request in self:
            request.released_line_ids = request._readable_loan()._disputed_lines()

    @api.depends("released_line_ids")
    def _compute_missing(self):
        for request in self:
            request.missing = float(request._gap_without().missing)

    @api.depends("loan_id")
    def _compute_free(self):
        for request in self:
            free = request._free()
            request.free_move_ids = free if free._name == "account.move" else False
            request.free_order_ids = free if free._name == "sale.order" else False

    @api.depends("released_line_ids")
    def _compute_chosen(self):
        for request in self:
            chosen = request._cheapest()
            request.move_ids = chosen if chosen._name == "account.move" else False
            request.order_ids = chosen if chosen._name == "sale.order" else False

    @api.depends("released_line_ids", "move_ids", "order_ids")
    def _compute_carried(self):
        for request in self:
            loan, chosen = request._readable_loan(), request._chosen()
            carried = loan.sudo()._gap(chosen).carried if loan and chosen else 0
            missing = request._gap_without().missing
            request.carried = float(carried)
            request.is_enough = bool(request.released_line_ids) and carried >= missing and bool(request._after())
            request.explanation = request._explain(carried, missing)

    def _explain(self, carried, missing):
        if not self.released_line_ids:
            return self.env._("Choose the documents that the bank is to release.")
        if not self._after():
            return self.env._("Something has to stand for the loan: choose other documents.")
        if carried < missing:
            lacking = self._money(missing - carried)
            if not self._chosen() and not self._free():
                return self.env._(
                    "No other document can be financed now. Repay %s from own money, or wait for the buyer.", lacking
                )
            return self.env._("%s more has to be carried: choose further documents.", lacking)
        return self.env._("Enough: the principal that is owed is carried. The bank decides.")

    @api.depends("loan_id")
    def _compute_consent_words(self):
        for request in self:
            loan = request._readable_loan()
            consent = loan.submission_id.consent_id
            request.consent_words = (
                consent and consent._why_not_carried() and consent.sudo()._renewed_words(request._ends_on())
            )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_send(self):
        """Hold the documents, seal the evidence on what would stand for the loan, and ask the bank."""
        self.ensure_one()
        loan, released, chosen = self.loan_id, self.released_line_ids, self._chosen()
        loan.check_access("read")
        loan.application_id._documents()._scf_check_requester()
        chosen._scf_check_requester()
        if not self.reason:
            raise UserError(self.env._("Say what is wrong with the documents: the bank decides on it."))
        if chosen:
            chosen._scf_lock()
        loan.sudo().submission_id._take_turn()  # two askings at once meet here: the second one starts over
        if why_not := loan._why_not_substitute():
            raise UserError(why_not)
        self._check_choice(loan, released, chosen)
        # The rest is the system's own bookkeeping, which no role may write by hand.
        consent = self._consent(loan.sudo().submission_id.consent_id)
        self.env["scf.loan.substitution"].sudo()._ask(
            loan.sudo(), released.sudo(), chosen.sudo(), consent.sudo(), self.reason
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The bank has been asked. The new documents are held until it answers."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _check_choice(self, loan, released, chosen):
        """Refuse what the dialog would not let anybody choose, as it stands now."""
        if not released or released - loan.application_id.line_ids:
            raise UserError(self.env._("Choose documents that stand for this loan."))
        if not self._after():
            raise UserError(self.env._("Something has to stand for the loan: choose other documents."))
        if unfit := chosen - self._free():
            raise UserError(
                self.env._(
                    "%s can't be financed any more, or not at this bank. Choose another document.",
                    ", ".join(unfit.mapped("name")),
                )
            )

    def _readable_loan(self):
        """The loan, as far as the user may read it."""
        return self.loan_id.sudo(False)._filtered_access("read")

    def _chosen(self):
        return self.order_ids._origin if self.technique == "pre_shipment" else self.move_ids._origin

    def _kept(self):
        return self._readable_loan().application_id.line_ids - self.released_line_ids._origin

    def _after(self):
        """The documents that would stand for the loan."""
        kept = self._kept()._documents()
        return kept | self._chosen() if kept else self._chosen()

    def _gap_without(self):
        """What is missing without the documents that are to be released."""
        return self._readable_loan().sudo()._gap(self._kept().sudo()._documents())

    def _free(self):
        """What the user may read and the bank could take today: of the loan's kind, company and currency."""
        loan = self._readable_loan()
        model = self.env["sale.order" if self.technique == "pre_shipment" else "account.move"]
        if not loan or not model.has_access("read"):
            return model
        domain = (
            Domain(model._scf_open_domain())
            & Domain("company_id", "=", loan.company_id.id)
            & Domain("currency_id", "=", loan.currency_id.id)
        )
        documents = model.search(domain, order="id desc", limit=MOST_LOOKED_AT)
        facts = self._facts(documents)
        return documents.filtered(lambda document: document.id in facts)

    def _facts(self, documents):
        """Facts of those that can be financed by the loan's bank, by id."""
        if not documents:
            return {}
        bank_id = self.loan_id.sudo().bank_id.id
        return {
            document.id: item.facts
            for document, item in zip(documents, documents._scf_assess().documents, strict=True)
            if item.is_financeable
            and all(takes(item.facts, bank) for bank in item.facts.banks if bank.bank_id == bank_id)
        }

    def _cheapest(self):
        """The fewest documents that are paid first and carry what is missing; none where nothing does."""
        free, missing = self._free(), self._gap_without().missing
        mix = replacement(
            self._facts(free),
            missing,
            self._readable_loan().sudo()._advance_rate(),
            fields.Date.context_today(self),
        )
        return free.browse(mix.document_ids if mix else [])

    def _consent(self, consent):
        """The consent that the bank reads under, or a new one as wide, which the current user gives with this."""
        if not consent._why_not_carried():
            return consent
        return consent.sudo()._renew(self._ends_on())

    def _ends_on(self):
        return fields.Date.context_today(self) + timedelta(days=VALID_DAYS)

    def _money(self, amount):
        return format_amount(self.env, float(exact(float(amount), self.currency_id.name)), self.currency_id)
