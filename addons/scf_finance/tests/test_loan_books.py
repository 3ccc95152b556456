from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .books_case import BooksCase
from .purchase_case import PurchaseCase


@tagged("post_install", "-at_install")
class TestLoanBooks(BooksCase):
    """From the payout to the end every account of a loan comes back to zero, whatever happens in between."""

    def _interest(self, days, principal=8000.0):
        return round(principal * 0.084 * days / 360, 2)

    # --- with recourse ---

    def test_with_recourse_a_period_end_and_a_reversal_in_between_leave_nothing(self):
        loan = self._financed(self.invoice, on=self.start)
        drawn = self.rhone_bank.post_repayment(loan, "3000.00", on=self.start + timedelta(days=10))
        closing = self._close()
        left = 8000 - loan.entry_ids[-1].principal
        accrued = self._interest(10, left)
        self.assertEqual(self._booked(closing.move_id), {"interest": accrued, "accrued": -accrued})
        self.rhone_bank.reverse_repayment(loan, drawn, on=self.start + timedelta(days=30))
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(
            self._cost("interest"), round(sum(loan.entry_ids.mapped("interest")) - 2 * drawn_interest(loan), 2)
        )
        self.assertEqual(self._cost("interest"), self._interest(40))
        self.assertEqual(self._cost("fee"), 40.0)
        self._assert_over(loan)

    def test_every_item_names_its_loan_and_the_ledger_is_the_journal(self):
        loan = self._financed(self.invoice, on=self.start)
        other = self._financed(self._invoice(5000.0), on=self.start)
        self.rhone_bank.post_repayment(loan, "3000.00")
        for each in (loan, other):
            principal = sum(
                entry.amount if entry.type == "disbursement" else -entry.principal for entry in each.entry_ids
            )
            booked = each.item_ids.filtered(lambda item: item.account_id == self.company.scf_loan_account_id)
            self.assertEqual(round(-sum(booked.mapped("amount_currency")), 2), round(principal, 2))
            self.assertEqual(each.book_principal, each.balance_principal)

    def test_entry_that_somebody_reverses_by_hand_is_noticed(self):
        loan = self._financed(self.invoice, on=self.start)
        loan.entry_ids.move_id._reverse_moves(cancel=False).action_post()
        loan._check_agreement()
        self.assertIn("The loan account carries 0.00", loan.mismatch)

    def test_accountant_reverses_an_entry_of_a_loan_but_gives_no_item_to_one(self):
        loan = self._financed(self.invoice, on=self.start)
        item = self._as("admin", self.invoice.line_ids[:1])
        with self.assertRaisesRegex(AccessError, "follows from the bank's ledger"):
            item.write({"scf_loan_id": loan.id})
        values = {"account_id": item.account_id.id, "debit": 0.0, "scf_loan_id": loan.id}
        with self.assertRaisesRegex(AccessError, "follows from the bank's ledger"):
            item.env["account.move"].create({"move_type": "entry", "line_ids": [Command.create(values)]})
        reversal = self._as("admin", loan.entry_ids.move_id)._reverse_moves()
        self.assertEqual(reversal.line_ids.scf_loan_id, loan)
        with self.assertRaisesRegex(AccessError, "follows from the bank's ledger"):
            reversal.line_ids.write({"scf_loan_id": False})
        dialog = self.env["account.move.reversal"].with_user(self.people["admin"])
        dialog = dialog.with_context(active_model="account.move", active_ids=loan.entry_ids.move_id.ids)
        again = dialog.create({"journal_id": loan.entry_ids.move_id.journal_id.id}).modify_moves()
        self.assertFalse(self.env["account.move"].browse(again["res_id"]).line_ids.scf_loan_id)

    def test_penalties_and_charges_are_costs_of_their_own_once_paid(self):
        loan = self._financed(self.invoice, on=self.today - timedelta(days=60), tenor_days=45)
        charged = self.rhone_bank.charge(loan, "25.00")
        self.assertFalse(loan.entry_ids.filtered(lambda entry: entry.type == "charge").move_id, "owed, not paid")
        other = self.rhone_bank.charge(loan, "10.00")
        self.rhone_bank.take_back_charge(loan, other)
        closing = self._close(self.today)
        penalty = round(8000 * 0.05 * 15 / 360, 2)
        self.assertEqual(
            self._booked(closing.move_id),
            {
                "interest": self._interest(60),
                "penalty": penalty,
                "fee": float(charged["amount"]),
                "accrued": -round(self._interest(60) + penalty + 25, 2),
            },
        )
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual((self._cost("fee"), loan.entry_ids[-1].penalty), (65.0, penalty))
        self._close(self.today)
        self._assert_over(loan)

    def test_charge_taken_back_after_it_was_paid_is_no_cost_and_repays_the_loan(self):
        loan = self._financed(self.invoice, on=self.start)
        charged = self.rhone_bank.charge(loan, "25.00")
        self.rhone_bank.post_repayment(loan, "3000.00")
        self.assertEqual(self._cost("fee"), 65.0)
        self.rhone_bank.take_back_charge(loan, charged)
        freed = loan.entry_ids[-1]
        self.assertEqual((freed.principal, self._booked(freed.move_id)), (25.0, {"loan": 25.0, "fee": -25.0}))
        self.assertEqual((loan.mismatch, loan.book_principal), (False, loan.balance_principal))
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(self._cost("fee"), 40.0)
        self._assert_over(loan)

    def test_repayment_that_bounces_after_the_loss_was_given_up_is_owed_again(self):
        loan = self._financed(self.invoice, on=self.start)
        drawn = self.rhone_bank.post_repayment(loan, "3000.00", on=self.start + timedelta(days=10))
        self.rhone_bank.write_off(loan)
        self.rhone_bank.reverse_repayment(loan, drawn)
        self.assertEqual((loan.state, loan.mismatch, loan.book_principal), ("active", False, loan.balance_principal))
        self.assertGreaterEqual(loan.balance_total, 3000.0)

    def test_debt_that_a_bank_gives_up_is_income(self):
        loan = self._financed(self.invoice, on=self.start)
        self.rhone_bank.call(loan)
        self.rhone_bank.post_repayment(loan, "3000.00")
        left = 8000 - loan.entry_ids.filtered(lambda entry: entry.type == "repayment").principal
        self.rhone_bank.write_off(loan)
        written_off = loan.entry_ids[-1].move_id
        self.assertEqual(self._booked(written_off), {"loan": round(left, 2), "write_off": -round(left, 2)})
        self._assert_over(loan)

    # --- without recourse ---

    def test_receivable_sold_without_recourse_leaves_the_balance_sheet_and_stays_open_at_the_customer(self):
        loan = self._financed(self.invoice, on=self.start, recourse=False)
        self.assertEqual(
            self._booked(loan.entry_ids.move_id),
            {"clearing": 7960.0, "fee": 40.0, "holdback": 2000.0, "assigned": -10000.0},
        )
        self.assertEqual((loan.holdback, loan.book_principal, self.invoice.amount_residual), (2000.0, 8000.0, 10000.0))
        receivable = self.invoice.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        self.assertEqual(self._account_balance(receivable.account_id) + self._carries()["assigned"], 0.0)
        self._close()

        self._pay(self.invoice, 4000.0)
        self._report(loan)
        self.assertEqual((self._carries()["holdback"], loan.mismatch), (2000.0, False))
        self._pay(self.invoice)
        self._report(loan)
        self.assertEqual(self._cost("interest"), self._interest(40))
        self._assert_over(loan)

    def test_sale_that_comes_back_has_its_holdback_again(self):
        loan = self._financed(self.invoice, on=self.start, recourse=False)
        drawn = self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertNotIn("holdback", self._carries())
        self.rhone_bank.reverse_repayment(loan, drawn)
        self.assertEqual((self._carries()["holdback"], self._carries()["assigned"]), (2000.0, -10000.0))
        self.assertEqual((loan.state, loan.book_principal, loan.mismatch), ("active", 8000.0, False))
        self.rhone_bank.post_repayment(loan, "9000.00")
        self._assert_over(loan)

    def test_loss_that_the_bank_bears_is_owed_by_the_customer_no_more_and_is_no_collection(self):
        loan = self._financed(self.invoice, on=self.start, recourse=False)
        self._pay(self.invoice, 3000.0)
        self._report(loan)
        reported = loan.collection_ids
        left = 8000 - sum(loan.entry_ids.mapped("principal"))
        self.rhone_bank.write_off(loan)
        self.assertAlmostEqual(self.invoice.amount_residual, 7000 - left, 2)
        self.assertEqual(loan.collection_ids, reported)
        self.assertEqual(self._cost("write_off"), 0.0)
        self._assert_over(loan)

    def test_without_recourse_but_on_an_order_is_a_debt_all_the_same(self):
        loan = self._financed(self._order(10000.0), on=self.start, recourse=False)
        self.assertEqual(self._booked(loan.entry_ids.move_id), {"loan": -8000.0, "clearing": 7960.0, "fee": 40.0})

    def test_buyer_who_pays_the_bank_directly_leaves_nothing_owed_or_sold(self):
        for recourse in (True, False):
            with self.subTest(recourse=recourse):
                invoice = self._invoice(10000.0, invoice_date=self.start, days=85)
                loan = self._financed(invoice, on=self.start, recourse=recourse)
                self.rhone_bank.buyer_pays(loan, invoice.name, "10000.00")
                self.assertEqual((invoice.amount_residual, loan.collection_ids.ids), (0.0, []))
                self.assertEqual(self._carries(), {"clearing": round(7960 + 2000 - self._interest(40), 2)})
                self._assert_over(loan)

    # --- fees that are spread ---

    def test_fee_that_is_spread_is_a_cost_of_its_days(self):
        self.company.scf_fee_recognition = "spread"
        loan = self._financed(self.invoice, on=self.start, fee="45.00")
        self.company.scf_fee_recognition = "expensed"
        self.assertEqual(self._carries()["deferred_fee"], 45.0)
        closing = self._close()
        self.assertEqual(
            {key: amount for key, amount in self._booked(closing.move_id).items() if key in ("fee", "deferred_fee")},
            {"fee": 20.0, "deferred_fee": -20.0},
            "twenty of forty-five days",
        )
        self.assertEqual(self._carries()["deferred_fee"], 45.0, "taken back the next day")
        drawn = self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual((loan.state, self._cost("fee")), ("closed", 45.0))
        self.rhone_bank.reverse_repayment(loan, drawn)
        self.assertEqual((self._carries()["deferred_fee"], self._cost("fee")), (45.0, 0.0))
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(self._cost("fee"), 45.0)
        self._assert_over(loan)

    def test_fee_owed_with_the_repayment_is_accrued_by_its_days_where_it_is_spread(self):
        self.company.scf_fee_recognition = "spread"
        loan = self._financed(self.invoice, on=self.start, fee="45.00", fee_timing="on_repayment")
        closing = self._close()
        accrued = round(self._interest(20) + 20.0, 2)
        self.assertEqual(
            self._booked(closing.move_id), {"interest": self._interest(20), "fee": 20.0, "accrued": -accrued}
        )
        self.rhone_bank.post_repayment(loan, "9000.00")
        self._assert_over(loan)

    def test_fee_owed_with_the_repayment_is_accrued_at_once_where_it_is_not_spread(self):
        loan = self._financed(self.invoice, on=self.start, fee="45.00", fee_timing="up_front")
        self.assertEqual(self._booked(self._close().move_id)["fee"], 45.0)
        self.rhone_bank.post_repayment(loan, "9000.00")
        self._assert_over(loan)

    # --- foreign currency ---

    def test_foreign_currency_is_restated_at_the_period_end_and_leaves_nothing(self):
        euro = self._euro()
        invoice = self._invoice(10000.0, invoice_date=self.start, days=85, currency_id=euro.id)
        self.company.scf_fee_recognition = "spread"
        loan = self._financed(invoice, on=self.start)
        self.assertEqual(self._carries(), {"loan": -4000.0, "clearing": 3980.0, "deferred_fee": 20.0})
        closing = self._close()
        of_kind = {line.kind: (line.amount, line.balance) for line in closing.line_ids}
        self.assertEqual(of_kind["interest"], (self._interest(20), round(self._interest(20) * 0.8, 2)))
        self.assertEqual(of_kind["revaluation"], (0.0, -2400.0), "8,000 € at 0.80 instead of 0.50")
        self.assertEqual(of_kind["revaluation_clearing"], (0.0, round(7960 * 0.3, 2)))
        self.assertEqual(of_kind["deferred_fee"], (17.78, 8.89), "fees stay at the rate of their day")
        self.assertFalse(sum(closing.move_id.line_ids.mapped("balance")))
        drawn = self.rhone_bank.post_repayment(loan, "3000.00", on=self.today - timedelta(days=5))
        self.rhone_bank.reverse_repayment(loan, drawn)
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(self._cost("fee"), 20.0)
        self._assert_over(loan)

    def test_sale_without_recourse_in_a_foreign_currency_leaves_nothing(self):
        euro = self._euro()
        invoice = self._invoice(10000.0, invoice_date=self.start, days=85, currency_id=euro.id)
        loan = self._financed(invoice, on=self.start, recourse=False)
        closing = self._close()
        restated = closing.line_ids.filtered(lambda line: line.kind == "revaluation_holdback")
        self.assertEqual(restated.balance, 600.0, "2,000 € at 0.80 instead of 0.50")
        self._pay(invoice, currency_id=euro.id)
        self._report(loan)
        self._assert_over(loan)

    # --- closed and locked periods ---

    def test_what_is_told_of_a_closed_period_is_booked_after_it_and_says_so(self):
        loan = self._financed(self.invoice, on=self.start)
        closing = self._close()
        self.rhone_bank.post_repayment(loan, "3000.00", on=self.period_end - timedelta(days=5))
        late = loan.entry_ids[-1].move_id
        self.assertEqual(late.date, self.period_end + timedelta(days=1))
        self.assertIn(closing.name, late.ref)
        self.assertEqual(loan.entry_ids[-1].value_date, self.period_end - timedelta(days=5))
        self.rhone_bank.post_repayment(loan, "9000.00")
        self._assert_over(loan)

    def test_locks_of_fiscal_years_move_an_entry_those_of_sales_purchases_and_taxes_do_not(self):
        lock = self.start + timedelta(days=5)
        self.company.write({"sale_lock_date": lock, "purchase_lock_date": lock, "tax_lock_date": lock})
        loan = self._financed(self.invoice, on=self.start)
        self.assertEqual(loan.entry_ids.move_id.date, self.start)
        for field, days in (("fiscalyear_lock_date", 10), ("hard_lock_date", 15)):
            self.company[field] = self.start + timedelta(days=days)
            self.rhone_bank.post_repayment(loan, "1000.00", on=self.start + timedelta(days=2))
            moved = loan.entry_ids[-1].move_id
            self.assertEqual(moved.date, self.start + timedelta(days=days + 1))
            self.assertIn("locked period", moved.ref)
        self.rhone_bank.post_repayment(loan, "9000.00")
        self._assert_over(loan)

    # --- accounts ---

    def test_account_that_carries_loans_is_not_replaced(self):
        self._financed(self.invoice, on=self.start)
        other = self.company.scf_loan_account_id.copy()
        for instead in (other, False):
            with self.assertRaisesRegex(UserError, "carries loans"):
                self.company.scf_loan_account_id = instead
        self.company.scf_interest_account_id = self.company.scf_fee_account_id

    def test_account_without_reconciliation_can_not_carry_loans(self):
        self.company.scf_clearing_account_id.reconcile = False
        account, self.company.scf_clearing_account_id = self.company.scf_clearing_account_id, False
        with self.assertRaisesRegex(UserError, "does not allow reconciliation"):
            self.company.scf_clearing_account_id = account

    def test_sale_without_recourse_waits_for_its_accounts(self):
        accounts = {field: self.company[field].id for field in ("scf_assigned_account_id", "scf_holdback_account_id")}
        self.company.write(dict.fromkeys(accounts, False))
        offer = self._offered(self.invoice, recourse=False)
        with self.assertRaisesRegex(UserError, "Receivables Sold without Recourse, Holdback"):
            self._accept(offer)
        self.company.write(accounts)
        self._accept(offer)
        loan = self.rhone_bank.grant(offer)
        # What is taken away after all is missed when the money comes, and the event waits.
        self.company.write(dict.fromkeys(accounts, False))
        with self.assertRaisesRegex(AssertionError, "Receivables Sold without Recourse"):
            self.rhone_bank.disburse(loan)
        self.company.write(accounts)
        event = self.env["scf.event"].search([("type", "=", "loan.disbursed"), ("state", "=", "failed")])
        event.sudo()._apply()
        self.assertEqual((loan.state, loan.holdback), ("active", 2000.0))


