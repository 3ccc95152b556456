import re
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.sql_db import Cursor
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .pledge_case import PledgeCase


@tagged("post_install", "-at_install")
class TestPledge(PledgeCase):
    """Goods are proposed, taken by the bank, and let go in parts."""

    def test_goods_are_proposed_taken_and_released_in_parts(self):
        self._put(self.copper, 10, self.stock, self.lot)
        pledge = self._proposed(self.copper, 8, self.stock, self.lot).sudo()
        self.assertRegex(pledge.name, r"^PLG/\d{4}/\d{5}$")
        self.assertEqual(pledge.state, "proposed")
        pledge._activate(bank=self.rhone)
        self.assertEqual((pledge.state, pledge.held_quantity, pledge.bank_name), ("active", 8, "Banque du Rhône"))
        pledge._release(3, "REL-1")
        self.assertEqual((pledge.state, pledge.held_quantity), ("active", 5))
        pledge._release(5, "REL-2")
        self.assertEqual((pledge.state, pledge.held_quantity), ("released", 0))
        self.assertEqual(sorted(pledge.release_ids.mapped("reference")), ["REL-1", "REL-2"])

    def test_one_release_is_applied_once(self):
        self._put(self.sand, 10, self.collateral)
        pledge = self._pledged(self.sand, 10, self.collateral)
        first = pledge._release(4, "REL-1")
        self.assertEqual(pledge._release(4, "REL-1"), first)
        self.assertEqual(pledge.held_quantity, 6)
        pledge._release(100, "REL-2")
        self.assertEqual((pledge.state, pledge.released_quantity), ("released", 10))
        self.assertFalse(pledge._release(1, "REL-3"))

    def test_a_request_is_answered_on_its_own_pledge(self):
        self._put(self.sand, 10, self.collateral)
        first, second = (self._pledged(self.sand, 5, self.collateral) for _n in range(2))
        request = first._ask_release(1, "Needed")
        with self.assertRaisesRegex(UserError, "not asked for"):
            second._release(1, "REL-1", request)

    def test_a_release_comes_after_the_pledge(self):
        self._put(self.sand, 10, self.collateral)
        pledge = self._proposed(self.sand, 10, self.collateral).sudo()
        with self.assertRaisesRegex(UserError, "Proposed"):
            pledge._release(1, "REL-1")
        pledge._activate(bank=self.rhone)
        with self.assertRaises(UserError):
            pledge._release(-1, "REL-1")

    def test_the_second_activation_changes_nothing(self):
        self._put(self.sand, 10, self.collateral)
        pledge = self._pledged(self.sand, 10, self.collateral)
        pledge._activate(bank=self.hansa)
        self.assertEqual(pledge.bank_id, self.rhone)

    def test_goods_that_are_not_there_can_not_be_proposed(self):
        self._put(self.copper, 5, self.stock, self.lot)
        self._put(self.copper, 50, self.stock, self.other_lot)
        with self.assertRaisesRegex(UserError, "CU-1 only 5"):
            self._proposed(self.copper, 6, self.stock, self.lot)

    def test_goods_of_somebody_else_can_not_be_proposed(self):
        self._put(self.sand, 5, self.collateral, owner_id=self.buyer)
        with self.assertRaisesRegex(UserError, "only 0"):
            self._proposed(self.sand, 1, self.collateral)

    def test_two_pledges_never_hold_the_same_goods(self):
        self._put(self.sand, 10, self.bin)
        first = self._proposed(self.sand, 6, self.bin).sudo()
        second = self._proposed(self.sand, 6, self.collateral).sudo()  # two banks are asked with the same goods
        first._activate(bank=self.rhone)
        with self._refused("12 Units of Sand"):
            second._activate(bank=self.hansa)
        with self.assertRaises(UserError):
            self._proposed(self.sand, 6, self.collateral)
        self._proposed(self.sand, 4, self.collateral).sudo()._activate(bank=self.hansa)

    def test_goods_that_left_since_the_proposal_are_not_taken(self):
        self._put(self.sand, 10, self.collateral)
        pledge = self._proposed(self.sand, 10, self.collateral).sudo()
        self._move(self.sand, 1, self.collateral, self.customers)._action_done()
        with self._refused():
            pledge._activate(bank=self.rhone)
        self.assertEqual(pledge.state, "proposed")

    def test_goods_are_named_as_they_are_kept(self):
        self._put(self.copper, 10, self.stock, self.lot)
        self._put(self.sand, 10, self.stock)
        with self.assertRaisesRegex(ValidationError, "say which one"):
            self._proposed(self.copper, 1, self.stock)
        with self.assertRaisesRegex(ValidationError, "not a lot of"):
            self._proposed(self.sand, 1, self.stock, self.lot)
        with self.assertRaisesRegex(ValidationError, "own stock"):
            self._proposed(self.sand, 1, self.customers)
        service = self.env["product.product"].create({"name": "Advice", "type": "service"})
        with self.assertRaisesRegex(ValidationError, "nothing to pledge"):
            self._proposed(service, 1, self.stock)

    def test_only_proposals_are_deleted(self):
        self._put(self.sand, 10, self.collateral)
        self._proposed(self.sand, 10, self.collateral).unlink()
        with self.assertRaisesRegex(UserError, "can't be deleted"):
            self._pledged(self.sand, 10, self.collateral).unlink()


