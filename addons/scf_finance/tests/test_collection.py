from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import FinanceCase


class CollectionCase(FinanceCase):
    """An invoice that may be financed, and words for what its buyer pays."""

    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)

    def _credit(self, invoice, amount):
        """A credit note of `amount` that is matched with the invoice."""
        refund = self._create_invoice_one_line(
            move_type="out_refund",
            product_id=self.product_a,
            price_unit=amount,
            partner_id=invoice.partner_id,
            tax_ids=self.env["account.tax"],
            invoice_date=self.today,
            post=True,
        )
        (invoice + refund).line_ids.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        return refund

    def _amounts(self, reported):
        return [(body["kind"], body["amount"]["amount"]) for body in reported]

    def _receivable(self, move):
        return move.line_ids.filtered(lambda item: item.account_type == "asset_receivable")


@tagged("post_install", "-at_install")
class TestCollection(CollectionCase):
    """What comes in for a loan that is paid out."""

    def given(self):
        super().given()
        self.loan = self._financed(self.invoice)

    def test_nothing_is_sent_when_a_payment_is_registered(self):
        loan = self.loan
        self._pay(self.invoice, 1000.0)
        self.assertEqual(loan.collection_ids.state, "found")
        self.assertFalse(self.rhone_bank.queued("collect"))

    def test_part_payments_are_reported_one_by_one(self):
        loan = self.loan
        self._pay(self.invoice, 2500.0)
        self._pay(self.invoice, 1500.0)
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "2500.00"), ("payment", "1500.00")])
        self.assertEqual(loan.collection_ids.mapped("state"), ["allocated"] * 2)
        self.assertEqual(loan.book_principal, 4000.0)
        self._pay(self.invoice)
        self._report(loan)
        self.assertEqual(loan.state, "closed")
        self._assert_books_closed(loan)

    def test_payment_over_several_invoices_counts_only_the_financed_ones(self):
        loan = self.loan
        other = self._invoice(3000.0)
        self._pay(self.invoice + other, group_payment=True)
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "10000.00")])

    def test_payment_that_is_undone_is_taken_back_at_the_bank(self):
        loan = self.loan
        payment = self._pay(self.invoice)
        self._report(loan)
        self.assertEqual((loan.state, loan.application_id.state), ("closed", "repaid"))
        payment.action_draft()
        [undone] = self._report(loan)
        self.assertEqual((undone["kind"], undone["amount"]["amount"]), ("undone", "10000.00"))
        self.assertEqual(undone["reverses"], loan.collection_ids[-1].reference)
        self.assertEqual((loan.state, loan.application_id.state), ("active", "financed"))
        self.assertEqual(loan.book_principal, 8000.0)
        payment.action_post()
        self._report(loan)
        self.assertEqual((loan.state, loan.application_id.state), ("closed", "repaid"))
        self._assert_books_closed(loan)

    def test_payment_undone_where_it_is_tomorrow_already_is_reported_at_once(self):
        loan = self.loan
        payment = self._pay(self.invoice)
        self._report(loan)
        with patch.object(fields.Date, "context_today", return_value=self.today + timedelta(days=1)):
            payment.action_draft()
        self.assertEqual(self._amounts(self._report(loan)), [("undone", "10000.00")])
        self.assertEqual(loan.state, "active")

    def test_payment_undone_before_it_was_reported_says_nothing(self):
        loan = self.loan
        self._pay(self.invoice, 1000.0).action_draft()
        self.assertEqual(loan.collection_ids.state, "void")
        self.assertEqual(self._report(loan), [])

    def test_unmatching_takes_back_as_much_as_matching_brought(self):
        loan = self.loan
        self._pay(self.invoice, 4000.0)
        self._report(loan)
        self.invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self._amounts(self._report(loan)), [("undone", "4000.00")])
        self.assertEqual(loan.book_principal, 8000.0)

    def test_credit_note_is_dilution_not_cash(self):
        loan = self.loan
        self._credit(self.invoice, 1000.0)
        self.assertEqual(self._amounts(self._report(loan)), [("dilution", "1000.00")])
        self.assertEqual(loan.book_principal, 8000.0)

    def test_write_off_of_a_payment_is_dilution(self):
        loan = self.loan
        self._pay(
            self.invoice,
            9900.0,
            payment_difference_handling="reconcile",
            writeoff_account_id=self.company_data["default_account_expense"].id,
        )
        self.assertEqual(sorted(self._amounts(self._report(loan))), [("dilution", "100.00"), ("payment", "9900.00")])

    def test_write_off_by_journal_entry_is_dilution(self):
        loan = self.loan
        receivable = self.invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        entry = self.env["account.move"].create(
            {
                "line_ids": [
                    (0, 0, {"account_id": receivable.account_id.id, "credit": 500.0, "partner_id": self.buyer.id}),
                    (0, 0, {"account_id": self.company_data["default_account_expense"].id, "debit": 500.0}),
                ]
            }
        )
        entry.action_post()
        (receivable + entry.line_ids.filtered("credit")).reconcile()
        self.assertEqual(self._amounts(self._report(loan)), [("dilution", "500.00")])

    def test_statement_line_matched_with_the_invoice_is_a_cleared_payment(self):
        loan = self.loan
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": self.today,
                "payment_ref": self.invoice.name,
                "partner_id": self.buyer.id,
                "amount": 6000.0,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = self.invoice.line_ids.filtered(
            lambda item: item.account_type == "asset_receivable"
        ).account_id
        (suspense + self.invoice.line_ids.filtered(lambda item: item.account_type == "asset_receivable")).reconcile()
        [collection] = loan.collection_ids
        self.assertTrue(collection.cleared)
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "6000.00")])

    def test_offset_of_a_credit_note_in_a_statement_line_is_no_cash(self):
        loan = self.loan
        credit_note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.buyer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [(0, 0, {"name": "Returned", "price_unit": 3000.0, "tax_ids": []})],
            }
        )
        credit_note.action_post()
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": self.today,
                "payment_ref": "Invoice less credit note",
                "partner_id": self.buyer.id,
                "amount": 7000.0,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        receivable = self._receivable(self.invoice).account_id
        common = {"account_id": receivable.id, "partner_id": self.buyer.id, "name": "Matched"}
        line.move_id.with_context(force_delete=True, skip_readonly_check=True).write(
            {
                "line_ids": [
                    (2, suspense.id),
                    (0, 0, {**common, "credit": 10000.0}),
                    (0, 0, {**common, "debit": 3000.0}),
                ]
            }
        )
        paid, offset = line.move_id.line_ids.filtered(lambda item: item.account_id == receivable).sorted("balance")
        (offset + self._receivable(credit_note)).reconcile()
        (paid + self._receivable(self.invoice)).reconcile()
        self.assertEqual(sorted(self._amounts(self._report(loan))), [("dilution", "3000.00"), ("payment", "7000.00")])

    def test_payment_matched_anew_while_the_loan_counts_as_repaid_is_collected_when_it_comes_back(self):
        loan = self.loan
        payment = self._pay(self.invoice)
        self._report(loan)
        self.assertEqual(loan.state, "closed")
        self.invoice.line_ids.remove_move_reconcile()
        (self._receivable(payment.move_id) + self._receivable(self.invoice)).reconcile()
        self.assertEqual(self._amounts(self._report(loan)), [("undone", "10000.00")])
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "10000.00")])
        self.assertEqual(loan.state, "closed")
        self._assert_books_closed(loan)

    def test_registered_payment_is_collected_but_not_cleared(self):
        loan = self.loan
        self._pay(self.invoice, 1000.0)
        self.assertFalse(loan.collection_ids.cleared)

    def test_payment_dated_in_the_future_waits_for_its_day(self):
        loan = self.loan
        self._pay(self.invoice, 1000.0, payment_date=self.today + timedelta(days=5))
        self.assertEqual(self._report(loan), [])
        self.assertEqual(loan.collection_ids.state, "found")

    def test_payment_after_the_loan_is_repaid_is_the_companys_own(self):
        loan = self.loan
        self._pay(self.invoice, 9000.0)
        self._report(loan)
        self.assertEqual(loan.state, "closed")
        self._pay(self.invoice)
        self.assertEqual(self._report(loan), [])
        self.assertEqual(len(loan.collection_ids), 1)

    def test_other_invoices_of_the_buyer_are_nobodys_business(self):
        loan = self.loan
        self._pay(self._invoice(700.0))
        self.assertFalse(loan.collection_ids)

    def test_reported_never_exceeds_what_was_paid(self):
        loan = self.loan
        for amount in (3333.33, 3333.33):
            self._pay(self.invoice, amount)
            self._report(loan)
        self.invoice.line_ids.remove_move_reconcile()
        self._pay(self.invoice, 2000.0)
        self._report(loan)
        rows = loan.collection_ids.filtered(lambda row: row.state in ("reported", "allocated"))
        net = sum(row.amount if row.kind == "payment" else -row.amount for row in rows)
        self.assertAlmostEqual(net, 2000.0, 2)
        self.assertFalse(loan.mismatch)

    def test_collection_that_the_bank_refuses_is_said(self):
        loan = self.loan
        self._pay(self.invoice, 1000.0)
        collection = loan.collection_ids
        collection.sudo()._report()
        self.rhone_bank.refuse("collect", detail="The loan is closed.")
        self.assertEqual((collection.state, collection.refusal), ("refused", "The loan is closed."))
        self.assertIn("The loan is closed.", loan.activity_ids.note)

    def test_accountant_without_a_financing_role_registers_payments_as_always(self):
        loan = self.loan
        payments = (
            self.env["account.payment.register"]
            .with_user(self.people["accountant"])
            .with_context(active_model="account.move", active_ids=self.invoice.ids)
            .create({"amount": 1000.0})
        )
        payments._create_payments()
        self.assertEqual(loan.collection_ids.amount, 1000.0)

    def test_a_payment_costs_one_query_more_where_nothing_is_financed_and_few_where_a_loan_is(self):
        plain, other = self._invoice(700.0), self._invoice(10000.0)
        partials = self._pay(plain).move_id._scf_partials()
        self.env.flush_all()
        before = self.cr.sql_log_count
        self.env["scf.collection"].sudo()._find(partials)
        self.assertEqual(self.cr.sql_log_count - before, 1)
        without = self._queries_of_payment(other)
        self.assertFalse(self.loan.collection_ids)
        self.assertLessEqual(self._queries_of_payment(self.invoice) - without, 14)
        self.assertEqual(self.loan.collection_ids.amount, 10000.0)

    def _queries_of_payment(self, invoice):
        """What registering a payment takes until it could be committed."""
        self.env.cr.flush()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._pay(invoice)
        self.env.cr.flush()
        return self.cr.sql_log_count - before

    def test_many_payments_of_one_transaction_are_told_to_the_screens_once(self):
        self.env.cr.flush()
        told = []
        with patch.object(
            type(self.env["bus.bus"]), "_sendone", lambda bus, channel, kind, message: told.append((channel, message))
        ):
            self._pay(self.invoice, 1000.0)
            self._pay(self.invoice, 500.0)
            self.env.cr.flush()
            self.assertFalse(told, "a payment waits for nobody's screen")
            for collection in self.loan.collection_ids.sudo():
                collection._report()
            self.assertFalse(told)
            self.env.cr.flush()
        channels = [
            channel for channel, message in told if message == {"model": "account.move", "ids": self.invoice.ids}
        ]
        self.assertIn(self.people["approver"].partner_id, channels)
        self.assertEqual(len(channels), len(set(channels)))

    def test_collections_are_kept(self):
        loan = self.loan
        self._pay(self.invoice, 1000.0)
        with self.assertRaises(UserError):
            loan.collection_ids.sudo().unlink()