@tagged("post_install", "-at_install")
class TestSupplierBooks(BooksCase, PurchaseCase):
    """A bank that pays the supplier: nothing is left of it either."""

    def test_supplier_paid_directly_with_a_fee_spread_leaves_nothing(self):
        self.company.scf_fee_recognition = "spread"
        bill = self._bill(10000.0)
        loan = self._financed(bill, on=self.start, fee="45.00")
        self.assertEqual(self._carries(), {"loan": -8000.0})
        closing = self._close()
        self.assertEqual(self._booked(closing.move_id)["fee"], 20.0, "owed with the repayment, earned by the day")
        self._pay(bill)
        drawn = self.rhone_bank.post_repayment(loan, "2000.00", on=self.today - timedelta(days=10))
        self.assertEqual(self._carries()["deferred_fee"], 45.0, "paid, and a part of it not earned yet")
        self._close(self.today - timedelta(days=5))
        self.rhone_bank.reverse_repayment(loan, drawn)
        self.rhone_bank.post_repayment(loan, "9000.00")
        payable = self.supplier.with_company(self.company).property_account_payable_id
        self.assertEqual((self._cost("fee"), round(self._account_balance(payable), 2)), (45.0, 0.0))
        self._assert_over(loan)


def drawn_interest(loan):
    """The interest in the repayment that was taken back."""
    taken_back = loan.entry_ids.filtered(lambda entry: entry.type == "repayment_reversal")
    return taken_back.interest