@tagged("post_install", "-at_install")
class TestHardStop(PledgeCase):
    """No operation takes pledged goods out of their place; inside it and after their release they move."""

    def given(self):
        super().given()
        self._put(self.copper, 10, self.stock, self.lot)
        self._put(self.copper, 5, self.stock, self.other_lot)
        self._put(self.sand, 10, self.collateral)
        self.copper_pledge = self._pledged(self.copper, 8, self.stock, self.lot)
        self.sand_pledge = self._pledged(self.sand, 10, self.collateral)

    def test_delivery(self):
        with self._refused("8 Units of Copper .CU-1. are pledged to Banque du Rhône and have to stay in .*7 would be"):
            self._move(self.copper, 3, self.stock, self.customers, self.lot)._action_done()
        self._move(self.copper, 2, self.stock, self.customers, self.lot)._action_done()
        self._move(self.copper, 5, self.stock, self.customers, self.other_lot)._action_done()
        self.assertEqual(self._on_hand(self.copper, self.stock), 8)

    def test_goods_move_after_their_release(self):
        self.copper_pledge._release(8, "REL-1")
        self._move(self.copper, 10, self.stock, self.customers, self.lot)._action_done()
        self.env.cr.flush()
        self.assertEqual(self._on_hand(self.copper, self.stock, self.lot), 0)

    def test_goods_move_within_their_place(self):
        self._move(self.sand, 10, self.collateral, self.bin)._action_done()
        self._move(self.copper, 10, self.stock, self.shelf, self.lot)._action_done()
        self.env.cr.flush()
        self.assertEqual(self._on_hand(self.sand, self.bin), 10)
        with self._refused():
            self._move(self.sand, 1, self.bin, self.shelf)._action_done()

    def test_edit_of_a_done_line(self):
        move = self._move(self.copper, 2, self.stock, self.customers, self.lot)
        move._action_done()
        self.env.cr.flush()
        line = move.move_line_ids
        with self._refused():
            line.quantity = 4
        with self._refused():
            self._move(self.copper, 1, self.stock, self.customers, self.other_lot)._action_done()
            line.search(
                [("move_id.product_id", "=", self.copper.id), ("lot_id", "=", self.other_lot.id)]
            ).lot_id = self.lot
        inside = self._move(self.sand, 4, self.collateral, self.bin)
        inside._action_done()
        inside.move_line_ids.quantity = 6
        self.env.cr.flush()
        self.assertEqual(self._on_hand(self.sand, self.bin), 6)
        with self._refused():
            inside.move_line_ids.location_dest_id = self.shelf

    def test_a_receipt_can_not_be_undone(self):
        receipt = self._move(self.sand, 5, self.suppliers, self.collateral)
        receipt._action_done()
        self._move(self.sand, 5, self.collateral, self.customers)._action_done()
        self.env.cr.flush()
        with self._refused():
            receipt.move_line_ids.quantity = 0
        with self._refused():
            receipt.move_line_ids.location_dest_id = self.shelf

    def test_scrap(self):
        scrap = self.env["stock.scrap"].create(
            {"product_id": self.sand.id, "scrap_qty": 1, "location_id": self.collateral.id}
        )
        with self._refused():
            scrap.do_scrap()

    def test_inventory_adjustment(self):
        quants = self.env["stock.quant"].with_context(inventory_mode=True)
        quant = quants.search([("product_id", "=", self.sand.id), ("location_id", "=", self.collateral.id)])
        with self._refused():
            quant.inventory_quantity = 9
            quant.action_apply_inventory()
        with self._refused():
            quant.inventory_quantity_auto_apply = 9
        with self._refused():
            quants.create({"product_id": self.sand.id, "location_id": self.bin.id, "inventory_quantity_auto_apply": -1})

    def test_return_to_the_supplier(self):
        receipt = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_id": self.suppliers.id,
                "location_dest_id": self.collateral.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.sand.id,
                            "product_uom_qty": 5,
                            "quantity": 5,
                            "location_id": self.suppliers.id,
                            "location_dest_id": self.collateral.id,
                        }
                    )
                ],
            }
        )
        receipt.button_validate()
        self._pledged(self.sand, 5, self.collateral)
        wizard = self.env["stock.return.picking"].create({"picking_id": receipt.id})
        wizard.product_return_moves.quantity = 5
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.quantity = 5
        back.move_ids.picked = True
        with self._refused():
            back._action_done()

    def test_another_warehouse(self):
        other = self.env["stock.warehouse"].create({"name": "Other", "code": "OTH", "company_id": self.company.id})
        with self._refused():
            self._move(self.sand, 1, self.collateral, other.lot_stock_id)._action_done()

    def test_packages_change_nothing(self):
        package = self.env["stock.package"].create({"name": "Pallet"})
        self._move(self.sand, 10, self.collateral, self.collateral, result_package_id=package.id)._action_done()
        self.env.cr.flush()
        with self._refused():
            self._move(self.sand, 10, self.collateral, self.customers, package_id=package.id)._action_done()
        quants = self.env["stock.quant"].search([("package_id", "=", package.id)])
        with self._refused():
            quants.move_quants(location_dest_id=self.shelf)

    def test_owner(self):
        quant = self.env["stock.quant"].search(
            [("product_id", "=", self.sand.id), ("location_id", "=", self.collateral.id)]
        )
        with self._refused():
            quant.owner_id = self.buyer
        quant.owner_id = self.company.partner_id
        self.env.cr.flush()
        with self._refused():
            self._move(
                self.sand, 1, self.collateral, self.customers, owner_id=self.company.partner_id.id
            )._action_done()

    def test_negative_stock(self):
        with self._refused():
            self._move(self.sand, 1, self.bin, self.customers)._action_done()
        self._move(self.sand, 1, self.shelf, self.customers)._action_done()
        self.env.cr.flush()
        self.assertEqual(self._on_hand(self.sand, self.stock), 9)

    def test_the_ledger_itself(self):
        quant = self.env["stock.quant"].search(
            [("product_id", "=", self.sand.id), ("location_id", "=", self.collateral.id)]
        )
        for values in (
            {"quantity": 9},
            {"location_id": self.shelf.id},
            {"product_id": self.env["product.product"].create({"name": "Gravel", "is_storable": True}).id},
        ):
            with self.subTest(values), self._refused():
                quant.with_user(self.manager).write(values)
        with self._refused():
            quant.sudo().unlink()
        gravel = self.env["product.product"].create({"name": "Gravel", "is_storable": True})
        self._put(gravel, -1, self.collateral)
        self.env.cr.flush()
        with self._refused():
            gravel.stock_quant_ids.product_id = self.sand
        with self._refused():
            self.env["stock.quant"].create({"product_id": self.sand.id, "location_id": self.bin.id, "quantity": -1})
        lots = self.env["stock.quant"].search([("lot_id", "=", self.lot.id), ("location_id", "=", self.stock.id)])
        with self._refused():
            lots.lot_id = self.other_lot

    def test_a_location_takes_its_goods_along(self):
        self._move(self.sand, 10, self.collateral, self.bin)._action_done()
        self.env.cr.flush()
        with self._refused():
            self.bin.location_id = self.shelf
        with self._refused():
            self.bin.with_context(do_not_check_quant=True).active = False
        self.collateral.location_id = self.shelf  # the whole place: its goods stay in it
        self.env.cr.flush()

    def test_a_lot_stays_what_the_bank_knows(self):
        with self.assertRaisesRegex(UserError, "CU-1 is pledged"):
            self.lot.name = "CU-9"
        with self.assertRaises(UserError):
            self.lot.product_id = self.sand
        self.lot.name = "CU-1"
        self.copper_pledge._release(8, "REL-1")
        self.lot.name = "CU-9"

    def test_each_of_several_lots_stays_what_the_bank_knows(self):
        self._put(self.copper, 5, self.stock, self.other_lot)
        self._pledged(self.copper, 5, self.stock, self.other_lot)
        for lot, other in (self.lot | self.other_lot, self.other_lot | self.lot):
            with self.assertRaisesRegex(UserError, f"{lot.name} is pledged"):
                (lot | other).write({"name": other.name})

    def test_goods_are_counted_as_they_were(self):
        for values in (
            {"uom_id": self.env.ref("uom.product_uom_dozen").id},
            {"tracking": "lot"},
            {"is_storable": False},
            {"type": "service"},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, "Sand is pledged"):
                self.sand.write(values)
        self.sand.write({"name": "Fine sand", "tracking": "none"})

    def test_swallowing_the_error_does_not_help(self):
        self._move(self.sand, 1, self.collateral, self.customers)._action_done()
        for _attempt in range(2):
            with self.assertRaisesRegex(UserError, "pledged"):
                self.env.cr.precommit.run()
        self._put(self.sand, 1, self.collateral)
        self.env.cr.precommit.run()

    def test_only_the_final_state_counts(self):
        self._move(self.sand, 1, self.collateral, self.shelf)._action_done()
        self._move(self.sand, 1, self.shelf, self.collateral)._action_done()
        self.env.cr.flush()
        self.assertEqual(self._on_hand(self.sand, self.collateral), 10)


