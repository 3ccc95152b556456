import base64

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from odoo.addons.base.models.res_bank import sanitize_account_number

from ..statements.own_account import payments_of


class ScfBankStatementUpload(models.TransientModel):
    """Take in a camt.053 or camt.054 file of the company's own bank accounts."""

    _name = "scf.bank.statement.upload"
    _description = "Import bank statements (camt.053, camt.054)"

    content = fields.Binary(string="File", attachment=False)
    filename = fields.Char()

    def action_import(self):
        """Create what is not there yet in journals of the chosen companies; open what came.

        :raise AccessError: for whoever may not reconcile
        :raise UserError: where the file can't be read, is of no account of ours, is incomplete, or does not add up
        """
        self.ensure_one()
        if not self.content:
            raise UserError(self.env._("Choose the bank's camt.053 or camt.054 file first."))
        lines = self.env["account.bank.statement.line"].sudo()  # the role is checked on the next line
        lines._scf_check_accountant()
        for statement in self.env["scf.statement"]._read_file(base64.b64decode(self.content)):
            lines += self._import(self._journal_of(statement), statement)
        if not lines:
            raise UserError(self.env._("Nothing new: all lines of this file are here already."))
        lines._scf_trigger_matching()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Imported lines"),
            "res_model": "account.bank.statement.line",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
            "domain": [("id", "in", lines.ids)],
        }

    def _journal_of(self, statement):
        """The bank journal of the account; only of the companies that the user has chosen."""
        number = sanitize_account_number(statement.account.number)
        journal = (
            self.env["account.journal"]
            .sudo()
            .search(
                [
                    ("type", "in", ("bank", "credit")),
                    ("company_id", "in", self.env.companies.ids),
                    ("bank_account_id.sanitized_acc_number", "=", number),
                ]
            )
        )
        if len(journal) != 1:
            raise UserError(
                self.env._(
                    "No bank journal has the account %s. Set the account on its journal; for a loan's statement, open "
                    "the loan.",
                    statement.account.number,
                )
            )
        currency = journal.currency_id or journal.company_id.currency_id
        if statement.currency != currency.name:
            raise UserError(
                self.env._(
                    "The statement is in %(theirs)s, but the journal %(journal)s is kept in %(ours)s.",
                    theirs=statement.currency,
                    journal=journal.display_name,
                    ours=currency.name,
                )
            )
        return journal

    def _import(self, journal, statement):
        if not statement.is_complete:
            raise UserError(
                self.env._("Statement %s goes on in another file. Ask the bank for one file.", statement.id)
            )
        if statement.unexplained:
            raise UserError(
                self.env._(
                    "Statement %(statement)s does not add up: its balances differ by %(amount)s from its lines. Ask "
                    "the bank.",
                    statement=statement.id,
                    amount=format_amount(
                        self.env, float(statement.unexplained), journal.currency_id or journal.company_id.currency_id
                    ),
                )
            )
        payments = list(payments_of(statement))
        known = self._known(journal, payments)
        new = [payment for payment in payments if payment.entry not in known]
        partners = self._partners(journal, new)
        values = [self._line(journal, payment, partners) for payment in new]
        lines = self.env["account.bank.statement.line"].sudo()
        if not values:
            return lines
        if statement.kind != "camt.053" or len(new) < len(payments) or not (statement.opening and statement.closing):
            # Only a part of a statement is new, or it has no balances: lines by themselves.
            return lines.create(values)
        made = (
            self.env["account.bank.statement"]
            .sudo()
            .create(
                {
                    "name": statement.id,
                    "balance_start": float(statement.opening.amount),
                    "balance_end_real": float(statement.closing.amount),
                    "line_ids": [(0, 0, line) for line in values],
                }
            )
        )
        return made.line_ids

    def _known(self, journal, payments):
        """Entries of the file that are here: whole as one line, or by their payments, from either kind of file."""
        lines = (
            self.env["account.bank.statement.line"]
            .sudo()
            .search_fetch(
                [("journal_id", "=", journal.id), ("scf_import_entry", "in", list({line.entry for line in payments}))],
                ["scf_import_entry"],
            )
        )
        return set(lines.mapped("scf_import_entry"))

    def _partners(self, journal, payments):
        """Partners by account number, where the account is one partner's only."""
        numbers = {sanitize_account_number(payment.account_number) for payment in payments if payment.account_number}
        accounts = (
            self.env["res.partner.bank"]
            .sudo()
            .search(
                [("sanitized_acc_number", "in", list(numbers)), ("company_id", "in", (False, journal.company_id.id))]
            )
        )
        return {
            number: of_number.partner_id
            for number, of_number in accounts.grouped("sanitized_acc_number").items()
            if len(of_number.partner_id) == 1
        }

    def _line(self, journal, payment, partners):
        partner = partners.get(sanitize_account_number(payment.account_number or ""))
        return {
            "journal_id": journal.id,
            "date": payment.on,
            "amount": float(payment.amount),
            "payment_ref": payment.label,
            "partner_id": partner.id if partner else False,
            "partner_name": payment.counterparty,
            "account_number": payment.account_number,
            "transaction_type": payment.code,
            "transaction_details": {
                "end_to_end_id": payment.end_to_end_id,
                "creditor_reference": payment.creditor_reference,
            },
            "scf_import_entry": payment.entry,
            "scf_import_part": payment.part,
        }
