from odoo import Command
from odoo.tests import tagged

from .purchase_case import PurchaseCase


@tagged("post_install", "-at_install")
class TestFollowedJourney(PurchaseCase):
    """A purchase that a bank pays, repaid by the customer who buys the goods."""

    def setUp(self):
        super().setUp()
        self.cocoa = self.env["product.product"].create(
            {"name": "Cocoa", "is_storable": True, "standard_price": 80.0, "invoice_policy": "order"}
        )

    def _transfer(self, order):
        for move in order.picking_ids.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        order.picking_ids._action_done()
        self.env.cr.flush()

    def test_customers_payment_closes_the_loan_that_paid_the_supplier(self):
        self._sell(self.cocoa, sold=100.0)
        purchase = self._purchase(100.0, 100.0, product=self.cocoa)
        loan = self._financed(purchase)
        goods = loan.application_id.line_ids.followed_ids
        self.assertEqual((goods.stage, loan.followed_goods_count), ("ordered", 1))
        self._transfer(purchase)
        self.assertEqual(goods.stage, "in_stock")
        sale = self.env["sale.order"].create(
            {
                "partner_id": self.buyer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.cocoa.id,
                            "product_uom_qty": 100.0,
                            "price_unit": 130.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        sale.action_confirm()
        invoice = sale._create_invoices()
        invoice.action_post()
        self._pay(invoice)
        self.assertFalse(loan.collection_ids, "the goods are still here")
        self._transfer(sale)
        self.assertEqual(goods.stage, "sold")
        [reported] = self._report(loan)
        self.assertEqual(reported["document"], {"kind": "customer_invoice", "number": invoice.name})
        self.assertEqual(reported["amount"]["amount"], "13000.00")
        self.assertEqual(loan.state, "closed")
        self._assert_books_closed(loan)
        self.assertFalse(goods.is_open)
        action = self._as("purchaser", loan).action_open_goods()
        [seen] = self._as("purchaser", self.env[action["res_model"]]).search(action["domain"])
        self.assertEqual(seen, goods)