@tagged("post_install", "-at_install")
class TestReservation(PledgeCase):
    """Reservation passes pledged goods over, and what is free to sell is less."""

    def _reserved(self, picking):
        return {(line.location_id, line.lot_id): line.quantity for line in picking.move_line_ids if line.quantity}

    def test_a_pledged_lot_is_passed_over(self):
        self._put(self.copper, 10, self.stock, self.lot)
        self._put(self.copper, 5, self.stock, self.other_lot)
        self._pledged(self.copper, 10, self.stock, self.lot)
        picking = self._delivery(self.copper, 7)
        self.assertEqual(self._reserved(picking), {(self.stock, self.other_lot): 5})
        self.assertEqual(picking.move_ids.state, "partially_available")

    def test_what_is_free_of_a_lot_is_taken(self):
        self._put(self.copper, 10, self.stock, self.lot)
        self._put(self.copper, 5, self.stock, self.other_lot)
        self._pledged(self.copper, 8, self.stock, self.lot)
        picking = self._delivery(self.copper, 6)
        self.assertEqual(self._reserved(picking), {(self.stock, self.lot): 2, (self.stock, self.other_lot): 4})
        self.assertEqual(self._reserved(self._delivery(self.copper, 6)), {(self.stock, self.other_lot): 1})

    def test_the_collateral_location_keeps_its_quantity(self):
        self._put(self.sand, 6, self.collateral)
        self._put(self.sand, 6, self.bin)
        self._put(self.sand, 3, self.shelf)
        self._pledged(self.sand, 4, self.bin)
        self._pledged(self.sand, 6, self.collateral)
        picking = self._delivery(self.sand, 12)
        self.assertEqual(sum(self._reserved(picking).values()), 5)
        self.assertEqual(self._reserved(picking)[self.shelf, self.env["stock.lot"]], 3)
        picking.move_ids.picked = True
        picking._action_done()
        self.env.cr.flush()

    def test_goods_are_reserved_for_a_move_within_their_place(self):
        self._put(self.sand, 6, self.collateral)
        self._pledged(self.sand, 6, self.collateral)
        move = self.env["stock.move"].create(
            {
                "product_id": self.sand.id,
                "product_uom_qty": 6,
                "location_id": self.collateral.id,
                "location_dest_id": self.bin.id,
                "picking_type_id": self.warehouse.int_type_id.id,
            }
        )
        move._action_confirm()
        move._action_assign()
        self.assertEqual((move.state, move.quantity), ("assigned", 6))

    def test_goods_in_an_archived_location_are_no_pledged_goods(self):
        self._put(self.sand, 6, self.collateral)
        self._put(self.sand, 6, self.bin)
        self._pledged(self.sand, 4, self.collateral)
        self.bin.with_context(do_not_check_quant=True).active = False
        picking = self._delivery(self.sand, 12)
        self.assertEqual(self._reserved(picking)[self.collateral, self.env["stock.lot"]], 2)

    def test_another_unit_is_rounded_as_without_pledges(self):
        gravel = self.env["product.product"].create({"name": "Gravel", "is_storable": True})
        self._put(gravel, 20, self.stock)
        self._put(self.sand, 40, self.stock)
        self._pledged(self.sand, 20, self.stock)
        moves = self.env["stock.move"].create(
            [
                {
                    "product_id": product.id,
                    "product_uom_qty": 3,
                    "product_uom": self.env.ref("uom.product_uom_dozen").id,
                    "location_id": self.stock.id,
                    "location_dest_id": self.customers.id,
                    "picking_type_id": self.warehouse.out_type_id.id,
                }
                for product in (gravel, self.sand)
            ]
        )
        moves._action_confirm()
        moves._action_assign()
        self.assertEqual(moves[0].quantity, moves[1].quantity)
        self.assertEqual(moves[0].move_line_ids.quantity_product_uom, moves[1].move_line_ids.quantity_product_uom)

    def test_serial_numbers(self):
        pump = self.env["product.product"].create({"name": "Pump", "is_storable": True, "tracking": "serial"})
        serials = self.env["stock.lot"].create([{"name": f"P{n}", "product_id": pump.id} for n in range(4)])
        for serial in serials:
            self._put(pump, 1, self.stock, serial)
        self._pledged(pump, 1, self.stock, serials[0])
        self._pledged(pump, 1, self.stock, serials[2])
        picking = self._delivery(pump, 4)
        self.assertEqual(picking.move_line_ids.lot_id, serials[1] | serials[3])

    def test_pledged_goods_are_on_hand_and_not_free_to_sell(self):
        self._put(self.sand, 10, self.collateral)
        self._put(self.sand, 2, self.shelf)
        pledge = self._pledged(self.sand, 6, self.collateral)
        self.sand.invalidate_recordset()
        self.assertEqual((self.sand.qty_available, self.sand.free_qty), (12, 6))
        self.assertEqual(self.sand.with_context(location=self.shelf.id).free_qty, 2)
        pledge._release(6, "REL-1")
        self.sand.invalidate_recordset()
        self.assertEqual(self.sand.free_qty, 12)


