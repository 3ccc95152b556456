import re
from datetime import timedelta
from itertools import combinations

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from ..statements.comparison import status_of

# Money between two banks arrives within a few working days; what takes longer needs somebody to look.
DAYS_ON_THE_WAY = 5
# How far a bank statement's day may be from the loan's value date to be proposed by its amount alone.
DAYS_APART = 10
PARTS_AT_MOST = 8
_NOT_IN_NUMBERS = re.compile(r"[^A-Z0-9]")


class ScfLoan(models.Model):
    """Money of a loan that waits on the clearing account for the company's own bank statement (decision 0003)."""

    _inherit = "scf.loan"

    def _clearing_items(self):
        """Journal items of these loans on the clearing account that nothing is matched with yet."""
        return self.entry_ids.move_id.line_ids.filtered(
            lambda line: (
                line.account_id == line.company_id.scf_clearing_account_id
                and line.parent_state == "posted"
                and not line.reconciled
            )
        )

    def _rows_of_clearing(self, until):
        """A row of the statement's screen for each item that waits, with the cause; items after `until` left out.

        :param until: date
        """
        self.ensure_one()
        items = self._clearing_items().filtered(lambda item: item.date <= until)
        candidates = self._candidates(items)
        return [self._row_of_clearing(number, item, candidates) for number, item in enumerate(items.sorted("id"), 1)]

    def _row_of_clearing(self, number, item, candidates):
        found = [line for line in candidates if self._is_money_of(line, item)]
        named = [line for line in candidates if self._names_loan(line) and line not in found]
        waits_since = item.date + timedelta(days=DAYS_ON_THE_WAY)
        if found:
            cause = "one_found" if len(found) == 1 else "several_found"
        elif named:
            cause = "other_amount"
        else:
            cause = "in_transit" if fields.Date.context_today(self) <= waits_since else "not_seen"
        line = (found or named or [self.env["account.bank.statement.line"]])[0]
        return {
            "about": "clearing",
            "sequence": number,
            "bank_ref": f"{item.move_id.name}/{item.id}",
            "type": item.move_id.ref or item.move_id.name,
            "value_date": item.date,
            "bank_amount": line.amount if cause == "other_amount" else 0.0,
            "ledger_amount": 0.0,
            "book_amount": item.amount_residual_currency,
            "entry_id": False,
            "move_id": item.move_id.id,
            "bank_line_id": line.id if cause == "one_found" else False,
            "cause": cause,
            "status": status_of(cause),
            "explanation": self._explain_clearing(cause, line, waits_since),
        }

    def _explain_clearing(self, cause, line, waits_since):
        day = format_date(self.env, line.date) if line else ""
        return {
            "one_found": lambda: self.env._("A bank statement line of %s has this amount: match it.", day),
            "several_found": lambda: self.env._("Several bank statement lines have this amount. Choose the right one."),
            "other_amount": lambda: self.env._(
                "A bank statement line of %(day)s names the loan with %(amount)s. Ask the bank, or match by hand.",
                day=day,
                amount=format_amount(self.env, line.amount, line.currency_id),
            ),
            "in_transit": lambda: self.env._(
                "Expected on the bank statement until %s.", format_date(self.env, waits_since)
            ),
            "not_seen": lambda: self.env._("No bank statement shows it. Import the statement, or ask the bank."),
        }[cause]()

    # -- finding ----------------------------------------------------------------------------------------------------

    def _candidates(self, items):
        """Open lines of the company's bank statements that may be the money of these items, in one search."""
        if not items:
            return self.env["account.bank.statement.line"]
        earliest = min(items.mapped("date")) - timedelta(days=DAYS_APART)
        names = Domain.OR(
            Domain("payment_ref", "ilike", text)
            for loan in self
            for text in {loan.name, _NOT_IN_NUMBERS.sub("", loan.name.upper())}
        )
        amounts = [round(item.amount_residual_currency, 6) for item in items]
        return self.env["account.bank.statement.line"].search(
            Domain("company_id", "in", items.company_id.ids)
            & Domain("is_reconciled", "=", False)
            & Domain("date", ">=", earliest)
            & (names | Domain("amount", "in", amounts) | Domain("amount_currency", "in", amounts))
        )

    def _is_money_of(self, line, item):
        """Whether a bank statement's line has the item's amount, and names the loan or lies near its day."""
        currency, amount = line._scf_money()
        if currency != item.currency_id or currency.compare_amounts(amount, item.amount_residual_currency):
            return False
        return (
            self._names_loan(line) or abs((line.date - item.date).days) <= DAYS_APART and not self._names_another(line)
        )

    def _names_loan(self, line):
        return any(re.search(_spelt(loan.name), (line.payment_ref or "").upper()) for loan in self)

    def _names_another(self, line):
        """Whether the line is another loan's: its number stands there."""
        series = self.name.rstrip("0123456789")
        return bool(series and re.search(_spelt(series, r"[\W_]*[0-9]{4}"), (line.payment_ref or "").upper()))

    def _find_bank_lines(self, move):
        """Open bank statement lines that may be the money of a journal entry."""
        items = self._clearing_items() & move.line_ids
        candidates = self._candidates(items)
        return candidates.filtered(
            lambda line: self._names_loan(line) or any(self._is_money_of(line, item) for item in items)
        )

    # -- matching ---------------------------------------------------------------------------------------------------

    def _match_bank_line(self, line, move):
        """Match an open bank statement line with the money of a journal entry that waits on clearing.

        :raise UserError: where either was matched meanwhile, or the amounts differ
        """
        self.ensure_one()
        line.move_id.lock_for_update()
        item = (self._clearing_items() & move.line_ids)[:1]
        if line.is_reconciled or not item or not self._is_money_of(line, item):
            raise UserError(self.env._("This line or this money was matched meanwhile. Compare again."))
        line._scf_match(item)
        self._tell_matched(line)

    def _tell_matched(self, line):
        for loan in self:
            loan.message_post(
                body=loan.env._(
                    "%(amount)s of %(day)s on the bank statement matched with the clearing account.",
                    amount=format_amount(loan.env, line.amount, line.currency_id),
                    day=format_date(loan.env, line.date),
                )
            )

    def _match_clearing(self):
        """Match what names its loan and can be nothing else: one line and one item of the same amount, or else one line
        that is the sum of several items, of this loan and of others that it names.

        :return: the bank statement lines that were matched
        """
        self.ensure_one()
        matched, items = self.env["account.bank.statement.line"], self._clearing_items()
        named = self._candidates(items).filtered(self._names_loan)
        for line in named:
            fitting = items.filtered(lambda item, line=line: self._is_money_of(line, item))
            rivals = named.filtered(lambda other, fitting=fitting: fitting and self._is_money_of(other, fitting[0]))
            if len(fitting) == 1 and rivals == line:
                self._match_bank_line(line, fitting.move_id)
                items -= fitting
                matched += line
        for line in named - matched if items else ():
            if parts := self._parts_of(line):
                line.move_id.lock_for_update()
                line._scf_match(parts)
                self._loans_of(parts)._tell_matched(line)
                matched += line
        return matched

    def _parts_of(self, line):
        """The items that wait for this line together: the only ones of the loans it names whose sum it is.

        Of more than `PARTS_AT_MOST` there are so many sums that some would fit by chance.
        """
        clearing = self.company_id.scf_clearing_account_id
        waiting = self.env["account.move.line"].search(
            [("account_id", "=", clearing.id), ("parent_state", "=", "posted"), ("reconciled", "=", False)], order="id"
        )
        named = self._loans_of(waiting).filtered(lambda loan: loan._names_loan(line))
        currency, amount = line._scf_money()
        items = (named._clearing_items() & waiting).filtered(
            lambda item: (
                item.currency_id == currency
                and item.amount_residual_currency * amount > 0
                and abs((line.date - item.date).days) <= DAYS_APART
            )
        )
        if not 2 <= len(items) <= PARTS_AT_MOST:
            return items.browse()
        fitting = [
            parts
            for count in range(2, len(items) + 1)
            for parts in combinations(items, count)
            if not currency.compare_amounts(sum(item.amount_residual_currency for item in parts), amount)
        ]
        return items.browse([item.id for item in fitting[0]]) if len(fitting) == 1 else items.browse()

    def _loans_of(self, items):
        return self.env["scf.loan.entry"].search([("move_id", "in", items.move_id.ids)]).loan_id


class ScfLoanEntry(models.Model):
    _inherit = "scf.loan.entry"

    def _record(self, loan, wires):
        recorded = super()._record(loan, wires)
        if recorded:
            self.env["account.bank.statement.line"]._scf_trigger_matching()
        return recorded


def _spelt(number, more="(?![0-9])"):
    """Pattern of a loan's number in a label, however the bank separates or breaks it; never a part of a longer one."""
    return r"(?<![A-Z0-9])" + r"[\W_]*".join(_NOT_IN_NUMBERS.sub("", number.upper())) + more
