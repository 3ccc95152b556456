from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from openscf.money import round_money

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.scf_finance.amounts import exact
from odoo.addons.scf_finance.outlook.supplier_finance import Rolled

# A bank has the payable on its books, and has not paid it.
KNOWN_STATUSES = ("registered", "requested", "confirmed")
AWAITED_STATES = ("approved", "agreed")


class ScfSupplierFinance(models.TransientModel):
    """Payables that banks paid early belong to the disclosure, as loans that pay suppliers do (IAS 7.44F to 44H)."""

    _inherit = "scf.supplier.finance"

    def _lines(self):
        yield from super()._lines()
        currency = self.company_id.currency_id.name
        for payable, figures, awaiting in self._payable_figures():
            if any((figures.opening, figures.confirmed, figures.closing, awaiting)):
                yield {
                    "payable_id": payable.id,
                    "opening": float(figures.opening),
                    "confirmed": float(figures.confirmed),
                    "paid": float(figures.paid),
                    "written_off": 0.0,
                    "exchange": float(figures.exchange),
                    "closing": float(figures.closing),
                    "in_currency": float(figures.in_currency),
                    "awaiting": float(round_money(awaiting, currency)),
                    "days": (payable.due_date - payable.sudo().move_id.invoice_date).days,
                }

    def _payable_figures(self):
        """(payable, its roll-forward, what a bank is to pay of it after the period) in the company's currency."""
        payables = self.env["scf.payable"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("approved_at", "<", fields.Date.add(self.date_to, days=1))
            & (Domain("entry_ids", "!=", False) | Domain("state", "in", AWAITED_STATES)),
            order="id",
        )
        worth = self._worth_by_day()
        for payable in payables:
            entries = payable.entry_ids.filtered(lambda entry: entry.value_date <= self.date_to)
            yield payable, self._rolled(entries, worth), self._awaited(payable, entries, worth)

    def _rolled(self, entries, worth):
        sums, currency = defaultdict(Decimal), self.company_id.currency_id.name
        for entry in entries:
            amount = exact(entry.amount, entry.currency_id.name)
            signed = amount if entry.kind == "paid" else -amount
            sums["closing"] += signed
            if entry.value_date < self.date_from:
                sums["opening"] += signed
            elif entry.kind == "settled":
                sums["paid"] += amount * worth(entry.currency_id, entry.value_date)
            else:
                sums["confirmed"] += signed * worth(entry.currency_id, entry.value_date)
        of_payable = entries.currency_id
        first = sums["opening"] * worth(of_payable, self.date_from - timedelta(days=1)) if of_payable else Decimal(0)
        last = sums["closing"] * worth(of_payable, self.date_to) if of_payable else Decimal(0)
        return Rolled(
            opening=round_money(first, currency),
            confirmed=round_money(sums["confirmed"], currency),
            paid=round_money(sums["paid"], currency),
            written_off=Decimal(0),
            closing=round_money(last, currency),
            in_currency=sums["closing"],
        )

    def _awaited(self, payable, entries, worth):
        """What the banks had taken in by the end of the period, and none had paid yet."""
        paid_later = payable.entry_ids - entries
        waits = payable.state in AWAITED_STATES and payable.bank_ids.filtered(lambda row: row.status in KNOWN_STATUSES)
        if entries or not (waits or paid_later):
            return Decimal(0)
        return exact(payable.amount, payable.currency_id.name) * worth(payable.currency_id, self.date_to)

    def _worth_by_day(self):
        """What one unit of a currency was worth in the company's on a day; each is asked for once."""
        known = {}

        def worth(currency, day):
            if (currency, day) not in known:
                rate = currency._get_conversion_rate(currency, self.company_id.currency_id, self.company_id, day)
                known[currency, day] = Decimal(str(rate))
            return known[currency, day]

        return worth

    def _accounts_presented(self):
        accounts, payables = super()._accounts_presented(), self.line_ids.sudo().payable_id
        if not payables:
            return accounts
        if not self.line_ids.loan_id:
            accounts -= self.company_id.sudo().scf_loan_account_id
        if self.line_ids.filtered(lambda line: line.payable_id and line.closing):
            accounts |= self.company_id.sudo().scf_payables_account_id
        awaited = self.line_ids.sudo().filtered(lambda line: line.payable_id and line.awaiting).payable_id
        return accounts | awaited.move_id._scf_payable_items().account_id

    def _bills_in_other_arrangements(self):
        payables = self.env["scf.payable"].sudo().search([("company_id", "=", self.company_id.id)])
        return super()._bills_in_other_arrangements() + payables.move_id.ids


class ScfSupplierFinanceLine(models.TransientModel):
    """One loan, or one approved bill that a bank paid early."""

    _inherit = "scf.supplier.finance.line"

    loan_id = fields.Many2one(required=False)
    payable_id = fields.Many2one("scf.payable", string="Approved Bill", readonly=True, ondelete="cascade")
    bank_id = fields.Many2one("scf.bank", related=None, compute="_compute_arrangement", store=True)
    partner_id = fields.Many2one("res.partner", related=None, compute="_compute_arrangement", store=True)
    documents = fields.Char(related=None, compute="_compute_documents")
    due_date = fields.Date(related=None, compute="_compute_arrangement", store=True)
    loan_currency_id = fields.Many2one("res.currency", related=None, compute="_compute_arrangement", store=True)

    @api.depends("loan_id", "payable_id")
    def _compute_arrangement(self):
        for line in self:
            loan, payable = line.loan_id, line.payable_id
            # Of a bill that no bank has paid yet, the first one that has it on its books.
            rows = payable._live_request().bank_row_id or payable.bank_ids.filtered(
                lambda row: row.status in KNOWN_STATUSES
            )
            line.bank_id = payable.entry_ids.bank_id[:1] or rows[:1].bank_id if payable else loan.bank_id
            line.partner_id = payable.partner_id or loan.partner_id
            line.due_date = payable.due_date or loan.due_date
            line.loan_currency_id = payable.currency_id or loan.currency_id

    @api.depends("loan_id", "payable_id")
    def _compute_documents(self):
        for line in self:
            line.documents = line.payable_id.sudo().move_id.name or line.loan_id.application_id.document_name

    def _terms(self):
        return super()._terms() + [line._terms_of_payable() for line in self if line.payable_id]

    def _terms_of_payable(self):
        row = self.payable_id.bank_ids.filtered(lambda row: row.bank_id == self.bank_id)[-1:]
        agreed = row.program_bank_id.bank_terms or {}
        return {
            "rate_pa": (row.terms or agreed).get("rate_pa", "0"),
            "tenor_days": self.days,
            "recourse": agreed.get("recourse", False),
            "conditions": agreed.get("conditions", ()),
        }

    def action_open_loan(self):
        if not self.payable_id:
            return super().action_open_loan()
        return {
            "type": "ir.actions.act_window",
            "res_model": "scf.payable",
            "res_id": self.payable_id.id,
            "views": [(False, "form")],
        }
