from datetime import timedelta
from decimal import Decimal

from markupsafe import escape

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import FinanceCase


class LoanCase(FinanceCase):
    """An invoice of forty days ago, and words for what its loan books."""

    def given(self):
        super().given()
        self.start = self.today - timedelta(days=40)
        self.invoice = self._invoice(10000.0, invoice_date=self.start, days=85)

    def _balances(self, move):
        """Debit-positive amounts in company currency by account name."""
        company, names = self.company, {}
        for field in (
            "scf_loan_account_id",
            "scf_clearing_account_id",
            "scf_interest_account_id",
            "scf_fee_account_id",
        ):
            amount = sum(move.line_ids.filtered(lambda line, f=field: line.account_id == company[f]).mapped("balance"))
            if amount:
                names[field.split("_")[1]] = round(amount, 2)
        return names

    def _repay(self, loan, role="approver", **values):
        wizard = self._as(role, self.env["scf.repayment"]).create({"loan_id": loan.id, **values})
        wizard.action_repay()
        return wizard


@tagged("post_install", "-at_install")
class TestLoan(LoanCase):
    """A loan that was paid out forty days ago."""

    def given(self):
        super().given()
        self.loan = self._financed(self.invoice, on=self.start)

    # --- entries ---

    def test_payout_books_loan_fee_and_clearing(self):
        loan = self.loan
        [move] = loan.entry_ids.move_id
        self.assertEqual(self._balances(move), {"loan": -8000.0, "clearing": 7960.0, "fee": 40.0})
        self.assertEqual((move.date, move.state, move.journal_id), (self.start, "posted", self.company.scf_journal_id))
        self.assertEqual((loan.disbursed_amount, loan.start_date), (7960.0, self.start))
        self.assertEqual(loan.due_date, self.start + timedelta(days=45))

    def test_repayment_books_principal_and_interest_and_the_residual_is_the_principal(self):
        loan = self.loan
        self.rhone_bank.post_repayment(loan, "3000.00")
        entry = loan.entry_ids[-1]
        interest = 8000 * 0.084 * 40 / 360
        self.assertAlmostEqual(entry.interest, interest, 2)
        self.assertEqual(
            self._balances(entry.move_id), {"loan": entry.principal, "interest": entry.interest, "clearing": -3000.0}
        )
        self.assertEqual(loan.book_principal, 8000.0 - entry.principal)
        self.assertEqual(loan.balance_principal, loan.book_principal)
        self.assertAlmostEqual(loan.repaid_percent, 100 * entry.principal / 8000, 2)
        self.assertFalse(loan.mismatch)

    def test_repeated_and_reordered_events_book_once(self):
        loan = self.loan
        self.rhone_bank.post_repayment(loan, "3000.00")
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(loan.state, "closed")
        moves = loan.entry_ids.move_id
        for payload in [*reversed(self.rhone_bank.told), *self.rhone_bank.told]:
            self.rhone_bank.send_event(payload)
        self.assertEqual(loan.entry_ids.move_id, moves)
        self.assertEqual((loan.state, loan.application_id.state), ("closed", "repaid"))
        self._assert_books_closed(loan)

    def test_closed_loan_leaves_every_account_at_zero_once_the_statement_is_matched(self):
        loan = self.loan
        self._pay(self.invoice)
        self._report(loan)
        self.assertEqual(loan.state, "closed")
        clearing = self.company.scf_clearing_account_id
        journal = self.company_data["default_journal_bank"]
        paid = sum(loan.entry_ids.filtered(lambda entry: entry.type == "repayment").mapped("amount"))
        for amount in (7960.0, -paid):
            line = self.env["account.bank.statement.line"].create(
                {"journal_id": journal.id, "date": self.today, "payment_ref": loan.name, "amount": amount}
            )
            _liquidity, suspense, _other = line._seek_for_lines()
            suspense.account_id = clearing
        items = self.env["account.move.line"].search(
            [("account_id", "=", clearing.id), ("parent_state", "=", "posted")]
        )
        items.reconcile()
        self.assertTrue(all(item.reconciled for item in items))
        self.assertAlmostEqual(self._account_balance(clearing), 0, 2)
        self._assert_books_closed(loan)

    # --- taken back, re-opened ---

    def test_repayment_taken_back_is_reversed_and_the_loan_reopens(self):
        loan = self.loan
        entry = self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(loan.state, "closed")
        repaid = loan.entry_ids[-1].move_id
        self.rhone_bank.reverse_repayment(loan, entry)
        self.assertEqual((loan.state, loan.application_id.state), ("active", "financed"))
        self.assertEqual(loan.submission_id.state, "disbursement_completed")
        reversal = loan.entry_ids[-1].move_id
        self.assertEqual(reversal.reversed_entry_id, repaid)
        self.assertEqual(loan.book_principal, 8000.0)
        self.assertTrue(loan.application_id.line_ids.is_open, "the document is held again")
        self.assertFalse(loan.mismatch)

        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual((loan.state, loan.application_id.state), ("closed", "repaid"))
        self._assert_books_closed(loan)

    def test_old_closing_does_not_close_a_reopened_loan(self):
        loan = self.loan
        entry = self.rhone_bank.post_repayment(loan, "9000.00")
        closing = self.rhone_bank.told[-1]
        self.rhone_bank.reverse_repayment(loan, entry)
        self.rhone_bank.send_event(closing)
        self.assertEqual(loan.state, "active")

    def test_reopened_loan_does_not_take_its_document_from_a_new_financing(self):
        loan = self.loan
        entry = self.rhone_bank.post_repayment(loan, "9000.00")
        second = self._request(self.invoice, banks=self.hansa)
        self.rhone_bank.reverse_repayment(loan, entry)
        self.assertEqual((loan.state, second.state), ("active", "requested"))
        self.assertTrue(second.line_ids.is_open)
        self.assertFalse(loan.application_id.line_ids.is_open)
        self.assertIn("another application", " ".join(loan.message_ids.mapped("body")))
        self._pay(self.invoice)
        self.assertFalse(loan.collection_ids, "the money is the new financier's")

    # --- agreement ---

    def test_bank_that_computes_otherwise_is_recorded_and_said(self):
        loan = self.loan
        self.rhone_bank.post_repayment(loan, "1000.00")
        payload = self.rhone_bank.payload("repayment.posted", {}, loan.submission_id)
        last = self.rhone_bank.told[-1]["data"]
        wrong = {**last["loan"], "balance": {**last["loan"]["balance"], "interest": "77.77"}}
        payload["data"] = {"loan": wrong, "entry": last["entry"]}
        self.rhone_bank.send_event(payload)
        self.assertIn("77.77", loan.mismatch)
        self.assertEqual(loan.activity_ids.user_id, self.people["requester"])
        self.rhone_bank.post_repayment(loan, "1000.00")
        self.assertFalse(loan.mismatch, "it is withdrawn once they agree again")

    def test_entry_without_its_allocation_is_not_booked(self):
        loan = self.loan
        book = self.rhone_bank.loans[loan.bank_loan_ref]
        entry = self.rhone_bank._entry(book, "repayment", self.today, Decimal("100.00"))
        payload = self.rhone_bank.payload(
            "repayment.posted", {"loan": self.rhone_bank.snapshot(book["id"]), "entry": entry}, loan.submission_id
        )
        event = self.rhone_bank.send_event(payload, state="failed")
        self.assertIn("what it was taken for", event.error)
        self.assertEqual(len(loan.entry_ids.move_id), 1)

    # --- own money, overdue, shortfall ---

    def test_repay_now_proposes_what_is_owed_and_closes_the_loan(self):
        loan = self.loan
        action = self._as("approver", loan).action_repay_now()
        form = Form(self._as("approver", self.env["scf.repayment"]).with_context(**action["context"]))
        owed = float(loan._balance(self.today).total)
        self.assertEqual((form.owed, form.amount), (owed, owed))
        form.save().action_repay()
        body = self.rhone_bank.body("repay")
        self.assertEqual(body["amount"], {"amount": f"{owed:.2f}", "currency": "USD"})
        self.rhone_bank.answer("repay", {"repayment_id": body["repayment_id"], "status": "POSTED"})
        self.rhone_bank.post_repayment(loan, body["amount"]["amount"], source=body["repayment_id"])
        self.assertEqual((loan.state, loan.application_id.state), ("closed", "repaid"))
        self._assert_books_closed(loan)

    def test_repay_now_is_checked(self):
        loan = self.loan
        owed = float(loan._balance(self.today).total)
        for values in (
            {"amount": owed + 0.01},
            {"amount": 0.0},
            {"amount": 10.0, "paid_on": self.today + timedelta(1)},
            {"amount": 10.0, "paid_on": self.start - timedelta(1)},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                self._repay(loan, **values)
        with self.assertRaises(AccessError):
            self._repay(loan, role="requester", amount=10.0)
        self.assertFalse(self.rhone_bank.queued("repay"))

    def test_repayment_that_the_bank_does_not_take_is_said(self):
        loan = self.loan
        self._repay(loan, amount=100.0)
        self.rhone_bank.refuse("repay", detail="Only 50 is owed.")
        self.assertIn("Only 50 is owed.", loan.activity_ids.note)

    def test_loan_that_is_not_due_is_not_overdue(self):
        loan = self.loan
        self.rhone_bank.env["scf.loan"]._cron_overdue()
        self.assertEqual(loan.state, "active")

    def test_shortfall_asks_for_own_money(self):
        loan = self.loan
        self.rhone_bank.tell(
            "loan.shortfall",
            {
                "loan": self.rhone_bank.snapshot(loan.bank_loan_ref),
                "shortfall": {"amount": "800.00", "currency": "USD"},
                "message": "Please repay 800.00 USD.",
            },
            loan.submission_id,
        )
        self.assertEqual(loan.shortfall, 800.0)
        self.assertIn("Please repay", loan.activity_ids.note)
        action = self._as("approver", loan).action_repay_now()
        form = Form(self._as("approver", self.env["scf.repayment"]).with_context(**action["context"]))
        self.assertEqual((form.reason, form.amount), ("shortfall", 800.0))
        self.rhone_bank.post_repayment(loan, "2000.00", source="REP/1")
        self.assertEqual(loan.shortfall, 0, "own money made up for it")

    def test_words_of_a_bank_are_text_in_the_activity_not_markup(self):
        loan = self.loan
        for message in ("<b>x</b>", "<b>again</b>"):  # the second one is told in the activity that is there
            self.rhone_bank.tell(
                "loan.shortfall",
                {
                    "loan": self.rhone_bank.snapshot(loan.bank_loan_ref),
                    "shortfall": {"amount": "800.00", "currency": "USD"},
                    "message": message,
                },
                loan.submission_id,
            )
            self.assertIn(escape(message), loan.activity_ids.note)
            self.assertNotIn("<b>", loan.activity_ids.note)

    # --- protection ---

    def test_ledger_and_its_journal_entries_never_change(self):
        loan = self.loan
        entry = loan.entry_ids[0]
        with self.assertRaises(UserError):
            entry.write({"amount": 1.0})
        with self.assertRaises(UserError):
            entry.sudo().unlink()
        with self.assertRaisesRegex(UserError, loan.name):
            entry.move_id.button_draft()
        with self.assertRaises(UserError):
            entry.move_id.button_cancel()
        with self.assertRaises(AccessError):
            self._as("admin", loan).write({"state": "closed"})
        with self.assertRaises(AccessError):
            self._as("admin", loan).unlink()


@tagged("post_install", "-at_install")
class TestLoanOnTheWay(LoanCase):
    """A loan on its way to the payout, and on other terms and documents."""

    # --- entries ---

    def test_answer_that_is_repeated_late_does_not_bring_back_old_figures(self):
        loan = self._granted(self.invoice)
        answer = self.rhone_bank.snapshot(loan.bank_loan_ref)
        self.rhone_bank.disburse(loan, on=self.start)
        self.rhone_bank.env["scf.loan"]._take(loan.submission_id, answer)
        self.assertEqual((loan.state, loan.balance_principal), ("active", 8000.0))
        self.assertFalse(loan.mismatch)

    def test_loan_events_that_arrive_backwards_end_the_same(self):
        offer = self._offered(self.invoice)
        self._accept(offer)
        silent = []
        tell = self.rhone_bank.send_event
        self.rhone_bank.send_event = lambda payload, **kwargs: silent.append(payload)
        loan_ref = self.rhone_bank.grant(offer)
        self.assertTrue(loan_ref, "the answer of the acceptance made the loan")
        self.rhone_bank.disburse(loan_ref, on=self.start)
        self.rhone_bank.post_repayment(loan_ref, "3000.00")
        self.rhone_bank.post_repayment(loan_ref, "9000.00")
        self.rhone_bank.send_event = tell
        for payload in reversed(silent):
            tell(payload)
        loan = self.env["scf.loan"].browse(loan_ref.id)
        self.assertEqual((loan.state, loan.submission_id.state), ("closed", "closed"))
        self._assert_books_closed(loan)

    def test_value_date_in_a_closed_period_is_booked_on_the_first_open_day(self):
        self.company.fiscalyear_lock_date = self.today - timedelta(days=10)
        loan = self._financed(self.invoice, on=self.start)
        self.assertGreater(loan.entry_ids.move_id.date, self.company.fiscalyear_lock_date)
        self.assertEqual(loan.entry_ids[0].value_date, self.start)

    # --- taken back, re-opened ---

    def test_order_loan_that_comes_back_leaves_the_invoice_to_its_new_financing(self):
        order = self._order(10000.0)
        loan = self._financed(order, on=self.start)
        entry = self.rhone_bank.post_repayment(loan, "9000.00")
        invoice = order._create_invoices()
        invoice.write({"invoice_date": self.today, "invoice_payment_term_id": False})
        invoice.invoice_date_due = self.today + timedelta(days=45)
        invoice.action_post()
        second = self._request(invoice, banks=self.hansa)
        self.rhone_bank.reverse_repayment(loan, entry)
        self.assertTrue(second.line_ids.is_open)
        self.assertFalse(loan.application_id.line_ids.is_open)
        self._pay(invoice)
        self.assertFalse(loan.collection_ids)

    # --- other shapes of loan ---

    def test_instalment_loan_is_repaid_month_by_month(self):
        self.rhone_bank.today = self.start
        loan = self._financed(
            self.invoice,
            on=self.start,
            tenor_days=75,
            instalments=3,
            request={"repayment": "instalment"},
            requested=6000.0,
        )
        self.assertEqual(len(loan.schedule), 3)
        for row in loan.schedule:
            day = fields.Date.to_date(row["due_date"])
            self.rhone_bank.today = day
            self.rhone_bank.post_repayment(loan, row["amount"], on=day)
        self.assertEqual(loan.state, "closed")
        self._assert_books_closed(loan)
        self.assertEqual(sum(loan.entry_ids.mapped("principal")), 6000.0)

    def test_loan_in_a_foreign_currency_closes_to_zero_in_both(self):
        middle = self.start + timedelta(days=20)
        euro = self.setup_other_currency(
            "EUR", rates=[("2016-01-01", 0.90), (str(middle), 0.80), (str(self.today), 0.75)]
        )
        invoice = self._invoice(10000.0, invoice_date=self.start, days=85, currency_id=euro)
        self.rhone_bank.today = self.start
        loan = self._financed(invoice, on=self.start)
        self.assertEqual(loan.currency_id, euro)
        payout = loan.entry_ids.move_id
        self.assertEqual(
            sum(
                payout.line_ids.filtered(lambda line: line.account_id == self.company.scf_loan_account_id).mapped(
                    "amount_currency"
                )
            ),
            -8000.0,
        )
        self.assertAlmostEqual(self._balances(payout)["loan"], -8000 / 0.9, 2)
        self.rhone_bank.today = middle
        self.rhone_bank.post_repayment(loan, "2500.00", on=middle)
        self.assertEqual(loan.book_principal, loan.balance_principal)
        self.rhone_bank.today = self.today
        self.rhone_bank.post_repayment(loan, "9000.00", on=self.today)
        self.assertEqual(loan.state, "closed")
        self._assert_books_closed(loan)

    def test_failed_payout_frees_the_document(self):
        loan = self._granted(self.invoice)
        self.rhone_bank.fail_disbursement(loan, "The account is closed.")
        self.assertEqual((loan.state, loan.submission_id.state), ("failed", "disbursed_failed"))
        self.assertEqual(loan.application_id.state, "declined")
        self.assertIn("The account is closed.", loan.application_id.state_reason)
        self.assertFalse(loan.application_id.line_ids.is_open)
        self.assertFalse(loan.entry_ids)

    # --- own money, overdue, shortfall ---

    def test_loan_past_due_is_overdue_once_and_runs_again_after_repayment(self):
        self.rhone_bank.today = self.start
        loan = self._financed(self.invoice, on=self.start, tenor_days=30)
        loans = self.rhone_bank.env["scf.loan"]
        loans._cron_overdue()
        loans._cron_overdue()
        self.assertEqual((loan.state, loan.application_id.state), ("overdue", "financed"))
        self.assertEqual(len(loan.activity_ids), 1)
        self.rhone_bank.today = self.today
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(loan.state, "closed")
        self.assertFalse(loan.activity_ids)
        self._assert_books_closed(loan)

    def test_overdue_loan_whose_arrears_are_paid_runs_again(self):
        self.rhone_bank.today = self.start
        loan = self._financed(
            self.invoice,
            on=self.start,
            tenor_days=75,
            instalments=3,
            request={"repayment": "instalment"},
            requested=6000.0,
        )
        self.rhone_bank.env["scf.loan"]._cron_overdue()
        self.assertEqual(loan.state, "overdue", "the first instalment was due ten days ago")
        self.rhone_bank.today = self.today
        self.rhone_bank.post_repayment(loan, "3500.00", on=self.today)
        self.assertEqual(loan.state, "active")
