from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from odoo.addons.scf_finance.books.accounts import Purpose
from odoo.addons.scf_finance.checks.wording import term_on_screen

_lt = LazyTranslate(__name__)

OWED_TO_BANKS = Purpose(
    field="scf_payables_account_id",
    name=_lt("Payables to banks (supplier finance)"),
    used_for=_lt("Bills that banks paid early to suppliers: owed to the bank, on the bill's due date."),
    account_type="liability_payable",
    is_reconciled=True,
    beside=(r"payable|verbindlichkeiten|fournisseurs|proveedores|应付",),
)


class ResCompany(models.Model):
    _inherit = "res.company"

    scf_payables_account_id = fields.Many2one(
        "account.account",
        string="Payables to Banks",
        check_company=True,
        domain="[('account_type', 'in', ('liability_payable', 'liability_current')), ('reconcile', '=', True)]",
        help="Bills that banks paid early to suppliers. An account of its own, so that they are told from what is "
        "owed to suppliers (IAS 7.44H).",
        prefetch="scf",
    )

    def _scf_create_accounts(self):
        result = super()._scf_create_accounts()
        self._scf_create_payables_account()
        return result

    def _scf_create_payables_account(self):
        """Create the account of what is owed to banks for bills, beside the other payables; what is set is kept."""
        if not self.scf_payables_account_id:
            company = self.with_company(self)
            company.scf_payables_account_id = company._scf_create_account(
                OWED_TO_BANKS,
                company._scf_free_code(OWED_TO_BANKS, set()),
                term_on_screen(OWED_TO_BANKS.name, self.env),
            )

    def _scf_prepare_payable_books(self):
        """See that an early payment could be booked, before a bill is approved for one.

        :raise UserError: where the company keeps no books of financing yet
        """
        if "accounts" in self._scf_lacks():
            raise UserError(
                self.env._(
                    "%s has no accounts for financing yet. Create them in the settings of financing first.", self.name
                )
            )
        self._scf_create_payables_account()

    def write(self, vals):
        if "scf_payables_account_id" in vals:
            for company in self:
                company._scf_check_payables_account(vals["scf_payables_account_id"])
        return super().write(vals)

    def _scf_check_payables_account(self, account_id):
        """Refuse another account, or one that can't be matched on, while bills on it are owed to banks."""
        account = self.env["account.account"].with_company(self).browse(account_id)
        booked = self.sudo().scf_payables_account_id
        if account and not account.reconcile:
            raise UserError(
                self.env._(
                    "%(account)s does not allow reconciliation: what is paid is matched on it. Turn it on in the "
                    "account, or choose another one.",
                    account=account.display_name,
                )
            )
        if (
            booked
            and booked != account
            and self.env["scf.payable"]
            .sudo()
            .search_count([("company_id", "=", self.id), ("state", "in", ("paid", "overdue"))], limit=1)
        ):
            raise UserError(
                self.env._(
                    "%(account)s carries bills that are owed to banks: it can be replaced once they are settled.",
                    account=booked.display_name,
                )
            )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    scf_payables_account_id = fields.Many2one(related="company_id.scf_payables_account_id", readonly=False)
