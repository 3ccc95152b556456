from odoo import Command
from odoo.tests import tagged

from odoo.addons.scf_finance.tests.followed_case import FollowedCase


@tagged("post_install", "-at_install")
class TestFollowedKits(FollowedCase):
    """Financed goods that come or go in kits, and those that the supplier ships to the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box, cls.leaflet, cls.toolkit, cls.crate = cls.env["product.product"].create(
            [
                {"name": "Box", "is_storable": True, "standard_price": 10.0},
                {"name": "Leaflet", "is_storable": True, "standard_price": 0.0},
                {"name": "Toolkit", "type": "consu"},
                {"name": "Crate of toolkits", "type": "consu"},
            ]
        )
        (cls.toolkit | cls.crate).write({"invoice_policy": "order", "taxes_id": [Command.clear()]})
        # Two toolkits are made of 8 nails (5.00 each) and 2 boxes (10.00 each): of the price, 20/30 are for the nails.
        cls._kit(cls.toolkit, 2, (cls.nails, 8), (cls.box, 2), (cls.leaflet, 2))
        cls._kit(cls.crate, 1, (cls.toolkit, 3))

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("mrp.group_mrp_manager")

    @classmethod
    def _kit(cls, product, quantity, *parts):
        cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "product_qty": quantity,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": part.id, "product_qty": needed}) for part, needed in parts
                ],
            }
        )

    def _leave(self, order, **quantities):
        """What is asked of each part of the order leaves."""
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))[:1]
        for move in picking.move_ids:
            move.quantity = quantities.get(move.product_id.name.lower(), 0.0)
            move.picked = True
        picking.with_context(cancel_backorder=False)._action_done()
        self.env.cr.flush()

    # --- kits that are sold ---

    def test_kit_sells_the_financed_parts_in_it(self):
        purchase = self._purchase((self.nails, 100))
        loan = self._loan(purchase)
        self._receive(purchase, 100)
        for part in (self.box, self.leaflet):
            self._put(part, 50, self.stock)
        order = self._order_of(self.toolkit, 10, price=60.0)
        self._leave(order, nails=40, box=10, leaflet=10)
        self.assertEqual(self._figures(loan), [(None, 100, 100, 40, 0, 60)])
        self.assertFalse(loan.activity_ids, "nothing was lost")
        self.box.standard_price = 1000.0  # what the parts are worth later changes nothing of what was sold before
        self._pay(self._invoiced(order), 300.0)
        self.assertEqual(self._collected(loan), [("payment", 200)], "half is paid, two thirds of it are for the nails")

    def test_part_of_the_kits_that_left_is_paid_for_as_it_leaves(self):
        purchase = self._purchase((self.nails, 100))
        loan = self._loan(purchase)
        self._receive(purchase, 100)
        self._put(self.box, 50, self.stock)
        self._put(self.leaflet, 50, self.stock)
        order = self._order_of(self.toolkit, 10, price=60.0)
        self._pay(self._invoiced(order))
        self._leave(order, nails=12, box=1)
        self.assertEqual(self._collected(loan), [("payment", 120)], "the nails of 3 kits, at 40.00 a kit")
        self._leave(order, nails=28, box=9, leaflet=10)
        self.assertEqual(self._collected(loan), [("payment", 120), ("payment", 280)])

    def test_kit_of_kits_sells_the_parts_of_both(self):
        purchase = self._purchase((self.nails, 100))
        loan = self._loan(purchase)
        self._receive(purchase, 100)
        self._put(self.box, 50, self.stock)
        self._put(self.leaflet, 50, self.stock)
        order = self._order_of(self.crate, 2, price=180.0)
        self._leave(order, nails=24, box=6, leaflet=6)
        self._pay(self._invoiced(order))
        self.assertEqual(self._figures(loan), [(None, 100, 100, 24, 0, 76)])
        self.assertEqual(self._collected(loan), [("payment", 240)])

    # --- kits that are bought ---

    def test_parts_of_a_kit_that_a_bank_paid_for_are_followed(self):
        purchase = self._purchase((self.toolkit, 10))
        [assessed] = purchase._scf_assess().documents
        warnings = {finding.code: finding.sentence for finding in assessed.findings}
        self.assertNotIn("goods_untracked", warnings)
        self.assertIn("in its parts", warnings["resale_unknown"])
        loan = self._loan(purchase)
        self._leave(purchase, nails=20, box=10, leaflet=10)
        self._sold(self.box, 4)
        goods = self._goods(loan).sorted(lambda row: row.product_id.name)
        self.assertEqual(
            [(row.product_id, row.quantity_financed, row.quantity_received, row.quantity_sold) for row in goods],
            [(self.box, 10, 10, 4), (self.leaflet, 10, 10, 0), (self.nails, 40, 20, 0)],
        )

    def test_of_two_bills_of_kits_each_has_its_own_parts(self):
        self.toolkit.purchase_method = "purchase"
        purchase = self._purchase((self.toolkit, 10))
        first = self.env["account.move"].browse(purchase.action_create_invoice()["res_id"])
        first.invoice_line_ids.quantity = 4
        first.write({"invoice_date": self.today, "ref": "K-1"})
        first.action_post()
        loan = self._loan(self._bill(purchase))
        self._leave(purchase, nails=40, box=10, leaflet=10)
        goods = self._goods(loan).sorted(lambda row: row.product_id.name)
        self.assertEqual(
            [(row.product_id, row.quantity_before, row.quantity_received) for row in goods],
            [(self.box, 4, 6), (self.leaflet, 4, 6), (self.nails, 16, 24)],
        )

    # --- goods that the supplier ships to the customer ---

    def test_goods_shipped_by_the_supplier_are_received_and_sold(self):
        self._ships_to_customers(self.nails | self.box | self.leaflet)
        self._put(self.nails, 50, self.stock)
        for sold, nails in ((self.nails, 6), (self.toolkit, 24)):
            with self.subTest(sold.name):
                order = self._order_of(sold, 6, price=60.0)
                purchase = self.env["purchase.order"].search(
                    [("origin", "=", order.name), ("order_line.product_id", "=", self.nails.id)]
                )
                purchase.button_confirm()
                loan = self._loan(purchase)
                self._leave(purchase, nails=nails, box=6, leaflet=6)
                [goods] = self._goods(loan).filtered(lambda row: row.product_id == self.nails)
                self.assertEqual(
                    (goods.quantity_financed, goods.quantity_received, goods.quantity_sold, goods.quantity_in_stock),
                    (nails, nails, nails, 0),
                )
                self._pay(self._invoiced(order))
                paid = sum(amount for _kind, amount in self._collected(loan))
                self.assertEqual(paid, 360.0, "of the kit, the loan financed all parts")

    def _ships_to_customers(self, products):
        products.route_ids = self.env.ref("stock_dropshipping.route_drop_shipping")
        self.env["product.supplierinfo"].create(
            [
                {"product_tmpl_id": product.product_tmpl_id.id, "partner_id": self.supplier.id, "price": 5.0}
                for product in products
            ]
        )
