import json
from datetime import timedelta
from decimal import Decimal

from openscf.verify import verify_package

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..evidence.sections import read_sections
from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestPackage(FinanceCase):
    def _sections(self, document, **values):
        """Sections of the sealed package of a request on the document, verified as a bank does."""
        package = self._request(document, **values).package_id
        report = verify_package(package.attachment_id.raw)
        self.assertEqual([finding for finding in report.findings if finding.level == "error"], [])
        return json.loads(package.attachment_id.raw)["sections"]

    def _assert_totals(self, sections, document):
        """The package's totals are the ERP's, to the cent."""
        [stated] = sections["transaction"]["documents"]
        totals = {name: Decimal(amount) for name, amount in stated["totals"].items()}
        self.assertEqual(float(totals["net"]), document.amount_untaxed)
        self.assertEqual(float(totals["tax"]), document.amount_tax)
        self.assertEqual(float(totals["gross"]), document.amount_total)
        if document._name == "account.move":
            self.assertEqual(float(totals["outstanding"]), document.amount_residual)
        return stated

    def _lines(self, *lines, **values):
        """A posted invoice of several lines: (price, quantity, discount, taxes)."""
        return self._create_invoice(
            partner_id=self.buyer,
            invoice_date=self.today,
            post=True,
            invoice_payment_term_id=self.env["account.payment.term"],
            invoice_date_due=self.today + timedelta(days=45),
            invoice_line_ids=[
                self._prepare_invoice_line(
                    product_id=self.product_a, price_unit=price, quantity=quantity, discount=discount, tax_ids=taxes
                )
                for price, quantity, discount, taxes in lines
            ],
            **values,
        )

    # --- totals ---

    def test_discounts_and_several_taxes(self):
        first, second = self.percent_tax(19.0), self.percent_tax(2.5, include_base_amount=True)
        invoice = self._lines((333.33, 7, 12.5, first | second), (19.99, 113, 0, first), (1000.0, 1, 3.0, second))
        stated = self._assert_totals(self._sections(invoice), invoice)
        self.assertEqual(stated["lines"][0]["discount_percent"], "12.5")
        self.assertEqual(stated["lines"][1]["quantity"], "113")

    def test_taxes_included_in_price_rounded_per_line_and_globally(self):
        included = self.percent_tax(21.0, price_include_override="tax_included")
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                invoice = self._lines(*((21.53, 1, 0, included) for _ in range(60)))
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

    def test_fixed_and_group_taxes(self):
        group = self.group_of_taxes(self.percent_tax(10.0) | self.percent_tax(5.0))
        invoice = self._lines((1000.0, 3, 0, self.fixed_tax(1.5)), (400.0, 2, 0, group))
        self._assert_totals(self._sections(invoice), invoice)

    def test_negative_line_reduces_the_document(self):
        tax = self.percent_tax(19.0)
        invoice = self._lines((5000.0, 1, 0, tax), (-250.0, 1, 0, tax))
        self._assert_totals(self._sections(invoice), invoice)

    def test_sections_and_notes_are_left_out(self):
        invoice = self._invoice(5000.0)
        order = self._order(5000.0)
        order.order_line = [
            Command.create({"display_type": "line_section", "name": "Goods"}),
            Command.create({"display_type": "line_note", "name": "Handle with care"}),
        ]
        self.assertEqual(len(self._assert_totals(self._sections(order), order)["lines"]), 1)
        self.assertEqual(len(self._assert_totals(self._sections(invoice), invoice)["lines"]), 1)

    def test_cash_rounding_line_is_part_of_the_document(self):
        for rounding in (self.cash_rounding_a, self.cash_rounding_b):
            with self.subTest(rounding.strategy):
                invoice = self._lines((1999.98, 1, 0, self.percent_tax(19.0)), invoice_cash_rounding_id=rounding)
                self._assert_totals(self._sections(invoice), invoice)

    def test_foreign_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87)])
        invoice = self._lines((777.77, 9, 5.0, self.percent_tax(19.0)), currency_id=euro)
        sections = self._sections(invoice)
        stated = self._assert_totals(sections, invoice)
        self.assertEqual(stated["currency"], "EUR")
        base = Decimal(sections["tax_flow"]["taxes"][0]["base"])
        self.assertAlmostEqual(float(base), invoice.amount_untaxed, delta=0.02)

    def test_partly_paid_and_partly_credited_invoice(self):
        invoice = self._invoice(10000.0)
        self._pay(invoice, 1234.56)
        self._credit(invoice, 1000.0)
        sections = self._sections(invoice)
        totals = self._assert_totals(sections, invoice)["totals"]
        self.assertEqual((totals["paid"], totals["credited"], totals["outstanding"]), ("1234.56", "1000.00", "7765.44"))
        self.assertEqual(sorted(row["kind"] for row in sections["cash_flow"]["payments"]), ["credit_note", "payment"])

    def _credit(self, invoice, amount):
        refund = self._create_invoice_one_line(
            move_type="out_refund",
            product_id=self.product_a,
            price_unit=amount,
            partner_id=self.buyer,
            tax_ids=self.env["account.tax"],
            invoice_date=self.today,
            post=True,
        )
        (invoice + refund).line_ids.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        return refund

    def test_partly_paid_in_foreign_currency_at_another_rate(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.5), (str(self.today), 0.8)])
        invoice = self._invoice(8000.0, currency_id=euro, invoice_date=self.today - timedelta(days=5))
        self._pay(invoice, 3000.0, currency_id=euro.id)
        totals = self._assert_totals(self._sections(invoice), invoice)["totals"]
        self.assertEqual(totals["paid"], "3000.00")

    def test_order_with_down_payment_states_what_was_paid(self):
        order = self._order(10000.0)
        self._pay(self._create_down_payment_invoice(order, "percentage", 25, post=True))
        sections = self._sections(order)
        totals = self._assert_totals(sections, order)["totals"]
        self.assertEqual((totals["paid"], totals["outstanding"]), ("2500.00", "7500.00"))
        self.assertEqual(sections["order_flow"]["orders"][0]["documents"], [order.invoice_ids.name])

    # --- the streams ---

    def test_order_delivery_and_invoice_are_joined(self):
        order = self._order(10000.0)
        picking = order.picking_ids
        if not picking:
            self.product_a.is_storable = True
            order = self._order(10000.0)
            picking = order.picking_ids
        picking.move_ids.quantity = 1
        picking.move_ids.picked = True
        picking.button_validate()
        invoice = self._create_final_invoice(order, post=True)
        sections = self._sections(invoice)
        self.assertEqual(sections["order_flow"]["orders"][0]["documents"], [invoice.name])
        [delivery] = sections["logistics_flow"]["deliveries"]
        self.assertEqual(
            (delivery["number"], delivery["order"], delivery["direction"], delivery["state"]),
            (picking.name, order.name, "out", "done"),
        )
        self.assertEqual(delivery["lines"][0]["quantity_done"], "1")

    def test_history_weighs_days_by_amount(self):
        start = self.today - timedelta(days=100)
        for amount, days in ((1000.0, 40), (3000.0, 20)):
            paid = self._invoice(amount, days=30, invoice_date=start)
            self._pay(paid, payment_date=start + timedelta(days=days))
        self._invoice(500.0, days=30, invoice_date=start)
        [history] = self._sections(self._invoice(10000.0))["cash_flow"]["buyer_history"]
        self.assertEqual(history["invoices"], 4)
        self.assertEqual(history["paid"], "4000.00")
        self.assertEqual(history["overdue"], "500.00")
        self.assertEqual(history["weighted_days_to_pay"], "25.0")
        self.assertEqual(history["weighted_days_late"], "2.5")
        self.assertEqual(history["late_share_percent"], "25.00")

    def test_another_companys_or_buyers_history_does_not_leak(self):
        other = self.env["res.partner"].create({"name": "Secret Customer Ltd"})
        self._invoice(4444.44, partner_id=other)
        package = self._request(self._invoice(10000.0)).package_id
        self.assertNotIn(b"Secret Customer", package.attachment_id.raw)
        self.assertNotIn(b"4444.44", package.attachment_id.raw)

    def test_building_takes_the_same_queries_for_a_short_and_a_long_history(self):
        def queries(invoice):
            application = self._draft(invoice).sudo()
            read_sections(application, as_of=self.env.cr.now(), today=self.today)
            self.env.invalidate_all()
            self.env.flush_all()
            before = self.cr.sql_log_count
            read_sections(application, as_of=self.env.cr.now(), today=self.today)
            return self.cr.sql_log_count - before

        short = queries(self._invoice(10000.0))
        for index in range(25):
            paid = self._invoice(100.0 + index, invoice_date=self.today - timedelta(days=60), days=30)
            self._pay(paid, payment_date=self.today - timedelta(days=index))
        long = queries(self._invoice(10000.0))
        self.assertEqual(long, short)
        self.assertLessEqual(short, 45)

    # --- the record ---

    def test_package_and_its_file_never_change(self):
        package = self._request(self._invoice(10000.0)).package_id
        for record, values in (
            (package, {"sha256": "0" * 64}),
            (package.attachment_id, {"raw": b"{}"}),
            (package.attachment_id, {"name": "other.json"}),
        ):
            with self.subTest(record._name), self.assertRaises(UserError):
                record.write(values)
        for record in (package, package.attachment_id):
            with self.subTest(record._name), self.assertRaises(UserError):
                record.unlink()
        with self.assertRaises(UserError):
            self._as("admin", package).write({"sha256": "0" * 64})
        with self.assertRaises(UserError):
            self._as("admin", package.attachment_id).write({"raw": b"{}"})
        with self.assertRaises(AccessError):
            self._as("admin", package).create({"application_id": package.application_id.id})

    def test_verification_is_shown_and_the_file_can_be_downloaded(self):
        package = self._as("requester", self._request(self._invoice(10000.0)).package_id)
        self.assertIn("agree", package.verification)
        self.assertEqual(package.action_verify()["params"]["type"], "success")
        self.assertIn(str(package.attachment_id.id), package.action_download()["url"])
        self.assertTrue(package.attachment_id.raw, "a requester may read the file")

    def test_package_travels_with_the_request(self):
        application = self._request(self._invoice(10000.0))
        [message] = self.rhone_bank.queued("apply")
        self.assertEqual(message.document_ids.raw, application.package_id.attachment_id.raw)
        self.assertEqual(message.document_ids.name, application.package_id.sha256)
        body = json.loads(message.payload)
        self.assertEqual(body["package_id"], application.package_id.package_ref)
        self.assertEqual(body["documents_fingerprints"], application.line_ids.mapped("asset_key"))
        self.assertEqual(body["disbursement_account"]["iban"], "DE89370400440532013000")
