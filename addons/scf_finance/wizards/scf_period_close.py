from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..models.scf_loan_closing import KINDS


class ScfPeriodClose(models.TransientModel):
    """Close a period of the company's loans, with all that will be booked shown before."""

    _name = "scf.period.close"
    _description = "Close a period of loans"

    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(string="Period End", required=True, default=lambda self: self._default_date())
    line_ids = fields.One2many("scf.period.close.line", "close_id", compute="_compute_lines")
    loan_count = fields.Integer(string="Loans", compute="_compute_lines")
    why_not = fields.Char(compute="_compute_lines")
    is_closed = fields.Boolean(compute="_compute_lines")
    remarks = fields.Text(compute="_compute_lines")
    consequence = fields.Char(compute="_compute_consequence")

    @api.model
    def _default_date(self):
        """The last day of the month before."""
        return fields.Date.context_today(self).replace(day=1) - timedelta(days=1)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("company_id", "date")
    def _compute_lines(self):
        closings = self.env["scf.loan.closing"]
        for close in self:
            close.update({"line_ids": False, "loan_count": 0, "why_not": False, "is_closed": False, "remarks": False})
            if not close.date:
                continue
            company, day = close.company_id, close.date
            closings._check_closer(company)
            figures_of = closings.sudo().with_company(company)
            known = figures_of._closed(company, day)
            if known.date == day:
                close.is_closed = True
                continue
            try:
                close.why_not = figures_of._why_not(company, day)
                figures = [] if close.why_not else figures_of._figures(company, day)
                items = figures_of._items(company, figures)
            except UserError as error:
                close.why_not = error.args[0]
                continue
            close.loan_count = len({figure.loan_id for figure in figures if figure.loan_id})
            close.line_ids = [
                (
                    0,
                    0,
                    {
                        "kind": item.kind,
                        "account_id": item.account_id,
                        "loan_count": item.loan_count,
                        "item_currency_id": item.currency_id,
                        "amount": item.amount,
                        "debit": max(item.balance, 0.0),
                        "credit": max(-item.balance, 0.0),
                    },
                )
                for item in items
            ]
            close.remarks = "\n".join(close._remarks(figures)) or False

    @api.depends("date")
    @api.depends_context("lang")
    def _compute_consequence(self):
        """In words on which day it is booked: while it works the sums out, a dialog may still show the day before."""
        for close in self:
            if not close.date:
                close.consequence = False
                continue
            close.consequence = self.env._(
                "All of it is one journal entry on %(day)s, which is taken back on %(next_day)s. What a bank tells "
                "later of a day before is booked after it.",
                day=format_date(self.env, close.date),
                next_day=format_date(self.env, fields.Date.add(close.date, days=1)),
            )

    def _remarks(self, figures):
        """What whoever closes should look at first."""
        company, day = self.company_id, self.date
        loans = self.env["scf.loan"].sudo()
        unequal = loans.search([("company_id", "=", company.id), ("mismatch", "!=", False)])
        if unequal:
            yield self.env._(
                "Books and bank disagree on %s: look at these loans first.", ", ".join(unequal[:5].mapped("name"))
            )
        events = self.env["scf.event"].sudo()
        waiting = [("bank_id.company_id", "=", company.id), ("state", "in", ("received", "failed"))]
        if count := events.search_count(waiting):
            yield self.env._("%s messages of banks wait to be applied: what they tell is not in these sums.", count)
        currencies = self.env["res.currency"].browse({figure.currency_id for figure in figures})
        for currency in currencies - company.currency_id:
            rate = self.env["res.currency.rate"].search(
                [
                    ("currency_id", "=", currency.id),
                    ("name", "<=", day),
                    ("company_id", "in", (False, company.root_id.id)),
                ],
                order="name desc",
                limit=1,
            )
            if not rate or rate.name < day:
                yield self.env._(
                    "The rate of %(currency)s is of %(day)s: enter the one of the period's end.",
                    currency=currency.name,
                    day=format_date(self.env, rate.name) if rate else self.env._("no day"),
                )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_close(self):
        """Book the period's end; where it is booked already, show it."""
        self.ensure_one()
        closing = self.env["scf.loan.closing"]._close(self.company_id, self.date)
        return {
            "type": "ir.actions.act_window",
            "name": closing.name,
            "res_model": "scf.loan.closing",
            "res_id": closing.id,
            "views": [(False, "form")],
            "target": "current",
        }


class ScfPeriodCloseLine(models.TransientModel):
    """An item that closing the period will book."""

    _name = "scf.period.close.line"
    _description = "Item of a period's end to be booked"

    close_id = fields.Many2one("scf.period.close", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="close_id.currency_id")
    kind = fields.Selection(KINDS, readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    loan_count = fields.Integer(string="Loans", readonly=True)
    item_currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(currency_field="item_currency_id", string="In Currency", readonly=True)
    debit = fields.Monetary(readonly=True)
    credit = fields.Monetary(readonly=True)
