from datetime import timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..amounts import exact

# What the bank tells without any money having moved: owed costs are booked when paid, and accrued at a period's end.
NOT_BOOKED = ("extension", "call", "surplus")
CHARGES = ("charge", "charge_reversal")


class ScfLoan(models.Model):
    """The journal entries of a loan: one for what the bank told together, its amounts from the bank's ledger alone.

    Every item names its loan. Without recourse: `scf_loan_without_recourse.py`; a supplier that is paid:
    `scf_supplier_payout.py`; the end of a period: `scf_loan_closing.py`.
    """

    _inherit = "scf.loan"

    item_ids = fields.One2many(
        "account.move.line",
        "scf_loan_id",
        string="Journal Items",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    fees_spread = fields.Boolean(
        readonly=True,
        help="The fee of the terms is a cost of the whole term, day by day. As the company's setting was at the grant.",
    )

    def _grant(self, submission, message, wire):
        loan = super()._grant(submission, message, wire)
        loan.fees_spread = loan.company_id.scf_fee_recognition == "spread"
        return loan

    # -- business: entries ------------------------------------------------------------------------------------------

    def _book(self, entries):
        """Post one journal entry for ledger entries that the bank told together.

        payout: Dr clearing, Cr loan; fee: Dr fees, Cr clearing; repayment: Dr loan, interest, fees, penalty, Cr
        clearing; repayment taken back: the same with opposite signs; written off: Dr loan, Cr debt given up; a charge
        taken back that was paid: Dr what its money is taken for instead, Cr fees or penalty. Fees that are spread:
        Dr deferred fees until the term ends. Amounts in the loan's currency; the clearing line takes
        the rounding of the conversion into the company's currency.

        :param list entries: `openscf.wire.Entry`
        :return: the `account.move`; empty where nothing is to be booked
        """
        self.ensure_one()
        clearing = self.company_id.scf_clearing_account_id
        on = max(entry.value_date for entry in entries)
        amounts = self._amounts(entries)
        lines = [self._line(account, amount, on) for account, amount in amounts.items() if account != clearing]
        lines += self._lines_of_documents(entries, on)
        balance = -sum(line["balance"] for line in lines)
        if amounts.get(clearing):
            lines += self._payout_lines(entries, amounts[clearing], balance, on)
        elif lines:
            lines[-1]["balance"] = self.company_id.currency_id.round(lines[-1]["balance"] + balance)
        types = ", ".join(dict.fromkeys(self._type_label(entry.type) for entry in entries))
        return self._post_books(
            lines,
            on,
            self.env._("Loan %(loan)s: %(types)s", loan=self.name, types=types),
            self._reversed_entry(entries),
        )

    def _amounts(self, entries):
        """Debit-positive sums in the loan's currency by account, without the accounts whose sum is zero."""
        amounts: dict = {}
        for entry in entries:
            for account, amount in self._postings(entry):
                amounts[account] = amounts.get(account, 0) + amount
        if self.fees_spread:
            fees = self.company_id._scf_require("scf_fee_account_id")
            paid = sum(
                (
                    _fee_paid(
                        entry.type,
                        entry.amount,
                        entry.allocation.fee if entry.allocation else Decimal(0),
                        is_penalty=self._is_penalty(entry.reverses, entry.allocation),
                    )
                    for entry in entries
                ),
                Decimal(0),
            )
            before = self._fees_paid()
            deferred = self._deferrable(before + paid) - self._deferrable(before)
            if deferred:
                amounts[fees] = amounts.get(fees, 0) - deferred
                amounts[self.company_id._scf_require("scf_deferred_fee_account_id")] = deferred
        return {account: amount for account, amount in amounts.items() if amount}

    def _post_books(self, lines, on, ref, values=None):
        """Post the lines on the first open day from `on` on; the reference says so where that is another day.

        :return: the `account.move`; empty without lines
        """
        if not lines:
            return self.env["account.move"]
        company = self.company_id
        day, closing = self._accounting_day(on)
        if closing:
            ref = self.env._(
                "%(ref)s (value date %(day)s, in the period closed by %(closing)s)",
                ref=ref,
                day=format_date(self.env, on),
                closing=closing.name,
            )
        elif day != on:
            ref = self.env._("%(ref)s (value date %(day)s, in a locked period)", ref=ref, day=format_date(self.env, on))
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self.company_id._scf_require("scf_journal_id").id,
                    "date": day,
                    "ref": ref,
                    "line_ids": [(0, 0, line) for line in lines],
                    **(values or {}),
                }
            )
        )
        move._post(soft=False)
        return move

    def _accounting_day(self, on):
        """The first open day from `on` on, and the `scf.loan.closing` that closed `on`, where one did."""
        closings = self.env["scf.loan.closing"]
        closings._hold(self.company_id)
        closing = closings._closed(self.company_id, on)
        day = closing.date + timedelta(days=1) if closing else on
        locks = self.company_id._get_violated_lock_dates(day, False, self.company_id._scf_require("scf_journal_id"))
        return (locks[-1][0] + timedelta(days=1) if locks else day), closing

    def _payout_lines(self, entries, amount, balance, on):
        """The lines of money that comes or goes: on the clearing account, until the bank statement brings it.

        :param amount: in the loan's currency, what came positive
        :param balance: the same in the company's currency, with the rounding of the conversion
        """
        clearing = self._line(self.company_id.scf_clearing_account_id, amount, on)
        return [{**clearing, "balance": self.company_id.currency_id.round(balance)}]

    def _lines_of_documents(self, entries, on):
        """Further lines, which are matched with items of the financed documents."""
        return []

    def _postings(self, entry):
        """Account and amount (debit positive, in the loan's currency) of one ledger entry."""
        if entry.type in NOT_BOOKED:
            return []
        clearing = self.company_id._scf_require("scf_clearing_account_id")
        if entry.type == "disbursement":
            return [(clearing, entry.amount), *self._drawn(entry.amount)]
        if entry.type == "fee":
            return [(self.company_id._scf_require("scf_fee_account_id"), entry.amount), (clearing, -entry.amount)]
        parts = self._parts(entry)
        if entry.type == "write_off":
            return self._given_up(parts.principal)
        if entry.type in CHARGES:
            return self._moved_by_charge(entry, parts)
        sign = -1 if entry.type == "repayment_reversal" else 1
        return [*self._paid_for(parts, sign), (clearing, -sign * entry.amount)]

    def _paid_for(self, parts, sign):
        """What money was taken for (`sign` 1), or is no more (-1)."""
        return [
            (self._debt_account(), sign * parts.principal),
            (self.company_id._scf_require("scf_interest_account_id"), sign * parts.interest),
            (self.company_id._scf_require("scf_fee_account_id"), sign * parts.fee),
            (self._penalty_account(), sign * parts.penalty),
        ]

    def _moved_by_charge(self, entry, parts):
        """What was paid for a charge that is taken back is taken for something else, so that its cost is none.

        A charge that the bank dates before money it has spread takes of that money, the other way round. Nothing where
        no money is concerned: what is owed is not booked before it is paid.
        """
        is_penalty = self._is_penalty(entry.reverses, parts)
        if entry.amount == (parts.penalty if is_penalty else parts.fee):
            return []
        cost = self._penalty_account() if is_penalty else self.company_id._scf_require("scf_fee_account_id")
        sign = 1 if entry.type == "charge_reversal" else -1
        return [*self._paid_for(parts, sign), (cost, -sign * entry.amount)]

    def _is_penalty(self, reverses, parts):
        """Whether a charge, or the one that an entry takes back, is a penalty.

        :param reverses: the bank's number of the entry that is taken back, if any
        :param parts: the entry's allocation, as anything with a `penalty`
        """
        charged = self.entry_ids.filtered(lambda known: known.bank_entry_ref == reverses) if reverses else None
        return bool((charged or parts or self.env["scf.loan.entry"]).penalty)

    def _drawn(self, principal):
        """What stands against a payout."""
        return [(self._debt_account(), -principal)]

    def _given_up(self, principal):
        """Costs that the bank gives up were never booked: it is the principal that is owed no more."""
        return [
            (self._debt_account(), principal),
            (self.company_id._scf_require("scf_write_off_account_id"), -principal),
        ]

    def _debt_account(self):
        """The account that carries what is owed."""
        return self.company_id._scf_require("scf_loan_account_id")

    def _matched_accounts(self):
        """The accounts on which what the loan carries is matched; their open amounts are the principal owed."""
        return self.company_id.scf_loan_account_id

    def _penalty_account(self):
        """Without an account of its own, a penalty is a fee."""
        return self.company_id.scf_penalty_account_id or self.company_id._scf_require("scf_fee_account_id")

    def _parts(self, entry):
        parts = entry.allocation
        if parts is None or parts.penalty + parts.fee + parts.interest + parts.principal != entry.amount:
            raise UserError(
                self.env._(
                    "The bank's entry %(entry)s of %(amount)s does not say what it was taken for. Ask the bank.",
                    entry=entry.id,
                    amount=entry.amount,
                )
            )
        return parts

    def _line(self, account, amount, on):
        company, currency = self.company_id, self.currency_id
        return {
            "account_id": account.id,
            "name": self.name,
            "currency_id": currency.id,
            "amount_currency": float(amount),
            "balance": currency._convert(float(amount), company.currency_id, company, on),
            "scf_loan_id": self.id,
        }

    def _reversed_entry(self, entries):
        """A repayment taken back points to the journal entry that booked the repayment."""
        references = [entry.reverses for entry in entries if entry.reverses]
        original = self.entry_ids.filtered(lambda entry: entry.bank_entry_ref in references)[:1].move_id
        return {"reversed_entry_id": original.id} if original else {}

    def _type_label(self, kind):
        return dict(self.env["scf.loan.entry"]._fields["type"]._description_selection(self.env))[kind]

    # -- business: fees that are spread -----------------------------------------------------------------------------

    def _fee_to_spread(self):
        """The fee that is a cost of the whole term; one that falls due anew each time is a cost of that time."""
        if not self.fees_spread:
            return Decimal(0)
        terms = self._terms()
        return Decimal(0) if terms.fee_timing == "periodic" else terms.fee

    def _fees_paid(self, until=None):
        """Fees paid by the ledger as it is recorded, in the loan's currency.

        :param until: the last value date that counts; all of them where it is not given
        """
        currency = self.currency_id.name
        return sum(
            (
                _fee_paid(
                    entry.type,
                    exact(entry.amount, currency),
                    exact(entry.fee, currency),
                    is_penalty=self._is_penalty(entry.reverses_ref, entry),
                )
                for entry in self.entry_ids
                if until is None or entry.value_date <= until
            ),
            Decimal(0),
        )

    def _deferrable(self, fees_paid):
        """The part of the fees paid that is spread; what is above it was charged later, for itself."""
        return min(max(fees_paid, Decimal(0)), self._fee_to_spread())

    # -- business: what is left at the end --------------------------------------------------------------------------

    def _settle_books(self):
        """Bring what outlives single ledger entries to where the loan's state wants it; twice is once.

        A repaid loan has no fee left to spread. One that is taken back has it again.
        """
        self.ensure_one()
        on = max(self.entry_ids.mapped("value_date"), default=None)
        lines = self._settling_lines(on) if on else []
        if lines:
            self._post_books(lines, on, self.env._("Loan %s: what is left of fees and holdback", self.name))

    def _settling_lines(self, on):
        deferred = self.company_id.scf_deferred_fee_account_id
        if not self.fees_spread or not deferred:
            return []
        target = Decimal(0) if self._is_over() else self._deferrable(self._fees_paid())
        items = self._booked_items().filtered(lambda item: item.account_id == deferred)
        currency = self.currency_id
        change = target - exact(sum(items.mapped("amount_currency")), currency.name)
        if not change:
            return []
        line = self._line(deferred, change, self.start_date or on)
        if not target:
            line["balance"] = -self.company_id.currency_id.round(sum(items.mapped("balance")))
        fees = {
            **self._line(self.company_id._scf_require("scf_fee_account_id"), -change, on),
            "balance": -line["balance"],
        }
        return [line, fees]

    def _is_over(self):
        return self.state in ("closed", "failed")

    def _set_state(self, state):
        before = self.state
        changed = super()._set_state(state)
        if changed and "closed" in (before, state) and self.entry_ids:
            self._reconcile_books()
        return changed

    # -- business: matching -----------------------------------------------------------------------------------------

    def _booked_items(self):
        """All posted journal items of this loan."""
        return self.item_ids.filtered(lambda item: item.parent_state == "posted")

    def _loan_items(self):
        """Journal items of this loan on the accounts that carry what is owed."""
        accounts = self._matched_accounts()
        return self._booked_items().filtered(lambda line: line.account_id in accounts)

    def _reconcile_books(self):
        """Match what the loan's accounts carry for this loan, so that their residual is the principal owed."""
        self._settle_books()
        self._reconcile_reversals()
        items = self._loan_items().filtered(lambda line: not line.reconciled)
        for account in items.account_id:
            of_account = items.filtered(lambda line, account=account: line.account_id == account)
            if any(line.amount_currency < 0 for line in of_account) and any(
                line.amount_currency > 0 for line in of_account
            ):
                of_account.reconcile()

    def _reconcile_reversals(self):
        for entry in self.entry_ids.filtered(lambda entry: entry.type == "repayment_reversal"):
            original = self.entry_ids.filtered(lambda other, ref=entry.reverses_ref: other.bank_entry_ref == ref)
            if original:
                self._reconcile_reversal(original.move_id, entry.move_id)

    def _reconcile_reversal(self, original, reversal):
        """Match a repayment that was taken back with its reversal: on the loan and, if both are open, on clearing."""
        pair = (original + reversal).line_ids
        for account in self._matched_accounts():
            loan_lines = pair.filtered(lambda line, account=account: line.account_id == account)
            reversal_line = loan_lines.filtered(lambda line: line.move_id == reversal)
            if reversal_line and not any(reversal_line.mapped("reconciled")):
                (loan_lines - reversal_line).remove_move_reconcile()
                loan_lines.reconcile()
        clearing = pair.filtered(lambda line: line.account_id == self.company_id.scf_clearing_account_id)
        if len(clearing) == 2 and not clearing.matched_debit_ids and not clearing.matched_credit_ids:
            clearing.reconcile()


def _fee_paid(kind, amount, fee, *, is_penalty=False):
    """By how much an entry of the ledger changes the fees that are paid; what is only charged is not.

    :param fee: the fee in the entry's allocation
    :param bool is_penalty: for a charge, or one taken back, that it is a penalty and no fee
    """
    if kind == "fee":
        return amount
    if kind in CHARGES:
        paid = (Decimal(0) if is_penalty else amount) - fee
        return paid if kind == "charge" else -paid
    if kind in ("repayment", "repayment_reversal"):
        return -fee if kind == "repayment_reversal" else fee
    return Decimal(0)
