from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..amounts import exact
from ..outlook.supplier_finance import TECHNIQUE, read_comparable_terms, read_rolled


class ScfSupplierFinance(models.TransientModel):
    """The disclosure of supplier finance arrangements for a period (IAS 7.44F to 44H; ASU 2022-04, ASC 405-50-50).

    It rests on the loans by which banks paid the company's suppliers (purchase finance), as the banks' ledgers have
    them; all sums are in the company's currency.
    """

    _name = "scf.supplier.finance"
    _description = "Supplier finance arrangements"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(required=True, default=lambda self: self._fiscal_year()["date_from"])
    date_to = fields.Date(required=True, default=lambda self: fields.Date.context_today(self))
    line_ids = fields.One2many(
        "scf.supplier.finance.line",
        "report_id",
        string="Loans",
        compute="_compute_line_ids",
        store=True,
        readonly=True,
    )
    opening = fields.Monetary(string="Opening Balance", compute="_compute_sums")
    confirmed = fields.Monetary(
        string="Paid to Suppliers by the Banks",
        compute="_compute_sums",
        help="Trade payables that became a debt to a bank: no cash of the company moved.",
    )
    paid = fields.Monetary(string="Repaid to the Banks", compute="_compute_sums")
    written_off = fields.Monetary(string="Given Up by the Banks", compute="_compute_sums")
    exchange = fields.Monetary(string="Exchange Differences", compute="_compute_sums")
    closing = fields.Monetary(
        string="Closing Balance",
        compute="_compute_sums",
        help="The suppliers have been paid for all of it. Interest that has accrued is not in it.",
    )
    awaiting = fields.Monetary(
        string="Granted, Supplier Not Paid Yet",
        compute="_compute_sums",
        help="Still among the trade payables on the last day: a bank had agreed to pay it.",
    )
    carrying = fields.Monetary(string="In the Arrangements in All", compute="_compute_sums")
    days = fields.Char(string="To Be Paid After", compute="_compute_terms", help="Days after the date of the bill.")
    comparable_days = fields.Char(
        string="Comparable Trade Payables",
        compute="_compute_terms",
        help="The same of the other vendor bills that are dated in the period.",
    )
    due_dates = fields.Char(compute="_compute_terms", help="First and last due date of what was owed on the last day.")
    presented_in = fields.Char(compute="_compute_terms", help="The accounts of the balance sheet that it stands on.")

    _dates_in_order = models.Constraint("CHECK (date_from <= date_to)", "The period ends before it begins.")

    def _fiscal_year(self):
        return self.env.company.compute_fiscalyear_dates(fields.Date.context_today(self))

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for report in self:
            day = format_date(self.env, report.date_to) if report.date_to else ""
            report.display_name = self.env._("Supplier finance up to %s", day)

    @api.depends("company_id", "date_from", "date_to")
    def _compute_line_ids(self):
        for report in self:
            lines = [Command.clear()]
            if report._is_askable():
                # Lines are nobody's to make, but which loans there are is for the user's own rights to say.
                lines += [Command.create(values) for values in report.sudo(False)._lines()]
            report.line_ids = lines

    @api.depends("line_ids")
    def _compute_sums(self):
        for report in self:
            for name in ("opening", "confirmed", "paid", "written_off", "exchange", "closing", "awaiting"):
                report[name] = sum(report.line_ids.mapped(name))
            report.carrying = report.closing + report.awaiting

    @api.depends("line_ids")
    def _compute_terms(self):
        for report in self:
            open_lines = report.line_ids.filtered(lambda line: line.closing or line.awaiting)
            days = open_lines.mapped("days")
            report.days = report._days_text(min(days), max(days)) if days else False
            due = sorted(day for day in open_lines.mapped("due_date") if day)
            report.due_dates = report._span_text(due)
            report.comparable_days = report._comparable_text()
            accounts = report._accounts_presented() if report._is_askable() else self.env["account.account"]
            report.presented_in = ", ".join(accounts.mapped("display_name"))

    def _accounts_presented(self):
        """The accounts that the balance sheet shows the arrangements on."""
        accounts = self.company_id.sudo().scf_loan_account_id
        if self.awaiting:
            accounts |= self.line_ids.sudo().loan_id.application_id.line_ids.payout_item_ids.account_id
        return accounts

    def _is_askable(self):
        """Whether there is a period, and a company of the user's: a dialog is asked before anything of it is saved."""
        return self.company_id in self.env.companies and self.date_from and self.date_to

    def _span_text(self, days):
        """The first and the last of days in order, as text; empty where there is none."""
        first, last = (format_date(self.env, day) for day in (days[0], days[-1])) if days else ("", "")
        return first if first == last else self.env._("%(first)s to %(last)s", first=first, last=last)

    def _days_text(self, shortest, longest):
        if shortest == longest:
            return self.env._("%s days", shortest)
        return self.env._("%(shortest)s to %(longest)s days", shortest=shortest, longest=longest)

    def _comparable_text(self):
        if not self._is_askable():
            return False
        terms = read_comparable_terms(
            self.env, self.company_id, (self.date_from, self.date_to), self._bills_in_other_arrangements()
        )
        if not terms.bills:
            return self.env._("No other vendor bill in the period")
        days = self._days_text(terms.shortest, terms.longest)
        if terms.bills == 1:
            return self.env._("%s (one bill)", days)
        return self.env._("%(days)s (%(bills)s bills)", days=days, bills=terms.bills)

    def _bills_in_other_arrangements(self):
        """Ids of vendor bills that are no comparable ones, though no loan paid them; to be extended."""
        return []

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_print(self):
        """Print the disclosure."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(
                self.env._("No bank paid a supplier of %s up to the end of the period.", self.company_id.name)
            )
        return self.env.ref("scf_finance.action_report_supplier_finance").report_action(self)

    def action_open_loans(self):
        """Open the lines as a list, to group, to pivot and to export them."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Supplier finance arrangements"),
            "res_model": "scf.supplier.finance.line",
            "views": [(False, "list"), (False, "pivot")],
            "domain": [("report_id", "=", self.id)],
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _lines(self):
        """The loans that were owed, granted or repaid in the period, with their figures."""
        # Whoever asks sees the loans that he may see, and those of this company alone.
        loans = self.env["scf.loan"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("technique", "=", TECHNIQUE),
                ("state", "!=", "failed"),
                # Paid out by then, or granted by then.
                "|",
                ("start_date", "<=", self.date_to),
                ("create_date", "<", fields.Date.add(self.date_to, days=1)),
            ],
            order="bank_id, id",
        )
        rates = {}

        def rate(currency, day):
            if (currency, day) not in rates:
                worth = currency._get_conversion_rate(currency, self.company_id.currency_id, self.company_id, day)
                rates[currency, day] = Decimal(str(worth))
            return rates[currency, day]

        rolled = read_rolled(self.env, loans, (self.date_from, self.date_to), rate, self.company_id.currency_id.name)
        for loan in loans:
            figures = rolled[loan.id]
            awaiting = self._awaiting(loan, rate)
            if any((figures.opening, figures.confirmed, figures.closing, awaiting)):
                yield {
                    "loan_id": loan.id,
                    **{
                        name: float(getattr(figures, name))
                        for name in (
                            "opening",
                            "confirmed",
                            "paid",
                            "written_off",
                            "exchange",
                            "closing",
                            "in_currency",
                        )
                    },
                    "awaiting": float(awaiting),
                    "days": self._days(loan),
                }

    def _awaiting(self, loan, rate):
        """What the bank had agreed to pay by the end of the period, and had not paid yet."""
        if loan.start_date and loan.start_date <= self.date_to:
            return Decimal(0)
        if not loan.start_date and loan.state != "granted":
            return Decimal(0)
        principal = exact(loan.principal, loan.currency_id.name) * rate(loan.currency_id, self.date_to)
        return exact(float(principal), self.company_id.currency_id.name)

    def _days(self, loan):
        """Days from the supplier's bill (the order, the payout) to the end of the loan."""
        documents = loan.sudo().application_id.line_ids
        billed = [day for day in documents.move_id.mapped("invoice_date") if day]
        ordered = [moment.date() for moment in documents.purchase_order_id.mapped("date_order") if moment]
        begun = min(billed or ordered, default=loan.start_date)
        tenor = int(loan.terms["tenor_days"])
        if not begun:
            return tenor
        end = loan.due_date or fields.Date.add(fields.Date.context_today(self), days=tenor)
        return (end - begun).days

    def _terms_by_bank(self):
        """Terms of the arrangements for the printed report: a row for each bank."""
        rows = []
        for bank, lines in self.line_ids.grouped("bank_id").items():
            terms = lines._terms()
            rates = sorted({Decimal(one["rate_pa"]) for one in terms})
            tenors = sorted({int(one["tenor_days"]) for one in terms})
            rows.append(
                {
                    "bank": bank,
                    "rate": self.env._("%(lowest)s to %(highest)s %% a year", lowest=rates[0], highest=rates[-1]),
                    "tenor": self._days_text(tenors[0], tenors[-1]),
                    "recourse": self.env._("with recourse")
                    if any(one.get("recourse") for one in terms)
                    else self.env._("without recourse"),
                    "conditions": sorted({text for one in terms for text in one.get("conditions", ())}),
                    "lines": lines,
                }
            )
        return rows


