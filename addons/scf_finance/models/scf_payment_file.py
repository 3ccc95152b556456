import hashlib
from datetime import timedelta, timezone

from openscf import pain001
from openscf.errors import InputInvalid
from openscf.money import Money

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_amount, format_date

from odoo.addons.base_iban.models.res_partner_bank import validate_iban

from ..amounts import wire_money
from .scf_loan_clearing import DAYS_ON_THE_WAY


class ScfBank(models.Model):
    _inherit = "scf.bank"

    repayment_account_id = fields.Many2one(
        "res.partner.bank",
        string="Account for Repayments",
        domain="[('allow_out_payment', '=', True), ('company_id', 'in', (False, company_id))]",
        help="The bank's account that repayments are transferred to, from the loan agreement. Only where the bank does "
        "not draw them itself; only a trusted account (“Send Money”).",
    )

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | {"repayment_account_id"}


class ScfPaymentFile(models.Model):
    """A payment file (pain.001) that repays loans by transfer: made once for the same payment, kept as it was made."""

    _name = "scf.payment.file"
    _description = "Payment file"
    _inherit = ["scf.record.kept"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    execute_on = fields.Date(string="To Be Paid On", required=True, readonly=True)
    account_id = fields.Many2one("res.partner.bank", string="Paid From", required=True, readonly=True)
    line_ids = fields.One2many("scf.payment.file.line", "file_id", string="Payments", readonly=True)
    attachment_id = fields.Many2one("ir.attachment", string="File", readonly=True, ondelete="restrict")
    sha256 = fields.Char(string="SHA-256 of the File", readonly=True)
    state = fields.Selection(
        [("made", "Made"), ("void", "Void")], string="Status", required=True, readonly=True, default="made"
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A payment file is never deleted. Make it void where the bank did not get it."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_download(self):
        """Hand out the file."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
            "target": "download",
        }

    def action_void(self):
        """Say that the file was not given to the bank, so that the same payment can be made anew."""
        self.check_access("read")
        self._check_approver()
        for payment_file in self.sudo().filtered(lambda file: file.state == "made"):
            payment_file.state = "void"
            payment_file.line_ids.is_void = True
            for loan in payment_file.line_ids.loan_id:
                loan.message_post(
                    body=self.env._("Payment file %s was made void: it was not given to the bank.", payment_file.name)
                )

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _make(self, amounts, execute_on):
        """Write one file that repays each loan; the file that exists where it is for the very same payments.

        :param dict amounts: `scf.loan` → amount in the loan's currency
        :param date execute_on: when the bank is to pay
        :raise UserError: with what to do, where a payment can't be made
        """
        self._check_approver()
        loans = self.env["scf.loan"].union(*amounts)
        loans.check_access("read")
        files = self.sudo()
        # Two clicks, or two people, at once: the second one is refused here; a later one finds the first one's file.
        loans.sudo().lock_for_update()
        made = files._made_before(amounts, execute_on)
        if made:
            return made.with_env(self.env)
        self._check_payable(loans, amounts, execute_on)
        company = loans.company_id
        name = self.env["ir.sequence"].sudo().with_company(company).next_by_code("scf.payment.file")
        account = company.sudo().scf_collection_bank_account_id
        content = files._write_file(name, account, amounts, execute_on)
        payment_file = files.create(
            {
                "name": name,
                "company_id": company.id,
                "execute_on": execute_on,
                "account_id": account.id,
                "sha256": hashlib.sha256(content).hexdigest(),
                "line_ids": [
                    (0, 0, {"loan_id": loan.id, "execute_on": execute_on, "amount": amount})
                    for loan, amount in amounts.items()
                ],
            }
        )
        payment_file.attachment_id = files._keep_files(
            [
                {
                    "name": f"{name.replace('/', '-')}.pain001.xml",
                    "raw": content,
                    "mimetype": "application/xml",
                    "res_id": payment_file.id,
                }
            ]
        )
        payment_file._tell_loans()
        return payment_file.with_env(self.env)

    def _check_approver(self):
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise AccessError(self.env._("Only an approver may repay a loan from the company's own money."))

    def _check_payable(self, loans, amounts, execute_on):
        if len(loans.company_id) != 1:
            raise UserError(self.env._("One file pays from one company's account: choose loans of one company."))
        if execute_on < fields.Date.context_today(self):
            raise UserError(self.env._("Choose today or a later day: a bank does not pay in the past."))
        if not loans.company_id.sudo().scf_collection_bank_account_id:
            raise UserError(self.env._("Name the company's collection account in the settings first: it pays."))
        for loan in loans:
            if loan.state not in ("active", "overdue"):
                raise UserError(self.env._("Loan %s is not running: there is nothing to repay.", loan.name))
            account = loan.sudo().bank_id.repayment_account_id
            if not account or not account.allow_out_payment:
                raise UserError(
                    self.env._(
                        "%s has no trusted account for repayments. An administrator names it on the bank, from the "
                        "loan agreement.",
                        loan.bank_id.name,
                    )
                )
            owed = float(loan._balance(execute_on).total)
            # What another file, or the bank by itself, brings already is not paid a second time.
            left = max(owed - loan.sudo()._repayments_on_the_way(), 0.0)
            is_owed = 0 < amounts[loan] and loan.currency_id.compare_amounts(amounts[loan], owed) <= 0
            if is_owed and loan.currency_id.compare_amounts(amounts[loan], left) <= 0:
                continue
            if is_owed and (files := loan.sudo()._transfers_on_the_way().file_id):
                raise UserError(self._in_files_already(loan, files))
            raise UserError(
                self.env._(
                    "Repay %(loan)s an amount between 0 and what is owed on that day: %(owed)s.",
                    loan=loan.name,
                    owed=format_amount(self.env, left, loan.currency_id),
                )
            )

    def _in_files_already(self, loans, files):
        return self.env._(
            "%(loans)s: this payment is in the file %(files)s already. Download that file, or make it void.",
            loans=", ".join(loans.mapped("name")),
            files=", ".join(files.mapped("name")),
        )

    def _made_before(self, amounts, execute_on):
        """The file of the same payments.

        :raise UserError: where a file has one of them beside others
        """
        lines = self.env["scf.payment.file.line"].search(
            [
                ("loan_id", "in", [loan.id for loan in amounts]),
                ("execute_on", "=", execute_on),
                ("is_void", "=", False),
            ]
        )
        same = lines.filtered(
            lambda line: not line.currency_id.compare_amounts(line.amount, amounts[line.loan_id.with_env(self.env)])
        )
        files = same.file_id
        if (
            len(files) == 1
            and files.line_ids.loan_id == self.env["scf.loan"].union(*amounts).sudo()
            and files.line_ids == same
        ):
            return files
        if same:
            raise UserError(self._in_files_already(same.loan_id, files))
        return self.browse()

    def _write_file(self, name, account, amounts, execute_on):
        try:
            return pain001.write(
                message_id=name,
                created_at=fields.Datetime.now().replace(tzinfo=timezone.utc),
                payer=pain001.Payer(
                    name=account.acc_holder_name or account.partner_id.name,
                    account=_account_id(account),
                    bic=account.bank_id.bic or "",
                ),
                execute_on=execute_on,
                transfers=[
                    pain001.Transfer(
                        end_to_end_id=f"{name}/{number}",
                        amount=Money(**wire_money(amount, loan.currency_id.name)),
                        creditor=to.acc_holder_name or to.partner_id.name,
                        account=_account_id(to),
                        bic=to.bank_id.bic or "",
                        remittance=loan.name,
                    )
                    for number, (loan, amount) in enumerate(amounts.items(), start=1)
                    for to in loan.sudo().bank_id.repayment_account_id
                ],
            )
        except InputInvalid as error:
            raise UserError(self.env._("The payment file can't be made: %s", error)) from None

    def _tell_loans(self):
        for line in self.line_ids:
            line.loan_id.message_post(
                body=self.env._(
                    "Payment file %(file)s made: %(amount)s on %(day)s, from %(account)s. It is booked when the bank's "
                    "ledger shows it.",
                    file=self.name,
                    amount=format_amount(self.env, line.amount, line.currency_id),
                    day=format_date(self.env, line.execute_on),
                    account=self.account_id.acc_number,
                )
            )


class ScfPaymentFileLine(models.Model):
    """One repayment of a payment file."""

    _name = "scf.payment.file.line"
    _description = "Payment of a payment file"
    _inherit = ["scf.record.kept"]

    file_id = fields.Many2one("scf.payment.file", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="file_id.company_id", store=True, index=True, precompute=True)
    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    execute_on = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    is_void = fields.Boolean(readonly=True)

    _payment_once = models.UniqueIndex(
        "(loan_id, execute_on, amount) WHERE is_void IS NOT TRUE", "This payment is in a payment file already."
    )


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    def _transfers_on_the_way(self):
        """Payments of files that the ledger does not show yet, for as long as money takes between two banks.

        Nothing says which entry a transfer became: each repayment of the amount that came since stands for one.
        """
        self.ensure_one()
        earliest = fields.Date.context_today(self) - timedelta(days=DAYS_ON_THE_WAY)
        lines = self.env["scf.payment.file.line"].search(
            [("loan_id", "=", self.id), ("is_void", "=", False), ("execute_on", ">=", earliest)], order="id"
        )
        repayments = self.entry_ids.filtered(lambda entry: entry.type == "repayment")
        waiting = lines.browse()
        for line in lines:
            booked = repayments.filtered(
                lambda entry, line=line: (
                    entry.create_date >= line.create_date
                    and not line.currency_id.compare_amounts(entry.amount, line.amount)
                )
            )[:1]
            repayments -= booked
            if not booked:
                waiting += line
        return waiting


def _account_id(account):
    """The account as ISO 20022 names it: by its IBAN where it is one."""
    try:
        validate_iban(account.acc_number)
    except ValidationError:
        return pain001.AccountId(other=account.acc_number)
    return pain001.AccountId(iban=account.acc_number)
