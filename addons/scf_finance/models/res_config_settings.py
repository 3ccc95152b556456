from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    scf_journal_id = fields.Many2one(related="company_id.scf_journal_id", readonly=False)
    scf_loan_account_id = fields.Many2one(related="company_id.scf_loan_account_id", readonly=False)
    scf_interest_account_id = fields.Many2one(related="company_id.scf_interest_account_id", readonly=False)
    scf_fee_account_id = fields.Many2one(related="company_id.scf_fee_account_id", readonly=False)
    scf_clearing_account_id = fields.Many2one(related="company_id.scf_clearing_account_id", readonly=False)
    scf_penalty_account_id = fields.Many2one(related="company_id.scf_penalty_account_id", readonly=False)
    scf_accrued_account_id = fields.Many2one(related="company_id.scf_accrued_account_id", readonly=False)
    scf_deferred_fee_account_id = fields.Many2one(related="company_id.scf_deferred_fee_account_id", readonly=False)
    scf_loan_long_account_id = fields.Many2one(related="company_id.scf_loan_long_account_id", readonly=False)
    scf_assigned_account_id = fields.Many2one(related="company_id.scf_assigned_account_id", readonly=False)
    scf_holdback_account_id = fields.Many2one(related="company_id.scf_holdback_account_id", readonly=False)
    scf_write_off_account_id = fields.Many2one(related="company_id.scf_write_off_account_id", readonly=False)
    scf_fee_recognition = fields.Selection(related="company_id.scf_fee_recognition", readonly=False)
    scf_revalues_loans = fields.Boolean(related="company_id.scf_revalues_loans", readonly=False)
    scf_partner_id = fields.Many2one(related="company_id.partner_id")
    scf_collection_bank_account_id = fields.Many2one(
        related="company_id.scf_collection_bank_account_id",
        readonly=False,
        domain="[('partner_id', '=', scf_partner_id), ('allow_out_payment', '=', True)]",
    )
    scf_late_days = fields.Integer(related="company_id.scf_late_days", readonly=False)
    scf_coverage_percent = fields.Integer(related="company_id.scf_coverage_percent", readonly=False)
    scf_pledge_haircut = fields.Float(related="company_id.scf_pledge_haircut", readonly=False)
    scf_pledge_cover_percent = fields.Integer(related="company_id.scf_pledge_cover_percent", readonly=False)
    scf_concentration_percent = fields.Integer(related="company_id.scf_concentration_percent", readonly=False)

    def action_scf_set_up_books(self):
        """Open the assistant that proposes journal and accounts for the company's chart."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id("scf_finance.action_scf_books_setup")

    def action_scf_create_accounts(self):
        """Create the journal and the accounts that financing needs; what exists is kept."""
        self.ensure_one()
        self.company_id._scf_create_accounts()
        return {"type": "ir.actions.client", "tag": "reload"}
