from datetime import timedelta

from odoo.tests import tagged

from .evidence_case import EvidenceCase


@tagged("post_install", "-at_install")
class TestEvidenceQueries(EvidenceCase):
    """Reading costs the same number of queries, however many documents are financed and however long the history."""

    def _sales(self, count):
        """Delivered orders with taxes, days, terms and quantities of their own."""
        taxes = self.percent_tax(19.0) | self.percent_tax(1.5)
        terms = self.env["account.payment.term"].search([], limit=4)
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": (self.buyer if at % 3 else self.buyer.copy({"name": f"Buyer {at}"})).id,
                    "payment_term_id": terms[at % len(terms)].id,
                    "order_line": [
                        self._prepare_order_line(
                            product_id=product, price_unit=10.0 + at, product_uom_qty=2 + at % 5, tax_ids=taxes
                        )
                        for product in (self.product_a, self.product_b)
                    ],
                }
                for at in range(count)
            ]
        )
        orders.action_confirm()
        for at, order in enumerate(orders):
            order.date_order -= timedelta(days=40 * at)
        for move in orders.picking_ids.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        orders.picking_ids._action_done()
        return orders

    def _invoices_of(self, orders):
        invoices = orders._create_invoices(grouped=True)
        for invoice in invoices:
            invoice.invoice_date = invoice.line_ids.sale_line_ids.order_id.date_order.date()
        invoices.action_post()
        return invoices.sorted(lambda invoice: invoice.line_ids.sale_line_ids.order_id.id)

    def test_one_three_and_thirty_documents(self):
        orders = self._sales(30)
        invoices = self._invoices_of(orders)
        for documents in (orders, invoices):
            with self.subTest(documents._name):
                one, three, thirty = (self._selects(documents[:count]) for count in (1, 3, 30))
                self.assertEqual((one, three), (thirty, thirty))
                self.assertLessEqual(thirty, 60)

    def test_short_and_long_history(self):
        orders = self._sales(1)
        invoices = self._invoices_of(orders)
        short = self._selects(orders), self._selects(invoices)
        for order in self._sales(12):
            for invoice in self._invoices_of(order):
                self._pay(invoice, invoice.amount_total / 2)
        for at in range(10):
            self._pay(invoices, 1.0 + at / 10)
        self.assertEqual((self._selects(orders), self._selects(invoices)), short)
