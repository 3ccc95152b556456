import logging
from functools import partial

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .on_its_own import on_its_own

_logger = logging.getLogger(__name__)


class ScfLoan(models.Model):
    """The statement of each month, asked for by itself."""

    _inherit = "scf.loan"

    def _cron_fetch_statements(self):
        """Ask for last month's statement of each loan that ran in it and has none; compare anew what is not settled.

        The job runs daily, so that a bank that is down on the first of the month is asked again.
        """
        month = fields.Date.context_today(self).replace(day=1)
        start, end = month - relativedelta(months=1), month - relativedelta(days=1)
        ran = self.search(
            [
                ("start_date", "<=", end),
                ("entry_ids", "!=", False),
                "|",
                ("state", "in", ("active", "overdue")),
                ("entry_ids.value_date", ">=", start),
            ]
        )
        has_one = ran.statement_ids.filtered(lambda statement: (statement.date_from, statement.date_to) == (start, end))
        due = ran - has_one.loan_id
        for position, loan in enumerate(due, start=1):
            on_its_own(loan, partial(loan._fetch_statement_quietly, start, end))
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - position):
                return
        unsettled = ["|", ("state", "=", "different"), ("clearing_open", "!=", 0)]
        for statement in self.env["scf.statement"].search(unsettled):
            on_its_own(statement, statement._compare)

    def _fetch_statement_quietly(self, start, end):
        """Ask, and tell whoever asked for the loan where the two disagree; a bank that is down is asked later."""
        try:
            statement = self._fetch_statement(start, end)
        except UserError as error:
            _logger.info("%s: no statement: %s", self.name, error)
            return
        if statement.state == "different":
            self._warn(
                self.env._(
                    "The bank's statement of %(period)s shows %(count)s differences. Open the loan's statement.",
                    period=statement.display_name,
                    count=statement.difference_count,
                )
            )
