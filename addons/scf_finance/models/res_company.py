from odoo import fields, models

from ..eligibility.statable import is_name

# What the books of a loan are kept with.
ACCOUNTS = (
    "scf_journal_id",
    "scf_loan_account_id",
    "scf_interest_account_id",
    "scf_fee_account_id",
    "scf_clearing_account_id",
)
# Codes to start from in a chart that has no account of the type yet.
FIRST_CODES = {"liability_current": "111000", "asset_current": "103000", "expense": "620000"}
JOURNAL_CODES = ("FIN", *(f"FIN{number}" for number in range(1, 100)))


class ResCompany(models.Model):
    _inherit = "res.company"

    scf_journal_id = fields.Many2one(
        "account.journal", string="Financing Journal", check_company=True, domain="[('type', '=', 'general')]"
    )
    scf_loan_account_id = fields.Many2one(
        "account.account",
        string="Bank Loans",
        check_company=True,
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
    )
    scf_interest_account_id = fields.Many2one("account.account", string="Financing Interest", check_company=True)
    scf_fee_account_id = fields.Many2one("account.account", string="Financing Fees", check_company=True)
    scf_clearing_account_id = fields.Many2one(
        "account.account",
        string="Financing Clearing",
        check_company=True,
        domain="[('account_type', '=', 'asset_current'), ('reconcile', '=', True)]",
        help="Money on its way between the bank's loan ledger and the bank statement. "
        "Match the statement's lines against it and it is zero.",
    )
    scf_collection_bank_account_id = fields.Many2one(
        "res.partner.bank",
        string="Collection Account",
        domain="[('partner_id', '=', partner_id), ('allow_out_payment', '=', True)]",
        help="The account that buyers pay to: banks pay out to it and draw repayments from it. Only a trusted account "
        "(“Send Money”) may be chosen.",
    )
    scf_late_days = fields.Integer(
        string="Buyer Pays Late From",
        default=10,
        help="Days late on average, weighted by amount, that are still good. A buyer three times as late is red.",
    )
    scf_coverage_percent = fields.Integer(
        string="Coverage Wanted",
        default=110,
        help="Money expected within the tenor, in percent of the amount asked for. Under 100 the light is red.",
    )
    scf_concentration_percent = fields.Integer(
        string="Share of One Buyer",
        default=40,
        help="The largest share of one buyer in what was invoiced that is still good, in percent. Over 80 is red.",
    )

    scf_pledge_haircut = fields.Float(
        string="Usual Haircut",
        digits=(5, 2),
        default=30.0,
        help="What a bank takes off the value of goods, in percent, until it says otherwise.",
    )
    scf_pledge_cover_percent = fields.Integer(
        string="Cover by Goods",
        default=100,
        help="Lending value of pledged goods wanted, in percent of what is owed, where the bank's terms say nothing.",
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

    def _scf_create_accounts(self):
        """Create the financing journal and accounts that are missing; what is set is kept."""
        self.ensure_one()
        company = self.with_company(self)
        account_specs = {
            "scf_loan_account_id": (self.env._("Bank loans (financing)"), "liability_current", True),
            "scf_clearing_account_id": (self.env._("Financing clearing"), "asset_current", True),
            "scf_interest_account_id": (self.env._("Financing interest"), "expense", False),
            "scf_fee_account_id": (self.env._("Financing fees"), "expense", False),
        }
        for field, (name, account_type, reconcile) in account_specs.items():
            if not company[field]:
                company[field] = company._scf_create_account(name, account_type, reconcile)
        if not company.scf_journal_id:
            company.scf_journal_id = company._scf_create_journal()

    def _scf_create_account(self, name, account_type, reconcile):
        accounts = self.env["account.account"].with_company(self)
        last = accounts.search(
            [("account_type", "=", account_type), ("company_ids", "in", self.ids)], order="code desc", limit=1
        )
        return accounts.create(
            {
                "name": name,
                "code": accounts._search_new_account_code(last.code or FIRST_CODES[account_type]),
                "account_type": account_type,
                "reconcile": reconcile,
                "company_ids": [(6, 0, self.ids)],
            }
        )

    def _scf_create_journal(self):
        journals = self.env["account.journal"].with_company(self)
        taken = set(journals.search([("company_id", "=", self.id)]).mapped("code"))
        code = next(code for code in JOURNAL_CODES if code not in taken)
        return journals.create(
            {
                "name": self.env._("Financing"),
                "code": code,
                "type": "general",
                "company_id": self.id,
                "show_on_dashboard": False,
            }
        )
