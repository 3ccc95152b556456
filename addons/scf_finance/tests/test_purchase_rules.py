from datetime import timedelta
from decimal import Decimal

from openscf.fingerprint import fingerprints

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .purchase_case import PurchaseCase


@tagged("post_install", "-at_install")
class TestPurchaseRules(PurchaseCase):
    """Which purchases a bank may pay, for how much, and until when."""

    # --- amounts and days ---

    def test_order_is_paid_until_its_goods_have_come_been_sold_and_been_paid_for(self):
        order = self._purchase(100.0, 100.0)
        assessment = order._scf_assess()
        self.assertFalse(assessment.stops)
        self.assertEqual(assessment.eligible_amount, Decimal("8000.00"))
        # 365 sold in a year: 100 on hand and 100 to come take 200 days; nobody has paid an invoice yet: 30 days.
        [document] = assessment.documents
        self.assertEqual(document.facts.resale.days, 230)
        self.assertIn("resale_slow", self._codes(order, "warn"))
        self.assertEqual(assessment.tenor_days, 180, "the longest that a bank lends for")

    def test_goods_that_come_late_are_sold_from_then_on(self):
        self._sell(self.flour, sold=365.0 * 9)
        order = self._purchase(100.0)  # 10 a day: 20 days for all of them, 10 of these after the arrival
        self.assertEqual(order._scf_assess().tenor_days, 20 + 30)
        order.order_line.date_planned = self.today + timedelta(days=60)
        self.assertEqual(order._scf_assess().tenor_days, 60 + 10 + 30)
        self.assertIn("resale_expected", self._codes(order, "ok"))

    def test_received_goods_are_part_of_what_is_on_hand(self):
        self._sell(self.flour, sold=365.0 * 9)
        order = self._purchase(100.0)
        receipt = order.picking_ids
        receipt.move_ids.write({"quantity": 100.0, "picked": True})
        receipt.button_validate()
        self.assertEqual(order._scf_assess().tenor_days, 20 + 30)

    def test_buyers_usual_days_to_pay_count(self):
        self._sell(self.flour, sold=365.0 * 9)
        for amount, days in ((9000.0, 40), (1000.0, 60)):
            invoice = self._invoice(amount, invoice_date=self.today - timedelta(days=70))
            self._pay(invoice, payment_date=self.today - timedelta(days=70 - days))
        self.assertEqual(self._purchase(100.0)._scf_assess().tenor_days, 20 + 42)

    def test_goods_that_never_sold_are_paid_for_the_longest_tenor_with_a_warning(self):
        order = self._purchase(product=self.env["product.product"].create({"name": "Novelty", "is_storable": True}))
        assessment = order._scf_assess()
        self.assertEqual((assessment.tenor_days, assessment.stops), (180, ()))
        [warning] = [finding for finding in assessment.findings if finding.code == "resale_unknown"]
        self.assertIn("Novelty", warning.sentence)

    def test_services_are_only_warned_of(self):
        order = self._purchase(product=self.env["product.product"].create({"name": "Advice", "type": "service"}))
        self.assertFalse(self._codes(order))
        self.assertEqual(self._codes(order, "warn"), ["resale_unknown", "goods_untracked"])

    def test_order_that_is_partly_billed_and_paid_carries_the_rest(self):
        order = self._purchase(100.0, 100.0)
        bill = self._bill_of(order, 40.0)
        self.assertEqual(order._scf_assess().open_amount, Decimal("10000.00"))
        self._pay(bill, 1000.0)
        self.assertEqual(order._scf_assess().open_amount, Decimal("9000.00"))
        self.assertEqual(bill._scf_assess().open_amount, Decimal("3000.00"))

    # --- refusals ---

    def test_orders_that_are_not_binding_or_fully_billed_are_refused(self):
        order = self._purchase(confirm=False)
        self.assertEqual(self._codes(order), ["order_not_confirmed"])
        order.button_confirm()
        self.assertEqual(self._codes(order), [])
        self._bill_of(order)
        self.assertEqual(self._codes(order), ["order_billed"])
        self.assertEqual(self._as("requester", order)._scf_assess().stops[0].code, "order_billed")

    def test_bills_that_owe_nothing_or_have_no_number_are_refused(self):
        self.assertIn("bill_not_posted", self._codes(self._bill(post=False)))
        self.assertEqual(self._codes(self._bill(ref=False)), ["bill_number_missing"])
        self.assertEqual(self._codes(self._bill(ref="--")), ["bill_number_missing"])
        bill = self._bill()
        self.assertEqual(self._codes(bill), [])
        twin = self._bill(post=False)
        twin.with_context(disable_abnormal_invoice_detection=True).ref = "DM-2026/78"
        twin.action_post()
        self.env.cr.execute("UPDATE account_move SET ref = %s WHERE id = %s", [bill.ref, twin.id])
        twin.invalidate_recordset(["ref"])
        [stop] = twin._scf_assess().stops
        self.assertEqual((stop.code, stop.fix_id), ("bill_duplicate", bill.id))
        self._pay(bill)
        self.assertIn("bill_paid", self._codes(bill))

    def test_overdue_bill_is_only_warned_of(self):
        bill = self._bill(invoice_date=self.today - timedelta(days=60), days=20)
        self.assertFalse(self._codes(bill))
        [warning] = [finding for finding in bill._scf_assess().findings if finding.code == "bill_overdue"]
        self.assertIn("40 days", warning.sentence)

    def test_supplier_has_to_be_known_and_somebody_else(self):
        order = self._purchase()
        self.supplier.vat = False
        self.assertEqual(self._codes(order), ["supplier_tax_id_missing"])
        self.supplier.vat = self.company.vat
        self.assertIn("supplier_related", self._codes(order, "warn"))
        own = self._purchase(partner_id=self.company.partner_id.id)
        self.assertIn("own_company", self._codes(own))

    def test_supplier_is_paid_on_a_trusted_account_only(self):
        order, bill = self._purchase(), self._bill()
        other = self._account_of(self.supplier, "FR7630006000011234567890189", trusted=False)
        self.assertEqual(order._scf_payee_account(), self.supplier_account, "a trusted one comes first")
        bill.partner_bank_id = other
        [stop] = bill._scf_assess().stops
        self.assertEqual((stop.code, stop.fix_id), ("supplier_account_untrusted", other.id), "the bill names it")
        self.supplier_account.with_user(self.people["admin"]).allow_out_payment = False
        self.assertEqual(self._codes(order), ["supplier_account_untrusted"])
        (self.supplier_account | other).action_archive()
        self.assertEqual(self._codes(order), ["supplier_account_missing"])

    def test_company_needs_its_own_account_too(self):
        self.company.scf_collection_bank_account_id = False
        self.assertEqual(self._codes(self._purchase()), ["collection_account_missing"])

    # --- together ---

    def test_one_supplier_one_kind_and_one_account_for_each_application(self):
        other = self._supplier("Omega", "NL001234567B13")
        self._account_of(other, "FR7630006000011234567890189")
        with self.assertRaisesRegex(ValidationError, "one supplier with a loan: Delta Mills, Omega"):
            self._draft(self._bill() | self._bill(partner_id=other))
        with self.assertRaisesRegex(ValidationError, "one kind"):
            self._draft(self._bill(ref="A") | self._invoice())
        first, second = self._bill(ref="B"), self._bill(ref="C")
        self._draft(first | second)
        second.partner_bank_id = self._account_of(self.supplier, "DE02120300000000202051")
        self.assertIn("several bank accounts", (first | second)._scf_why_no_account())

    def test_order_and_its_bill_are_one_asset_in_both_directions(self):
        order = self._purchase(100.0)
        bill = self._bill_of(order, 50.0)
        claim = {"asset_key": "x", "is_open": True}
        draft = self._draft(order)
        draft.sudo().line_ids.write(claim)
        [stop] = bill._scf_assess().stops
        self.assertEqual((stop.code, stop.fix_id), ("already_financed", draft.id))
        self.assertIn(f"{order.name}, which belongs to the same purchase", stop.sentence)
        draft.sudo().line_ids.is_open = False
        draft = self._draft(bill)
        draft.sudo().line_ids.write(claim)
        self.assertEqual(self._codes(order), ["already_financed"])

    def test_bill_has_the_fingerprint_that_the_supplier_would_give_his_invoice(self):
        bill = self._bill()
        ours = bill._scf_fingerprints()
        his = fingerprints(
            issuer="NL123456782B12",
            kind="customer_invoice",
            number="DM 2026-77",
            fiscal_year=str(self.today.year),
            counterparty=self.company.vat,
            issue_date=self.today,
            currency=bill.currency_id.name,
            amount=Decimal("10000.00"),
        )
        self.assertEqual(ours, his)

    # --- while it is financed ---

    def test_financed_purchases_are_not_cancelled(self):
        order, bill = self._purchase(), self._bill()
        for document in (order, bill):
            draft = self._draft(document)
            draft.sudo().line_ids.write({"asset_key": document.name, "is_open": True})
        for refused in (order.button_cancel, order.button_draft, bill.button_draft, bill.button_cancel):
            with self.assertRaisesRegex(UserError, "is paid by the financing"):
                refused()

    def test_facts_take_the_same_number_of_queries_for_one_and_for_many(self):
        bills = self.env["account.move"].union(*(self._bill(ref=f"Q-{number}") for number in range(6)))
        orders = self.env["purchase.order"].union(*(self._purchase() for _number in range(6)))
        for documents in (bills, orders):
            counts = []
            for some in (documents[:1], documents):
                some._scf_assess()
                before = self.cr.sql_log_count
                some._scf_assess()
                counts.append(self.cr.sql_log_count - before)
            self.assertEqual(*counts)
