from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .purchase_case import PurchaseCase


@tagged("post_install", "-at_install")
class TestPurchaseLoan(PurchaseCase):
    """The books of a loan that pays a supplier, to the cent."""

    def setUp(self):
        super().setUp()
        self.payable = self.supplier.with_company(self.company).property_account_payable_id

    def _booked(self, move):
        """Debit-positive amounts of an entry in its own currency, by account and partner."""
        return sorted(
            (line.account_id.name, line.partner_id.name or "", line.amount_currency) for line in move.line_ids
        )

    def _owed(self):
        """What is owed to the supplier by the books; what he has in advance counts against it."""
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.payable.id),
                ("partner_id", "=", self.supplier.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return -sum(items.mapped("amount_residual_currency"))

    def _loan_account(self):
        return self.company.scf_loan_account_id.name

    # --- bills ---

    def test_bill_with_tax_is_paid_in_part_by_the_bank_and_every_account_ends_at_zero(self):
        tax = self.env["account.tax"].create({"name": "VAT 21", "amount": 21.0, "type_tax_use": "purchase"})
        bill = self._bill(10000.0, tax_ids=tax)
        loan = self._financed(bill, on=self.today - timedelta(days=30), fee="48.40")
        [payout] = loan.entry_ids.move_id
        self.assertEqual(
            self._booked(payout),
            sorted([(self.payable.name, "Delta Mills", 9680.0), (self._loan_account(), "", -9680.0)]),
        )
        self.assertEqual(loan.disbursed_amount, 9680.0, "the supplier gets the principal in full")
        self.assertEqual((bill.amount_residual, bill.payment_state), (2420.0, "partial"))
        self.assertFalse(loan.collection_ids, "the payout is no payment by a buyer")
        self.assertFalse(loan.mismatch)

        self._pay(bill)
        self.assertEqual((bill.amount_residual, self._owed()), (0.0, 0.0))
        self.rhone_bank.post_repayment(loan, "20000.00")
        repayment = loan.entry_ids[-1]
        self.assertEqual((loan.state, repayment.fee, repayment.principal), ("closed", 48.40, 9680.0))
        self.assertAlmostEqual(repayment.interest, 67.76, 2)  # 9,680 × 8.4 % × 30/360
        clearing, fees = self.company.scf_clearing_account_id, self.company.scf_fee_account_id
        self.assertAlmostEqual(self._account_balance(fees), 48.40, 2)
        self.assertAlmostEqual(self._account_balance(clearing), -repayment.amount, 2, "what the statement brings")
        self._assert_books_closed(loan)

    def test_several_bills_share_the_payout_by_what_was_open_of_them(self):
        first, second, third = (self._bill(1000.0, ref=f"B-{number}") for number in range(3))
        loan = self._financed(first | second | third, requested=1000.0)
        self.assertEqual(
            [line.amount_currency for line in loan.entry_ids.move_id.line_ids if line.partner_id],
            [333.33, 333.34, 333.33],
        )
        self.assertEqual([bill.amount_residual for bill in first | second | third], [666.67, 666.66, 666.67])
        self.assertEqual(loan.application_id.line_ids.payout_item_ids.mapped("reconciled"), [True] * 3)

    def test_bill_that_was_paid_meanwhile_leaves_a_claim_on_the_supplier_that_is_told_of(self):
        bill = self._bill(10000.0)
        loan = self._granted(bill)
        self._pay(bill, 5000.0)
        self.rhone_bank.disburse(loan)
        self.assertEqual((bill.amount_residual, self._owed()), (0.0, -3000.0))
        [activity] = loan.activity_ids
        self.assertIn("3,000.00", activity.note)
        self.assertFalse(loan.mismatch)

    def test_fee_that_a_bank_deducts_all_the_same_leaves_the_bill_open_by_it(self):
        bill = self._bill(10000.0)
        loan = self._financed(bill, fee="40.00", fee_timing="deducted")
        self.assertEqual((bill.amount_residual, self._account_balance(self.company.scf_fee_account_id)), (2040.0, 40.0))
        self.assertEqual((loan.book_principal, loan.mismatch), (8000.0, False))

    def test_failed_payout_books_nothing_and_frees_the_bill(self):
        bill = self._bill(10000.0)
        loan = self._granted(bill)
        self.rhone_bank.fail_disbursement(loan)
        self.assertFalse(loan.entry_ids)
        self.assertEqual((loan.state, bill.amount_residual), ("failed", 10000.0))
        self.assertFalse(loan.application_id.line_ids.is_open)

    def test_repayment_taken_back_leaves_the_supplier_paid(self):
        bill = self._bill(10000.0)
        loan = self._financed(bill)
        entry = self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(loan.state, "closed")
        repaid = loan.entry_ids[-1].move_id
        self.rhone_bank.reverse_repayment(loan, entry)
        self.assertEqual(loan.entry_ids[-1].move_id.reversed_entry_id, repaid)
        self.assertEqual((loan.book_principal, bill.amount_residual, loan.mismatch), (8000.0, 2000.0, False))
        self.rhone_bank.post_repayment(loan, "9000.00")
        self._assert_books_closed(loan)

    def test_events_that_come_again_pay_nobody_twice(self):
        bill = self._bill(10000.0)
        loan = self._financed(bill)
        moves = loan.entry_ids.move_id
        for payload in [*reversed(self.rhone_bank.told), *self.rhone_bank.told]:
            self.rhone_bank.send_event(payload)
        self.assertEqual((loan.entry_ids.move_id, bill.amount_residual), (moves, 2000.0))

    def test_foreign_currency_is_settled_with_its_exchange_difference(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        for days, rate in ((60, 2.0), (10, 1.6)):
            self.env["res.currency.rate"].create(
                {
                    "name": self.today - timedelta(days=days),
                    "rate": rate,
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                }
            )
        bill = self._bill(10000.0, currency_id=euro.id, invoice_date=self.today - timedelta(days=30))
        loan = self._financed(bill)
        [payout] = loan.entry_ids.move_id
        self.assertEqual(sorted(payout.line_ids.mapped("amount_currency")), [-8000.0, 8000.0])
        self.assertEqual(sorted(payout.line_ids.mapped("balance")), [-5000.0, 5000.0])
        self.assertEqual(bill.amount_residual, 2000.0)
        self._pay(bill, currency_id=euro.id)
        self.rhone_bank.post_repayment(loan, "20000.00")
        self._assert_books_closed(loan)
        self.assertAlmostEqual(self._account_balance(self.payable), 0, 2)

    # --- orders ---

    def test_order_is_paid_in_advance_and_its_bills_take_that_up_oldest_first(self):
        order = self._purchase(100.0, 100.0)
        loan = self._financed(order)
        self.assertEqual(self._owed(), -8000.0, "an advance")
        self.assertFalse(loan.mismatch)
        stranger = self._bill(500.0, ref="other")
        self.assertEqual(stranger.amount_residual, 500.0, "not of this order")
        first = self._bill_of(order, 40.0, ref="first")
        self.assertEqual((first.payment_state, self._owed()), ("paid", -3500.0))
        second = self._bill_of(order, 60.0, ref="second")
        self.assertEqual((second.amount_residual, stranger.amount_residual), (2000.0, 500.0))
        self._pay(second | stranger)
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(self._owed(), 0.0)
        self._assert_books_closed(loan)

    def test_bills_that_were_there_before_the_payout_take_it_up_at_once(self):
        order = self._purchase(100.0, 100.0)
        loan = self._granted(order)
        bill = self._bill_of(order, 30.0)
        self.assertEqual(bill.amount_residual, 3000.0)
        self.rhone_bank.disburse(loan)
        self.assertEqual((bill.amount_residual, self._owed()), (0.0, -5000.0))

    def test_order_that_was_billed_and_paid_meanwhile_leaves_a_claim_on_the_supplier_that_is_told_of(self):
        order = self._purchase(100.0, 100.0)
        loan = self._granted(order)
        self._pay(self._bill_of(order, 70.0))
        self.rhone_bank.disburse(loan)
        self.assertEqual(self._owed(), -8000.0)
        [activity] = loan.activity_ids
        self.assertIn("5,000.00", activity.note, "3,000.00 are still to be billed")

    def test_advance_of_a_loan_that_was_repaid_is_not_financed_again(self):
        order = self._purchase(100.0, 100.0)
        loan = self._financed(order)
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual(order._scf_assess().open_amount, 2000)

    # --- what is bound, and warned of ---

    def test_financed_purchase_and_the_entry_of_its_payout_are_bound(self):
        order, bill = self._purchase(), self._bill()
        loan = self._financed(bill)
        for refused in (bill.button_draft, bill.button_cancel, loan.entry_ids.move_id.button_draft):
            with self.assertRaises(UserError):
                refused()
        self._financed(order)
        with self.assertRaisesRegex(UserError, "is paid by the financing"):
            order.button_cancel()

    def test_offer_is_not_accepted_once_the_goods_that_came_are_promised_to_another_bank(self):
        order = self._purchase(100.0, 100.0)
        offer = self._offered(order)
        order.picking_ids.move_ids.picked = True
        order.picking_ids.button_validate()
        pledge = self.env["scf.pledge"].create(
            {
                "company_id": self.company.id,
                "product_id": self.flour.id,
                "location_id": self.warehouse.lot_stock_id.id,
                "quantity": 150.0,
            }
        )
        elsewhere = self.env["scf.application"].sudo().create({"line_ids": [Command.create({"pledge_id": pledge.id})]})
        elsewhere.line_ids.write({"asset_key": "flour", "is_open": True})
        with self.assertRaisesRegex(UserError, f"are pledged for {elsewhere.name}"):
            self._accept(offer)
        self.assertFalse(self.rhone_bank.queued("accept"))
        elsewhere.line_ids.is_open = False
        self._accept(offer)
        self.assertEqual(offer.state, "accepting")

    def test_whoever_pays_a_bill_that_a_bank_is_asked_to_pay_is_warned(self):
        bill = self._bill(10000.0)
        self.assertFalse(self._payment_of(bill).scf_warning)
        loan = self._granted(bill)
        self.assertIn("paid twice", self._payment_of(bill).scf_warning)
        self.rhone_bank.disburse(loan)
        wizard = self._payment_of(bill)
        self.assertEqual((wizard.scf_warning, wizard.amount), ("", 2000.0))

    def test_whoever_pays_the_bill_of_an_order_that_a_bank_is_asked_to_pay_is_warned(self):
        order = self._purchase(100.0, 100.0)
        self._request(order)
        self.assertIn("paid twice", self._payment_of(self._bill_of(order)).scf_warning)

    def _payment_of(self, bill):
        register = self._as("accountant", self.env["account.payment.register"])
        return register.with_context(active_model="account.move", active_ids=bill.ids).create({})
