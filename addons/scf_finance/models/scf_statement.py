import base64
import hashlib

from openscf import camt
from openscf.errors import InputInvalid, OpenSCFError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.scf_connector.adapters.base import BUTTON_PATIENCE, JOB_PATIENCE

from ..amounts import exact
from .scf_statement_line import STATUSES


class ScfStatement(models.Model):
    """A bank's statement of a loan for a period, as it came, compared line by line with our ledger and our books."""

    _name = "scf.statement"
    _description = "Statement of a loan"
    _inherit = ["scf.record.kept"]
    _order = "date_to desc, id desc"

    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="loan_id.company_id", store=True, index=True, precompute=True)
    bank_id = fields.Many2one(related="loan_id.bank_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="loan_id.currency_id", store=True, precompute=True)
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True)
    source = fields.Selection(
        [("bank", "Asked of the bank, signed"), ("file", "File that somebody gave")], required=True, readonly=True
    )
    content = fields.Binary(string="File", readonly=True, attachment=True)
    filename = fields.Char(compute="_compute_filename")
    sha256 = fields.Char(string="SHA-256 of the File", readonly=True)
    signature = fields.Char(string="Bank's Signature", readonly=True, help="Detached JWS over the file's bytes.")
    made_at = fields.Datetime(string="Made by the Bank", readonly=True)
    received_at = fields.Datetime(string="Received", required=True, readonly=True, default=fields.Datetime.now)
    compared_at = fields.Datetime(string="Compared", readonly=True)
    bank_opening = fields.Monetary(string="Opening: Bank", readonly=True, help="Principal owed before the first day.")
    ledger_opening = fields.Monetary(string="Opening: Our Ledger", readonly=True)
    book_opening = fields.Monetary(string="Opening: Journal", readonly=True)
    bank_closing = fields.Monetary(string="Closing: Bank", readonly=True, help="Principal owed after the last day.")
    ledger_closing = fields.Monetary(string="Closing: Our Ledger", readonly=True)
    book_closing = fields.Monetary(string="Closing: Journal", readonly=True)
    clearing_open = fields.Monetary(
        string="Open on Clearing", readonly=True, help="Money that the bank booked and no bank statement shows yet."
    )
    line_ids = fields.One2many("scf.statement.line", "statement_id", readonly=True)
    entry_line_ids = fields.One2many(
        "scf.statement.line", "statement_id", string="Lines", domain=[("about", "=", "entry")], readonly=True
    )
    difference_line_ids = fields.One2many(
        "scf.statement.line", "statement_id", string="Differences", domain=[("status", "!=", "agreed")], readonly=True
    )
    clearing_line_ids = fields.One2many(
        "scf.statement.line", "statement_id", string="On Clearing", domain=[("about", "=", "clearing")], readonly=True
    )
    difference_count = fields.Integer(string="Number of Differences", readonly=True)
    state = fields.Selection(STATUSES, string="Status", readonly=True, index=True)

    _period_once = models.UniqueIndex("(loan_id, date_from, date_to)", "A loan has one statement for each period.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("loan_id", "date_from", "date_to")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = self.env._(
                "%(loan)s, %(start)s – %(end)s",
                loan=statement.loan_id.name or "",
                start=format_date(self.env, statement.date_from),
                end=format_date(self.env, statement.date_to),
            )

    @api.depends("loan_id", "date_from", "date_to")
    def _compute_filename(self):
        for statement in self:
            statement.filename = f"{statement.loan_id.name}-{statement.date_from}-{statement.date_to}.camt053.xml"

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A bank's statement is never deleted. Ask the bank for it again."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_compare(self):
        """Compare with the ledger and the books as they are now."""
        self.check_access("read")
        self._compare()

    def action_fetch_again(self):
        """Ask the bank to make the statement of this period anew, and compare."""
        self.ensure_one()
        self.check_access("read")
        return self.loan_id._fetch_statement(self.date_from, self.date_to, BUTTON_PATIENCE)._open()

    def action_match_clearing(self):
        """Match what waits on the clearing account with bank statement lines that can be nothing else."""
        self.ensure_one()
        self.check_access("read")
        self.env["account.bank.statement.line"]._scf_check_accountant()
        self.sudo().loan_id._match_clearing()
        self._compare()

    def _open(self):
        """The screen of this statement, compared with today's ledger and books."""
        self._compare()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _read_file(self, content):
        """The statements in a file of a bank.

        :param bytes content: camt.053 or camt.054
        :rtype: tuple[openscf.camt.Statement, ...]
        :raise UserError: with the reason why it can't be read, for whoever chose the file
        """
        try:
            return camt.read(content)
        except InputInvalid as error:
            raise UserError(self.env._("This file can't be taken in: %s", error)) from None

    @api.model
    @api.private
    def _take(self, loan, statement, content, signature=None):
        """Keep a statement of the loan's account in the place of an earlier one of the same period, and compare it.

        :param statement: the `openscf.camt.Statement` of the loan's account
        :param bytes content: the file that it is in
        :param str signature: the bank's, where it was checked
        """
        self._check_fits(loan, statement)
        values = {
            "source": "bank" if signature else "file",
            "content": base64.b64encode(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "signature": signature,
            "made_at": fields.Datetime.to_string(statement.created_at) if statement.created_at else False,
            "received_at": fields.Datetime.now(),
        }
        period = [
            ("loan_id", "=", loan.id),
            ("date_from", "=", statement.start),
            ("date_to", "=", statement.end),
        ]
        kept = self.sudo().search(period)
        if kept.signature and not signature:
            raise UserError(self.env._("The bank's signed statement of this period is here: no file replaces it."))
        if kept:
            kept.write(values)
        else:
            kept = self.sudo().create(
                {"loan_id": loan.id, "date_from": statement.start, "date_to": statement.end, **values}
            )
        kept._compare()
        return kept.with_env(self.env)

    def _check_fits(self, loan, statement):
        if statement.kind != "camt.053":
            raise UserError(self.env._("A loan's statement is a camt.053; this file is a %s.", statement.kind))
        if statement.account.number != loan.name:
            raise UserError(
                self.env._(
                    "The statement is of account %(account)s, not of loan %(loan)s.",
                    account=statement.account.number,
                    loan=loan.name,
                )
            )
        if statement.currency != loan.currency_id.name:
            raise UserError(
                self.env._(
                    "The statement is in %(theirs)s, but loan %(loan)s is in %(ours)s. Ask the bank.",
                    theirs=statement.currency,
                    loan=loan.name,
                    ours=loan.currency_id.name,
                )
            )
        if not (statement.start and statement.end and statement.opening and statement.closing):
            raise UserError(
                self.env._("The statement lacks its period, or a balance at its start or end. Ask the bank for it.")
            )

    def _own_statement(self):
        """The statement of this loan and period out of the file; a file may hold those of several loans."""
        return next(
            statement
            for statement in self._read_file(base64.b64decode(self.with_context(bin_size=False).content))
            if (statement.account.number, statement.start, statement.end)
            == (self.loan_id.name, self.date_from, self.date_to)
        )

    def _exact(self, amount):
        return exact(amount, self.currency_id.name)


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    statement_ids = fields.One2many("scf.statement", "loan_id", string="Statements", readonly=True)
    statement_state = fields.Selection(
        STATUSES, string="Loan Statement", compute="_compute_statement_state", help="How the latest statement compares."
    )

    @api.depends("statement_ids.state")
    def _compute_statement_state(self):
        for loan in self:
            loan.statement_state = loan.statement_ids[:1].state

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_statements(self):
        """Open the latest statement, compared anew; the dialog that asks for one where there is none."""
        self.ensure_one()
        self.check_access("read")
        latest = self.statement_ids[:1]
        return latest._open() if latest else self.action_ask_statement()

    def action_ask_statement(self):
        """Open the dialog that chooses a period and asks the bank."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statement of %s", self.name),
            "res_model": "scf.statement.request",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_loan_id": self.id},
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _fetch_statement(self, start, end, patience=JOB_PATIENCE):
        """Ask the bank for the statement of a period, both days included, and compare it.

        :param Patience patience: how long to wait for the bank
        :raise UserError: with what to do where the bank does not answer, or not as it should
        """
        self.ensure_one()
        try:
            answer = self.sudo().bank_id._adapter(patience).statement(self.bank_loan_ref, start, end)
        except OpenSCFError as error:
            raise UserError(
                self.env._(
                    "%(bank)s did not give the statement: %(error)s You may upload its camt.053 file instead.",
                    bank=self.bank_id.name,
                    error=error,
                )
            ) from error
        statements = self.env["scf.statement"]
        of_loan = [
            statement
            for statement in statements._read_file(answer.content)
            if statement.account.number == self.name and (statement.start, statement.end) == (start, end)
        ]
        if len(of_loan) != 1:
            raise UserError(
                self.env._(
                    "%(bank)s sent a statement of another loan or period than was asked for. Ask the bank.",
                    bank=self.bank_id.name,
                )
            )
        return statements._take(self, of_loan[0], answer.content, answer.signature)
