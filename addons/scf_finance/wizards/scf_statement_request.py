import base64

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.scf_connector.adapters.base import BUTTON_PATIENCE

PERIODS = [
    ("last_month", "Last month"),
    ("this_month", "This month until today"),
    ("whole", "From the first day until today"),
    ("days", "Other days"),
]


# Without full rights: a dialog tells nobody when another company's loan began.
OF_THE_PERIOD = {
    "compute": "_compute_dates",
    "compute_sudo": False,
    "store": True,
    "readonly": False,
    "precompute": True,
}


class ScfStatementRequest(models.TransientModel):
    """Choose a period and ask the bank for the loan's statement, or give its file."""

    _name = "scf.statement.request"
    _description = "Ask for a loan's statement"

    loan_id = fields.Many2one("scf.loan", ondelete="cascade", readonly=True)
    period = fields.Selection(PERIODS, required=True, default="whole")
    date_from = fields.Date(string="From", **OF_THE_PERIOD)
    date_to = fields.Date(string="To", **OF_THE_PERIOD)
    content = fields.Binary(string="File (camt.053)", attachment=False)
    filename = fields.Char()

    @api.depends("period", "loan_id")
    def _compute_dates(self):
        today = fields.Date.context_today(self)
        month = today.replace(day=1)
        for request in self:
            if request.period == "last_month":
                request.date_from, request.date_to = month - relativedelta(months=1), month - relativedelta(days=1)
            elif request.period == "this_month":
                request.date_from, request.date_to = month, today
            elif request.period == "whole":
                request.date_from, request.date_to = request.loan_id.start_date or today, today

    def action_fetch(self):
        """Ask the bank, compare, and show it."""
        self.ensure_one()
        self.loan_id.check_access("read")
        if not self.loan_id or not self.date_from or not self.date_to or self.date_from > self.date_to:
            raise UserError(self.env._("Choose a first day that is not after the last one."))
        return self.loan_id._fetch_statement(self.date_from, self.date_to, BUTTON_PATIENCE)._open()

    def action_upload(self):
        """Take in the file: a statement of one or several loans, each found by its number."""
        self.ensure_one()
        if not self.content:
            raise UserError(self.env._("Choose the bank's camt.053 file first."))
        content = base64.b64decode(self.content)
        statements = self.env["scf.statement"]
        for statement in statements._read_file(content):
            statements += statements._take(self._loan_of(statement), statement, content)
        if len(statements) == 1:
            return statements._open()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statements in the file"),
            "res_model": "scf.statement",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", statements.ids)],
        }

    def _loan_of(self, statement):
        """The loan that the statement's account is; the one that the dialog was opened for where there is one."""
        if self.loan_id:
            self.loan_id.check_access("read")
            return self.loan_id
        loan = self.env["scf.loan"].search([("name", "=", statement.account.number)])
        if len(loan) != 1:
            raise UserError(
                self.env._(
                    "There is no loan %s in the companies that you have chosen. Is this another account's statement?",
                    statement.account.number,
                )
            )
        return loan