@tagged("post_install", "-at_install")
class TestReleaseDialog(PledgeCase):
    """A transfer that would take pledged goods offers to ask for their release."""

    def given(self):
        super().given()
        self._put(self.sand, 10, self.stock)
        self.pledge = self._pledged(self.sand, 8, self.stock)
        self.picking = self._delivery(self.sand, 6)
        self.assertEqual(self.picking.move_ids.quantity, 2)
        self.picking.move_ids.quantity = 6

    def _dialog(self):
        action = self.picking.with_user(self.keeper).button_validate()
        self.assertEqual(action["res_model"], "scf.release.request")
        dialog = self.env["scf.release.request"].with_user(self.keeper).with_context(**action["context"])
        return dialog.browse(action["res_id"])

    def test_it_shows_which_goods_and_which_bank(self):
        dialog = self._dialog()
        self.assertEqual(
            dialog.line_ids.read(["bank_name", "held_quantity", "quantity"], load="")[0],
            {"id": dialog.line_ids.id, "bank_name": "Banque du Rhône", "held_quantity": 8, "quantity": 4},
        )
        self.assertEqual(self.picking.state, "assigned")

    def test_a_warehouse_worker_asks_for_release(self):
        dialog = self._dialog()
        with Form(dialog) as form:
            form.reason = "Customer pays in advance"
        dialog.action_ask()
        request = self.pledge.release_ids
        self.assertEqual(
            (request.state, request.quantity, request.reason, request.user_id),
            ("asked", 4, "Customer pays in advance", self.keeper),
        )
        self.assertEqual(self.pledge.activity_ids.activity_type_id, self.env.ref("scf_finance.activity_release_goods"))
        self.assertEqual((self.picking.state, self.pledge.held_quantity), ("assigned", 8))
        self.pledge._release(4, "REL-1", request)
        self.assertEqual((request.state, request.reference), ("released", "REL-1"))
        self.assertFalse(self.pledge.activity_ids)
        self.assertIs(self.picking.with_user(self.keeper).button_validate(), True)
        self.env.cr.flush()
        self.assertEqual(self._on_hand(self.sand, self.stock), 4)

    def test_only_what_is_free_is_taken(self):
        backorder = self._dialog().action_take_free()
        self.assertEqual(backorder["res_model"], "stock.backorder.confirmation")
        Form.from_action(self.env, backorder).save().process()
        self.env.cr.flush()
        self.assertEqual((self.picking.state, self.picking.move_ids.quantity), ("done", 2))
        self.assertEqual(self.picking.backorder_ids.move_ids.product_uom_qty, 4)

    def test_nothing_is_free(self):
        self._move(self.sand, 2, self.stock, self.customers)._action_done()
        with self.assertRaisesRegex(UserError, "Nothing of it is free"):
            self._dialog().action_take_free()

    def test_what_is_open_when_all_is_released_is_not_needed_any_more(self):
        request = self.pledge._ask_release(2, "Needed")
        self.pledge._release(8, "REL-1")
        self.assertEqual(request.state, "expired")

    def test_more_than_is_held_can_not_be_asked_for(self):
        for quantity in (0, 9):
            with self.assertRaises(UserError):
                self.pledge._ask_release(quantity, "Needed")
        self.pledge._release(8, "REL-1")
        with self.assertRaises(UserError):
            self.pledge._ask_release(1, "Needed")

    def test_a_transfer_of_free_goods_is_not_held_up(self):
        self.picking.move_ids.quantity = 2
        self.assertEqual(self.picking.button_validate()["res_model"], "stock.backorder.confirmation")


