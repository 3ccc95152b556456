from datetime import datetime, time, timedelta

from odoo import SUPERUSER_ID, Command

from .evidence_case import EvidenceCase


class PurchaseEvidenceCase(EvidenceCase):
    """The vocabulary of purchases: one supplier with a trusted account, nails that are kept in stock, orders, bills."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.env["res.partner"].create(
            {
                "name": "Mill & Sons",
                "vat": "FR40303265045",
                "country_id": cls.env.ref("base.fr").id,
                "city": "Lyon",
                "is_company": True,
            }
        )
        cls.account = cls._suppliers_account("FR7630006000011234567890189")
        cls.nails, cls.screws = cls.env["product.product"].create(
            [
                {"name": name, "default_code": name.upper(), "is_storable": True, "standard_price": 4.0}
                for name in ("Nails", "Screws")
            ]
        )
        cls.freight = cls.env["product.product"].create({"name": "Freight", "type": "service"})
        goods = cls.nails | cls.screws | cls.freight
        goods.write({"supplier_taxes_id": [Command.clear()], "taxes_id": [Command.clear()]})
        cls.freight.purchase_method = "purchase"

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.quick_ref("purchase.group_purchase_manager")
            | cls.quick_ref("stock.group_stock_manager")
        )

    @classmethod
    def _suppliers_account(cls, number, **values):
        """A bank account of the supplier that somebody who may do so has trusted."""
        values = {"acc_number": number, "partner_id": cls.supplier.id, "allow_out_payment": True, **values}
        return cls.env["res.partner.bank"].with_user(SUPERUSER_ID).create(values).with_env(cls.env)

    # --- given ---

    def _purchase(self, *lines, confirm=True, on=None, **values):
        """A purchase order; each line is (product, quantity, price) and perhaps more values."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_qty": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                            **(more[0] if more else {}),
                        }
                    )
                    for product, quantity, price, *more in lines
                ],
                **values,
            }
        )
        if confirm:
            order.button_confirm()
            if on:
                order.date_approve = datetime.combine(on, time(12))
        return order

    def _receive(self, order, *quantities):
        """Finish the order's open receipt with the quantities of its moves; gives the backorder."""
        picking = order.picking_ids.filtered(lambda item: item.state not in ("done", "cancel"))
        return self._deliver(picking, quantities or None)

    def _bill(self, orders, *, ref=None, post=True, lines=None, **values):
        """A posted bill of what was received and not billed yet; `lines` are other values of its lines, in order."""
        bill = self.env["account.move"].browse(orders.action_create_invoice()["res_id"])
        bill.write({"invoice_date": self.today, "ref": ref or f"MILL/{bill.id}", **values})
        for line, change in zip(bill.invoice_line_ids, lines or (), strict=False):
            line.write(change)
        if post:
            bill.action_post()
        return bill

    def _refund(self, bill, amount=None, **line):
        """What the supplier credits of the bill: all of it, or the amount, matched with it."""
        refund = bill._reverse_moves([{"invoice_date": self.today, "date": self.today}])
        if amount is not None:
            refund.invoice_line_ids[1:].unlink()
            refund.invoice_line_ids.write(
                {"quantity": 1, "price_unit": amount, "discount": 0, "tax_ids": False, **line}
            )
        refund.ref = f"CREDIT/{refund.id}"
        refund.action_post()
        items = (bill + refund).line_ids.filtered(lambda item: item.account_type == "liability_payable")
        items.filtered(lambda item: not item.reconciled).reconcile()
        return refund

    def _sell(self, product, quantity, price, *, days_ago=10):
        """Sell, deliver and invoice goods that are on hand."""
        order = self._order_of((product, price, quantity))
        self._deliver(order.picking_ids)
        order.picking_ids.move_ids.date -= timedelta(days=days_ago)
        invoice = order._create_invoices()
        invoice.invoice_date = self.today - timedelta(days=days_ago)
        invoice.action_post()
        return invoice

    # --- then ---

    def _line_of(self, sections, document, number=1):
        """The evidence on one line."""
        [row] = [row for row in sections.evidence.lines if (row.document, row.line) == (document.name, number)]
        return row
