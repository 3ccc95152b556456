from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    scf_journal_id = fields.Many2one("account.journal", string="Financing Journal", check_company=True,
                                     domain="[('type', '=', 'general')]")
    scf_loan_account_id = fields.Many2one(
        "account.account", string="Bank Loans", check_company=True,
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
    )
    scf_interest_account_id = fields.Many2one("account.account", string="Financing Interest", check_company=True)
    scf_fee_account_id = fields.Many2one("account.account", string="Financing Fees", check_company=True)
    scf_clearing_account_id = fields.Many2one(
        "account.account", string="Financing Clearing", check_company=True,
        domain="[('account_type', '=', 'asset_current'), ('reconcile', '=', True)]",
        help="Money on its way between the bank's loan ledger and the bank statement. "
             "Match the statement's lines against it and it is zero.",
    )
    scf_collection_bank_account_id = fields.Many2one(
        "res.partner.bank", string="Collection Account", domain="[('partner_id', '=', partner_id)]",
        help="The account that buyers pay to: it is assigned to the bank, which draws repayments from it.",
    )