@tagged("post_install", "-at_install")
class TestCollectionOnTheWay(CollectionCase):
    """What comes in before the loan is paid out, and for other documents."""

    def test_credited_down_payment_takes_nothing_off_a_financed_order(self):
        order = self._order(10000.0)
        loan = self._financed(order)
        down_payment = self._create_down_payment_invoice(order, "percentage", 25, post=True)
        note = self._create_invoice_one_line(
            move_type="out_refund",
            product_id=self.product_a,
            price_unit=2500.0,
            partner_id=self.buyer,
            tax_ids=self.env["account.tax"],
            invoice_date=self.today,
            post=True,
        )
        (self._receivable(note) + self._receivable(down_payment)).reconcile()
        self.assertEqual(self._amounts(self._report(loan)), [])
        self._pay(self._create_down_payment_invoice(order, "percentage", 25, post=True))
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "2500.00")])

    def test_payment_that_the_package_told_is_not_collected(self):
        payment = self._pay(self.invoice, 2000.0)
        loan = self._financed(self.invoice)
        payment.action_draft()
        payment.action_post()
        self.assertEqual(self._report(loan), [])

    def test_payment_before_the_payout_is_kept_and_reported_after_it(self):
        loan = self._granted(self.invoice)
        self._pay(self.invoice, 2000.0)
        self.assertEqual(self._report(loan), [])
        self.assertEqual(loan.collection_ids.state, "found")
        self.rhone_bank.disburse(loan)
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "2000.00")])

    def test_payment_between_request_and_grant_is_found_when_the_loan_is_granted(self):
        offer = self._offered(self.invoice)
        self._pay(self.invoice, 1000.0)
        self._accept(offer)
        loan = self.rhone_bank.grant(offer)
        self.rhone_bank.disburse(loan)
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "1000.00")])

    def test_payment_that_the_package_tells_of_is_not_reported_again(self):
        self._pay(self.invoice, 1000.0)
        loan = self._financed(self.invoice)
        self.assertEqual(self._report(loan), [])

    def test_invoice_of_two_orders_counts_with_the_financed_orders_share(self):
        order, other = self._order(6000.0), self._order(4000.0)
        loan = self._financed(order)
        invoice = (order + other)._create_invoices()
        self.assertEqual(len(invoice), 1)
        invoice.action_post()
        self._pay(invoice, 5000.0)
        self.assertEqual(self._amounts(self._report(loan)), [("payment", "3000.00")])

    def test_payment_in_foreign_currency_is_reported_in_the_loans_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.9)])
        invoice = self._invoice(8000.0, currency_id=euro)
        loan = self._financed(invoice)
        self._pay(invoice, 4000.0, currency_id=euro.id)
        [body] = self._report(loan)
        self.assertEqual(body["amount"], {"amount": "4000.00", "currency": "EUR"})