@tagged("post_install", "-at_install")
class TestPledgeCosts(PledgeCase):
    """Who has pledged nothing pays nearly nothing."""

    def test_a_delivery_costs_at_most_one_query_more(self):
        self._put(self.sand, 1000, self.stock)

        def deliver():
            picking = self._delivery(self.sand, 5)
            picking.move_ids.picked = True
            picking.button_validate()

        deliver()
        self.assertEqual(len(self._queries_on_pledges(deliver)), 1)

    def test_a_receipt_costs_none(self):
        receive = self._move(self.sand, 5, self.suppliers, self.stock)._action_done
        self.assertFalse(self._queries_on_pledges(receive))

    def test_reading_quantities_and_hints_costs_none(self):
        self._put(self.sand, 10, self.stock)
        self.assertFalse(self._queries_on_pledges(lambda: self.sand.read(["free_qty", "qty_available"])))
        pledges = self.env["scf.pledge"].with_user(self.keeper)
        self.assertFalse(self._queries_on_pledges(lambda: pledges.scf_hints("product.product", self.sand.ids)))

    def _queries_on_pledges(self, operation):
        """The statements on pledges that the operation, to the end of its transaction, makes in a new request."""
        self.env["scf.pledge"]._in_use()
        self.env.cr.flush()
        self.env.invalidate_all()
        self.env.cr.cache.clear()
        statements, execute = [], Cursor.execute

        def listen(cursor, query, *args, **kwargs):
            statements.append(query.code if isinstance(query, SQL) else query)
            return execute(cursor, query, *args, **kwargs)

        with patch.object(Cursor, "execute", listen):
            operation()
            self.env.cr.flush()
        return [statement for statement in statements if re.search(r"\bscf_pledge\b", statement)]
