"""Where each running loan stands, and what its buyers may be expected to bring: stored, and refreshed by the day."""

import logging
from datetime import date
from decimal import Decimal

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_amount, split_every

from ..amounts import exact
from ..outlook.coverage import outlook
from ..outlook.expected import Financed, read_expected
from ..outlook.habits import Habits, read_habits
from ..outlook.standing import standing
from .on_its_own import on_its_own

_logger = logging.getLogger(__name__)

RUNNING = ("active", "overdue")
# The technique of a working-capital line, which a share of all collections repays.
LINE = "revolving_line"
BUCKETS = [
    ("current", "Not past due"),
    ("late_30", "1 to 30 days"),
    ("late_60", "31 to 60 days"),
    ("late_90", "61 to 90 days"),
    ("late_more", "More than 90 days"),
]
OUTLOOKS = [
    ("good", "Covered"),
    ("thin", "Barely covered"),
    ("short", "Not covered"),
]
PAYOFFS = [
    ("in_time", "In time"),
    ("late", "Later than due"),
    ("own_money", "Only with own money"),
]
# So many loans at a time: their ledgers are read at once, and what was worked out is kept however long the job takes.
LOANS_AT_ONCE = 500
NOTHING = {
    "days_past_due": 0,
    "bucket": False,
    "past_due_amount": 0.0,
    "next_due_date": False,
    "next_due_amount": 0.0,
    "outlook": False,
    "outlook_date": False,
    "outlook_needed": 0.0,
    "outlook_expected": 0.0,
    "outlook_missing": 0.0,
    "coverage_percent": 0.0,
    "expected_payoff_date": False,
    "payoff": False,
}


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    days_past_due = fields.Integer(
        readonly=True, aggregator="max", help="Days since the oldest due date that is not paid in full."
    )
    bucket = fields.Selection(BUCKETS, string="Past Due For", readonly=True, index="btree_not_null")
    past_due_amount = fields.Monetary(string="Past Due", readonly=True)
    next_due_date = fields.Date(string="Next Due On", readonly=True)
    next_due_amount = fields.Monetary(string="Due Next", readonly=True)
    outlook = fields.Selection(
        OUTLOOKS,
        string="Expected to Be Covered",
        readonly=True,
        index="btree_not_null",
        help="Whether the money that is expected for what the loan financed pays what falls due. Barely: less than the "
        "coverage that the company wants (Settings).",
    )
    outlook_date = fields.Date(string="Not Covered On", readonly=True, help="The first due date that is not covered.")
    outlook_needed = fields.Monetary(string="To Pay by Then", readonly=True)
    outlook_expected = fields.Monetary(string="Expected by Then", readonly=True)
    outlook_missing = fields.Monetary(string="Missing", readonly=True)
    coverage_percent = fields.Float(
        string="Coverage (%)",
        digits=(5, 1),
        readonly=True,
        aggregator="min",
        help="What is expected by what falls due, on the worst due date.",
    )
    expected_payoff_date = fields.Date(
        string="Expected to Be Repaid On",
        readonly=True,
        help="The day on which the expected collections will have repaid the loan, from how these buyers pay. Empty "
        "where they don't repay all of it.",
    )
    payoff = fields.Selection(
        PAYOFFS,
        string="Repaid as Expected",
        readonly=True,
        help="Whether the expected collections repay the loan by its last due date, later, or not at all.",
    )
    prospects = fields.Json(readonly=True, help="What is expected, and by which habits of the buyers.")
    followed_on = fields.Date(string="Worked Out On", readonly=True)
    due_ids = fields.One2many("scf.loan.due", "loan_id", string="Still to Pay", readonly=True)

    _running_idx = models.Index("(company_id, due_date, id) WHERE state IN ('active', 'overdue')")

    # -- business: refreshing ---------------------------------------------------------------------------------------

    def _cron_overdue(self):
        """Work out anew where the running loans stand, what they may expect, and warn of what is or will be past due.

        The number of queries depends on the companies and on how many loans have news, never on the loans.
        """
        ids = self.search([("state", "in", RUNNING)], order="company_id, id").ids
        habits, done = {}, 0
        for part in split_every(LOANS_AT_ONCE, ids):
            self.browse(part)._follow(habits)
            done += len(part)
            if done < len(ids) and not self.env["ir.cron"]._commit_progress(len(part), remaining=len(ids) - done):
                break

    def _follow(self, habits=None):
        """Refresh what is stored about these loans.

        :param dict habits: the day's `Habits` by company, filled here: it is the daily job, which warns. None: the
            habits are those that each loan keeps since then, and nothing but the end of a warning is told
        """
        running = self.filtered(lambda loan: loan.state in RUNNING and loan.start_date)
        today = fields.Date.context_today(self)
        standings, failed = running._standings(today)
        followed = self.browse([loan.id for loan in standings])
        prospects = followed._prospects(habits, today)
        on_its_way = followed._collected_on_its_way()
        self.env["scf.loan.due"]._replace({loan: stands.dues for loan, stands in standings.items()})
        self.env["scf.loan.due"]._replace(dict.fromkeys(self - running, ()))
        for loan, stands in standings.items():
            loan._take_standing(stands, prospects[loan.id], on_its_way.get(loan, Decimal(0)))
        for loan in self - running:
            loan._write_changes({**NOTHING, "followed_on": today})
        for loan in failed:
            on_its_own(loan, loan._tell_unchecked)
        for loan in self - failed:
            if loan._has_news(is_daily=habits is not None):
                on_its_own(loan, loan._warn_of_dues)

    def _standings(self, today):
        """Replay the ledgers: {loan: `Standing`}, and the loans where that failed; the log says why."""
        found, failed = {}, self.browse()
        for loan in self:
            try:
                found[loan] = loan._standing(today)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                _logger.exception("scf.loan %s can't be replayed and waits for the next run", loan.id)
                failed += loan
        return found, failed

    def _standing(self, today):
        """Where the loan stands by its ledger (`outlook.standing.Standing`)."""
        days = [date.fromisoformat(row["due_date"]) for row in self.schedule or ()]
        return standing(self._terms(), self._events(), [*days, self.due_date] if self.due_date else days, today)

    def _past_due(self):
        """What should have been paid by now and was not, in the loan's currency."""
        return self._standing(fields.Date.context_today(self)).past_due

    def _prospects(self, habits, today):
        """What is expected for these loans, by id (`outlook.expected.Prospect`), with the habits it was taken from."""
        kept = {loan.id: Habits.from_json(loan.prospects["habits"]) for loan in self if loan.prospects}
        habits = {} if habits is None and not all(loan.id in kept for loan in self) else habits
        for company in self.company_id if habits is not None else ():
            if company not in habits:
                habits[company] = read_habits(self.env, company, today)
        habit_of = {loan.id: habits[loan.company_id] if habits is not None else kept[loan.id] for loan in self}
        found = read_expected(
            self.env,
            [
                Financed(
                    loan.id,
                    loan.application_id.id,
                    loan.company_id.id,
                    loan.currency_id.name,
                    is_line=loan.technique == LINE,
                )
                for loan in self
            ],
            lambda financed: habit_of[financed.loan_id],
            today,
        )
        for loan in self:
            prospect = found[loan.id]
            loan._write_changes(
                {
                    "prospects": {
                        "habits": habit_of[loan.id].of_buyers(prospect.buyer_ids).to_json(),
                        "rows": [item.to_json() for item in prospect.expected],
                    }
                }
            )
        return {loan.id: found[loan.id].expected for loan in self}

    def _collected_on_its_way(self):
        """By loan: what was collected and the bank has not booked, less what was undone: one query."""
        groups = self.env["scf.collection"]._read_group(
            [("loan_id", "in", self.ids), ("state", "in", ("found", "reported")), ("kind", "!=", "dilution")],
            ["loan_id", "kind"],
            ["amount:sum"],
        )
        sums = {}
        for loan, kind, amount in groups:
            signed = exact(amount, loan.currency_id.name) * (-1 if kind == "undone" else 1)
            sums[loan] = sums.get(loan, Decimal(0)) + signed
        return {loan: max(amount, Decimal(0)) for loan, amount in sums.items()}

    def _take_standing(self, stands, expected, on_its_way):
        """Write down where the loan stands and what it may expect.

        :param stands: `outlook.standing.Standing`
        :param expected: tuple of `outlook.expected.Expected`
        :param Decimal on_its_way: collected, and not in the bank's ledger yet
        """
        ahead = outlook(
            self._terms(),
            self._events(),
            stands,
            expected,
            on_its_way=on_its_way,
            wanted_percent=Decimal(self.company_id.scf_coverage_percent),
        )
        following = stands.next_due
        self._write_changes(
            {
                "days_past_due": stands.days_past_due,
                "bucket": stands.bucket,
                "past_due_amount": float(stands.past_due),
                "next_due_date": following and following.on,
                "next_due_amount": float(following.amount) if following else 0.0,
                "outlook": ahead.level,
                "outlook_date": ahead.on,
                "outlook_needed": float(ahead.needed),
                "outlook_expected": float(ahead.expected),
                "outlook_missing": float(ahead.missing),
                "coverage_percent": float(ahead.percent),
                "expected_payoff_date": ahead.payoff_on,
                "payoff": self._payoff(ahead.payoff_on),
                "followed_on": stands.as_of,
            }
        )

    def _payoff(self, day):
        """How the loan is expected to be repaid, where the collections will have done so on that day."""
        if not day:
            return "own_money"
        return "in_time" if day <= max(self.due_date, fields.Date.context_today(self)) else "late"

    def _write_changes(self, values):
        """Write what differs from what is there, so that a quiet day writes little."""
        changed = {name: value for name, value in values.items() if (self[name] or False) != (value or False)}
        if changed:
            self.write(changed)

    # -- business: events and dues ----------------------------------------------------------------------------------

    def _take_event(self, kind, content, cursor):
        result = super()._take_event(kind, content, cursor)
        # An outlook that can't be worked out is no reason to leave the bank's news unread.
        on_its_own(self, self._follow)
        return result

    def _has_news(self, *, is_daily):
        """Whether somebody may have to be told something; what is new is told by the daily job alone."""
        return is_daily and self.state == "active" and self.past_due_amount > 0

    def _warn_of_dues(self):
        """Tell what has to be told of what falls due."""
        self._check_due()

    def _check_due(self):
        """Mark the loan where something is past due, once, and put an activity on it."""
        past_due = self._past_due()
        if past_due > 0 and self._set_state("overdue"):
            self._warn(self._past_due_sentence(format_amount(self.env, float(past_due), self.currency_id)))
