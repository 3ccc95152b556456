from contextlib import contextmanager

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .common import FinanceCase


class PledgeCase(FinanceCase):
    """The vocabulary of pledges: a warehouse with a collateral shelf, copper in lots and sand without, two keepers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.stock = cls.warehouse.lot_stock_id
        cls.collateral, cls.shelf = cls.env["stock.location"].create(
            [{"name": name, "location_id": cls.stock.id, "usage": "internal"} for name in ("Collateral", "Shelf")]
        )
        cls.bin = cls.env["stock.location"].create({"name": "Bin", "location_id": cls.collateral.id})
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.suppliers = cls.env.ref("stock.stock_location_suppliers")
        cls.copper, cls.sand = cls.env["product.product"].create(
            [
                {"name": "Copper", "is_storable": True, "tracking": "lot", "standard_price": 8.0},
                {"name": "Sand", "is_storable": True, "standard_price": 2.0},
            ]
        )
        cls.lot, cls.other_lot = cls.env["stock.lot"].create(
            [{"name": name, "product_id": cls.copper.id} for name in ("CU-1", "CU-2")]
        )
        cls.keeper = cls._keeper("keeper", "stock.group_stock_user")
        cls.manager = cls._keeper("manager", "stock.group_stock_manager")

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("stock.group_stock_manager")

    @classmethod
    def _keeper(cls, name, group):
        return new_test_user(
            cls.env,
            f"fin_{name}",
            groups=group,
            name=name.capitalize(),
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    # --- given ---

    def _put(self, product, quantity, location, lot=None, **dimensions):
        """Have goods on hand, as the ledger would after a receipt."""
        self.env["stock.quant"]._update_available_quantity(product, location, quantity, lot_id=lot, **dimensions)

    def _proposed(self, product, quantity, location, lot=None, **values):
        return self.env["scf.pledge"].create(
            {
                "company_id": self.company.id,
                "product_id": product.id,
                "lot_id": lot.id if lot else False,
                "location_id": location.id,
                "quantity": quantity,
                **values,
            }
        )

    def _pledged(self, product, quantity, location, lot=None, **values):
        """Goods that a bank has taken in pledge."""
        pledge = self._proposed(product, quantity, location, lot, **values).sudo()
        pledge._activate(bank=self.rhone)
        return pledge

    def _move(self, product, quantity, source, destination, lot=None, **line):
        """A transfer of the goods, reserved by nobody, with what is to be moved typed in."""
        move = self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "product_uom": product.uom_id.id,
                "location_id": source.id,
                "location_dest_id": destination.id,
                "company_id": self.company.id,
                "picking_type_id": self._picking_type(source, destination).id,
                "move_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "quantity": quantity,
                            "product_uom_id": product.uom_id.id,
                            "location_id": source.id,
                            "location_dest_id": destination.id,
                            "lot_id": lot.id if lot else False,
                            "picked": True,
                            **line,
                        }
                    )
                ],
            }
        )
        move.picked = True
        return move

    def _delivery(self, product, quantity, source=None):
        """A delivery that has reserved what it can."""
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.out_type_id.id,
                "location_id": (source or self.stock).id,
                "location_dest_id": self.customers.id,
                "partner_id": self.buyer.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "product_uom": product.uom_id.id,
                            "location_id": (source or self.stock).id,
                            "location_dest_id": self.customers.id,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.action_assign()
        return picking

    def _picking_type(self, source, destination):
        if destination.usage == "internal":
            return self.warehouse.in_type_id if source.usage == "supplier" else self.warehouse.int_type_id
        return self.warehouse.out_type_id

    # --- then ---

    def _on_hand(self, product, location, lot=None):
        """What lies in the location and below, read by SQL."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT COALESCE(SUM(quant.quantity), 0)
              FROM stock_quant quant JOIN stock_location spot ON spot.id = quant.location_id
             WHERE quant.product_id = %s AND spot.parent_path LIKE %s AND (%s IS NULL OR quant.lot_id = %s)
            """,
            (product.id, f"{location.parent_path}%", lot.id if lot else None, lot.id if lot else None),
        )
        return float(self.env.cr.fetchone()[0])

    @contextmanager
    def _refused(self, sentence="pledged"):
        """The operation, with the end of its transaction, is refused; nothing of it stays."""
        with self.assertRaisesRegex(UserError, sentence), self.env.cr.savepoint():
            yield
