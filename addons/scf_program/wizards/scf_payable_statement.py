from decimal import Decimal

from openscf.errors import OpenSCFError

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.scf_connector.adapters.base import BUTTON_PATIENCE
from odoo.addons.scf_finance.amounts import exact

from ..payables.comparison import PAID, SETTLED, add_up, compare

CAUSES = [
    ("agrees", "Agrees"),
    ("only_bank", "Only the bank has it"),
    ("only_ours", "Only our books have it"),
    ("other_amount", "Another amount"),
]


class ScfPayableStatement(models.TransientModel):
    """A bank's statement of a program, laid beside the company's books: what agrees, and where they differ."""

    _name = "scf.payable.statement"
    _description = "Statement of a program"

    program_bank_id = fields.Many2one("scf.program.bank", string="Program at", required=True)
    company_id = fields.Many2one(related="program_bank_id.company_id")
    currency_id = fields.Many2one(related="program_bank_id.currency_id")
    date_from = fields.Date(
        string="From", required=True, default=lambda self: fields.Date.context_today(self).replace(day=1)
    )
    date_to = fields.Date(string="To", required=True, default=lambda self: fields.Date.context_today(self))
    is_compared = fields.Boolean(readonly=True)
    bank_opening = fields.Monetary(string="Opening, Bank", readonly=True)
    bank_closing = fields.Monetary(string="Closing, Bank", readonly=True)
    own_opening = fields.Monetary(string="Opening, Ours", readonly=True)
    own_closing = fields.Monetary(string="Closing, Ours", readonly=True)
    book_closing = fields.Monetary(
        string="Closing, Journal", readonly=True, help="Of the account “Payables to Banks”, on the last day."
    )
    reserved = fields.Monetary(string="To Be Paid Early", readonly=True, help="Agreed to, and not paid yet, today.")
    difference_count = fields.Integer(readonly=True)
    line_ids = fields.One2many("scf.payable.statement.line", "statement_id", readonly=True)

    _dates_in_order = models.Constraint("CHECK (date_from <= date_to)", "The period ends before it begins.")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_compare(self):
        """Ask the bank for its book of the program, and lay ours beside it."""
        self.ensure_one()
        self.program_bank_id.check_access("read")
        program_bank = self.program_bank_id.sudo()
        if not program_bank.bank_program_ref:
            raise UserError(self.env._("%s has not answered about the program yet.", program_bank.bank_id.name))
        try:
            told = program_bank.bank_id._adapter(BUTTON_PATIENCE).program_statement(
                program_bank.bank_program_ref, self.date_from, self.date_to
            )
        except OpenSCFError as error:
            raise UserError(
                self.env._("%(bank)s gave no statement: %(why)s", bank=program_bank.bank_id.name, why=error)
            ) from None
        self.sudo()._lay_beside(told)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statement of the program"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _lay_beside(self, told):
        """Keep what the bank said beside what the books say.

        :param openscf.payables.ProgramStatement told: by the bank
        """
        entries = self.env["scf.payable.entry"].search(
            [("program_bank_id", "=", self.program_bank_id.id), ("value_date", "<=", self.date_to)]
        )
        before = entries.filtered(lambda entry: entry.value_date < self.date_from)
        rows = compare(
            add_up((entry.kind, entry.payable_id, entry.amount) for day in told.days for entry in day.entries),
            add_up(self._own_steps(entries - before)),
        )
        payables = self.env["scf.payable.bank"].search([("program_bank_id", "=", self.program_bank_id.id)])
        by_ref = {row.wire_ref: row.payable_id.id for row in payables}
        self.write(
            {
                "is_compared": True,
                "bank_opening": float(told.opening),
                "bank_closing": float(told.closing),
                "reserved": float(told.reserved),
                "own_opening": float(before._owed()),
                "own_closing": float(entries._owed()),
                "book_closing": self._journal_balance(entries),
                "difference_count": sum(row.cause != "agrees" for row in rows),
                "line_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "kind": row.kind,
                                "payable_ref": row.payable_ref,
                                "payable_id": by_ref.get(row.payable_ref),
                                "bank_amount": float(row.bank),
                                "own_amount": float(row.ours),
                                "cause": row.cause,
                            }
                        )
                        for row in rows
                    ),
                ],
            }
        )

    def _own_steps(self, entries):
        """(kind, number at the bank, amount) of our entries; a payout that was taken back lowers what was paid."""
        for entry in entries:
            amount = exact(entry.amount, entry.currency_id.name)
            kind = SETTLED if entry.kind == "settled" else PAID
            yield kind, entry.request_id.bank_row_id.wire_ref, -amount if entry.kind == "payout_failed" else amount

    def _journal_balance(self, entries):
        """What the account carries for these payables, in the program's currency; owed is positive."""
        items = self.env["account.move.line"].search(
            [
                ("scf_payable_id", "in", entries.payable_id.ids),
                ("account_id", "=", self.company_id.scf_payables_account_id.id),
                ("parent_state", "=", "posted"),
                ("move_id", "in", entries.move_id.ids),
            ]
        )
        currency = self.currency_id.name
        return float(-sum((exact(item.amount_currency, currency) for item in items), Decimal(0)))


class ScfPayableStatementLine(models.TransientModel):
    """One step of one payable in the period: the bank's and ours."""

    _name = "scf.payable.statement.line"
    _description = "Line of a program's statement"
    _order = "id"
    _rec_name = "payable_ref"

    statement_id = fields.Many2one("scf.payable.statement", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="statement_id.currency_id")
    kind = fields.Selection([(PAID, "Paid early by the bank"), (SETTLED, "Paid to the bank")], readonly=True)
    payable_ref = fields.Char(string="Number", readonly=True)
    payable_id = fields.Many2one("scf.payable", string="Bill", readonly=True)
    bank_amount = fields.Monetary(string="Bank", readonly=True)
    own_amount = fields.Monetary(string="Ours", readonly=True)
    cause = fields.Selection(CAUSES, string="Result", readonly=True)
    explanation = fields.Char(compute="_compute_explanation")

    @api.depends("cause", "kind")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for line in self:
            line.explanation = {
                "agrees": "",
                "only_bank": self.env._(
                    "The bank's event may be on its way, or have failed: look at the inbox, then ask the bank."
                ),
                "only_ours": self.env._(
                    "Look at the outbox: the bank may not have the message yet. Else ask the bank."
                ),
                "other_amount": self.env._("Open the bill and compare its steps with the bank's paper."),
            }.get(line.cause, "")
