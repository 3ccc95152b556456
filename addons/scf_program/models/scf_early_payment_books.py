from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class ScfApprovedInvoice(models.Model):
    """The books of an early payment: the invoice is sold without recourse, so that it is paid, less the discount."""

    _inherit = "scf.approved.invoice"

    paid_on = fields.Date(string="Paid Early On", readonly=True)
    payment_entry_id = fields.Many2one("account.move", string="Journal Entry", readonly=True, ondelete="restrict")

    # -- business ---------------------------------------------------------------------------------------------------

    def _follow_state(self, was, payable, kind):
        result = super()._follow_state(was, payable, kind)
        if self.state in ("paid", "overdue", "settled") and payable.paid and not self.payment_entry_id:
            self.write(
                {
                    "pay_on": payable.paid.paid_on,
                    "paid_on": payable.paid.paid_on,
                    "discount": float(payable.paid.discount.amount),
                    "payout": float(payable.paid.payout.amount),
                }
            )
            self._book_payment()
        elif self.state == "registered" and self.payment_entry_id:
            self._take_back_payment()
        return result

    def _book_payment(self):
        """Dr clearing, Dr financing interest, Cr the customer's receivable; matched with the invoice.

        Amounts in the invoice's currency; the receivable takes the rounding of the conversion into the company's.
        """
        if not self.move_id:
            raise UserError(
                self.env._(
                    "%(bank)s paid %(payout)s for %(number)s, which is no invoice of ours: %(why)s Enter it, and apply "
                    "the event again.",
                    bank=self.bank_name,
                    payout=self._money(self.payout),
                    number=self.number,
                    why=self.mismatch or "",
                )
            )
        company = self.company_id
        receivable = self._receivable_items()
        amount = self.payout + self.discount
        lines = [
            self._line(self.company_id._scf_require("scf_clearing_account_id"), self.payout),
            self._line(self.company_id._scf_require("scf_interest_account_id"), self.discount),
        ]
        credit = self._line(receivable.account_id, -amount)
        credit["balance"] = -company.currency_id.round(sum(line["balance"] for line in lines))
        credit["partner_id"] = self.move_id.commercial_partner_id.id
        ref = self.env._(
            "%(number)s paid early by %(bank)s for %(anchor)s",
            number=self.move_id.name,
            bank=self.bank_name,
            anchor=self.anchor_name,
        )
        self.payment_entry_id = self._post([line for line in lines if line["amount_currency"]] + [credit], ref)
        credited = self.payment_entry_id.line_ids.filtered(lambda item: item.account_id == receivable.account_id)
        paid = (self._instalment_of(self.move_id) or receivable).filtered(lambda item: not item.reconciled)
        (credited | paid).reconcile()

    def _take_back_payment(self):
        """The payment came to nothing after all: the entry is reversed, and the invoice is open again."""
        entry = self.payment_entry_id
        entry.line_ids.remove_move_reconcile()
        ref = self.env._("%s: the early payment came to nothing", self.number)
        entry._reverse_moves([{"date": self._open_day(fields.Date.context_today(self)), "ref": ref}], cancel=True)
        self.write({"payment_entry_id": False, "paid_on": False})
        self._tell(ref)

    def _receivable_items(self):
        """The invoice's items on the customer's account, the oldest first."""
        items = self.move_id.line_ids.filtered(lambda item: item.account_id.account_type == "asset_receivable")
        if len(items.account_id) != 1:
            raise UserError(
                self.env._("%s stands on several customer accounts. Book its early payment by hand.", self.move_id.name)
            )
        return items.sorted(lambda item: (item.date_maturity or item.date, item.id))

    def _line(self, account, amount):
        company, currency = self.company_id, self.currency_id
        return {
            "account_id": account.id,
            "name": self.env._("%(number)s paid early by %(bank)s", number=self.move_id.name, bank=self.bank_name),
            "currency_id": currency.id,
            "amount_currency": currency.round(amount),
            "balance": currency._convert(amount, company.currency_id, company, self.paid_on),
        }

    def _post(self, lines, ref):
        move = (
            self.env["account.move"]
            .with_company(self.company_id)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self.company_id._scf_require("scf_journal_id").id,
                    "date": self._open_day(self.paid_on),
                    "ref": ref,
                    "line_ids": [(0, 0, line) for line in lines],
                }
            )
        )
        move._post(soft=False)
        return move

    def _open_day(self, on):
        """The first day from `on` on that neither a closing of loans nor a lock date of the books closes."""
        closings = self.env["scf.loan.closing"]
        closings._hold(self.company_id)
        closing = closings._closed(self.company_id, on)
        day = closing.date + timedelta(days=1) if closing else on
        locks = self.company_id._get_violated_lock_dates(day, False, self.company_id._scf_require("scf_journal_id"))
        return locks[-1][0] + timedelta(days=1) if locks else day

    def _settled_words(self):
        """What was booked, and when."""
        return self.env._(
            "%(payout)s came from %(bank)s; %(discount)s are financing costs of %(day)s. What %(anchor)s does on the "
            "due date is between it and the bank.",
            payout=self._money(self.payout),
            discount=self._money(self.discount),
            day=format_date(self.env, self.paid_on),
            **self.membership_id._names(),
        )
