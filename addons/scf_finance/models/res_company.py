from odoo import fields, models
from odoo.exceptions import UserError

from ..books.accounts import FIRST_CODES, PURPOSES
from ..checks.wording import term_on_screen
from ..eligibility.statable import is_name

# What the books of any loan are kept with; the others are asked for where an entry or a period's end needs them.
ACCOUNTS = (
    "scf_journal_id",
    "scf_loan_account_id",
    "scf_interest_account_id",
    "scf_fee_account_id",
    "scf_clearing_account_id",
)
JOURNAL_CODES = ("FIN", *(f"FIN{number}" for number in range(1, 100)))


class ResCompany(models.Model):
    _inherit = "res.company"

    scf_journal_id = fields.Many2one(
        "account.journal",
        string="Financing Journal",
        check_company=True,
        domain="[('type', '=', 'general')]",
        prefetch="scf",
    )
    scf_loan_account_id = fields.Many2one(
        "account.account",
        string="Bank Loans",
        check_company=True,
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        prefetch="scf",
    )
    scf_interest_account_id = fields.Many2one(
        "account.account", string="Financing Interest", check_company=True, prefetch="scf"
    )
    scf_fee_account_id = fields.Many2one("account.account", string="Financing Fees", check_company=True, prefetch="scf")
    scf_clearing_account_id = fields.Many2one(
        "account.account",
        string="Financing Clearing",
        check_company=True,
        domain="[('account_type', '=', 'asset_current'), ('reconcile', '=', True)]",
        help="Money on its way between the bank's loan ledger and the bank statement. "
        "Match the statement's lines against it and it is zero.",
        prefetch="scf",
    )
    scf_penalty_account_id = fields.Many2one(
        "account.account",
        string="Default Interest",
        check_company=True,
        help="Penalties on what is paid late. Where it is empty they are booked with the fees.",
        prefetch="scf",
    )
    scf_accrued_account_id = fields.Many2one(
        "account.account",
        string="Accrued Financing Costs",
        check_company=True,
        domain="[('account_type', '=', 'liability_current')]",
        prefetch="scf",
    )
    scf_deferred_fee_account_id = fields.Many2one(
        "account.account",
        string="Deferred Financing Fees",
        check_company=True,
        domain="[('account_type', 'in', ('asset_prepayments', 'asset_current'))]",
        prefetch="scf",
    )
    scf_loan_long_account_id = fields.Many2one(
        "account.account",
        string="Bank Loans Due after a Year",
        check_company=True,
        domain="[('account_type', '=', 'liability_non_current')]",
        prefetch="scf",
    )
    scf_assigned_account_id = fields.Many2one(
        "account.account",
        string="Receivables Sold without Recourse",
        check_company=True,
        domain="[('account_type', '=', 'asset_current'), ('reconcile', '=', True)]",
        prefetch="scf",
    )
    scf_holdback_account_id = fields.Many2one(
        "account.account",
        string="Holdback Due from Banks",
        check_company=True,
        domain="[('account_type', '=', 'asset_current'), ('reconcile', '=', True)]",
        prefetch="scf",
    )
    scf_write_off_account_id = fields.Many2one(
        "account.account", string="Debt Given Up by Banks", check_company=True, prefetch="scf"
    )
    scf_fee_recognition = fields.Selection(
        [("expensed", "When they are paid"), ("spread", "Spread over the loan")],
        string="Fees Are a Cost",
        required=True,
        default="expensed",
        help="Spread: a fee of the terms is a cost of the whole term, in proportion to what is owed by the schedule "
        "and the days. What a bank charges for itself later is a cost at once. Loans granted before keep to what was "
        "set.",
        prefetch="scf",
    )
    scf_revalues_loans = fields.Boolean(
        string="Revalue Loans",
        default=True,
        help="At the end of a period, restate loans in foreign currencies at the day's rate, taken back the next day. "
        "Turn it off where all accounts are revalued by another report.",
        prefetch="scf",
    )
    scf_closed_until = fields.Date(
        string="Financing Closed Until",
        readonly=True,
        copy=False,
        help="The last period's end that was booked. What a bank tells later of a day until then is booked after it.",
        prefetch="scf",
    )
    scf_collection_bank_account_id = fields.Many2one(
        "res.partner.bank",
        string="Collection Account",
        domain="[('partner_id', '=', partner_id), ('allow_out_payment', '=', True)]",
        help="The account that buyers pay to: banks pay out to it and draw repayments from it. Only a trusted account "
        "(“Send Money”) may be chosen.",
        prefetch="scf",
    )
    scf_late_days = fields.Integer(
        string="Buyer Pays Late From",
        default=10,
        help="Days late on average, weighted by amount, that are still good. A buyer three times as late is red.",
        prefetch="scf",
    )
    scf_coverage_percent = fields.Integer(
        string="Coverage Wanted",
        default=110,
        help="Money expected within the tenor, in percent of the amount asked for. Under 100 the light is red.",
        prefetch="scf",
    )
    scf_concentration_percent = fields.Integer(
        string="Share of One Buyer",
        default=40,
        help="The largest share of one buyer in what was invoiced that is still good, in percent. Over 80 is red.",
        prefetch="scf",
    )

    scf_pledge_haircut = fields.Float(
        string="Usual Haircut",
        digits=(5, 2),
        default=30.0,
        help="What a bank takes off the value of goods, in percent, until it says otherwise.",
        prefetch="scf",
    )
    scf_pledge_cover_percent = fields.Integer(
        string="Cover by Goods",
        default=100,
        help="Lending value of pledged goods wanted, in percent of what is owed, where the bank's terms say nothing.",
        prefetch="scf",
    )

    _scf_limits = models.Constraint(
        "CHECK (scf_late_days BETWEEN 0 AND 365 AND scf_coverage_percent BETWEEN 100 AND 1000"
        " AND scf_concentration_percent BETWEEN 1 AND 100)",
        "Lateness is between 0 and 365 days, coverage between 100 and 1000 %, one buyer's share between 1 and 100 %.",
    )

    _scf_pledge_limits = models.Constraint(
        "CHECK (scf_pledge_haircut >= 0 AND scf_pledge_haircut < 100 AND scf_pledge_cover_percent BETWEEN 1 AND 1000)",
        "A haircut is from 0 to below 100 %, the cover by goods between 1 and 1000 %.",
    )

    def _scf_require(self, field):
        """The account or journal of that field, without which what a bank said can't be booked.

        :raise UserError: where the company has none; an event that fails with it is applied again later
        """
        self.ensure_one()
        record = self[field]
        if not record:
            raise UserError(
                self.env._(
                    "%(company)s has no “%(field)s”. Create the financing accounts in the settings, then apply the "
                    "event again.",
                    company=self.name,
                    field=self._fields[field]._description_string(self.env),
                )
            )
        return record

    def _scf_lacks(self):
        """What has to be there before a bank can be asked, and is not: "tax_id", "accounts", "collection", "trust".

        The rules read the same of the companies of many documents (`eligibility.facts.COMPANY_SETUP`).
        """
        self.ensure_one()
        account = self.scf_collection_bank_account_id
        is_trusted = account.active and account.allow_out_payment and account.partner_id == self.partner_id
        is_there = {
            "tax_id": is_name(self.partner_id.vat) and self.partner_id.country_id,
            "accounts": all(self[name] for name in ACCOUNTS),
            "collection": account,
            "trust": is_trusted or not account,
        }
        return [code for code, there in is_there.items() if not there]

    def _scf_check_accounts(self, values):
        """Refuse an account that can't serve, and another one, or none, where open loans are booked.

        :param dict values: what is to be written on the company
        :raise UserError: with what to do
        """
        accounts = self.env["account.account"].with_company(self)
        for purpose in PURPOSES:
            account, booked = accounts.browse(values.get(purpose.field)), self[purpose.field]
            if purpose.field not in values or account == booked:
                continue
            if account and purpose.is_reconciled and not account.reconcile:
                raise UserError(
                    self.env._(
                        "%(account)s does not allow reconciliation: items of loans are matched on it. Turn it on in "
                        "the account, or choose another one.",
                        account=account.display_name,
                    )
                )
            if booked and not purpose.is_cost and self._scf_carries_loans(booked):
                raise UserError(
                    self.env._(
                        "%(account)s carries loans that are not repaid: it can be replaced once they are.",
                        account=booked.display_name,
                    )
                )

    def _scf_carries_loans(self, account):
        [(balance,)] = self.env["account.move.line"]._read_group(
            [
                ("company_id", "=", self.id),
                ("account_id", "=", account.id),
                ("scf_loan_id.state", "in", ("active", "overdue")),
                ("parent_state", "=", "posted"),
            ],
            [],
            ["__count"],
        )
        return bool(balance)

    def write(self, vals):
        if any(purpose.field in vals for purpose in PURPOSES):
            for company in self:
                company.sudo()._scf_check_accounts(vals)
        return super().write(vals)

    def _scf_create_accounts(self):
        """Create the financing journal and accounts that are missing; what is set is kept."""
        self.ensure_one()
        company, codes = self.with_company(self), set()
        for purpose in PURPOSES:
            if not company[purpose.field]:
                code = company._scf_free_code(purpose, codes)
                company[purpose.field] = company._scf_create_account(
                    purpose, code, term_on_screen(purpose.name, self.env)
                )
        if not company.scf_journal_id:
            company.scf_journal_id = company._scf_create_journal()

    def _scf_accounts_like(self, purpose):
        """The company's accounts that serve a purpose, by code, and the one among them whose name says it best."""
        accounts = (
            self.env["account.account"]
            .with_company(self)
            .search(
                [("account_type", "in", purpose.account_types), ("company_ids", "parent_of", self.ids)],
                order="code, id",
            )
        )
        english = dict(zip(accounts.ids, accounts.with_context(lang="en_US").mapped("name"), strict=True))
        best = purpose.best((account.id, (account.name, english[account.id])) for account in accounts)
        return accounts, accounts.browse(best or ())

    def _scf_free_code(self, purpose, taken):
        """A code for a new account that fits the chart: beside an account like it, else after the last of its type.

        :param set taken: codes that were proposed for other accounts; the new one is added
        """
        accounts, beside = self._scf_accounts_like(purpose)
        start = (beside or accounts[-1:]).code or FIRST_CODES[purpose.account_type]
        code = accounts._search_new_account_code(start, cache={start, *taken})
        taken.add(code)
        return code

    def _scf_create_account(self, purpose, code, name):
        return (
            self.env["account.account"]
            .with_company(self)
            .create(
                {
                    "name": name,
                    "code": code,
                    "account_type": purpose.account_type,
                    "reconcile": purpose.is_reconciled,
                    "company_ids": [(6, 0, self.ids)],
                }
            )
        )

    def _scf_free_journal_code(self):
        journals = self.env["account.journal"].with_company(self)
        taken = set(journals.search([("company_id", "=", self.id)]).mapped("code"))
        return next(code for code in JOURNAL_CODES if code not in taken)

    def _scf_create_journal(self, code=None, name=None):
        return (
            self.env["account.journal"]
            .with_company(self)
            .create(
                {
                    "name": name or self.env._("Financing"),
                    "code": code or self._scf_free_journal_code(),
                    "type": "general",
                    "company_id": self.id,
                    "show_on_dashboard": False,
                }
            )
        )
