import json
from datetime import timedelta
from decimal import Decimal

from openscf.fingerprint import fingerprints

from odoo import Command
from odoo.tests import tagged

from ..checks import run_checks
from ..evidence.views import view_for
from .purchase_evidence_case import PurchaseEvidenceCase


@tagged("post_install", "-at_install")
class TestEvidencePurchases(PurchaseEvidenceCase):
    """Packages on purchase orders and vendor bills verify, and say what the ERP says to the cent."""

    # --- orders ---

    def test_order_line_by_line_with_what_came(self):
        order = self._purchase(
            (self.nails, 100, 4.99, {"discount": 2.5, "tax_ids": [Command.set(self.percent_tax(20.0).ids)]}),
            (self.freight, 1, 50.0),
            on=self.today - timedelta(days=9),
        )
        backorder = self._receive(order, 60)
        sections = self._sections(order)
        [stated] = self._assert_totals(sections, order)
        self.assertEqual((stated.kind, stated.seller, stated.buyer), ("purchase_order", f"S{self.supplier.id}", None))
        self.assertEqual(stated.issue_date, self.today - timedelta(days=9))
        self.assertEqual(
            [(row.product_code, row.quantity, row.unit_price, row.discount_percent) for row in stated.lines],
            [("NAILS", 100, Decimal("4.99"), Decimal("2.5")), (None, 1, 50, 0)],
        )
        [row] = sections.order_flow.orders
        self.assertEqual((row.number, row.seller, row.buyer), (order.name, stated.seller, None))
        self.assertEqual((row.confirmed_on, row.state), (stated.issue_date, "purchase"))
        self.assertEqual([(line.ordered, line.delivered) for line in row.lines], [(100, 60), (1, 0)])
        receipt, rest = sections.logistics_flow.deliveries
        self.assertEqual((receipt.direction, receipt.state, receipt.order), ("in", "done", order.name))
        self.assertEqual((rest.number, rest.backorder_of, rest.done_on), (backorder.name, receipt.number, None))
        goods, freight = sections.evidence.lines
        self.assertEqual((goods.ordered, freight.needs_delivery), (goods.gross, False))
        self.assertEqual(goods.delivered, (goods.gross * 60 / 100).quantize(Decimal("0.01")))
        self.assertEqual([(item.delivery, item.quantity) for item in goods.deliveries], [(receipt.number, 60)])
        self.assertEqual(sections.tax_flow.taxes[0].amount, Decimal(str(order.amount_tax)))
        self._assert_codes(sections)

    def test_order_remembers_its_request_and_its_late_change(self):
        order = self._purchase((self.nails, 10, 5.0), confirm=False)
        order = order.with_context(tracking_disable=False, mail_notrack=False)
        self._flush_tracking(order)
        order.button_confirm()
        self._flush_tracking(order)
        [row] = self._sections(order).order_flow.orders
        self.assertEqual((row.quoted_on, row.changed_on), (self.today, None))
        order.order_line.price_unit = 4.5
        self._flush_tracking(order)
        self.assertEqual(self._sections(order).order_flow.orders[0].changed_on, self.today)

    def _flush_tracking(self, order):
        order.flush_recordset()
        self.env.cr.precommit.run()

    def test_order_brings_what_its_bills_left_open(self):
        order = self._purchase((self.nails, 100, 5.0))
        self._receive(order, 60)
        bill = self._bill(order)
        self._pay(bill, 120.0)
        self._refund(bill, 30.0)
        [stated] = self._assert_totals(self._sections(order), order)
        self.assertEqual((stated.totals.paid, stated.totals.credited, stated.totals.outstanding), (120, 30, 350))

    def test_order_with_taxes_that_only_the_tax_engine_knows(self):
        included = self.percent_tax(21.0, price_include_override="tax_included")
        for method, taxes in (
            ("round_per_line", included | self.percent_tax(7.0)),
            ("round_globally", included),
            ("round_globally", self.division_tax(18.0)),
        ):
            with self.subTest((method, taxes.mapped("name"))):
                self.company.tax_calculation_rounding_method = method
                lines = [
                    (self.nails, 3, 13.37 + at, {"discount": 3.3, "tax_ids": [Command.set(taxes.ids)]})
                    for at in range(7)
                ]
                order = self._purchase(*lines)
                self._assert_totals(self._sections(order), order)
                self._receive(order)
                bill = self._bill(order)
                self._assert_totals(self._sections(bill), bill)

    # --- bills ---

    def test_bill_is_the_suppliers_invoice(self):
        order = self._purchase((self.nails, 100, 5.0), on=self.today - timedelta(days=20))
        self._receive(order)
        bill = self._bill(order, ref="RE-2026/0815")
        sections = self._sections(bill)
        [stated] = self._assert_totals(sections, bill)
        self.assertEqual((stated.kind, stated.issuer_number), ("vendor_bill", "RE-2026/0815"))
        as_the_supplier_would = fingerprints(
            issuer=self.supplier.vat,
            kind="customer_invoice",
            number="RE-2026/0815",
            fiscal_year=str(self.today.year),
            counterparty=self.company.vat,
            issue_date=self.today,
            currency="USD",
            amount=Decimal(500),
        )
        self.assertEqual(stated.fingerprints, as_the_supplier_would)
        self.assertEqual(stated.fingerprints.f1, bill._scf_fingerprints().f1)
        [seller] = sections.party.sellers
        self.assertEqual((seller.name, seller.tax_id, seller.city), ("Mill & Sons", "FR40303265045", "Lyon"))
        self.assertEqual((seller.account.iban, seller.account.trusted), ("FR7630006000011234567890189", True))
        self.assertEqual(seller.supplier_since, self.today - timedelta(days=20))
        self.assertIsNone(seller.related)
        self._assert_codes(sections)

    def test_bill_names_the_account_itself(self):
        other = self._suppliers_account("FR1420041010050500013M02606", allow_out_payment=False)
        order = self._purchase((self.freight, 1, 500.0))
        bill = self._bill(order, partner_bank_id=other.id)
        [seller] = self._sections(bill).party.sellers
        self.assertEqual((seller.account.iban, seller.account.trusted), ("FR1420041010050500013M02606", None))
        (other | self.account).active = False
        bill.partner_bank_id = False
        self.assertIsNone(self._sections(bill).party.sellers[0].account)

    def test_several_bills_of_one_order_share_its_receipts(self):
        order = self._purchase((self.nails, 100, 5.0))
        first = order.picking_ids
        second = self._receive(order, 40)
        bill = self._bill(order)
        third = self._receive(order, 30)
        later = self._bill(order)
        self._receive(order)
        last = self._bill(order)
        sections = self._sections(bill | later | last)
        self._assert_totals(sections, bill | later | last)
        self.assertEqual(
            [[(row.delivery, row.quantity) for row in line.deliveries] for line in sections.evidence.lines],
            [[(first.name, 40)], [(second.name, 30)], [(third.name, 30)]],
        )
        self.assertEqual([row.delivered for row in sections.evidence.documents], [200, 150, 150])
        self._assert_codes(sections)

    def test_one_bill_of_several_orders(self):
        orders = self._purchase((self.nails, 10, 5.0)) | self._purchase((self.screws, 20, 3.0), (self.freight, 1, 9.0))
        for order in orders:
            self._receive(order)
        bill = self._bill(orders)
        sections = self._sections(bill)
        self._assert_totals(sections, bill)
        self.assertEqual(
            {row.number: row.documents for row in sections.order_flow.orders},
            dict.fromkeys(orders.mapped("name"), (bill.name,)),
        )
        self.assertEqual(
            {link.order for line in sections.evidence.lines for link in line.orders}, set(orders.mapped("name"))
        )
        sections = self._sections(orders)
        self._assert_totals(sections, orders)
        self.assertEqual([row.seller for row in sections.transaction.documents], [f"S{self.supplier.id}"] * 2)

    def test_payments_go_out_and_a_refund_is_a_credit(self):
        order = self._purchase((self.nails, 100, 5.0))
        self._receive(order)
        bill = self._bill(order)
        self._pay(bill, 200.0)
        self._refund(bill, 49.95)
        sections = self._sections(bill)
        [stated] = self._assert_totals(sections, bill)
        self.assertEqual((stated.totals.paid, stated.totals.credited), (200, Decimal("49.95")))
        self.assertEqual(
            sorted((row.kind, row.amount, row.cleared) for row in sections.cash_flow.payments),
            [("credit_note", Decimal("49.95"), False), ("payment", 200, False)],
        )

    def test_payment_that_the_statement_shows_is_cleared(self):
        order = self._purchase((self.freight, 1, 500.0))
        bill = self._bill(order)
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": self.today,
                "payment_ref": "Mill",
                "partner_id": self.supplier.id,
                "amount": -300.0,
            }
        )
        _liquid, suspense, _other = line._seek_for_lines()
        suspense.account_id = self.supplier.property_account_payable_id
        items = (suspense | bill.line_ids).filtered(lambda item: item.account_type == "liability_payable")
        items.reconcile()
        sections = self._sections(bill)
        [stated] = self._assert_totals(sections, bill)
        [payment] = sections.cash_flow.payments
        self.assertEqual((payment.kind, payment.amount, payment.cleared), ("payment", 300, True))
        self.assertEqual(stated.totals.outstanding, 200)

    def test_goods_that_went_back_to_the_supplier(self):
        order = self._purchase((self.nails, 100, 5.0))
        receipt = order.picking_ids
        self._receive(order)
        bill = self._bill(order)
        back = self._return(receipt, 30)
        sections = self._sections(bill)
        self.assertEqual(
            [(row.number, row.direction) for row in sections.logistics_flow.deliveries],
            [(receipt.name, "in"), (back.name, "out")],
        )
        line = self._line_of(sections, bill)
        self.assertEqual(line.delivered, 350)
        self.assertEqual(
            [(row.delivery, row.quantity) for row in line.deliveries], [(receipt.name, 100), (back.name, -30)]
        )
        self._assert_codes(sections, "returned")
        self._refund(bill, 5.0, quantity=30)
        self._assert_codes(self._sections(bill))

    def test_foreign_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87)])
        order = self._purchase(
            (self.nails, 7, 33.33, {"tax_ids": [Command.set(self.percent_tax(19.0).ids)]}), currency_id=euro.id
        )
        self._receive(order)
        bill = self._bill(order)
        self._pay(bill, 100.0, currency_id=euro.id)
        self._pay(bill, 10.0, currency_id=self.company.currency_id.id)
        for document in (bill, order):
            self._assert_totals(self._sections(document), document)
        [row] = self._sections(bill).inventory.resale
        self.assertEqual(row.currency, "USD")

    def test_reverse_charge_on_a_bill(self):
        parts = [
            Command.create({"repartition_type": "base"}),
            Command.create({"repartition_type": "tax", "factor_percent": 100}),
            Command.create({"repartition_type": "tax", "factor_percent": -100}),
        ]
        tax = self.percent_tax(
            21.0, type_tax_use="purchase", invoice_repartition_line_ids=parts, refund_repartition_line_ids=parts
        )
        order = self._purchase((self.nails, 3, 1000.0, {"tax_ids": [Command.set(tax.ids)]}))
        self._receive(order)
        bill = self._bill(order)
        for document in (order, bill):
            sections = self._sections(document)
            self._assert_totals(sections, document)
            self.assertEqual([(row.base, row.amount) for row in sections.tax_flow.taxes], [(3000, 0)])

    def test_bill_that_is_deductible_in_part(self):
        order = self._purchase((self.freight, 3, 33.33, {"tax_ids": [Command.set(self.percent_tax(20.0).ids)]}))
        bill = self._bill(order, lines=[{"deductible_amount": 60.0}])
        self.assertIn("non_deductible_tax", bill.line_ids.mapped("display_type"))
        self._assert_totals(self._sections(bill), bill)

    def test_order_by_the_dozen_received_by_the_piece(self):
        order = self._purchase((self.nails, 3, 120.0, {"product_uom_id": self.uom_dozen.id}))
        self._receive(order, 7)
        bill = self._bill(order)
        sections = self._sections(bill)
        self._assert_totals(sections, bill)
        line = self._line_of(sections, bill)
        self.assertEqual(line.delivered, line.gross)
        self._assert_codes(sections)

    # --- contradictions ---

    def test_honest_bill_without_an_order(self):
        bill = self._create_invoice_one_line(
            move_type="in_invoice",
            product_id=self.freight,
            price_unit=80.0,
            partner_id=self.supplier,
            tax_ids=self.env["account.tax"],
            invoice_date=self.today,
            ref="M-1",
            post=True,
        )
        sections = self._sections(bill)
        self._assert_totals(sections, bill)
        self._assert_codes(sections, "no-order")

    def test_bill_that_disagrees_with_order_and_receipt(self):
        order = self._purchase((self.nails, 10, 5.0), (self.screws, 10, 3.0))
        self._receive(order, 10, 4)
        bill = self._bill(
            order,
            lines=[{"quantity": 12, "price_unit": 5.5}, {"quantity": 10, "tax_ids": self.percent_tax(20.0).ids}],
            invoice_date=self.today - timedelta(days=3),
        )
        sections = self._sections(bill)
        self._assert_codes(
            sections,
            "dates-out-of-order",
            "quantity-over-ordered",
            "quantity-over-delivered",
            "price-differs",
            "quantity-over-delivered",
            "tax-differs",
        )
        price = sections.evidence.contradictions[3]
        self.assertEqual((price.line, price.figure, price.expected), (1, Decimal("5.5"), 5))

    def test_more_received_than_ordered(self):
        order = self._purchase((self.nails, 10, 5.0))
        self._receive(order, 13)
        sections = self._sections(order)
        self._assert_codes(sections, "received-over-ordered")
        self.assertEqual(self._line_of(sections, order).delivered, 50)

    def test_number_that_the_supplier_used_twice(self):
        order = self._purchase((self.freight, 2, 80.0))
        bill = self._bill(order, ref="M-0815", lines=[{"quantity": 1}])
        twin = self._bill(order, ref="m 0815", invoice_date=self.today - timedelta(days=1))
        sections = self._sections(bill)
        self.assertIn(twin.name, sections.evidence.contradictions[0].sentence)
        self._assert_codes(sections, "number-used-twice")
        self._refund(twin)
        self._assert_codes(self._sections(bill))

    def test_payment_that_may_be_for_the_bill_already(self):
        order = self._purchase((self.freight, 1, 80.0))
        bill = self._bill(order)
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "supplier",
                "partner_id": self.supplier.id,
                "amount": 80.0,
                "date": self.today,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        sections = self._sections(bill)
        self._assert_codes(sections, "paid-twice")
        self.assertIn("USD 80.00", sections.evidence.contradictions[0].sentence)
        (payment.move_id | bill).line_ids.filtered(lambda item: item.account_type == "liability_payable").reconcile()
        self.assertEqual(bill.payment_state, "paid" if bill.amount_residual == 0 else "partial")

    def test_order_that_was_placed_with_another_company(self):
        canary = self.env["res.partner"].create({"name": "Canary Works", "vat": "BE0477472701"})
        order = self._purchase((self.freight, 1, 80.0), partner_id=canary.id)
        bill = self._bill(order, partner_id=self.supplier.id)
        self.assertEqual(bill.invoice_line_ids.purchase_line_id, order.order_line)
        sections = self._sections(bill)
        self._assert_codes(sections, "seller-differs")
        self.assertEqual((sections.order_flow.orders, sections.evidence.lines[0].orders), ((), ()))
        self.assertNotIn("Canary", sections.model_dump_json())

    # --- resale ---

    def test_how_fast_the_goods_sell(self):
        stocked = self._purchase((self.nails, 120, 4.0))
        self._receive(stocked)
        self._sell(self.nails, 73, 9.0)
        order = self._purchase(
            (self.nails, 2, 48.0, {"product_uom_id": self.uom_dozen.id}), (self.screws, 5, 3.0), (self.freight, 1, 9.0)
        )
        nails, screws = self._sections(order).inventory.resale
        self.assertEqual((nails.quantity, nails.uom, nails.line), (2, "Dozens", 1))
        self.assertEqual(nails.on_hand, Decimal("3.916667"))
        self.assertEqual((nails.sold_quantity, nails.sold_net), (Decimal("6.083333"), 657))
        # 47 on hand and 24 to come, at 73 a year.
        self.assertEqual(nails.days_to_sell, 355)
        self.assertEqual((screws.sold_quantity, screws.days_to_sell), (0, None))
        self._receive(order)
        bill = self._bill(order)
        self.assertEqual(self._sections(bill).inventory.resale[0].days_to_sell, 355)

    def test_sales_have_no_resale_and_purchases_no_expected_collection(self):
        invoice = self._sell_from_stock()
        self.assertNotIn("resale", self._evidence(invoice).sections["inventory"])
        self.assertNotIn("sellers", self._evidence(invoice).sections["party"])
        sections = self._sections(self._purchase((self.nails, 2, 48.0)))
        self.assertEqual({week.financed for week in sections.forecast.weeks}, {Decimal(0)})

    def _sell_from_stock(self):
        self._receive(self._purchase((self.nails, 5, 4.0)))
        return self._sell(self.nails, 5, 9.0, days_ago=1)

    # --- what it costs, and what stays here ---

    def test_same_queries_for_one_and_for_ten(self):
        taxes = self.percent_tax(19.0) | self.percent_tax(1.5)
        orders, bills = self.env["purchase.order"], self.env["account.move"]
        for at in range(10):
            order = self._purchase(
                *(
                    (product, 2 + at % 5, 10.0 + at, {"tax_ids": [Command.set(taxes.ids)]})
                    for product in (self.nails, self.screws)
                ),
                on=self.today - timedelta(days=5 * at),
            )
            self._receive(order)
            bills |= self._bill(order, invoice_date=self.today - timedelta(days=at))
            orders |= order
        for documents in (orders, bills):
            with self.subTest(documents._name):
                one, ten = (self._selects(documents[:count]) for count in (1, 10))
                self.assertEqual(one, ten)
                self.assertLessEqual(ten, 75)
        before = self._selects(orders[:1])
        for bill in bills[:5]:
            self._pay(bill, bill.amount_total / 2)
        self.assertEqual(self._selects(orders[:1]), before)

    def test_consent_keeps_customers_and_sections_back(self):
        self._receive(self._purchase((self.nails, 20, 5.0)))
        self.buyer.name = "Canary Retail"
        self._sell(self.nails, 5, 9.0)
        order = self._purchase((self.nails, 10, 5.0))
        sections = self._evidence(order).sections
        covered = ("cash_flow", "inventory")
        view = view_for(sections, covered=covered, pseudonym=lambda buyer_id: "P-1")
        self.assertEqual(set(view), {"party", "transaction", *covered})
        self.assertEqual(view["party"]["buyers"], [{"key": "P-1", "pseudonymous": True}])
        self.assertEqual(view["party"]["sellers"], sections["party"]["sellers"])
        self.assertNotIn("Canary", json.dumps(view))
        self.assertIn("Canary", json.dumps(sections))
        told = {row["code"]: row["level"] for row in run_checks(view, self.env, self.today)["results"]}
        self.assertEqual((told["goods-received"], told["purchase-matches"], told["coverage"]), ("grey",) * 3)
        self.assertEqual((told["supplier-account"], told["goods-worth"]), ("green", "green"))

    def test_other_suppliers_are_nobodys_business(self):
        canary = self.env["res.partner"].create(
            {"name": "Canary Works", "vat": "BE0477472701", "city": "Canaryville", "ref": "CANARY", "is_company": True}
        )
        self._suppliers_account("BE71096123456769", partner_id=canary.id)
        theirs = self._purchase((self.nails, 10, 4.0), partner_id=canary.id, partner_ref="CANARY-1")
        self._receive(theirs)
        self._pay(self._bill(theirs, ref="CANARY-R1"))
        ours = self._purchase((self.nails, 10, 5.0))
        self._receive(ours)
        for document in (ours, self._bill(ours)):
            text = self._sections(document).model_dump_json()
            self.assertNotIn("canary", text.lower())
            self.assertNotIn("BE71096123456769", text)
            self.assertNotIn(theirs.name, text)
