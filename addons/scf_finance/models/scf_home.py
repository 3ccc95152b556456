from odoo import api, fields, models

from ..home.attention import matters, read_attention
from ..home.banks import read_banks
from ..home.first_steps import read_first_steps
from ..home.lines import read_lines
from ..home.news import read_news
from ..home.outlook import read_buckets, read_payoffs, read_warnings
from ..home.picture import due_rows, loan_bars, weekly_bars
from .scf_drawable import drawable_row, read_drawable


class ScfHome(models.AbstractModel):
    """The first screen of the app: what can be drawn, what is due, what waits for a person."""

    _name = "scf.home"
    _description = "Financing home"

    @api.model
    def scf_home(self):
        """All that the Financing home shows, as JSON, for the companies that the user has chosen.

        Money comes formatted, each currency by itself. The database is asked a fixed number of times for each kind of
        document, company and currency, however many documents and loans there are. No bank is waited for.
        """
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            return {"visible": False}
        today = fields.Date.context_today(self)
        steps = read_first_steps(self.env)
        drawable = read_drawable(self.env)
        rows = [row for item in drawable if (row := drawable_row(self.env, item))]
        loans, more_loans = loan_bars(self.env)
        return {
            "visible": True,
            "companies": self.env.companies.mapped("name") if len(self.env.companies) > 1 else [],
            "first_steps": steps,
            "draw": rows,
            "why_nothing": "" if rows else self._why_nothing(drawable, steps),
            "lines": read_lines(self.env),
            "due": due_rows(self.env, today),
            "warnings": read_warnings(self.env),
            "buckets": read_buckets(self.env),
            "payoffs": read_payoffs(self.env),
            "attention": read_attention(self.env),
            "banks": read_banks(self.env),
            "loans": loans,
            "more_loans": more_loans,
            "weeks": weekly_bars(self.env, today),
            "news": read_news(self.env),
        }

    @api.model
    def _matters(self):
        """What may wait for a person (`home.attention.Matter`), in the order in which it is shown."""
        return matters(self.env)

    def _why_nothing(self, drawable, steps):
        reasons = [reason for item in drawable if item.documents and (reason := item.why_not())]
        if reasons:
            return reasons[0]
        if steps:
            return self.env._("First, what is listed above has to be done.")
        return self.env._(
            "No confirmed order and no open invoice can be financed as it is. Open one: its Financing strip says why."
        )
