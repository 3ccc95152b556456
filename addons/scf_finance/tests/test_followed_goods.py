from datetime import timedelta
from runpy import run_path

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.misc import file_path

from ..models.scf_followed_flow import open_followed_products
from .followed_case import FollowedCase


@tagged("post_install", "-at_install")
class TestFollowedGoods(FollowedCase):
    """What a bank paid for is followed from the order to the customer."""

    def test_goods_are_followed_from_the_order_to_the_sale(self):
        order = self._purchase((self.nails, 100))
        loan = self._loan(order)
        self.assertEqual(self._figures(loan), [(None, 100, 0, 0, 0, 0)])
        self.assertEqual(self._goods(loan).stage, "ordered")
        self._receive(order, 60)
        self.assertEqual(self._figures(loan), [(None, 100, 60, 0, 0, 60)])
        self.assertEqual((self._goods(loan).stage, self._goods(loan).received_percent), ("in_stock", 60))
        sale = self._sold(self.nails, 25)
        self.assertEqual(self._figures(loan), [(None, 100, 60, 25, 0, 35)])
        [use] = self._goods(loan).use_ids
        self.assertEqual((use.sale_line_id, use.quantity, use.kind), (sale.order_line, 25, "sold"))
        self._receive(order, 40)
        self._sold(self.nails, 75)
        self.assertEqual(self._figures(loan), [(None, 100, 100, 100, 0, 0)])
        self.assertEqual((self._goods(loan).stage, self._goods(loan).sold_percent), ("sold", 100))

    def test_what_lay_in_stock_before_goes_first(self):
        self._put(self.nails, 30, self.stock)
        order = self._purchase((self.nails, 50))
        loan = self._loan(order)
        self._receive(order, 50)
        self._sold(self.nails, 20)
        self.assertEqual(self._figures(loan), [(None, 50, 50, 0, 0, 50)])
        self._sold(self.nails, 20)
        self.assertEqual(self._figures(loan), [(None, 50, 50, 10, 0, 40)])

    def test_two_financed_receipts_go_in_the_order_in_which_they_came(self):
        first, second = self._purchase((self.nails, 10)), self._purchase((self.nails, 10))
        one, two = self._loan(first), self._loan(second)
        self._receive(second, 10)
        self._receive(first, 10)
        self._sold(self.nails, 12)
        self.assertEqual(self._figures(two), [(None, 10, 10, 10, 0, 0)])
        self.assertEqual(self._figures(one), [(None, 10, 10, 2, 0, 8)])

    def test_goods_with_lots_are_followed_by_lot(self):
        self._put(self.cable, 5, self.stock, lot=self.other_drum)
        order = self._purchase((self.cable, 30))
        loan = self._loan(order)
        self._receive(order, 10, self.drum)
        self._receive(order, 15, self.other_drum)
        self.assertEqual(
            self._figures(loan), [(None, 5, 0, 0, 0, 0), ("DRUM-1", 10, 10, 0, 0, 10), ("DRUM-2", 15, 15, 0, 0, 15)]
        )
        self._sold(self.cable, 8, self.other_drum)
        self._sold(self.cable, 4, self.drum)
        self.assertEqual(
            self._figures(loan), [(None, 5, 0, 0, 0, 0), ("DRUM-1", 10, 10, 4, 0, 6), ("DRUM-2", 15, 15, 3, 0, 12)]
        )

    def test_lot_that_is_corrected_on_a_done_receipt_moves_the_goods(self):
        order = self._purchase((self.cable, 10))
        loan = self._loan(order)
        move = self._receive(order, 10, self.drum)
        move.move_line_ids.lot_id = self.other_drum
        self.env.cr.flush()
        self.assertEqual(self._figures(loan), [("DRUM-2", 10, 10, 0, 0, 10)])

    def test_more_than_was_ordered_is_not_financed(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        self._receive(order, 14)
        self._sold(self.nails, 14)
        self.assertEqual(self._figures(loan), [(None, 10, 10, 10, 0, 0)])

    def test_units_of_the_purchase_are_converted(self):
        order = self._purchase((self.nails, 2, self.env.ref("uom.product_uom_dozen")))
        loan = self._loan(order)
        self._receive(order, 12)
        self._sold(self.nails, 5)
        self.assertEqual(self._figures(loan), [(None, 24, 12, 5, 0, 7)])

    def test_what_customers_return_is_there_again(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        self._receive(order, 10)
        sale = self._sold(self.nails, 8)
        self._send_back(sale.picking_ids.move_ids, 3)
        self.assertEqual(self._figures(loan), [(None, 10, 10, 5, 0, 5)])

    def test_what_goes_back_to_the_supplier_is_not_there_any_more(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        move = self._receive(order, 10)
        self._send_back(move, 4)
        self.assertEqual(self._figures(loan), [(None, 10, 6, 0, 0, 6)])
        self._send_back(move, 6)
        self.assertEqual((self._goods(loan).stage, self._goods(loan).quantity_returned), ("returned", 10))
        self.assertFalse(loan.activity_ids)

    def test_what_leaves_without_a_sale_is_told_on_the_loan(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        self._receive(order, 10)
        self._scrap(self.nails, 3)
        self.assertEqual(self._figures(loan), [(None, 10, 10, 0, 3, 7)])
        self.assertIn("3 Units of Nails", loan.activity_ids.note)
        self._sold(self.nails, 2)
        self.assertEqual(len(loan.message_ids.filtered(lambda message: "without a sale" in message.body)), 1)

    def test_done_transfer_that_is_edited_counts_as_it_is_now(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        receipt = self._receive(order, 10)
        sale = self._sold(self.nails, 8)
        sale.picking_ids.move_ids.move_line_ids.quantity = 5
        self.env.cr.flush()
        self.assertEqual(self._figures(loan), [(None, 10, 10, 5, 0, 5)])
        receipt.move_line_ids.quantity = 7
        self.env.cr.flush()
        self.assertEqual(self._figures(loan), [(None, 10, 7, 5, 0, 2)])

    def test_receipt_that_is_dated_back_comes_first(self):
        first, second = self._purchase((self.nails, 10)), self._purchase((self.nails, 10))
        one, two = self._loan(first), self._loan(second)
        self._receive(first, 10)
        late = self._receive(second, 10)
        self._sold(self.nails, 4)
        late.date = "2020-01-01 00:00:00"
        self.env.cr.flush()
        self.assertEqual((self._figures(one)[0][3], self._figures(two)[0][3]), (0, 4))

    def test_goods_that_are_shipped_by_the_supplier_leave_as_they_come(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        sale = self._order_of(self.nails, 6)
        self._put(self.nails, 50, self.stock)
        move = self._move(self.nails, 6, self.suppliers, self.customers)
        move.write({"purchase_line_id": order.order_line.id, "sale_line_id": sale.order_line.id})
        move._action_done()
        self.env.cr.flush()
        self.assertEqual(self._figures(loan), [(None, 10, 6, 6, 0, 0)])
        self.assertEqual(self._goods(loan).use_ids.sale_line_id, sale.order_line)

    def test_of_two_bills_of_one_order_each_has_its_own_goods(self):
        order = self._purchase((self.nails, 20))
        self._receive(order, 8)
        self._bill(order)
        self._receive(order, 12)
        loan = self._loan(self._bill(order))
        self.assertEqual(self._figures(loan), [(None, 12, 12, 0, 0, 12)])
        self._sold(self.nails, 10)
        self.assertEqual(self._figures(loan), [(None, 12, 12, 2, 0, 10)])

    def test_several_bills_of_one_line_are_financed_apart_and_no_piece_twice(self):
        order = self._purchase((self.nails, 30))
        bills = self.env["account.move"]
        for quantity in (8, 7, 5):
            self._receive(order, quantity)
            bills |= self._bill(order)
        together = self._loan(bills[:2])
        self._receive(order, 10)
        self._sold(self.nails, 10)
        self.assertEqual(
            [(row.quantity_financed, row.quantity_received, row.quantity_sold) for row in self._goods(together)],
            [(8, 8, 8), (7, 7, 2)],
        )
        alone = self._loan(bills[2])
        dated_back = self._bill(order, invoice_date=self.today - timedelta(days=9))
        dated_back.button_draft()
        dated_back.invoice_line_ids.quantity = 6
        dated_back.invoice_line_ids.copy(
            {"quantity": 4, "move_id": dated_back.id, "purchase_line_id": order.order_line.id}
        )
        dated_back.action_post()
        last = self._loan(dated_back)
        self.assertEqual(
            [row.quantity_before for loan in (together, alone, last) for row in self._goods(loan)], [0, 8, 15, 20, 26]
        )
        self._sold(self.nails, 20)
        sold = [sum(self._goods(loan).mapped("quantity_sold")) for loan in (together, alone, last)]
        self.assertEqual(sold, [15, 5, 10])

    def test_what_left_before_kits_were_followed_stays_what_it_was_told_as(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        self._receive(order, 10)
        self._sold(self.nails, 4)
        self.env.flush_all()
        self.cr.execute("ALTER TABLE scf_followed_use DROP COLUMN quantity_in_sold, DROP COLUMN share_of_price")
        path = file_path("scf_finance/migrations/19.0.1.2.0/pre-parts_of_kits.py")
        run_path(path)["migrate"](self.cr, "19.0.1.1.0")
        self.env.invalidate_all()
        [use] = self._goods(loan).use_ids
        self.assertEqual((use.kind, use.quantity, use.quantity_in_sold, use.share_of_price), ("sold", 4, 1, 1))

    def test_bill_line_without_a_purchase_says_why_it_is_not_followed(self):
        bill = self._create_invoice_one_line(
            move_type="in_invoice", product_id=self.nails, price_unit=5.0, partner_id=self.supplier, post=True
        )
        goods = self._goods(self._loan(bill))
        self.assertEqual(goods.stage, "unknown")
        self.assertIn("no purchase order", goods.why_not_followed)

    def test_services_are_no_goods(self):
        service = self.env["product.product"].create({"name": "Freight", "type": "service"})
        loan = self._loan(self._purchase((service, 1), (self.nails, 4)))
        self.assertEqual(self._goods(loan).product_id, self.nails)

    def test_pledged_goods_are_followed_from_their_release(self):
        self._put(self.sand, 100, self.collateral)
        self._put(self.sand, 40, self.shelf)
        pledge = self._proposed(self.sand, 60, self.collateral, bank_id=self.rhone.id).sudo()
        pledge._activate()
        loan = self._loan(pledge)
        self._sold(self.sand, 50)
        self.assertEqual(self._figures(loan), [(None, 60, 60, 0, 0, 60)])
        pledge._release(20, "REL-1")
        self._sold(self.sand, 45)
        self.assertEqual(self._figures(loan), [(None, 60, 60, 15, 0, 45)], "80 were free before the release")

    def test_goods_of_other_owners_are_not_the_companys(self):
        self._put(self.nails, 30, self.stock, owner_id=self.buyer)
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        self._receive(order, 10)
        self._move(self.nails, 7, self.stock, self.customers, owner_id=self.buyer.id)._action_done()
        self.env.cr.flush()
        self.assertEqual(self._figures(loan), [(None, 10, 10, 0, 0, 10)])

    def test_goods_are_followed_only_while_the_loan_is_open(self):
        order = self._purchase((self.nails, 10))
        loan = self._loan(order)
        self._receive(order, 10)
        self._sold(self.nails, 4)
        loan._set_state("closed")
        self._sold(self.nails, 3)
        self.assertEqual(self._figures(loan), [(None, 10, 10, 4, 0, 6)])
        self.assertNotIn(self.nails.id, open_followed_products(self.env))
        loan._reopen()
        self.assertEqual(self._figures(loan), [(None, 10, 10, 7, 0, 3)])

    def test_what_nobody_followed_costs_one_query_more(self):
        order = self._purchase((self.nails, 10))
        self._put(self.sand, 100, self.stock)
        queries = []
        for followed in (False, True):
            if followed:
                self._loan(order)
            picking = self._delivery(self.sand, 5)
            picking.move_ids.picked = True
            self.env.cr.flush()
            self.env.cr.cache.clear()
            before = self.env.cr.sql_log_count
            picking._action_done()
            self.env.cr.flush()
            queries.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(queries[1] - queries[0], 1)

    def test_following_costs_the_same_however_long_the_history_is(self):
        order = self._purchase((self.nails, 100))
        self._loan(order)
        self._receive(order, 100)
        queries = []
        for sales in (1, 6):
            for _sale in range(sales):
                self._sold(self.nails, 1)
            self.env.cr.flush()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["scf.followed.goods"].sudo()._recompute(self.nails.ids)
            self.env.flush_all()
            queries.append(self.env.cr.sql_log_count - before)
        self.assertEqual(queries[0], queries[1])

    def test_only_financing_users_of_the_company_read_the_goods_and_nobody_writes_them(self):
        order = self._purchase((self.nails, 10))
        goods = self._goods(self._loan(order))
        self._receive(order, 10)
        self._sold(self.nails, 4)
        self.assertEqual(self._as("requester", goods).read(["quantity_sold", "stage"])[0]["quantity_sold"], 4)
        self.assertEqual(self._as("requester", goods.use_ids).quantity, 4)
        for values in ({"quantity_sold": 10}, {"is_open": False}):
            with self.assertRaises(AccessError):
                self._as("admin", goods).write(values)
        with self.assertRaises(AccessError):
            self._as("admin", goods.use_ids).unlink()
        for user in (self.manager, self.people["accountant"]):
            with self.assertRaises(AccessError):
                goods.with_user(user).read(["quantity_sold"])
            with self.assertRaises(AccessError):
                goods.use_ids.with_user(user).read(["quantity"])
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.people["requester"].write({"company_ids": [Command.set(elsewhere.ids)], "company_id": elsewhere.id})
        found = goods.with_user(self.people["requester"]).with_company(elsewhere).search([])
        self.assertFalse(found)

    def test_what_came_and_went_between_the_request_and_the_grant_is_taken_in(self):
        for product, lot in ((self.nails, None), (self.cable, self.drum)):
            with self.subTest(product.name):
                order = self._purchase((product, 100))
                receipt = self._receive(order, 60, lot)
                self._bill(order)
                sale = self._sold(product, 25, lot)
                self._send_back(receipt, 10)
                self._send_back(sale.picking_ids.move_ids, 5)
                loan = self._loan(order, state="granted")
                [came] = self._figures(loan)[-1:]
                self.assertEqual((came[2:], came[0]), ((50, 20, 0, 30), lot and lot.name))
                self.assertEqual(self._goods(loan).use_ids.sale_line_id, sale.order_line)
