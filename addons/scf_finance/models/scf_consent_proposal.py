from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date
from odoo.tools.date_utils import relativedelta

from ..evidence.views import ALWAYS
from .scf_consent import COUNTERPARTIES

HISTORY_MONTHS = 24
LONGEST_HISTORY_MONTHS = 60
VALID_DAYS = 90
# A consent that outlives the year is forgotten by whoever gave it: by then it is asked for, and read, again.
LONGEST_VALID_MONTHS = 12


class ScfConsentProposal(models.Model):
    """What a request is about to allow one bank, in words; it becomes a consent when the bank is asked."""

    _name = "scf.consent.proposal"
    _description = "Consent to be given with a request"
    _order = "id"
    _check_company_auto = True

    application_id = fields.Many2one("scf.application", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="application_id.company_id", store=True, index=True)
    bank_id = fields.Many2one("scf.bank", required=True, ondelete="cascade", check_company=True)
    standing_id = fields.Many2one("scf.consent", string="Consent in Force", compute="_compute_standing_id")
    use_standing = fields.Boolean(
        string="Use the consent in force",
        compute="_compute_use_standing",
        store=True,
        readonly=False,
        help="The bank has your consent already, and it covers what it asks for now.",
    )
    asked_sections = fields.Json(
        compute="_compute_asked_sections", help="Names of the sections that the bank asks for."
    )
    section_ids = fields.Many2many(
        "scf.section",
        string="What the Bank May Read",
        compute="_compute_section_ids",
        store=True,
        readonly=False,
        domain=[("is_always", "=", False)],
    )
    missing_sections = fields.Char(compute="_compute_missing_sections")
    counterparties = fields.Selection(COUNTERPARTIES, string="Other Customers", required=True, default="pseudonymous")
    history_months = fields.Integer(string="Months of History", required=True, default=HISTORY_MONTHS)
    expires_on = fields.Date(
        string="Until",
        required=True,
        default=lambda self: fields.Date.context_today(self) + timedelta(days=VALID_DAYS),
        help="The last day, in universal time, on which the bank may use what it received.",
    )
    notice = fields.Text(string="What You Agree To", compute="_compute_notice")
    unmade_files = fields.Text(
        string="Files That Can't Be Made",
        compute="_compute_unmade_files",
        help="Electronic documents that the bank asks for and that Odoo refuses to write, and why.",
    )

    _history_bounded = models.Constraint(
        f"CHECK (history_months BETWEEN 0 AND {LONGEST_HISTORY_MONTHS})",
        f"The history goes back between 0 and {LONGEST_HISTORY_MONTHS} months.",
    )
    _once_per_bank = models.Constraint(
        "unique(application_id, bank_id)", "A request says once what a bank may read: change what it says already."
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("bank_id", "application_id.technique")
    def _compute_asked_sections(self):
        for proposal in self:
            bank, technique = proposal.bank_id, proposal.application_id.technique
            proposal.asked_sections = bank._scf_asked_sections(technique) if bank and technique else []

    @api.depends("bank_id", "asked_sections")
    def _compute_standing_id(self):
        for proposal in self:
            bank = proposal.bank_id._origin
            proposal.standing_id = bank and self.env["scf.consent"]._standing(bank, proposal._asked())

    @api.depends("bank_id")
    def _compute_use_standing(self):
        for proposal in self:
            proposal.use_standing = bool(proposal.standing_id)

    @api.depends("asked_sections")
    def _compute_section_ids(self):
        known = self.env["scf.section"].search([("is_always", "=", False)])
        for proposal in self:
            asked = proposal._asked()
            proposal.section_ids = known.filtered(lambda item, asked=asked: item.code in asked)

    @api.depends("section_ids", "asked_sections", "use_standing")
    def _compute_missing_sections(self):
        for proposal in self:
            left_out = proposal._asked() - set(proposal.section_ids.mapped("code"))
            missing = self.env["scf.section"].search([("code", "in", list(left_out))])
            proposal.missing_sections = not proposal._uses_standing() and ", ".join(missing.mapped("name"))

    @api.depends("bank_id", "section_ids", "counterparties", "history_months", "expires_on", "use_standing")
    def _compute_notice(self):
        for proposal in self:
            proposal.notice = proposal.standing_id.notice if proposal._uses_standing() else proposal._words()

    @api.depends("bank_id", "section_ids", "counterparties", "use_standing", "application_id.technique")
    def _compute_unmade_files(self):
        for proposal in self:
            proposal.unmade_files = "\n".join(
                self.env._(
                    "%(bank)s asks for an electronic file with %(number)s, and Odoo can't make it: %(reason)s",
                    bank=proposal.bank_id.sudo().name,
                    number=item.number,
                    reason=item.reason,
                )
                for item in proposal._unmade()
            )

    # -- constrains -------------------------------------------------------------------------------------------------

    @api.constrains("expires_on")
    def _check_expires_on(self):
        latest = fields.Date.context_today(self) + relativedelta(months=LONGEST_VALID_MONTHS)
        for proposal in self:
            if proposal.expires_on > latest:
                raise ValidationError(
                    self.env._(
                        "The consent for %(bank)s would last until %(date)s. A consent lasts %(months)s months at "
                        "most: choose %(latest)s or an earlier day, and give a new one when it ends.",
                        bank=proposal.bank_id.sudo().name,
                        date=format_date(self.env, proposal.expires_on),
                        months=LONGEST_VALID_MONTHS,
                        latest=format_date(self.env, latest),
                    )
                )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        proposals = super().create(vals_list)
        proposals._check_draft()
        return proposals

    def write(self, vals):
        self._check_draft()
        result = super().write(vals)
        self._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_in_draft(self):
        self._check_draft()

    def _check_draft(self):
        """What was agreed to is a consent by the time the banks are asked; what led to it is not rewritten."""
        if not self.env.su and any(proposal.application_id.state != "draft" for proposal in self):
            raise UserError(
                self.env._("The application has been sent. To change what the bank may read, take the consent back.")
            )

    # -- business ---------------------------------------------------------------------------------------------------

    def _asked(self):
        return set(self.asked_sections or ())

    def _uses_standing(self):
        return bool(self.use_standing and self.standing_id)

    def _unmade(self):
        """The files that the bank asks for and may read, and that can't be made of the records of today."""
        self.ensure_one()
        documents = self.application_id._documents_read_by_drafter()
        kinds = self.bank_id._scf_asked_files(self.application_id.technique) if documents else ()
        standing = self.standing_id if self._uses_standing() else None
        sections = standing.sections if standing else self.section_ids.mapped("code")
        if not kinds or "attachments" not in sections:
            return []
        counterparties = (standing or self).counterparties
        return documents._scf_ubl_files(kinds, of_buyers_only=counterparties == "pseudonymous")[1]

    def _sections(self):
        """The sections of a new consent, in the package's order."""
        always = self.env["scf.section"].search([("code", "in", ALWAYS)])
        return (always | self.section_ids._origin).sorted(lambda section: (section.sequence, section.id))

    def _words(self):
        """The new consent in plain words."""
        return self.env["scf.consent"]._words(
            self.bank_id,
            self.application_id.company_id or self.env.company,
            self._sections(),
            counterparties=self.counterparties,
            history_months=self.history_months,
            ends_on=self.expires_on,
        )

    def _terms(self, now):
        """The terms of the consent that this proposal stands for, new or in force, with their words."""
        self.ensure_one()
        if self._uses_standing():
            return self.standing_id._terms(), self.standing_id.notice
        notice = self._words()
        terms = self.env["scf.consent"]._new_terms(
            self.bank_id,
            notice,
            sections=self._sections().mapped("code"),
            counterparties=self.counterparties,
            history_months=self.history_months,
            now=now,
            expires_at=datetime.combine(self.expires_on, time(23, 59, 59)),
        )
        if terms.exp <= terms.iat:
            raise UserError(
                self.env._("The consent for %s would end before it begins. Choose a later day.", self.bank_id.name)
            )
        return terms, notice

    def _consent(self, now):
        """The consent in force, or a new one, which the current user grants.

        :raise UserError: where the consent that the user read has ended since: its words are no others' agreement
        """
        if self.use_standing and not self.standing_id:
            raise UserError(
                self.env._(
                    "The consent for %s that this request stood on is not in force any more. Look at what the bank may "
                    "read now, and take away “Use the consent in force” to agree to it.",
                    self.bank_id.name,
                )
            )
        if self._uses_standing():
            return self.standing_id
        terms, notice = self._terms(now)
        key = self.env["scf.key"].sudo()._for_company(self.application_id.company_id)
        return self.env["scf.consent"]._grant(terms, notice, bank=self.bank_id, key=key)
