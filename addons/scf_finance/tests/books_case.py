from datetime import timedelta

from odoo import Command
from odoo.tests import new_test_user

from ..books.accounts import PURPOSES
from .common import FinanceCase
from .late_bank import LateBank

# What a loan carries; when it is over each of them is at zero.
CARRIED = [purpose.field for purpose in PURPOSES if not purpose.is_cost]


class BooksCase(FinanceCase):
    """Words for what loans book: an invoice of forty days ago, an accountant who closes periods, a bank statement."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people["bookkeeper"] = cls._bookkeeper("fin_bookkeeper", cls.company)

    @classmethod
    def _bookkeeper(cls, login, company):
        """An accountant without any role in financing."""
        return new_test_user(
            cls.env,
            login,
            groups="account.group_account_user",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def given(self):
        super().given()
        self.rhone_bank = LateBank(self.rhone)
        self.start = self.today - timedelta(days=40)
        self.period_end = self.today - timedelta(days=20)
        self.invoice = self._invoice(10000.0, invoice_date=self.start, days=85)

    # --- when ---

    def _close(self, day=None, role="bookkeeper"):
        """Close the period through its dialog; gives the closing."""
        wizard = self._as(role, self.env["scf.period.close"]).create({"date": day or self.period_end})
        action = wizard.action_close()
        return self.env["scf.loan.closing"].browse(action["res_id"])

    def _bring_statement(self):
        """The bank statement brings what stands on clearing, and it is matched."""
        clearing = self.company.scf_clearing_account_id
        bank = self.company_data["default_account_assets"].copy({"account_type": "asset_current"})
        items = self._open_items(clearing)
        for currency in items.currency_id:
            of_currency = items.filtered(lambda item, currency=currency: item.currency_id == currency)
            amount = sum(of_currency.mapped("amount_residual_currency"))
            balance = currency._convert(amount, self.company.currency_id, self.company, self.today)
            line = {"currency_id": currency.id}
            move = self.env["account.move"].create(
                {
                    "date": self.today,
                    "line_ids": [
                        Command.create({**line, "account_id": bank.id, "amount_currency": amount, "balance": balance}),
                        Command.create(
                            {**line, "account_id": clearing.id, "amount_currency": -amount, "balance": -balance}
                        ),
                    ],
                }
            )
            move.action_post()
            (of_currency | move.line_ids.filtered(lambda item: item.account_id == clearing)).reconcile()

    def _rate(self, currency, day, rate):
        self.env["res.currency.rate"].create(
            {"name": day, "rate": rate, "currency_id": currency.id, "company_id": self.company.id}
        )

    def _euro(self):
        """The euro at 0.50 dollars when the loan is paid out, 0.80 at the period's end, 0.625 today."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in ((self.start - timedelta(days=20), 2.0), (self.period_end, 1.25), (self.today, 1.6)):
            self._rate(euro, day, rate)
        return euro

    # --- then ---

    def _open_items(self, account):
        return self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted"), ("reconciled", "=", False)]
        )

    def _booked(self, move):
        """Debit-positive sums of an entry in the company's currency, by what the account is for."""
        fields = {self.company[purpose.field]: purpose.field for purpose in PURPOSES}
        sums = {}
        for line in move.line_ids:
            name = fields.get(line.account_id, line.account_id.account_type)
            name = name.removeprefix("scf_").removesuffix("_account_id")
            sums[name] = round(sums.get(name, 0.0) + line.balance, 2)
        return {name: amount for name, amount in sums.items() if amount}

    def _carries(self):
        """What the accounts of loans carry today and later, without those at zero."""
        carried = {field: round(self._account_balance(self.company[field]), 2) for field in CARRIED}
        return {
            field.removeprefix("scf_").removesuffix("_account_id"): amount
            for field, amount in carried.items()
            if amount
        }

    def _cost(self, field):
        return round(self._account_balance(self.company[f"scf_{field}_account_id"]), 2)

    def _assert_over(self, loan):
        """The statement has come: every account of the loan is at zero, and nothing is open on those that match."""
        self.assertEqual(loan.state, "closed")
        self._bring_statement()
        self.assertEqual(self._carries(), {})
        for purpose in PURPOSES:
            if purpose.is_reconciled:
                self.assertFalse(self._open_items(self.company[purpose.field]), purpose.field)
        self.assertFalse(loan.mismatch)
