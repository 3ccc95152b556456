from odoo import api, fields, models
from odoo.exceptions import AccessError

from .on_its_own import on_its_own


class AccountBankStatementLine(models.Model):
    """Money of financing on the company's own bank statement, matched with clearing by the loan's number."""

    _inherit = "account.bank.statement.line"

    scf_import_entry = fields.Char(
        string="Bank's Entry",
        readonly=True,
        copy=False,
        help="Reference of the entry in the file it came from.",
        prefetch="scf",
    )
    scf_import_part = fields.Integer(string="Part of the Entry", readonly=True, copy=False, prefetch="scf")

    _scf_import_once = models.UniqueIndex(
        "(journal_id, scf_import_entry, scf_import_part) WHERE scf_import_entry IS NOT NULL",
        "This line of the bank's file is here already.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        if any(company.scf_clearing_account_id for company in lines.company_id):
            self._scf_trigger_matching()
        return lines

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _scf_check_accountant(self):
        """Refuse whoever may not reconcile: in Odoo's community edition the administrator of accounting may.

        :raise AccessError: for everybody else
        """
        user = self.env.user
        if not (user.has_group("account.group_account_basic") or user.has_group("account.group_account_manager")):
            raise AccessError(
                self.env._(
                    "Only an accountant imports bank statements and matches them. Ask the accounting administrator."
                )
            )

    @api.model
    def _scf_trigger_matching(self):
        """Wake the job that matches, after the current transaction is committed."""
        self.env.ref("scf_finance.cron_match_clearing")._trigger()

    def _scf_money(self):
        """The currency and the amount that moved, in the other side's currency where it is another one."""
        if self.foreign_currency_id:
            return self.foreign_currency_id, self.amount_currency
        return self.currency_id, self.amount

    def _scf_match(self, items):
        """Book the line against the account of the journal items, and match it with them.

        :param items: `account.move.line` of one account that come to the line's own amount, open
        """
        self.ensure_one()
        _liquidity, suspense, _other = self._seek_for_lines()
        suspense.with_context(skip_readonly_check=True).write({"account_id": items.account_id.id})
        (suspense + items).reconcile()

    @api.model
    def _cron_match_clearing(self):
        """Match by itself what names its loan and can be nothing else, each loan in a step of its own."""
        domain = [("parent_state", "=", "posted"), ("reconciled", "=", False)]
        clearing = self.env["res.company"].search([("scf_clearing_account_id", "!=", False)]).scf_clearing_account_id
        items = self.env["account.move.line"].search([*domain, ("account_id", "in", clearing.ids)])
        loans = self.env["scf.loan.entry"].search([("move_id", "in", items.move_id.ids)]).loan_id
        for loan in loans:
            on_its_own(loan, loan._match_clearing)
