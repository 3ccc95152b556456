from datetime import timedelta

from odoo import SUPERUSER_ID, Command
from odoo.tests import new_test_user

from .common import FinanceCase

SUPPLIER_IBAN = "NL91ABNA0417164300"


class PurchaseCase(FinanceCase):
    """The vocabulary of purchases: a supplier who can be paid, goods that sell, and a purchaser without accounting."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.supplier = cls._supplier("Delta Mills", "NL123456782B12")
        cls.supplier_account = cls._account_of(cls.supplier, SUPPLIER_IBAN)
        cls.flour = cls.env["product.product"].create(
            {"name": "Flour", "is_storable": True, "standard_price": 8.0, "purchase_method": "purchase"}
        )
        cls._sell(cls.flour, on_hand=100.0, sold=365.0)
        cls.purchaser = cls._person("purchaser", "scf_connector.group_scf_requester")
        cls.head_purchaser = cls._person("head_purchaser", "scf_connector.group_scf_approver")

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.quick_ref("purchase.group_purchase_manager")
            | cls.quick_ref("stock.group_stock_manager")
        )

    @classmethod
    def _person(cls, name, role):
        """Somebody of purchasing with a role of financing, and no rights in accounting, sales or stock."""
        person = cls.people[name] = new_test_user(
            cls.env,
            f"fin_{name}",
            groups=f"{role},purchase.group_purchase_user",
            name=name.replace("_", " ").capitalize(),
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        return person

    @classmethod
    def _supplier(cls, name, tax_id):
        return cls.env["res.partner"].create(
            {"name": name, "vat": tax_id, "country_id": cls.env.ref("base.nl").id, "is_company": True}
        )

    @classmethod
    def _account_of(cls, partner, number, *, trusted=True):
        accounts = cls.env["res.partner.bank"].with_user(SUPERUSER_ID)
        return accounts.create({"acc_number": number, "partner_id": partner.id, "allow_out_payment": trusted}).with_env(
            cls.env
        )

    @classmethod
    def _sell(cls, product, *, on_hand=0.0, sold=0.0):
        """Have the goods on hand, after as many were delivered to customers today."""
        stock = cls.warehouse.lot_stock_id
        cls.env["stock.quant"]._update_available_quantity(product, stock, on_hand + sold)
        if sold:
            move = cls.env["stock.move"].create(
                {
                    "product_id": product.id,
                    "product_uom_qty": sold,
                    "location_id": stock.id,
                    "location_dest_id": cls.env.ref("stock.stock_location_customers").id,
                    "company_id": cls.company.id,
                }
            )
            move._action_confirm()
            move.write({"quantity": sold, "picked": True})
            move._action_done()

    # --- given ---

    def _purchase(self, quantity=100.0, price=100.0, *, product=None, taxes=None, confirm=True, **values):
        """A purchase order of one line, expected in 10 days."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": (product or self.flour).id,
                            "product_qty": quantity,
                            "price_unit": price,
                            "date_planned": self.today + timedelta(days=10),
                            "tax_ids": [Command.set(taxes.ids if taxes else [])],
                        }
                    )
                ],
                **values,
            }
        )
        if confirm:
            order.button_confirm()
        return order

    def _bill(self, amount=10000.0, *, ref="DM-2026/77", days=30, post=True, **values):
        """A vendor bill without tax and without an order, due in `days`."""
        values.setdefault("invoice_date", self.today)
        return self._create_invoice_one_line(
            move_type="in_invoice",
            product_id=values.pop("product_id", self.flour),
            price_unit=amount,
            tax_ids=values.pop("tax_ids", self.env["account.tax"]),
            partner_id=values.pop("partner_id", self.supplier),
            invoice_date_due=values["invoice_date"] + timedelta(days=days),
            invoice_payment_term_id=self.env["account.payment.term"],
            ref=ref,
            post=post,
            **values,
        )

    def _bill_of(self, order, quantity=None, *, ref="DM-2026/77", post=True):
        """The supplier's bill over an order, or over a part of it."""
        order.action_create_invoice()
        bill = order.invoice_ids.filtered(lambda move: move.state == "draft")
        if quantity is not None:
            bill.invoice_line_ids.quantity = quantity
        bill.write({"invoice_date": self.today, "ref": ref})
        if post:
            bill.action_post()
        return bill

    def _as_purchaser(self, record):
        return self._as("purchaser", record)

    # --- then ---

    def _codes(self, document, level="stop"):
        return [finding.code for finding in document._scf_assess().findings if finding.level == level]
