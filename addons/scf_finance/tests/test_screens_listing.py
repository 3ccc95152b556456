from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import FinanceCase, technique


@tagged("post_install", "-at_install")
class TestListing(FinanceCase):
    """What can be financed, in lists: a filter that the database answers, and a column that asks for itself."""

    def _found(self, model, state="financeable", role="requester"):
        return self._as(role, self.env[model]).search([("scf_financing", "=", state)])

    def _cells(self, documents, role="requester"):
        return self._as(role, documents.browse()).scf_list_cells(documents.ids)

    def test_filter_finds_what_the_rules_allow(self):
        good = self._invoice(2000.0)
        self._pay(self._invoice(2000.0))
        self._invoice(2000.0, days=0, invoice_date=self.today - timedelta(days=31))
        self._invoice(2000.0, days=181)
        draft = self._invoice(2000.0)
        draft.button_draft()
        order, quotation = self._order(2000.0), self._order(2000.0)
        quotation._action_cancel()
        asked = self._invoice(3000.0)
        self._request(asked)
        self.assertEqual(self._found("account.move"), good)
        self.assertEqual(self._found("sale.order"), order)
        self.assertEqual(self._found("account.move", "requested"), asked)
        moves = self._as("requester", self.env["account.move"])
        none = moves.search([("scf_financing", "=", False), ("id", "in", (good | asked | draft).ids)])
        self.assertEqual(none, draft)

    def test_filter_leaves_out_what_is_financed_in_another_form(self):
        order = self._order(4000.0)
        invoice = self._create_down_payment_invoice(order, "percentage", 50, post=True)
        self.assertEqual((self._found("sale.order"), self._found("account.move")), (order, invoice))
        self._request(order)
        self.assertFalse(self._found("account.move"))
        other = self._order(4000.0)
        self._request(self._create_down_payment_invoice(other, "percentage", 50, post=True))
        self.assertFalse(self._found("sale.order"))

    def test_nothing_can_be_financed_without_a_bank_or_accounts(self):
        self._invoice(2000.0)
        self.company.scf_clearing_account_id = False
        self.assertFalse(self._found("account.move"))
        self.company._scf_create_accounts()
        self.assertTrue(self._found("account.move"))
        (self.rhone | self.hansa).sudo().write({"profile": {"techniques": [technique("pre_shipment")]}})
        self.assertFalse(self._found("account.move"))

    def test_column_says_state_and_amount(self):
        good, small, asked = self._invoice(2000.0), self._invoice(100.0), self._invoice(3000.0)
        application = self._request(asked)
        cells = self._cells(good | small | asked)
        self.assertEqual((cells[good.id]["state"], cells[asked.id]["state"]), ("financeable", "requested"))
        self.assertIn("1,600.00", cells[good.id]["amount"])
        self.assertEqual(cells[asked.id]["application_id"], application.id)
        moves = self._as("requester", good | asked)
        self.assertEqual(moves.mapped("scf_financing"), ["financeable", "requested"])

    def test_column_costs_as_much_for_one_row_as_for_many(self):
        documents = self._invoice(2000.0) | self._invoice(3000.0)
        self._request(documents[1])
        moves = self._as("requester", self.env["account.move"])

        def queries():
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.cr.sql_log_count
                moves.scf_list_cells(documents.ids)
            return self.cr.sql_log_count - before

        few = queries()
        for index in range(6):
            documents |= self._invoice(2000.0 + index)
        self.assertEqual(queries(), few)
        self.assertLessEqual(few, 30)

    def test_lists_read_nothing_for_the_column_themselves(self):
        """The field of the filter is in no list: posting and reading cost what they cost without it."""
        for model, view in (("sale.order", "sale.sale_order_tree"), ("account.move", "account.view_out_invoice_tree")):
            records = self._as("requester", self.env[model])
            arch = records.get_views([(self.env.ref(view).id, "list")])["views"]["list"]["arch"]
            self.assertIn('widget="scf_financing"', arch)
            self.assertNotIn('name="scf_financing"', arch)
        self.assertFalse(self.env["account.move"]._fields["scf_financing"].store)

    def test_strangers_are_told_nothing(self):
        invoice = self._invoice(2000.0)
        self.assertEqual(self._cells(invoice, "accountant"), {})
        with self.assertRaises(AccessError):
            self._found("account.move", role="accountant")
        seller = self._salesperson()
        mine, theirs = self._order(2000.0, user_id=seller.id), self._order(2000.0, user_id=self.people["admin"].id)
        orders = self.env["sale.order"].with_user(seller)
        self.assertEqual(set(orders.scf_list_cells((mine | theirs).ids)), {mine.id})
        self.assertEqual(orders.search([("scf_financing", "=", "financeable")]), mine)

    def test_purchases_are_filtered_and_grouped_by_their_supplier(self):
        """One request pays one supplier: a selection of two suppliers' bills takes two."""
        other = self.env["res.partner"].create({"name": "Other Supplier", "vat": "BE0477472703"})
        bills = self.env["account.move"]
        for supplier, reference in ((self.buyer, "A-1"), (self.buyer, "A-2"), (other, "B-1")):
            bill = self._create_invoice_one_line(
                move_type="in_invoice",
                product_id=self.product_a,
                price_unit=2000.0,
                partner_id=supplier,
                ref=reference,
                tax_ids=self.env["account.tax"],
                invoice_date=self.today,
                post=True,
            )
            bills |= bill
        (self.rhone | self.hansa).sudo().write({"profile": {"techniques": [technique("receivables_discounting")]}})
        self.assertFalse(self._found("account.move"), "no bank pays suppliers")
        (self.rhone | self.hansa).sudo().write({"profile": {"techniques": [technique("distributor_finance")]}})
        self.assertEqual(self._found("account.move"), bills)
        self.assertEqual([len(together) for together in bills._scf_assessable()], [2, 1])
