from datetime import date
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from ..amounts import exact
from ..outlook.expected import Expected
from ..outlook.picture import Course, Frame, days_told, lines
from ..statements.comparison import principal_change


class ScfLoan(models.Model):
    """The picture of a loan: from what is stored, without a look at any history."""

    _inherit = "scf.loan"

    picture = fields.Json(compute="_compute_picture", compute_sudo=True)

    @api.depends("schedule", "prospects", "entry_ids", "collection_ids.state")
    @api.depends_context("lang", "tz")
    def _compute_picture(self):
        for loan in self:
            loan.picture = loan._picture() if loan.start_date and loan.schedule else False

    def _picture(self):
        """The contract of the component `scf_loan_picture`: places in percent from the start and the bottom, and words.

        - `lines`: points [along, up] of `due`, `real`, `expected`, `early`, `late` and `owed`
        - `scale` and `marks`: amounts and days with their places; `today`: its place
        - `rows`: the same as a table; `summary`: the same as a sentence
        """
        course = self._course()
        frame = Frame.around(course)
        return {
            "summary": self._picture_summary(course),
            "lines": lines(course, frame),
            "today": {"at": frame.x(course.today), "label": format_date(self.env, course.today)},
            "scale": [{"at": frame.y(amount), "label": self._short_amount(amount)} for amount in frame.scale()],
            "marks": [
                {"at": frame.x(day), "label": format_date(self.env, day, date_format="d MMM")} for day in frame.marks()
            ],
            "rows": [self._picture_row(course, day) for day in days_told(course)],
        }

    def _course(self):
        """What became of the loan so far, and what is expected (`outlook.picture.Course`)."""
        currency = self.currency_id.name
        owed, principal = [], Decimal(0)
        for entry in self.entry_ids.sorted(lambda entry: (entry.value_date, entry.sequence)):
            principal += principal_change(entry.type, exact(entry.amount, currency), exact(entry.principal, currency))
            owed.append((entry.value_date, principal))
        counted = self.collection_ids.filtered(
            lambda row: row.kind != "dilution" and row.state not in ("void", "refused")
        )
        rows = (self.prospects or {}).get("rows", []) if self.state in ("active", "overdue") else []
        return Course(
            start=self.start_date,
            today=fields.Date.context_today(self),
            due=tuple((date.fromisoformat(row["due_date"]), Decimal(row["amount"])) for row in self.schedule),
            came_in=tuple(
                (row.collected_on, exact(row.amount, currency) * (-1 if row.kind == "undone" else 1)) for row in counted
            ),
            owed=tuple(owed),
            expected=tuple(map(Expected.from_json, rows)),
        )

    def _picture_row(self, course, day):
        is_past = day <= course.today
        return {
            "day": format_date(self.env, day),
            "is_today": day == course.today,
            "due": self._amount_text(course.due_by(day)),
            "real": self._amount_text(course.came_in_by(day)) if is_past else "",
            "expected": "" if is_past else self._amount_text(course.expected_by(day)),
            "owed": self._amount_text(course.owed_on(day)) if is_past else "",
        }

    def _picture_summary(self, course):
        end = max(day for day, _amount in course.due)
        sentence = self.env._(
            "%(due)s is to be paid by %(day)s. %(real)s came in so far.",
            due=self._amount_text(course.due_by(end)),
            day=format_date(self.env, end),
            real=self._amount_text(course.collected),
        )
        if not course.expected:
            return sentence
        expected, late, early = (course.expected_by(end, limit) for limit in ("on", "late", "due"))
        sentences = [
            sentence,
            self.env._("With what is expected it will be %s by then.", self._amount_text(expected)),
        ]
        if late < early:
            sentences.append(
                self.env._(
                    "It is %(early)s if all buyers pay in time, and %(late)s if they pay later still.",
                    early=self._amount_text(early),
                    late=self._amount_text(late),
                )
            )
        return " ".join(sentences)

    def _amount_text(self, amount):
        return format_amount(self.env, float(amount), self.currency_id)

    def _short_amount(self, amount):
        return format_amount(self.env, float(amount), self.currency_id, trailing_zeroes=False)
