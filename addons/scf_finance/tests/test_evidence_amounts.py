from datetime import timedelta
from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .evidence_case import EvidenceCase


@tagged("post_install", "-at_install")
class TestEvidenceAmounts(EvidenceCase):
    """What a package states of the documents is what the ERP states of them, and adds up."""

    def test_discounts_and_several_taxes(self):
        first, second = self.percent_tax(19.0), self.percent_tax(2.5, include_base_amount=True)
        invoice = self._invoice_of((333.33, 7, 12.5, first | second), (19.99, 113, 0, first), (1000.0, 1, 3.0, second))
        [stated] = self._assert_totals(self._sections(invoice), invoice)
        self.assertEqual(stated.lines[0].discount_percent, Decimal("12.5"))
        self.assertEqual(stated.lines[1].quantity, 113)

    def test_taxes_included_in_price_rounded_per_line_and_globally(self):
        included = self.percent_tax(21.0, price_include_override="tax_included")
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                invoice = self._invoice_of(*((21.53, 1, 0, included) for _ in range(60)))
                self._assert_totals(self._sections(invoice), invoice)

    def test_orders_with_taxes_rounded_per_line_and_globally(self):
        taxes = self.percent_tax(19.0) | self.percent_tax(1.37)
        included = self.percent_tax(21.0, price_include_override="tax_included")
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                order = self._create_sale_order(
                    partner_id=self.buyer,
                    order_line=[
                        *(
                            self._prepare_order_line(
                                product_id=self.product_a, price_unit=33.33 + index, product_uom_qty=3, tax_ids=taxes
                            )
                            for index in range(9)
                        ),
                        *(
                            self._prepare_order_line(product_id=self.product_a, price_unit=21.53, tax_ids=included)
                            for _ in range(9)
                        ),
                    ],
                )
                self._assert_totals(self._sections(order), order)

    def test_order_with_early_payment_discount(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "2/7 Net 30",
                "early_discount": True,
                "discount_days": 7,
                "discount_percentage": 2,
                "early_pay_discount_computation": "mixed",
            }
        )
        order = self._order(1000.0, tax_ids=self.percent_tax(21.0), payment_term_id=terms.id)
        self._assert_totals(self._sections(order), order)

    def test_fixed_and_group_taxes(self):
        group = self.group_of_taxes(self.percent_tax(10.0) | self.percent_tax(5.0))
        invoice = self._invoice_of((1000.0, 3, 0, self.fixed_tax(1.5)), (400.0, 2, 0, group))
        self._assert_totals(self._sections(invoice), invoice)
        order = self._order(1000.0, tax_ids=group)
        self._assert_totals(self._sections(order), order)

    def test_negative_line_reduces_the_document(self):
        tax = self.percent_tax(19.0)
        invoice = self._invoice_of((5000.0, 1, 0, tax), (-250.0, 1, 0, tax))
        self._assert_totals(self._sections(invoice), invoice)

    def test_sections_and_notes_are_left_out(self):
        order = self._order(5000.0)
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "Goods"}),
            Command.create({"display_type": "line_note", "name": "Handle with care"}),
        ]
        [stated] = self._assert_totals(self._sections(order), order)
        self.assertEqual(len(stated.lines), 1)
        invoice = self._invoice(5000.0)
        invoice.button_draft()
        invoice.invoice_line_ids = [Command.create({"display_type": "line_note", "name": "Thank you"})]
        invoice.action_post()
        self.assertEqual(len(self._sections(invoice).transaction.documents[0].lines), 1)

    def test_cash_rounding_line_is_part_of_the_document(self):
        for rounding in (self.cash_rounding_a, self.cash_rounding_b):
            with self.subTest(rounding.strategy):
                invoice = self._invoice_of((1999.98, 1, 0, self.percent_tax(19.0)), invoice_cash_rounding_id=rounding)
                self._assert_totals(self._sections(invoice), invoice)

    def test_foreign_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87)])
        invoice = self._invoice_of((777.77, 9, 5.0, self.percent_tax(19.0)), currency_id=euro)
        sections = self._sections(invoice)
        [stated] = self._assert_totals(sections, invoice)
        self.assertEqual(stated.currency, "EUR")
        self.assertAlmostEqual(float(sections.tax_flow.taxes[0].base), invoice.amount_untaxed, delta=0.02)

    def test_currency_without_decimals(self):
        yen = self.setup_other_currency("JPY", rounding=1.0, rates=[("2016-01-01", 110.0)])
        invoice = self._invoice_of((1234.0, 3, 0, self.percent_tax(10.0)), currency_id=yen)
        [stated] = self._assert_totals(self._sections(invoice), invoice)
        self.assertEqual(str(stated.totals.gross), "4072")

    def test_documents_in_several_currencies_are_refused(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87)])
        invoices = self._invoice(1000.0) | self._invoice(1000.0, currency_id=euro)
        with self.assertRaisesRegex(UserError, "several currencies"):
            self._evidence(invoices)

    def test_partly_paid_and_partly_credited_invoice(self):
        invoice = self._invoice(10000.0)
        self._pay(invoice, 1234.56)
        self._credit(invoice, 1000.0)
        sections = self._sections(invoice)
        [stated] = self._assert_totals(sections, invoice)
        self.assertEqual((stated.totals.paid, stated.totals.credited), (Decimal("1234.56"), Decimal("1000.00")))
        [sums] = sections.evidence.documents
        self.assertEqual((sums.paid, sums.credited), (Decimal("1234.56"), Decimal("1000.00")))

    def test_exchange_difference_is_no_payment(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.5), (str(self.today), 0.8)])
        invoice = self._invoice(8000.0, currency_id=euro, invoice_date=self.today - timedelta(days=5))
        self._pay(invoice, 3000.0, currency_id=euro.id)
        [stated] = self._assert_totals(self._sections(invoice), invoice)
        self.assertEqual(stated.totals.paid, 3000)

    def test_order_with_down_payment_states_what_was_paid(self):
        order = self._order(10000.0)
        self._pay(self._create_down_payment_invoice(order, "percentage", 25, post=True))
        sections = self._sections(order)
        [stated] = self._assert_totals(sections, order)
        self.assertEqual((stated.totals.paid, stated.totals.outstanding), (2500, 7500))
        self.assertEqual(sections.order_flow.orders[0].documents, (order.invoice_ids.name,))

    def test_down_payment_that_was_credited_and_invoiced_again_leaves_the_order_as_it_was(self):
        order = self._order(10000.0)
        self._credit(self._create_down_payment_invoice(order, "percentage", 25, post=True), 2500.0)
        self.assertEqual(order._scf_assess().open_amount, 10000)
        self._pay(self._create_down_payment_invoice(order, "percentage", 25, post=True))
        self.assertEqual(order._scf_assess().open_amount, 7500)
        sections = self._sections(order)
        [stated] = self._assert_totals(sections, order)
        self.assertEqual((stated.totals.paid, stated.totals.credited, stated.totals.outstanding), (2500, 0, 7500))

    def test_more_than_is_left_open_cannot_be_requested(self):
        paid = self._invoice(500.0)
        self._pay(paid)
        with self.assertRaisesRegex(UserError, "left open"):
            self._evidence(paid)
