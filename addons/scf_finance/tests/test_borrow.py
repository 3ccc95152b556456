from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .goods_case import GoodsCase


@tagged("post_install", "-at_install")
class TestBorrow(GoodsCase):
    """From the screens of the stock to a draft: what is free, what a bank would lend, and enough for an amount."""

    def setUp(self):
        super().setUp()
        self.clay = self.env["product.product"].create({"name": "Clay", "is_storable": True, "standard_price": 10.0})
        self._put(self.clay, 100, self.shelf)

    def _borrow(self, records, role="requester"):
        action = self._as(role, records).action_scf_borrow()
        return self.env["scf.borrow"].with_user(self.people[role]).browse(action["res_id"])

    def _line(self, borrow, product):
        return borrow.line_ids.filtered(lambda line: line.product_id == product)

    def test_each_screen_opens_its_own_goods(self):
        whole = self.copper | self.sand | self.clay
        for records, products in (
            (self.lot, self.copper),
            (self.collateral, self.copper | self.sand),
            (self.warehouse, whole),
            (self.clay, self.clay),
            (self.sand.product_tmpl_id, self.sand),
            (self.env["stock.quant"].search([("product_id", "=", self.clay.id)]), self.clay),
        ):
            with self.subTest(records._name):
                self.assertEqual(self._borrow(records).line_ids.product_id & whole, products)

    def test_it_offers_what_is_neither_reserved_nor_held(self):
        self._delivery(self.sand, 300, source=self.collateral)
        self._pledged(self.sand, 500, self.collateral)
        self._request(self._proposed(self.sand, 400, self.collateral))
        self._put(self.sand, 50, self.collateral, owner_id=self.buyer)
        borrow = self._borrow(self.collateral)
        sand = self._line(borrow, self.sand)
        self.assertEqual((sand.on_hand, sand.free, sand.quantity), (2000, 800, 800))
        self.assertEqual((sand.value, sand.lendable), (1600, 1280))
        copper = self._line(borrow, self.copper)
        self.assertEqual((copper.lot_id, copper.value), (self.lot, 8000))
        self.assertEqual((borrow.value, borrow.lendable), (9600, 7680))
        self.assertIn("Banque du Rhône lends 80 %", borrow.bank_text)

    def test_it_drafts_the_request_with_proposals_of_its_own(self):
        borrow = self._borrow(self.collateral)
        self._line(borrow, self.copper).quantity = 250
        self._line(borrow, self.sand).quantity = 0
        borrow.amount = 1000
        action = borrow.action_borrow()
        application = self.env["scf.application"].browse(action["res_id"])
        self.assertEqual((application.technique, application.state), ("inventory_loan", "draft"))
        self.assertEqual((application.eligible_amount, application.requested_amount), (1600, 1000))
        pledge = application.line_ids.pledge_id
        self.assertEqual(
            (pledge.product_id, pledge.lot_id, pledge.location_id, pledge.quantity, pledge.state),
            (self.copper, self.lot, self.collateral, 250, "proposed"),
        )
        self.assertEqual(application.bank_ids, self.rhone | self.hansa)
        self._as("requester", application).unlink()
        self.assertFalse(pledge.exists())

    def test_enough_takes_what_sells_fastest_and_of_the_last_a_part(self):
        self._sell(self.sand, 1000)
        self._sell(self.clay, 10, source=self.shelf)
        borrow = self._borrow(self.warehouse)
        borrow.amount = 1700
        borrow.action_reach()
        self.assertEqual(self._line(borrow, self.sand).quantity, 1000, "365 days: 1,600")
        self.assertEqual(self._line(borrow, self.clay).quantity, 13, "3,285 days: 100 of 720")
        self.assertEqual(self._line(borrow, self.copper).quantity, 0, "never sold")
        self.assertIn("sells fastest", borrow.answer)
        self.assertEqual(borrow.lendable, 1704)
        borrow.amount = 99999999
        with self.assertRaisesRegex(UserError, "less than the"):
            borrow.action_reach()

    def test_goods_of_serial_numbers_are_taken_whole(self):
        engine = self.env["product.product"].create(
            {"name": "Engine", "is_storable": True, "tracking": "serial", "standard_price": 1000.0}
        )
        for number in range(3):
            lot = self.env["stock.lot"].create({"name": f"E{number}", "product_id": engine.id})
            self._put(engine, 1, self.shelf, lot=lot)
        borrow = self._borrow(engine)
        borrow.amount = 900
        borrow.action_reach()
        self.assertEqual(sum(borrow.line_ids.mapped("quantity")), 2, "one brings 800")

    def test_goods_that_nobody_lends_on_say_why(self):
        self.clay.standard_price = 0
        borrow = self._borrow(self.clay)
        self.assertEqual(borrow.line_ids.quantity, 0)
        self.assertIn("no cost", borrow.line_ids.why_not)
        borrow.line_ids.quantity = 5
        with self.assertRaisesRegex(UserError, "no cost"):
            borrow.action_borrow()
        copper = self._borrow(self.lot)
        copper.line_ids.quantity = 2000
        with self.assertRaisesRegex(UserError, "Only 1000 are free"):
            copper.action_borrow()

    def test_what_the_dialog_is_told_over_rpc_frees_no_goods(self):
        borrow = self._borrow(self.lot)
        borrow.line_ids.write({"free": 5000, "quantity": 5000})
        with self.assertRaisesRegex(UserError, "only 1000"):
            borrow.action_borrow()

    def test_only_a_requester_borrows_and_only_of_his_company(self):
        with self.assertRaises(AccessError):
            self._borrow(self.lot, role="accountant")
        other = self.company_data_2["company"] if "company_data_2" in dir(self) else None
        other = other or self.env["res.company"].create({"name": "Elsewhere"})
        elsewhere = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1).lot_stock_id
        self._put(self.sand, 70, elsewhere)
        free = self._line(self._borrow(self.sand), self.sand)
        self.assertNotIn(elsewhere, free.location_id)

    # --- panels ---

    def test_a_lot_says_what_it_could_bring_and_where_its_loan_stands(self):
        panel = self._as("requester", self.lot).scf_panel()
        self.assertEqual((panel["state"], panel["actions"][0]["name"]), ("eligible", "action_scf_borrow"))
        self.assertIn("6,400.00", panel["headline"])
        pledge = self._copper(1000).sudo()
        loan = self._financed(pledge, requested=4000, advance_rate="80.00")
        panel = self._as("requester", self.lot).scf_panel()
        self.assertEqual((panel["state"], panel["actions"]), ("financed", []))
        self.assertEqual([row["key"].split("_")[0] for row in panel["rows"]], ["application", "pledged"])
        self.assertIn("covered by 160 %", panel["rows"][0]["detail"])
        self._put(self.copper, 1000, self.collateral, lot=self.lot)
        self.assertEqual(self._as("requester", self.lot).scf_panel()["rows"][0]["key"], "free_goods")
        self.rhone_bank.call_margin(loan, "400.00")
        panel = self._as("requester", self.lot).scf_panel()
        self.assertEqual((panel["state"], panel["actions"]), ("financed", []), "a margin call comes first")
        self.assertIn("repay at least $ 400.00", panel["subline"].replace("\xa0", " "))
        self.assertEqual(panel["next_step"], panel["subline"])
        pledged = self._as("requester", pledge).scf_panel()
        self.assertEqual(pledged["subline"], panel["subline"])
        self.assertEqual(self.lot.with_user(self.keeper).scf_panel(), {"visible": False})

    def test_warehouse_and_location_say_the_same_of_their_goods(self):
        for record in (self.warehouse, self.collateral):
            self.assertEqual(self._as("requester", record).scf_panel()["rows"][0]["key"], "free_goods")
        self.assertEqual(self._as("requester", self.customers).scf_panel(), {"visible": False})

    def test_the_number_of_queries_does_not_depend_on_the_number_of_goods(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._as("requester", self.warehouse).scf_panel()
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        for number in range(20):
            lot = self.env["stock.lot"].create({"name": f"L{number}", "product_id": self.copper.id})
            self._put(self.copper, 1, self.shelf, lot=lot)
        self.assertEqual(count(), few)

    def test_a_pledge_has_the_panel_of_a_document(self):
        pledge = self._copper(500)
        panel = self._as("requester", pledge).scf_panel()
        self.assertEqual((panel["state"], panel["eligible"]["value"]), ("eligible", str(Decimal("3200.00"))))
        self._delivery(self.copper, 800, source=self.collateral)
        panel = self._as("requester", pledge).scf_panel()
        fix = next(reason["fix"] for reason in panel["reasons"] if reason["code"] == "goods_reserved")
        self.assertEqual(fix["action"]["res_model"], "stock.quant")
