import json
from datetime import timedelta

from lxml.etree import fromstring

from odoo import Command
from odoo.tests import Form, new_test_user, tagged

from .pledge_case import PledgeCase
from .test_panel import KEYS


@tagged("post_install", "-at_install")
class TestOverview(PledgeCase):
    """The panel on screens that are no document: customer, transfer, warehouse."""

    def _panel(self, record, role="requester"):
        panel = self._as(role, record).scf_panel()
        json.dumps(panel)  # what goes over the wire
        if panel["visible"]:
            self.assertEqual(set(panel), KEYS)
        return panel

    def _rows(self, record, role="requester"):
        return {row["key"].split("_")[0]: row for row in self._panel(record, role)["rows"]}

    def _queries(self, run):
        for _warm in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            run()
        return self.cr.sql_log_count - before

    # --- customer ---

    def test_customer_says_what_its_documents_could_bring(self):
        self._invoice(10000.0)
        self._invoice(5000.0)
        self._order(2000.0)
        panel = self._panel(self.buyer)
        self.assertEqual(panel["state"], "eligible")
        self.assertIn("12,000.00", panel["headline"])
        rows = {row["key"].rsplit("_", 2)[0]: row for row in panel["rows"]}
        self.assertIn("2 can be financed", rows["customer_invoice"]["label"])
        self.assertIn("1,600.00", rows["sales_order"]["value"])
        context = rows["customer_invoice"]["action"]["context"]
        self.assertEqual(
            (context["search_default_partner_id"], context["search_default_scf_can_be_financed"]), (self.buyer.id, 1)
        )

    def test_customer_shows_what_is_running_and_how_it_pays(self):
        paid = self._invoice(1000.0, days=0, invoice_date=self.today - timedelta(days=40))
        self._pay(paid, payment_date=self.today - timedelta(days=33))
        loan = self._financed(self._invoice(10000.0))
        self.rhone_bank.post_repayment(loan, "2000.00")
        rows = self._rows(self.buyer)
        self.assertIn("7 days late", rows["payments"]["value"])
        self.assertEqual(rows["application"]["action"]["res_id"], loan.application_id.id)
        self.assertAlmostEqual(rows["application"]["progress"]["percent"], loan.repaid_percent, 2)
        self.assertGreater(loan.repaid_percent, 20)

    def test_screens_without_anything_to_say_are_quiet(self):
        nobody = self.env["res.partner"].create({"name": "Nobody"})
        picking = self._delivery(self.sand, 1)
        for record in (nobody, picking, self.warehouse):
            self.assertEqual(self._panel(record), {"visible": False}, record._name)

    def test_contact_of_a_customer_shows_the_customer(self):
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": self.buyer.id})
        self._invoice(10000.0)
        self.assertIn("8,000.00", self._panel(contact)["headline"])

    def test_customer_costs_as_much_with_one_document_as_with_many(self):
        buyer = self._as("requester", self.buyer)
        self._invoice(5000.0)
        self._financed(self._invoice(10000.0))
        few = self._queries(buyer.scf_panel)
        for index in range(8):
            self._invoice(600.0 + index)
        self._request(self._invoice(900.0) | self._invoice(901.0))
        self.assertLessEqual(self._queries(buyer.scf_panel), few + 2, "two queries more for one application more")
        before = self._queries(buyer.scf_panel)
        for index in range(8):
            self._invoice(700.0 + index)
        self.assertEqual(self._queries(buyer.scf_panel), before)

    # --- who may know what ---

    def test_who_has_no_role_or_may_not_read_the_documents_is_told_nothing(self):
        seller = self._salesperson()
        self._financed(self._invoice(10000.0))
        self._invoice(20000.0)
        self._order(4000.0, user_id=self.people["admin"].id)
        self.assertEqual(self.buyer.with_user(seller).scf_panel(), {"visible": False})
        mine = self._order(1000.0, user_id=seller.id)
        panel = self.buyer.with_user(seller).scf_panel()
        self.assertIn("800.00", panel["headline"])
        self.assertEqual([row["key"].split("_")[0] for row in panel["rows"]], ["sales"], mine.name)
        for record in (self.buyer, self.warehouse):
            self.assertEqual(record.with_user(self.people["accountant"]).sudo(False).scf_panel(), {"visible": False})

    def test_other_company_is_not_told(self):
        self._invoice(10000.0)
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "fin_far",
            groups="scf_connector.group_scf_admin,account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertEqual(self.buyer.with_user(stranger).with_company(other).scf_panel(), {"visible": False})

    # --- transfer ---

    def _delivered_order(self):
        self._put(self.sand, 20, self.stock)
        order = self._order(2000.0, product_id=self.sand)
        return order, order.picking_ids

    def test_delivery_shows_the_financing_of_its_order(self):
        order, picking = self._delivered_order()
        admin = self.people["requester"]
        admin.group_ids += self.env.ref("stock.group_stock_user")
        panel = self._panel(picking)
        self.assertEqual(panel["state"], "eligible")
        self.assertIn("1,600.00", panel["headline"])
        self.assertEqual(panel["rows"][0]["action"]["res_id"], order.id)
        application = self._request(order)
        panel = self._panel(picking)
        self.assertEqual((panel["state"], panel["rows"][0]["key"]), ("financed", f"application_{application.id}"))

    def test_delivery_of_an_invoiced_order_shows_the_financing_of_the_invoice(self):
        order, picking = self._delivered_order()
        self.people["requester"].group_ids += self.env.ref("stock.group_stock_user")
        invoice = self._create_down_payment_invoice(order, "percentage", 50, post=True)
        application = self._request(invoice)
        self.assertEqual(self._panel(picking)["rows"][0]["key"], f"application_{application.id}")

    def test_delivery_and_warehouse_say_which_goods_are_pledged(self):
        self.people["requester"].group_ids += self.env.ref("stock.group_stock_user")
        self._put(self.sand, 20, self.shelf)
        picking = self._delivery(self.sand, 1)
        self._pledged(self.sand, 5, self.shelf)
        panel = self._panel(picking)
        self.assertIn("5 Units pledged to Banque du Rhône", panel["headline"])
        panel = self._panel(self.warehouse)
        self.assertEqual(panel["state"], "financed")
        self.assertIn("10.00", panel["headline"], "5 at 2.00")
        self.assertIn("7.00", panel["subline"], "less a haircut of 30 %")

    def test_forms_read_no_field_more(self):
        """The panel asks for itself: whoever has the role reads of each form what everybody reads."""
        for name in ("base.view_partner_form", "stock.view_picking_form", "stock.view_warehouse"):
            view = self.env.ref(name)
            read = {}
            for role in ("admin", "nobody"):
                user = self.manager if role == "nobody" else self.people["admin"]
                user.group_ids += self.env.ref("stock.group_stock_manager")
                records = self.env[view.model].with_user(user).with_company(self.company)
                arch = fromstring(records.get_views([(view.id, "form")])["views"]["form"]["arch"])
                widgets = arch.findall(".//widget[@name='scf_overview']")
                self.assertEqual(len(widgets), role == "admin", name)
                fields_after = {node.get("name") for node in arch.iterfind(".//field")}
                read[role] = {field for field in fields_after if field.startswith("scf_")}
            self.assertEqual(read, {"admin": set(), "nobody": set()}, name)

    def test_forms_are_saved_as_before(self):
        with Form(self.buyer.with_user(self.people["admin"])) as form:
            form.name = "Atlas Retail NV"
        self.assertEqual(self.buyer.name, "Atlas Retail NV")

    # --- what is beside them ---

    def test_odoos_own_reads_carry_none_of_our_columns(self):
        read_along = [
            str(field)
            for model in self.env.registry.values()
            if model._auto and not model._transient and not model._name.startswith("scf.")
            for field in model._fields.values()
            if (field._module or "").startswith("scf_") and field.column_type and field.store and field.prefetch is True
        ]
        self.assertEqual(read_along, [], "each form would read them, though it shows none of them")
