from collections import Counter

from odoo import Command
from odoo.tests import Form, tagged

from odoo.addons.scf_finance.tests.pledge_walk import PledgeWalk

STEPS = 300


@tagged("post_install", "-at_install")
class TestPledgedComponents(PledgeWalk):
    """Manufacturing takes no pledged components, and makes no pledged product undone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cable = cls.env["product.product"].create({"name": "Cable", "is_storable": True})
        cls.cable_of_sand, cls.cable_of_copper = cls.env["mrp.bom"].create(
            [
                {
                    "product_tmpl_id": cls.cable.product_tmpl_id.id,
                    "product_qty": 1,
                    "bom_line_ids": [Command.create({"product_id": component.id, "product_qty": 2})],
                }
                for component in (cls.sand, cls.copper)
            ]
        )

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("mrp.group_mrp_manager")

    # --- vocabulary ---

    def _production(self, bom, quantity, source=None):
        """A confirmed order that has reserved what it can."""
        production = self.env["mrp.production"].create(
            {
                "product_id": bom.product_tmpl_id.product_variant_id.id,
                "bom_id": bom.id,
                "product_qty": quantity,
                "location_src_id": (source or self.stock).id,
                "location_dest_id": (source or self.stock).id,
                "picking_type_id": self.warehouse.manu_type_id.id,
            }
        )
        production.action_confirm()
        production.action_assign()
        return production

    def _produce(self, production, lot=None):
        """Make it all, with components typed in where nothing was reserved."""
        production.qty_producing = production.product_qty
        for move in production.move_raw_ids:
            move.quantity = move.product_uom_qty
            if lot:
                move.move_line_ids.lot_id = lot
            move.picked = True
        production.with_context(skip_consumption=True, skip_backorder=True).button_mark_done()
        return production

    # --- operations of the walk ---

    def do_manufacture_of_sand(self):
        self._produce(self._production(self.cable_of_sand, self._quantity(self.sand), self._any(self.sites)))

    def do_manufacture_of_copper(self):
        production = self._production(self.cable_of_copper, self._quantity(self.copper), self._any(self.sites))
        self._produce(production, self._any(self.lot | self.other_lot))

    def do_unbuild(self):
        productions = self.env["mrp.production"].search(
            [("state", "=", "done"), ("product_id", "=", self.cable.id)], limit=5, order="id desc"
        )
        production = self._any(productions)
        with Form(self.env["mrp.unbuild"].with_context(default_mo_id=production.id)) as form:
            form.mo_id = production
        form.record.action_unbuild()

    # --- behaviour ---

    def test_consumption_of_pledged_components_is_refused(self):
        self._put(self.sand, 10, self.stock)
        pledge = self._pledged(self.sand, 9, self.stock)
        production = self._production(self.cable_of_sand, 2)
        self.assertEqual(production.move_raw_ids.quantity, 1)
        with self._refused("9 Units of Sand"):
            self._produce(production)
        pledge._release(9, "REL-1")
        self._produce(production)
        self.env.cr.flush()
        self.assertEqual((production.state, self._on_hand(self.sand, self.stock)), ("done", 6))

    def test_a_pledged_lot_is_not_consumed(self):
        self._put(self.copper, 10, self.stock, self.lot)
        self._put(self.copper, 4, self.stock, self.other_lot)
        self._pledged(self.copper, 10, self.stock, self.lot)
        production = self._production(self.cable_of_copper, 2)
        self.assertEqual(production.move_raw_ids.move_line_ids.lot_id, self.other_lot)
        with self._refused():
            self._produce(production, self.lot)
        self._produce(production)
        self.env.cr.flush()
        self.assertEqual(self._on_hand(self.copper, self.stock), 10)

    def test_a_made_product_that_is_pledged_is_not_unbuilt(self):
        self._put(self.sand, 4, self.stock)
        production = self._produce(self._production(self.cable_of_sand, 2))
        self.env.cr.flush()
        self._pledged(self.cable, 2, self.stock)
        unbuild = self.env["mrp.unbuild"].create(
            {"product_id": self.cable.id, "product_qty": 1, "mo_id": production.id, "location_id": self.stock.id}
        )
        with self._refused("2 Units of Cable"):
            unbuild.action_unbuild()

    def test_no_operation_takes_pledged_goods(self):
        outcomes = Counter(), Counter(), Counter()
        with self.env.cr.savepoint() as savepoint:
            for total, of_this_walk in zip(outcomes, self.walk(0, STEPS), strict=True):
                total.update(of_this_walk)
            savepoint.rollback()
            self.env.invalidate_all()
        done, pledged, _refused = outcomes
        self.assertGreater(done["do_manufacture_of_sand"] + done["do_manufacture_of_copper"], 0)
        self.assertGreater(pledged["do_manufacture_of_sand"] + pledged["do_manufacture_of_copper"], 0)
