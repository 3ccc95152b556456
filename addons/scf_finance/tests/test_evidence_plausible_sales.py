from datetime import timedelta, timezone
from decimal import Decimal

from openscf.keys import KeySet
from openscf.pdf import draw_pdf
from openscf.verify import verify_package

from odoo import Command, fields
from odoo.tests import tagged

from ..checks import run_checks
from ..evidence.cash_history import ageing
from ..evidence.forecast import forecast
from .evidence_case import KEY, EvidenceCase, seal


@tagged("post_install", "-at_install")
class TestEvidencePlausibleSales(EvidenceCase):
    """Sales as companies really have them: each can be sealed, and its package says what the ERP says."""

    def _goods(self):
        """Goods that are invoiced as they are delivered."""
        return self.env["product.product"].create(
            {"name": "Tyre", "type": "consu", "invoice_policy": "delivery", "taxes_id": False}
        )

    def _invoice_delivered(self, orders):
        invoice = orders._create_invoices(final=True)
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice

    def _tax_in_parts(self, rate, *percents):
        parts = [
            Command.create({"repartition_type": "base"}),
            *(Command.create({"repartition_type": "tax", "factor_percent": percent}) for percent in percents),
        ]
        return self.percent_tax(rate, invoice_repartition_line_ids=parts, refund_repartition_line_ids=parts)

    def _draw(self, documents):
        """Draw the PDF of these documents with their checks, and check it as the bank does that reads it."""
        created_at = fields.Datetime.now().replace(tzinfo=timezone.utc)
        sections = self._evidence(documents).sections
        file = seal({**sections, "checks": run_checks(sections, self.env, self.today)}, self.company, created_at)
        drawn = draw_pdf(file, attachments={}, key=KEY)
        report = verify_package(drawn, keys=KeySet.of(KEY))
        self.assertEqual([finding for finding in report.findings if finding.level == "error"], [])

    def test_order_by_the_dozen_delivered_by_the_piece(self):
        order = self._create_sale_order(
            partner_id=self.buyer,
            order_line=[
                self._prepare_order_line(
                    product_id=self._goods(), price_unit=120.0, product_uom_qty=3, product_uom_id=self.uom_dozen
                )
            ],
        )
        self.assertEqual(order.picking_ids.move_ids.product_uom, self.uom_unit)
        self._deliver(order.picking_ids, [7])
        invoice = self._invoice_delivered(order)
        sections = self._sections(invoice)
        self._assert_totals(sections, invoice)
        [line] = sections.evidence.lines
        self.assertEqual((line.ordered, line.delivered), (line.gross, line.gross))
        self.assertEqual([row.quantity for row in line.deliveries], [line.quantity])
        self._assert_codes(sections)

    def test_kit_is_delivered_by_its_parts(self):
        kit, frame, wheel = self._goods(), self._goods(), self._goods()
        order = self._order_of((kit, 500.0, 3))
        # What `mrp` makes of a kit: moves of the parts on the kit's order line, and its own count of whole kits.
        picking, sold = order.picking_ids, order.order_line
        picking.move_ids.product_id = frame
        picking.move_ids.copy({"product_id": wheel.id, "product_uom_qty": 6})
        self._deliver(picking)
        picking.move_ids.sale_line_id = sold
        sold.qty_delivered = 3
        invoice = self._invoice_delivered(order)
        sections = self._sections(invoice)
        [line] = sections.evidence.lines
        self.assertEqual((line.delivered, line.deliveries[0].quantity), (1500, 3))
        self.assertEqual(line.deliveries[0].delivery, picking.name)
        self._assert_codes(sections)

    def test_kits_that_left_in_several_transfers_name_those_that_completed_them(self):
        kit, frame, wheel = self._goods(), self._goods(), self._goods()
        order = self._order_of((kit, 500.0, 3))
        first, sold = order.picking_ids, order.order_line
        first.move_ids.product_id = frame
        first.move_ids.copy({"product_id": wheel.id, "product_uom_qty": 6})
        second = self._deliver(first, [2, 5])  # a wheel too many for two kits
        self._deliver(second)
        order.picking_ids.move_ids.sale_line_id = sold
        sold.qty_delivered = 3
        invoice = self._invoice_delivered(order)
        sections = self._sections(invoice)
        [line] = sections.evidence.lines
        self.assertEqual([(row.delivery, row.quantity) for row in line.deliveries], [(first.name, 2), (second.name, 1)])
        self.assertEqual(line.delivered, 1500)
        self._assert_codes(sections)

    def test_cash_rounding_is_nothing_that_an_order_lacks(self):
        order = self._order_of((self._goods(), 999.98, 1))
        self._deliver(order.picking_ids)
        invoice = order._create_invoices()
        invoice.write({"invoice_date": self.today, "invoice_cash_rounding_id": self.cash_rounding_a.id})
        invoice.action_post()
        sections = self._evidence(invoice).sections
        self.assertEqual([line["gross"] for line in sections["evidence"]["lines"]], ["999.98", "0.02"])
        levels = {row["code"]: row["level"] for row in run_checks(sections, self.env, self.today)["results"]}
        self.assertEqual((levels["order-exists"], levels["documents-match"]), ("green", "green"))

    def test_order_whose_tax_changed_its_rate(self):
        first, second = self.percent_tax(19.0), self.percent_tax(1.5)
        order = self._order(999.99, product_uom_qty=7, tax_ids=first | second)
        self.env.flush_all()
        first.amount = 20.0
        self.env.flush_all()
        self._assert_totals(self._sections(order), order)

    def test_buyer_without_a_tax_id_in_words(self):
        self.buyer.vat = "/"
        invoice = self._invoice(5000.0)
        sections = self._sections(invoice)
        self._assert_totals(sections, invoice)
        self.assertIsNone(sections.party.buyers[0].tax_id)

    def test_reverse_charge_and_withholding(self):
        reverse, split = self._tax_in_parts(21.0, 100.0, -100.0), self._tax_in_parts(10.0, 40.0, 60.0)
        withheld = self.percent_tax(-15.0)
        for taxes in (reverse, split, withheld, split | withheld):
            with self.subTest(taxes.mapped("name")):
                invoice = self._invoice_of((1000.0, 3, 0, taxes))
                order = self._order(1000.0, product_uom_qty=3, tax_ids=taxes)
                for document in (invoice, order):
                    sections = self._sections(document)
                    self._assert_totals(sections, document)
                    self.assertEqual([tax.base for tax in sections.tax_flow.taxes], [3000] * len(taxes))

    def test_two_taxes_of_one_name_are_told_apart(self):
        goods, services = self.percent_tax(21.0), self.percent_tax(21.0, tax_scope="service")
        services.name = goods.name
        invoice = self._invoice_of((1000.0, 3, 0, goods), (1000.0, 1, 0, services))
        sections = self._sections(invoice)
        self._assert_totals(sections, invoice)
        self.assertEqual([tax.base for tax in sections.tax_flow.taxes], [3000, 1000])

    def test_division_tax_and_included_mixes(self):
        division = self.division_tax(18.0)
        included = self.percent_tax(21.0, price_include_override="tax_included")
        excluded = self.percent_tax(7.0)
        for method in ("round_per_line", "round_globally"):
            for taxes in (division, included | excluded, division | excluded):
                with self.subTest((method, taxes.mapped("name"))):
                    self.company.tax_calculation_rounding_method = method
                    lines = [(13.37 + index, 3, 3.3, taxes) for index in range(7)]
                    invoice = self._invoice_of(*lines)
                    self._assert_totals(self._sections(invoice), invoice)
                    order = self._create_sale_order(
                        partner_id=self.buyer,
                        order_line=[
                            self._prepare_order_line(
                                product_id=self.product_a, price_unit=p, product_uom_qty=q, discount=d, tax_ids=t
                            )
                            for p, q, d, t in lines
                        ],
                    )
                    self._assert_totals(self._sections(order), order)

    def test_invoice_with_early_payment_discount(self):
        for computation in ("mixed", "included", "excluded"):
            with self.subTest(computation):
                terms = self.env["account.payment.term"].create(
                    {
                        "name": "2/7 Net 30",
                        "early_discount": True,
                        "discount_days": 7,
                        "discount_percentage": 2,
                        "early_pay_discount_computation": computation,
                        "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
                    }
                )
                tax = self.percent_tax(21.0)
                invoice = self._create_invoice(
                    partner_id=self.buyer,
                    invoice_date=self.today,
                    post=True,
                    invoice_payment_term_id=terms,
                    invoice_line_ids=[
                        self._prepare_invoice_line(product_id=self.product_a, price_unit=777.77, tax_ids=tax),
                        self._prepare_invoice_line(product_id=self.product_a, price_unit=33.33, tax_ids=tax),
                    ],
                )
                self._assert_totals(self._sections(invoice), invoice)
                self._pay(invoice, 400.0)
                self._assert_totals(self._sections(invoice), invoice)

    def test_odd_lines(self):
        tax = self.percent_tax(19.0)
        invoice = self._create_invoice(
            partner_id=self.buyer,
            invoice_date=self.today,
            post=True,
            invoice_payment_term_id=self.env["account.payment.term"],
            invoice_line_ids=[
                self._prepare_invoice_line(product_id=self.product_a, price_unit=5000.0, quantity=2, tax_ids=tax),
                self._prepare_invoice_line(product_id=self.product_a, price_unit=0.0, quantity=2, tax_ids=tax),
                self._prepare_invoice_line(product_id=self.product_a, price_unit=100.0, quantity=0, tax_ids=tax),
                self._prepare_invoice_line(product_id=self.product_a, price_unit=100.0, quantity=-2, tax_ids=tax),
                self._prepare_invoice_line(product_id=self.product_a, price_unit=-10.0, quantity=3, tax_ids=tax),
                self._prepare_invoice_line(product_id=self.product_a, price_unit=100.0, discount=100, tax_ids=tax),
                self._prepare_invoice_line(name=False, price_unit=0.001, quantity=1234.567, tax_ids=tax),
                self._prepare_invoice_line(name="\x07\x1b[31mred\u202e\n\t😀" + "x" * 10000, price_unit=1, tax_ids=tax),
                self._prepare_invoice_line(name="   ", price_unit=1, tax_ids=self.env["account.tax"]),
            ],
        )
        self._assert_totals(self._sections(invoice), invoice)
        self.buyer.name = "\x07\x1b[31m\u202e<b>&amp;\n 😀" + "Ω" * 10000
        self._draw(invoice)

    def test_odd_order_lines(self):
        tax = self.percent_tax(19.0)
        product = self.product_a
        product.type = "consu"
        order = self._create_sale_order(
            partner_id=self.buyer,
            order_line=[
                self._prepare_order_line(product_id=product, price_unit=5000.0, product_uom_qty=2, tax_ids=tax),
                self._prepare_order_line(product_id=product, price_unit=0.0, product_uom_qty=2, tax_ids=tax),
                self._prepare_order_line(product_id=product, price_unit=100.0, product_uom_qty=0, tax_ids=tax),
                self._prepare_order_line(product_id=product, price_unit=-10.0, product_uom_qty=3, tax_ids=tax),
                self._prepare_order_line(product_id=product, price_unit=100.0, discount=100, tax_ids=tax),
                self._prepare_order_line(product_id=product, price_unit=100.0, product_uom_qty=-1, tax_ids=tax),
            ],
        )
        self._assert_totals(self._sections(order), order)
        for picking in order.picking_ids:
            self._deliver(picking)
        self._assert_totals(self._sections(order), order)
        invoice = self._invoice_delivered(order)
        self._assert_totals(self._sections(invoice), invoice)
        self._assert_totals(self._sections(order), order)
        self._draw(order)

    def test_large_amounts(self):
        tax = self.percent_tax(11.0)
        invoice = self._invoice_of((98765432109.87, 7, 0, tax))
        self._assert_totals(self._sections(invoice), invoice)
        self._draw(invoice)

    def test_tiny_prices(self):
        self.env["decimal.precision"].search([("name", "=", "Product Price")]).digits = 6
        invoice = self._invoice_of((0.000123, 1234567, 0, self.percent_tax(11.0)))
        self._assert_totals(self._sections(invoice), invoice)

    def test_one_invoice_for_several_orders_with_down_payments(self):
        tax = self.percent_tax(19.0)
        orders = self._order(333.33, product_uom_qty=3, tax_ids=tax) | self._order(
            77.77, product_uom_qty=5, tax_ids=tax
        )
        for order in orders:
            self._pay(self._create_down_payment_invoice(order, "percentage", 33, post=True))
            order.order_line.filtered(lambda line: not line.is_downpayment and not line.display_type).qty_delivered = 3
        invoice = self._invoice_delivered(orders)
        for order in orders:
            self._assert_totals(self._sections(order), order)
        for move in invoice:
            self._assert_totals(self._sections(move), move)
        self._pay(invoice[0], 100.01)
        for order in orders:
            self._assert_totals(self._sections(order), order)

    def test_down_payment_of_a_fixed_amount_in_a_foreign_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87), (str(self.today), 0.91)])
        pricelist = self.env["product.pricelist"].create({"name": "EUR", "currency_id": euro.id})
        order = self._order(10000.0, pricelist_id=pricelist.id, tax_ids=self.percent_tax(19.0))
        self.assertEqual(order.currency_id, euro)
        self._pay(self._create_down_payment_invoice(order, "fixed", 1234.56, post=True))
        self._assert_totals(self._sections(order), order)
        order.order_line[:1].qty_delivered = 1
        invoice = self._invoice_delivered(order)
        self._assert_totals(self._sections(invoice), invoice)
        self._pay(invoice, 100.01)
        self._assert_totals(self._sections(invoice), invoice)

    def test_instalments_paid_and_undone(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "30/70",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        invoice = self._create_invoice(
            partner_id=self.buyer,
            invoice_date=self.today,
            post=True,
            invoice_payment_term_id=terms,
            invoice_line_ids=[self._prepare_invoice_line(product_id=self.product_a, price_unit=1000.01)],
        )
        payment = self._pay(invoice, 500.0)
        self._assert_totals(self._sections(invoice), invoice)
        payment.action_draft()
        [stated] = self._sections(invoice).transaction.documents
        self.assertEqual(stated.totals.outstanding, Decimal("1000.01"))

    def test_foreign_invoice_paid_in_company_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87), (str(self.today), 0.91)])
        invoice = self._invoice(777.77, currency_id=euro, invoice_date=self.today - timedelta(days=3))
        self._pay(invoice, 333.33, currency_id=self.company.currency_id.id)
        self._assert_totals(self._sections(invoice), invoice)
        self._pay(invoice, 11.11, currency_id=self.company.currency_id.id)
        self._assert_totals(self._sections(invoice), invoice)

    def test_invoice_paid_with_a_foreign_payment_and_credit(self):
        euro = self.setup_other_currency("EUR", rates=[("2016-01-01", 0.87), (str(self.today), 0.91)])
        invoice = self._invoice(777.77, invoice_date=self.today - timedelta(days=3))
        self._pay(invoice, 333.33, currency_id=euro.id)
        self._assert_totals(self._sections(invoice), invoice)
        self._credit(invoice, 10.01)
        self._assert_totals(self._sections(invoice), invoice)

    def test_account_that_company_and_branch_share_counts_once(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids |= branch
        receivable = self.company_data["default_account_receivable"]
        self.buyer.with_company(branch).property_account_receivable_id = receivable
        invoice = (
            self.env["account.move"]
            .with_company(branch)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": branch.id,
                    "partner_id": self.buyer.id,
                    "invoice_date": self.today,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Tyres",
                                "price_unit": 321.0,
                                "tax_ids": [],
                                "account_id": self.company_data["default_account_revenue"].id,
                            }
                        )
                    ],
                }
            )
        )
        invoice.action_post()
        receivable.company_ids = [Command.link(branch.id)]
        self.env.flush_all()
        [open_items] = ageing(self.env, branch, today=self.today)
        self.assertEqual((open_items["documents"], open_items["amount"]), (1, "321.00"))
        [week], _totals = forecast(self.env, branch, today=self.today, payers=[])
        self.assertEqual((week["documents"], week["expected"]), (1, "321.00"))

    def test_buyer_is_a_person_at_an_address(self):
        person = self.env["res.partner"].create({"name": "Jo", "parent_id": self.buyer.id, "type": "invoice"})
        address = self.env["res.partner"].create({"parent_id": self.buyer.id, "type": "delivery", "street": "x"})
        order = self._order(100.0, partner_id=self.buyer, partner_invoice_id=person.id, partner_shipping_id=address.id)
        order.order_line.qty_delivered = 1
        self._sections(self._invoice_delivered(order))
        self._sections(order)
