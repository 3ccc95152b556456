import random
from collections import Counter

from odoo.exceptions import UserError
from odoo.tests import Form

from .pledge_case import PledgeCase


class NothingToDo(Exception):
    """There is nothing yet that the operation could be done on."""


class PledgeWalk(PledgeCase):
    """Random stock operations on pledged goods, with the sums looked at by SQL of its own after each.

    A step that fails is undone to its savepoint, as its transaction would be. Each seed gives the same walk.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sites = cls.stock | cls.collateral | cls.bin | cls.shelf
        cls.other_stock = (
            cls.env["stock.warehouse"]
            .create({"name": "Other", "code": "OTH", "company_id": cls.company.id})
            .lot_stock_id
        )
        cls.pump = cls.env["product.product"].create(
            {"name": "Pump", "is_storable": True, "tracking": "serial", "standard_price": 50.0}
        )
        cls.serials = cls.env["stock.lot"].create([{"name": f"P-{n}", "product_id": cls.pump.id} for n in range(4)])
        cls.spare = cls.env["stock.location"].create({"name": "Spare", "location_id": cls.collateral.id})
        cls.packages = cls.env["stock.package"].create([{"name": f"Pallet {n}"} for n in range(3)])
        cls.owners = (cls.env["res.partner"], cls.buyer, cls.company.partner_id)

    # --- the walk ---

    def walk(self, seed, steps):
        """Take `steps` steps.

        :return: how often each operation was done, refused for a pledge, refused by Odoo
        """
        self.random = random.Random(seed)
        self.number = 0
        self._begin()
        operations = [name for name in dir(self) if name.startswith("do_")]
        done, pledged, refused = Counter(), Counter(), Counter()
        for self.number in range(steps):
            name = self.random.choice(operations)
            try:
                with self.env.cr.savepoint():
                    getattr(self, name)()
            except NothingToDo:
                continue
            except UserError as error:
                # Odoo refuses by itself: a serial number twice, a lot of another product, an empty transfer.
                (pledged if "pledged to" in str(error) else refused)[name] += 1
            else:
                done[name] += 1
            self._assert_goods_are_there(f"seed {seed}, step {self.number}: {name}")
        return done, pledged, refused

    def _begin(self):
        """Goods everywhere, and most of them pledged."""
        for location in self.sites:
            self._put(self.sand, 20, location)
            for lot in (self.lot, self.other_lot):
                self._put(self.copper, 20, location, lot)
        for serial in self.serials:
            self._put(self.pump, 1, self.collateral, serial)
        self._pledged(self.sand, 18, self.bin)
        self._pledged(self.sand, 20, self.collateral)
        self._pledged(self.sand, 35, self.stock)
        self._pledged(self.copper, 75, self.stock, self.lot)
        self._pledged(self.copper, 19, self.shelf, self.other_lot)
        self._pledged(self.pump, 1, self.stock, self.serials[0])
        self._pledged(self.pump, 1, self.collateral, self.serials[1])

    def _assert_goods_are_there(self, step):
        """Each place with active pledges has what they hold: own words for the sums, in SQL that shares nothing."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT place.complete_name, product.default_code, pledge.lot_id, need.quantity, have.quantity
              FROM scf_pledge pledge
              JOIN stock_location place ON place.id = pledge.location_id
              JOIN product_product product ON product.id = pledge.product_id
              JOIN res_company company ON company.id = pledge.company_id
              JOIN LATERAL (
                SELECT SUM(other.quantity - other.released_quantity) AS quantity
                  FROM scf_pledge other JOIN stock_location inner_place ON inner_place.id = other.location_id
                 WHERE other.state = 'active' AND other.product_id = pledge.product_id
                   AND COALESCE(other.lot_id, 0) = COALESCE(pledge.lot_id, 0)
                   AND inner_place.parent_path LIKE place.parent_path || '%%'
              ) need ON TRUE
              LEFT JOIN LATERAL (
                SELECT COALESCE(SUM(quant.quantity), 0) AS quantity
                  FROM stock_quant quant JOIN stock_location spot ON spot.id = quant.location_id
                 WHERE quant.product_id = pledge.product_id AND COALESCE(pledge.lot_id, quant.lot_id, 0) =
                       COALESCE(quant.lot_id, 0)
                   AND quant.company_id = pledge.company_id AND COALESCE(quant.owner_id, company.partner_id) =
                       company.partner_id
                   AND spot.usage = 'internal' AND spot.active AND spot.parent_path LIKE place.parent_path || '%%'
              ) have ON TRUE
             WHERE pledge.state = 'active' AND need.quantity > have.quantity + 0.000001
            """
        )
        self.assertFalse(self.env.cr.fetchall(), step)

    # --- chance ---

    def _any(self, records):
        if not records:
            raise NothingToDo
        return records[self.random.randrange(len(records))]

    def _goods(self):
        """A product with a lot of it, or none."""
        product = self._any((self.sand, self.copper, self.pump))
        lots = {self.copper: self.lot | self.other_lot, self.pump: self.serials}.get(product)
        return product, self._any(lots) if lots else self.env["stock.lot"]

    def _quantity(self, product):
        return 1 if product == self.pump else self.random.choice((0.5, 1, 3, 7, 20, 45))

    def _quants(self):
        return self.env["stock.quant"].search(
            [
                ("product_id", "in", (self.sand | self.copper | self.pump).ids),
                ("location_id", "in", (self.sites | self.other_stock).ids),
            ],
            order="id",
        )

    def _done_lines(self):
        return self.env["stock.move.line"].search(
            [("state", "=", "done"), ("product_id", "in", (self.sand | self.copper | self.pump).ids)],
            order="id desc",
            limit=20,
        )

    def _pledges(self, *states):
        return self.env["scf.pledge"].sudo().search([("state", "in", states), ("company_id", "=", self.company.id)])

    # --- operations ---

    def do_receive(self):
        product, lot = self._goods()
        self._move(product, self._quantity(product), self.suppliers, self._any(self.sites), lot)._action_done()

    def do_deliver_what_is_reserved(self):
        product, _lot = self._goods()
        picking = self._delivery(product, self._quantity(product), self._any(self.sites))
        picking.move_ids.picked = True
        picking.with_context(cancel_backorder=True)._action_done()

    def do_deliver_by_force(self):
        product, lot = self._goods()
        owner = self._any(self.owners)
        source = self._any(self.sites)
        self._move(
            product, self._quantity(product), source, self.customers, lot, owner_id=owner.id or False
        )._action_done()

    def do_deliver_with_the_dialog(self):
        product, _lot = self._goods()
        picking = self._delivery(product, self._quantity(product), self._any(self.sites))
        picking.move_ids.quantity = picking.move_ids.product_uom_qty
        action = picking.button_validate()
        if isinstance(action, dict) and action["res_model"] == "scf.release.request":
            request = self.env["scf.release.request"].with_context(**action["context"]).browse(action["res_id"])
            action = request.action_take_free()
        if isinstance(action, dict) and action["res_model"] == "stock.backorder.confirmation":
            Form.from_action(self.env, action).save().process_cancel_backorder()

    def do_move_inside_the_warehouse(self):
        product, lot = self._goods()
        source, destination = self._any(self.sites), self._any(self.sites)
        self._move(product, self._quantity(product), source, destination, lot)._action_done()

    def do_move_to_another_warehouse(self):
        product, lot = self._goods()
        pair = [self._any(self.sites), self.other_stock]
        self.random.shuffle(pair)
        self._move(product, self._quantity(product), *pair, lot)._action_done()

    def do_scrap(self):
        product, lot = self._goods()
        self.env["stock.scrap"].create(
            {
                "product_id": product.id,
                "lot_id": lot.id,
                "scrap_qty": self._quantity(product),
                "location_id": self._any(self.sites).id,
            }
        ).do_scrap()

    def do_count(self):
        quant = self._any(self._quants()).with_context(inventory_mode=True)
        quant.inventory_quantity = 1 if quant.product_id == self.pump else self.random.choice((0, 5, 20, 60))
        quant.action_apply_inventory()

    def do_return(self):
        pickings = self.env["stock.picking"].search(
            [("state", "=", "done"), ("partner_id", "=", self.buyer.id)], order="id desc", limit=5
        )
        # Odoo divides by what a delivery took of the company's own goods: after an edit that may be nothing.
        pickings = pickings.filtered(lambda picking: all(move._get_valued_qty() for move in picking.move_ids))
        wizard = self.env["stock.return.picking"].create({"picking_id": self._any(pickings).id})
        for line in wizard.product_return_moves:
            line.quantity = self._quantity(line.product_id)
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.with_context(cancel_backorder=True)._action_done()

    def do_edit_a_done_quantity(self):
        line = self._any(self._done_lines())
        line.quantity = self._quantity(line.product_id)

    def do_edit_a_done_lot(self):
        line = self._any(self._done_lines())
        line.lot_id = self._any(line.lot_id.search([("product_id", "=", line.product_id.id)]))

    def do_edit_a_done_place(self):
        line = self._any(self._done_lines())
        line[self._any(("location_id", "location_dest_id"))] = self._any(self.sites | self.other_stock)

    def do_edit_a_done_owner(self):
        self._any(self._done_lines()).owner_id = self._any(self.owners)

    def do_add_a_done_line(self):
        line = self._any(self._done_lines())
        line.copy({"move_id": line.move_id.id, "quantity": self._quantity(line.product_id)})

    def do_pack(self):
        product, lot = self._goods()
        spot = self._any(self.sites)
        self._move(
            product, self._quantity(product), spot, spot, lot, result_package_id=self._any(self.packages).id
        )._action_done()

    def do_move_a_package(self):
        quants = self._any(self.packages).quant_ids
        quants.move_quants(location_dest_id=self._any(self.sites | self.other_stock), unpack=self.random.random() < 0.5)

    def do_relocate(self):
        quants = self._quants().filtered(lambda quant: quant.quantity > 0)
        self._any(quants).move_quants(location_dest_id=self._any(self.sites | self.other_stock))

    def do_write_the_ledger(self):
        quant = self._any(self._quants()).with_user(self.manager)
        values = self._any(
            (
                {"quantity": self.random.choice((-5, 0, 5, 30))},
                {"location_id": self._any(self.sites | self.other_stock).id},
                {"owner_id": self._any(self.owners).id},
                {"package_id": self._any(self.packages).id},
                {"lot_id": (quant.lot_id.search([("product_id", "=", quant.product_id.id)], limit=1)).id},
            )
        )
        if quant.product_id == self.pump and "quantity" in values:
            values["quantity"] = self.random.choice((0, 1))
        quant.write(values)

    def do_delete_from_the_ledger(self):
        self._any(self._quants()).sudo().unlink()

    def do_add_to_the_ledger(self):
        product, lot = self._goods()
        quantity = 0 if product == self.pump else self.random.choice((-10, -1, 5))
        self.env["stock.quant"].with_user(self.manager).create(
            {
                "product_id": product.id,
                "lot_id": lot.id,
                "location_id": self._any(self.sites).id,
                "quantity": quantity,
                "owner_id": self._any(self.owners).id,
            }
        )

    def do_tidy_the_ledger(self):
        self.env["stock.quant"]._quant_tasks()

    def do_rename_a_lot(self):
        lot = self._any(self.lot | self.other_lot | self.serials)
        lot.name = f"{lot.name.split('/')[0]}/{self.number}"

    def do_move_a_location(self):
        location, parent = self._any(self.collateral | self.bin | self.shelf), self._any(self.sites)
        location.location_id = parent

    def do_archive_a_location(self):
        self._any(self.collateral | self.bin | self.shelf | self.spare).with_context(
            do_not_check_quant=True
        ).active = False

    def do_restore_the_locations(self):
        (self.collateral | self.bin | self.shelf | self.spare).filtered(lambda spot: not spot.active).active = True

    def do_release(self):
        pledge = self._any(self._pledges("active"))
        pledge._release(self._quantity(pledge.product_id) / 4, f"REL-{self.number}")

    def do_propose(self):
        product, lot = self._goods()
        self._proposed(product, self._quantity(product), self._any(self.sites), lot)

    def do_activate(self):
        self._any(self._pledges("proposed"))._activate(bank=self._any((self.rhone, self.hansa)))

    def do_pledge_what_is_there(self):
        self._pledge_a_share(self.random.choice((0.5, 1)))

    def do_pledge_more(self):
        self._pledge_a_share(0.25)

    def _pledge_a_share(self, share):
        product, lot = self._goods()
        site = self._any(self.sites)
        lying = self._on_hand(product, site, lot) * share
        if product != self.pump or lying == 1:
            self._proposed(product, max(lying, 1), site, lot).sudo()._activate(bank=self.rhone)

    # --- after it ---

    def release_all(self):
        for pledge in self._pledges("active"):
            pledge._release(pledge.held_quantity, "REL-LAST")

    def deliver_everything(self):
        """All sand and copper of the warehouse goes to the customer; a serial number may be there twice by now.

        :return: how much does not
        """
        self.env["stock.quant"]._merge_quants()  # two of the same would take from each other
        quants = self._quants().filtered(
            lambda quant: quant.quantity > 0 and quant.location_id in self.sites and quant.product_id != self.pump
        )
        for quant in quants:
            self._move(
                quant.product_id,
                quant.quantity,
                quant.location_id,
                self.customers,
                quant.lot_id,
                owner_id=quant.owner_id.id,
                package_id=quant.package_id.id,
            )._action_done()
        self.env.cr.flush()
        return sum(quants.exists().mapped("quantity"))

    def see_every_operation(self, outcomes):
        """The walk was worth something: every operation was tried with success, and many met a pledge."""
        done, pledged, _refused = outcomes
        operations = {name for name in dir(self) if name.startswith("do_")}
        self.assertFalse(operations - set(done), "operations that never came through")
        self.assertGreater(len(pledged), len(operations) // 2, pledged)