class ScfSupplierFinanceLine(models.TransientModel):
    """One loan of the disclosure, in the company's currency."""

    _name = "scf.supplier.finance.line"
    _description = "Loan of a supplier finance arrangement"
    _order = "id"
    _rec_name = "loan_id"

    report_id = fields.Many2one("scf.supplier.finance", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="report_id.company_id", store=True)
    currency_id = fields.Many2one(related="report_id.currency_id", store=True)
    loan_id = fields.Many2one("scf.loan", required=True, readonly=True, ondelete="cascade")
    bank_id = fields.Many2one(related="loan_id.bank_id", store=True)
    partner_id = fields.Many2one(related="loan_id.partner_id", string="Supplier", store=True)
    documents = fields.Char(related="loan_id.application_id.document_name")
    due_date = fields.Date(related="loan_id.due_date", store=True)
    days = fields.Integer(string="Days After the Bill", readonly=True, aggregator="max")
    loan_currency_id = fields.Many2one(related="loan_id.currency_id", string="Loan Currency", store=True)
    opening = fields.Monetary(readonly=True)
    confirmed = fields.Monetary(string="Supplier Paid in the Period", readonly=True)
    paid = fields.Monetary(string="Repaid", readonly=True)
    written_off = fields.Monetary(string="Given Up", readonly=True)
    exchange = fields.Monetary(string="Exchange Differences", readonly=True)
    closing = fields.Monetary(readonly=True)
    in_currency = fields.Monetary(
        string="Closing in the Loan's Currency", currency_field="loan_currency_id", readonly=True
    )
    awaiting = fields.Monetary(string="Supplier Not Paid Yet", readonly=True)

    def _terms(self):
        """The terms of these loans, as on the wire: "rate_pa", "tenor_days", "recourse", "conditions"."""
        return self.loan_id.mapped("terms")

    def action_open_loan(self):
        """Open the loan that the figures are of."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "scf.loan",
            "res_id": self.loan_id.id,
            "views": [(False, "form")],
        }
