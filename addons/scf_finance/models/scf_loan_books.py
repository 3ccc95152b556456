from odoo import models
from odoo.exceptions import UserError


class ScfLoan(models.Model):
    """The journal entries of a loan: secured borrowing with recourse, one entry per statement of the bank."""

    _inherit = "scf.loan"

    def _book(self, entries):
        """Post one journal entry for ledger entries that the bank told together.

        payout: Dr clearing, Cr loan; fee: Dr fee expense, Cr clearing; repayment: Dr loan, interest, fees, Cr
        clearing; repayment taken back: the same with opposite signs. Amounts in the loan's currency; the clearing
        line takes the rounding of the conversion into the company's currency.

        :param list entries: `openscf.wire.Entry`
        :rtype: account.move
        """
        self.ensure_one()
        company = self.company_id
        amounts: dict = {}
        for entry in entries:
            for account, amount in self._postings(entry):
                amounts[account] = amounts.get(account, 0) + amount
        clearing = company.scf_clearing_account_id
        on = max(entry.value_date for entry in entries)
        lines = [
            self._line(account, amount, on) for account, amount in amounts.items() if account != clearing and amount
        ]
        balance = -sum(line["balance"] for line in lines)
        if amounts.get(clearing):
            lines += self._payout_lines(entries, amounts[clearing], balance, on)
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self._require("scf_journal_id").id,
                    "date": on,
                    "ref": self.env._(
                        "Loan %(loan)s: %(types)s",
                        loan=self.name,
                        types=", ".join(dict.fromkeys(self._type_label(entry.type) for entry in entries)),
                    ),
                    "line_ids": [(0, 0, line) for line in lines],
                    **self._reversed_entry(entries),
                }
            )
        )
        lock_dates = move._get_violated_lock_dates(on, False)
        if lock_dates:
            # The bank's value date lies in a closed period: the first open day takes the entry.
            move.date = move._get_accounting_date(on, False, lock_dates)
        move._post(soft=False)
        return move

    def _payout_lines(self, entries, amount, balance, on):
        """The lines of money that comes or goes: on the clearing account, until the bank statement brings it.

        :param amount: in the loan's currency, what came positive
        :param balance: the same in the company's currency, with the rounding of the conversion
        """
        clearing = self._line(self.company_id.scf_clearing_account_id, amount, on)
        return [{**clearing, "balance": self.company_id.currency_id.round(balance)}]

    def _postings(self, entry):
        """Account and amount (debit positive, in the loan's currency) of one ledger entry."""
        clearing, loan = self._require("scf_clearing_account_id"), self._require("scf_loan_account_id")
        fees, interest = self._require("scf_fee_account_id"), self._require("scf_interest_account_id")
        if entry.type == "disbursement":
            return [(clearing, entry.amount), (loan, -entry.amount)]
        if entry.type == "fee":
            return [(fees, entry.amount), (clearing, -entry.amount)]
        sign = -1 if entry.type == "repayment_reversal" else 1
        parts = entry.allocation
        if parts is None or parts.penalty + parts.fee + parts.interest + parts.principal != entry.amount:
            raise UserError(
                self.env._(
                    "The bank's entry %(entry)s of %(amount)s does not say what it was taken for. Ask the bank.",
                    entry=entry.id,
                    amount=entry.amount,
                )
            )
        return [
            (loan, sign * parts.principal),
            (interest, sign * parts.interest),
            (fees, sign * (parts.fee + parts.penalty)),
            (clearing, -sign * entry.amount),
        ]

    def _line(self, account, amount, on):
        company, currency = self.company_id, self.currency_id
        return {
            "account_id": account.id,
            "name": self.name,
            "currency_id": currency.id,
            "amount_currency": float(amount),
            "balance": currency._convert(float(amount), company.currency_id, company, on),
        }

    def _reversed_entry(self, entries):
        """A repayment taken back points to the journal entry that booked the repayment."""
        references = [entry.reverses for entry in entries if entry.reverses]
        original = self.entry_ids.filtered(lambda entry: entry.bank_entry_ref in references)[:1].move_id
        return {"reversed_entry_id": original.id} if original else {}

    def _require(self, field):
        record = self.company_id[field]
        if not record:
            raise UserError(
                self.env._(
                    "%(company)s has no “%(field)s”. Create the financing accounts in the settings, then "
                    "apply the event again.",
                    company=self.company_id.name,
                    field=self.company_id._fields[field].string,
                )
            )
        return record

    def _type_label(self, kind):
        return dict(self.env["scf.loan.entry"]._fields["type"]._description_selection(self.env))[kind]

    def _loan_items(self):
        """Journal items of this loan on the loan account."""
        return self.entry_ids.move_id.line_ids.filtered(
            lambda line: line.account_id == self.company_id.scf_loan_account_id and line.parent_state == "posted"
        )

    def _reconcile_books(self):
        """Match what the loan account carries for this loan, so that its residual is the principal owed."""
        self._reconcile_reversals()
        items = self._loan_items().filtered(lambda line: not line.reconciled)
        if any(line.amount_currency < 0 for line in items) and any(line.amount_currency > 0 for line in items):
            items.reconcile()

    def _reconcile_reversals(self):
        for entry in self.entry_ids.filtered(lambda entry: entry.type == "repayment_reversal"):
            original = self.entry_ids.filtered(lambda other, ref=entry.reverses_ref: other.bank_entry_ref == ref)
            if original:
                self._reconcile_reversal(original.move_id, entry.move_id)

    def _reconcile_reversal(self, original, reversal):
        """Match a repayment that was taken back with its reversal, on the loan and, if both are open, on clearing."""
        company = self.company_id
        pair = (original + reversal).line_ids
        loan_lines = pair.filtered(lambda line: line.account_id == company.scf_loan_account_id)
        reversal_line = loan_lines.filtered(lambda line: line.move_id == reversal)
        if reversal_line and not reversal_line.reconciled:
            (loan_lines - reversal_line).remove_move_reconcile()
            loan_lines.reconcile()
        clearing = pair.filtered(lambda line: line.account_id == company.scf_clearing_account_id)
        if len(clearing) == 2 and not clearing.matched_debit_ids and not clearing.matched_credit_ids:
            clearing.reconcile()
