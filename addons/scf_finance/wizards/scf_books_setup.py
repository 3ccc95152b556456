from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..books.accounts import PURPOSES
from ..checks.wording import term_on_screen

OF_FIELD = {purpose.field: purpose for purpose in PURPOSES}


class ScfBooksSetup(models.TransientModel):
    """Propose journal and accounts for a company's loans: what is set is kept, the rest chosen or created."""

    _name = "scf.books.setup"
    _description = "Set up the books of loans"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company)
    journal_id = fields.Many2one(
        "account.journal",
        domain="[('type', '=', 'general'), ('company_id', '=', company_id)]",
        check_company=True,
        help="Empty: the journal named below is created.",
    )
    journal_code = fields.Char(string="New Journal's Code", size=5)
    journal_name = fields.Char(string="New Journal's Name")
    fee_recognition = fields.Selection(
        lambda self: self.env["res.company"]._fields["scf_fee_recognition"]._description_selection(self.env),
        string="Fees Are a Cost",
        required=True,
    )
    revalues_loans = fields.Boolean(string="Revalue Loans at the End of a Period")
    line_ids = fields.One2many("scf.books.setup.line", "setup_id")
    created_count = fields.Integer(string="Accounts to Be Created", compute="_compute_created_count")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("line_ids.account_id")
    def _compute_created_count(self):
        for setup in self:
            setup.created_count = len(setup.line_ids.filtered(lambda line: not line.account_id))

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        self._check_accountant(self.env.company)
        company = self.env.company.sudo().with_company(self.env.company)
        journal = company.scf_journal_id
        proposed = {
            "journal_id": journal.id,
            "journal_code": False if journal else company._scf_free_journal_code(),
            "journal_name": False if journal else self.env._("Financing"),
            "fee_recognition": company.scf_fee_recognition,
            "revalues_loans": company.scf_revalues_loans,
            "line_ids": [Command.create(line) for line in self._proposed_lines(company)],
        }
        return {**values, **{name: value for name, value in proposed.items() if name in fields}}

    def _proposed_lines(self, company):
        taken = set()
        for purpose in PURPOSES:
            account, is_kept = company[purpose.field], bool(company[purpose.field])
            if not account and purpose.is_cost:
                account = company._scf_accounts_like(purpose)[1]
            name = term_on_screen(purpose.name, self.env)
            if not account:
                # An account that an earlier run created, and nobody chose any more.
                account = company._scf_accounts_like(purpose)[0].filtered(
                    lambda found, name=name, purpose=purpose: (
                        found.name == name and found.reconcile == purpose.is_reconciled
                    )
                )[:1]
            yield {
                "field_name": purpose.field,
                "is_kept": is_kept,
                "account_id": account.id,
                "code": False if account else company._scf_free_code(purpose, taken),
                "name": False if account else name,
            }

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_apply(self):
        """Create what is to be created, and set all of it on the company."""
        self.ensure_one()
        self._check_accountant(self.company_id)
        company = self.company_id.sudo().with_company(self.company_id)  # the role was checked
        values = {
            line.field_name: (line.account_id or line._create_account(company)).id
            for line in self.line_ids
            if not company[line.field_name] or line.account_id != company[line.field_name]
        }
        journal = self.journal_id or company.scf_journal_id
        if not journal:
            journal = company._scf_create_journal(self.journal_code, self.journal_name)
        values["scf_journal_id"] = journal.id
        values["scf_fee_recognition"] = self.fee_recognition
        values["scf_revalues_loans"] = self.revalues_loans
        company.write(values)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.model
    def _check_accountant(self, company):
        if not self.env.user.has_group("account.group_account_manager") or company not in self.env.companies:
            raise AccessError(self.env._("Only an administrator of accounting may set up the books of loans."))


class ScfBooksSetupLine(models.TransientModel):
    """One account of the set-up: the one that is there, or the one to be created."""

    _name = "scf.books.setup.line"
    _description = "Account of the books of loans"
    _order = "id"
    _check_company_auto = True

    setup_id = fields.Many2one("scf.books.setup", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="setup_id.company_id")
    field_name = fields.Selection([(field, field) for field in OF_FIELD], required=True, readonly=True)
    purpose = fields.Char(string="Account", compute="_compute_purpose")
    used_for = fields.Char(compute="_compute_purpose")
    account_type = fields.Char(compute="_compute_purpose")
    is_reconciled = fields.Boolean(compute="_compute_purpose")
    is_kept = fields.Boolean(string="Set", readonly=True)
    account_id = fields.Many2one("account.account", string="Existing Account", check_company=True)
    code = fields.Char(string="New Code")
    name = fields.Char(string="New Name")

    @api.depends("field_name")
    def _compute_purpose(self):
        for line in self:
            purpose = OF_FIELD[line.field_name]
            line.purpose = self.env["res.company"]._fields[line.field_name]._description_string(self.env)
            line.used_for = term_on_screen(purpose.used_for, self.env)
            line.account_type = purpose.account_type
            line.is_reconciled = purpose.is_reconciled

    @api.onchange("account_id")
    def _onchange_account_id(self):
        if not self.account_id and not self.code:
            purpose = OF_FIELD[self.field_name]
            taken = set(self.setup_id.line_ids.mapped("code")) - {False}
            company = self.company_id.sudo().with_company(self.company_id)
            self.code = company._scf_free_code(purpose, taken)
            self.name = term_on_screen(purpose.name, self.env)

    def _create_account(self, company):
        purpose = OF_FIELD[self.field_name]
        if not self.code or not self.name:
            raise UserError(
                self.env._("Choose an account for “%s”, or give the new one a code and a name.", self.purpose)
            )
        return company._scf_create_account(purpose, self.code, self.name)
