import logging
from functools import partial

from dateutil.relativedelta import relativedelta
from openscf.errors import BankUnreachable

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .on_its_own import on_its_own

_logger = logging.getLogger(__name__)


class ScfLoan(models.Model):
    """The statement of each month, asked for by itself."""

    _inherit = "scf.loan"

    def _cron_fetch_statements(self):
        """Ask for last month's statement of each loan that ran in it and has none; compare anew what is not settled.

        The job runs daily, so that a bank that is down on the first of the month is asked again. What the time of one
        run does not suffice for is done in the next one, which follows at once.
        """
        if self._fetch_statements_due():
            self._compare_unsettled()

    def _fetch_statements_due(self):
        """Ask for the statements of last month.

        :return: whether all were; a bank that is out of reach for one loan is not asked for its others
        """
        month = fields.Date.context_today(self).replace(day=1)
        start, end = month - relativedelta(months=1), month - relativedelta(days=1)
        due = self.search(
            [
                ("start_date", "<=", end),
                ("entry_ids", "!=", False),
                "|",
                ("state", "in", ("active", "overdue")),
                ("entry_ids.value_date", ">=", start),
                ("statement_ids", "not any", [("date_from", "=", start), ("date_to", "=", end)]),
            ],
            order="id",
        )
        silent = set()
        for position, loan in enumerate(due, start=1):
            if loan.bank_id not in silent:
                on_its_own(loan, partial(loan._fetch_statement_quietly, start, end, silent))
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - position):
                return False
        return True

    def _compare_unsettled(self):
        """Compare what differed or was on its way, once a day, those first that were not looked at for longest."""
        today = fields.Datetime.start_of(fields.Datetime.now(), "day")
        unsettled = Domain("state", "=", "different") | Domain("clearing_open", "!=", 0)
        due = self.env["scf.statement"].search(
            unsettled & (Domain("compared_at", "=", False) | Domain("compared_at", "<", today)), order="compared_at, id"
        )
        for position, statement in enumerate(due, start=1):
            on_its_own(statement, statement._compare)
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - position):
                return

    def _fetch_statement_quietly(self, start, end, silent):
        """Ask, and tell whoever asked for the loan where the two disagree; a bank that is down is asked later.

        :param set silent: banks out of reach, which this one joins where it does not answer
        """
        try:
            statement = self._fetch_statement(start, end)
        except UserError as error:
            _logger.info("%s: no statement: %s", self.name, error)
            if isinstance(error.__cause__, BankUnreachable):
                silent.add(self.bank_id)
            return
        if statement.state == "different":
            self._warn(
                self.env._(
                    "The bank's statement of %(period)s shows %(count)s differences. Open the loan's statement.",
                    period=statement.display_name,
                    count=statement.difference_count,
                )
            )
