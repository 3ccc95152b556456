from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..eligibility.facts import REVOLVING_LINE
from ..eligibility.findings import Fix
from ..eligibility.line_facts import read_line_facts
from .scf_loan_line import OF_THE_LIMIT

LIVE = ("granted", "active", "overdue")


class ScfCreditLine(models.Model):
    """A company's working-capital line in one currency: what is asked for stands on all that customers pay.

    One record for each company and currency, whichever bank gives the line, and whether one runs or not.
    """

    _name = "scf.credit.line"
    _description = "Working-capital line"
    _inherit = ["mail.thread", "scf.record.kept", "scf.financeable"]
    _order = "company_id, currency_id"
    _mail_post_access = "read"

    _scf_field = "credit_line_id"
    _scf_technique = REVOLVING_LINE

    name = fields.Char(compute="_compute_name", store=True, precompute=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    state = fields.Selection([("proposed", "No Line"), ("active", "Granted")], compute="_compute_loan_id")
    scf_claim_ids = fields.One2many(
        "scf.application.document",
        "credit_line_id",
        string="Financing",
        copy=False,
        groups="scf_connector.group_scf_requester",
    )
    loan_id = fields.Many2one("scf.loan", string="Running At", compute="_compute_loan_id")
    bank_id = fields.Many2one("scf.bank", compute="_compute_loan_id")
    limit_amount = fields.Monetary(string="Limit", compute="_compute_loan_id")
    used_amount = fields.Monetary(string="Used", compute="_compute_loan_id", help="Drawn and not repaid.")
    blocked_amount = fields.Monetary(
        string="Blocked", compute="_compute_loan_id", help="Asked for, and not paid out or declined yet."
    )
    available_amount = fields.Monetary(string="Available", compute="_compute_loan_id")
    used_percent = fields.Float(string="Used (%)", compute="_compute_loan_id")
    due_date = fields.Date(string="Runs Until", compute="_compute_loan_id")
    limit_picture = fields.Json(compute="_compute_limit_picture")
    why_not_draw = fields.Char(string="Why Nothing Can Be Drawn", compute="_compute_loan_id")
    drawdown_ids = fields.Many2many("scf.drawdown", string="Drawdowns", compute="_compute_loan_id")

    _one_per_currency = models.UniqueIndex("(company_id, currency_id)", "A company has one line in each currency.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("currency_id")
    def _compute_name(self):
        for line in self:
            line.name = f"LINE/{line.currency_id.name}"

    @api.depends(
        "scf_claim_ids.is_open",
        "scf_claim_ids.application_id.loan_ids.state",
        "scf_claim_ids.application_id.loan_ids.entry_ids",
        "scf_claim_ids.application_id.loan_ids.drawdown_ids.state",
    )
    def _compute_loan_id(self):
        for line in self:
            claims = line.sudo().scf_claim_ids.filtered("is_open")
            loan = claims.application_id.loan_ids.filtered(lambda item: item.state in LIVE)[-1:]
            line.loan_id = loan
            line.state = "active" if loan else "proposed"
            for name in OF_THE_LIMIT:
                line[name] = loan[name] if loan else 0.0
            line.bank_id = loan.bank_id
            line.drawdown_ids = loan.drawdown_ids
            line.due_date = loan.due_date
            line.why_not_draw = loan._why_not_draw() if loan else False

    @api.depends("loan_id")
    @api.depends_context("lang")
    def _compute_limit_picture(self):
        for line in self:
            line.limit_picture = line.loan_id._limit_picture() if line.loan_id else False

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | {"company_id", "currency_id"}

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_financed(self):
        if self.sudo().scf_claim_ids:
            raise UserError(self.env._("A line that was asked for is part of the company's records."))

    # -- actions ----------------------------------------------------------------------------------------------------

    @api.model
    def action_open_lines(self):
        """Open the lines of the user's companies: one for each currency that customers are invoiced in."""
        self._scf_check_requester()
        lines = self._of_companies()
        if len(lines) == 1:
            return lines._open_form()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Working-Capital Lines"),
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", lines.ids)],
        }

    def action_scf_request(self):
        action = super().action_scf_request()
        context = {**action["context"], "default_repayment": "revolving"}
        return {**action, "name": self.env._("Ask for a line"), "context": context}

    def action_draw(self):
        """Open the dialog that draws on the line."""
        self.ensure_one()
        self._scf_check_requester()
        if not self.loan_id:
            raise UserError(self.env._("No line is running in %s. Ask the banks for one first.", self.currency_id.name))
        return self.loan_id.action_draw()

    def action_open_loan(self):
        """Open the loan behind the line: its ledger, its books, and what customers paid."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "scf.loan",
            "res_id": self.loan_id.id,
            "views": [(False, "form")],
        }

    # -- panel ------------------------------------------------------------------------------------------------------

    def _scf_panel_of_document(self, assessment):
        panel = super()._scf_panel_of_document(assessment)
        if assessment.is_eligible:
            panel["headline"] = self.env._(
                "A line of up to %s could be asked for", self._scf_money(assessment.eligible_amount)
            )
            panel["subline"] = self.env._(
                "Customers pay %(amount)s a month on average, banks that could give a line: %(banks)s",
                amount=self._scf_money(assessment.open_amount),
                banks=len(assessment.quotes),
            )
        return panel

    def _scf_panel_request_actions(self, assessment, kind):
        actions = super()._scf_panel_request_actions(assessment, kind)
        return [{**action, "label": self.env._("Ask for a line")} for action in actions]

    def _scf_panel_of_application(self, application, assessment):
        panel = super()._scf_panel_of_application(application, assessment)
        if self.loan_id:
            panel["actions"] = [
                {"name": "action_draw", "label": self.env._("Draw"), "kind": "primary"},
                *panel["actions"],
            ]
        return panel

    def _scf_panel_loan(self, loan):
        if loan.state not in LIVE:
            return super()._scf_panel_loan(loan)
        return {
            **super()._scf_panel_loan(loan),
            "principal": self._scf_money(loan.limit_amount),
            "repaid": self._scf_money(loan.available_amount),
            "remaining": self._scf_money(loan.used_amount),
            "repaid_percent": round(100 - loan.used_percent, 2),
            "due_date": format_date(self.env, loan.due_date) if loan.due_date else "",
        }

    def _scf_fix(self, finding):
        if finding.fix is Fix.RECEIVABLES and self.env["account.move"].has_access("read"):
            return {
                "label": self.env._("Open the invoices"),
                "action": {
                    **self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type"),
                    "target": "current",
                },
            }
        return super()._scf_fix(finding)

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _of_companies(self):
        """The lines of the user's companies, in their own currencies and those of the last year's invoices."""
        year_ago = fields.Date.context_today(self) - relativedelta(years=1)
        invoiced = (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "in", self.env.companies.ids),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("invoice_date", ">=", year_ago),
                ],
                ["company_id", "currency_id"],
            )
        )
        wanted = [(company, company.currency_id) for company in self.env.companies]
        wanted += [(company, currency) for company, currency in invoiced if (company, currency) not in wanted]
        return self.browse([self._of(company, currency).id for company, currency in wanted])

    @api.model
    def _of(self, company, currency):
        """The record of the company's line in a currency, made where there is none."""
        line = self.search([("company_id", "=", company.id), ("currency_id", "=", currency.id)])
        return line or self.sudo().create({"company_id": company.id, "currency_id": currency.id}).sudo(self.env.su)

    def _open_form(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Working-Capital Line"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _scf_facts(self, banks, today):
        return read_line_facts(self, banks=banks, today=today)

    def _scf_open_domain(self):
        return []

    def _scf_counterparty(self):
        return self.env["res.partner"]

    def _scf_issue_date(self):
        return fields.Date.context_today(self)

    def _scf_asset_key(self):
        """It is told to nobody: a package for a line names no document."""
        return f"{self._name},{self.id}"
