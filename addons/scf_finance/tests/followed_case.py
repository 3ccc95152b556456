from datetime import timedelta
from uuid import uuid4

from odoo import Command, fields

from .pledge_case import PledgeCase


class FollowedCase(PledgeCase):
    """The vocabulary of followed goods: purchases that a bank paid, sales of what came, and what customers pay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.env["res.partner"].create({"name": "Mill & Sons", "is_company": True, "vat": "BE0477472701"})
        cls.nails, cls.cable = cls.env["product.product"].create(
            [
                {"name": "Nails", "is_storable": True, "standard_price": 5.0},
                {"name": "Cable", "is_storable": True, "tracking": "lot", "standard_price": 5.0},
            ]
        )
        cls.drum, cls.other_drum = cls.env["stock.lot"].create(
            [{"name": name, "product_id": cls.cable.id} for name in ("DRUM-1", "DRUM-2")]
        )
        (cls.nails | cls.cable).write({"invoice_policy": "order", "taxes_id": [Command.clear()]})

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("purchase.group_purchase_manager")

    def setUp(self):
        super().setUp()
        self.clock = fields.Datetime.now()

    # --- given ---

    def _purchase(self, *lines, **values):
        """A confirmed purchase order; each line is (product, quantity) with or without a unit."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_qty": quantity,
                            "product_uom_id": (uom[0] if uom else product.uom_id).id,
                            "price_unit": 5.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                    for product, quantity, *uom in lines
                ],
                **values,
            }
        )
        order.button_confirm()
        return order

    def _bill(self, orders, **values):
        """A posted bill of what was received of the orders and not billed yet."""
        bill = self.env["account.move"].browse(orders.action_create_invoice()["res_id"])
        bill.write({"invoice_date": self.today, "ref": f"INV-{bill.id}", **values})
        bill.action_post()
        return bill

    def _loan(self, documents, *, state="active"):
        """A loan on the documents, as the bank would have granted it; their goods are followed."""
        application = (
            self.env["scf.application"]
            .sudo()
            .create(
                {
                    "line_ids": [Command.create({documents._scf_field: document.id}) for document in documents],
                    "requested_amount": 100.0,
                }
            )
        )
        for line in application.line_ids:
            line.write({"asset_key": uuid4().hex, "is_open": True, "amount": 100.0})
        submission = (
            self.env["scf.submission"]
            .sudo()
            .create({"application_id": application.id, "bank_id": self.rhone.id, "reference": uuid4().hex})
        )
        offer = (
            self.env["scf.offer"]
            .sudo()
            .create(
                {
                    "submission_id": submission.id,
                    "bank_offer_ref": uuid4().hex,
                    "terms_sha256": "0" * 64,
                    "currency_id": self.company.currency_id.id,
                }
            )
        )
        loan = (
            self.env["scf.loan"]
            .sudo()
            .create(
                {
                    "name": f"L-{offer.id}",
                    "offer_id": offer.id,
                    "bank_loan_ref": uuid4().hex,
                    "currency_id": self.company.currency_id.id,
                    "state": state,
                }
            )
        )
        application.line_ids._follow()
        self.env.flush_all()
        return loan

    # --- when ---

    def _receive(self, order, quantity, lot=None):
        """Some of what the order's only line brings; gives the move."""
        move = order.picking_ids.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))[:1]
        self._take_in(move, quantity, lot)
        return move

    def _take_in(self, move, quantity, lot=None):
        move.quantity = quantity
        if lot:
            move.move_line_ids.lot_id = lot
        move.picked = True
        move.picking_id._action_done()
        # Transfers are done seconds apart, not in the order in which they were planned.
        self.clock += timedelta(seconds=1)
        move.date = self.clock
        self.env.cr.flush()

    def _order_of(self, product, quantity, price=10.0):
        """A confirmed sales order."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.buyer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        return order

    def _deliver(self, order, quantity, lot=None):
        """Some of what the sales order's only line is for leaves; gives the move."""
        move = order.picking_ids.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))[:1]
        if lot:
            move.move_line_ids.unlink()
        self._take_in(move, quantity, lot)
        return move

    def _sold(self, product, quantity, lot=None, price=10.0):
        """Goods that were ordered and have left; gives the order."""
        order = self._order_of(product, quantity, price)
        self._deliver(order, quantity, lot)
        return order

    def _send_back(self, move, quantity):
        """What a transfer brought or took goes back."""
        wizard = self.env["stock.return.picking"].create({"picking_id": move.picking_id.id})
        line = wizard.product_return_moves.filtered(lambda line: line.move_id == move)
        (wizard.product_return_moves - line).unlink()
        line.quantity = quantity
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back._action_done()
        self.env.cr.flush()
        return back.move_ids

    def _scrap(self, product, quantity, lot=None):
        self.env["stock.scrap"].create(
            {
                "product_id": product.id,
                "lot_id": lot.id if lot else False,
                "scrap_qty": quantity,
                "location_id": self.stock.id,
            }
        ).do_scrap()
        self.env.cr.flush()

    def _invoiced(self, order, **values):
        invoice = order._create_invoices(**values)
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice

    # --- then ---

    def _goods(self, loan):
        return loan.application_id.line_ids.followed_ids

    def _figures(self, loan):
        """(lot, financed, received, sold, lost, in stock) of each row."""
        return [
            (
                row.lot_id.name or None,
                row.quantity_financed,
                row.quantity_received,
                row.quantity_sold,
                row.quantity_lost,
                row.quantity_in_stock,
            )
            for row in self._goods(loan).sorted(lambda row: row.lot_id.name or "")
        ]

    def _collected(self, loan):
        return [(row.kind, row.amount) for row in loan.collection_ids.sorted("id") if row.state != "void"]
