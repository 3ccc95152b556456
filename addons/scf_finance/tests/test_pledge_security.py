from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .pledge_case import PledgeCase

MODELS = ("scf.pledge", "scf.pledge.release")


@tagged("post_install", "-at_install")
class TestPledgeSecurity(PledgeCase):
    """Pledges as the wrong user: nobody writes a state, a quantity or a release, and the stock sees no terms."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.setup_other_company()["company"]
        cls.stranger = new_test_user(
            cls.env,
            "fin_stranger",
            company_id=cls.other_company.id,
            company_ids=[Command.set(cls.other_company.ids)],
            groups="scf_connector.group_scf_admin,stock.group_stock_manager",
        )
        cls.portal = new_test_user(cls.env, "fin_portal", groups="base.group_portal")

    def given(self):
        super().given()
        self._put(self.sand, 10, self.collateral)
        self.pledge = self._pledged(self.sand, 10, self.collateral)
        self.release = self.pledge._release(1, "REL-1")
        self.records = {"scf.pledge": self.pledge, "scf.pledge.release": self.release}

    def test_who_has_neither_role_sees_nothing(self):
        for user in (self.people["accountant"], self.portal):
            for model in MODELS:
                with self.subTest(f"{user.login} {model}"), self.assertRaises(AccessError):
                    self.records[model].with_user(user).read(["display_name"])
        hints = self.env["scf.pledge"].with_user(self.people["accountant"]).scf_hints("product.product", self.sand.ids)
        self.assertEqual(hints, {})

    def test_another_company_sees_nothing(self):
        for model in MODELS:
            records = self.records[model].with_user(self.stranger).with_company(self.other_company)
            self.assertFalse(records.search([]))
            with self.assertRaises(AccessError):
                records.read(["display_name"])
        with self.assertRaises(UserError):
            self.env["scf.pledge"].with_user(self.stranger).scf_hints("stock.location", self.collateral.ids)

    def test_nobody_writes_facts(self):
        for user in (self.people["requester"], self.people["approver"], self.people["admin"], self.manager):
            for values in ({"state": "released"}, {"released_quantity": 10}, {"quantity": 1}, {"value": 1e9}):
                with self.subTest(f"{user.login} {values}"), self.assertRaises(AccessError):
                    self.pledge.with_user(user).write(values)
            with self.subTest(f"{user.login} releases"), self.assertRaises(AccessError):
                self.release.with_user(user).create({"pledge_id": self.pledge.id, "quantity": 10, "state": "released"})
            with self.subTest(f"{user.login} changes a release"), self.assertRaises(AccessError):
                self.release.with_user(user).write({"quantity": 10})
            with self.subTest(f"{user.login} deletes"), self.assertRaises(UserError):
                self.pledge.with_user(user).unlink()

    def test_facts_can_not_be_smuggled_into_a_proposal(self):
        pledges = self._as("requester", self.env["scf.pledge"])
        goods = {"product_id": self.sand.id, "location_id": self.collateral.id, "quantity": 1}
        self._put(self.sand, 5, self.collateral)
        for values in (
            {"state": "active"},
            {"released_quantity": 1},
            {"value": 1e9},
            {"lending_value": 1e9},
            {"release_ids": [Command.create({"quantity": 1})]},
            {"name": "PLG/1"},
        ):
            with self.subTest(values), self.assertRaises(AccessError):
                pledges.create({**goods, **values})
        pledge = pledges.with_context(default_state="active", default_released_quantity=1, default_value=9.0).create(
            goods
        )
        self.assertEqual((pledge.state, pledge.released_quantity, pledge.value), ("proposed", 0, 2))

    def test_a_requester_proposes_and_takes_back(self):
        self._put(self.sand, 5, self.collateral)
        pledge = self._as("requester", self.env["scf.pledge"]).create(
            {"product_id": self.sand.id, "location_id": self.collateral.id, "quantity": 5, "bank_id": self.rhone.id}
        )
        self.assertEqual((pledge.state, pledge.create_uid), ("proposed", self.people["requester"]))
        pledge.unlink()

    def test_the_form_serves_both_roles(self):
        keeping_requester = self.people["requester"]
        keeping_requester.group_ids += self.env.ref("stock.group_stock_user")
        self._put(self.copper, 5, self.stock, self.lot)
        with Form(self._as("requester", self.env["scf.pledge"])) as form:
            form.product_id = self.copper
            form.lot_id = self.lot
            form.location_id = self.stock
            form.quantity = 5
        self.assertEqual((form.record.state, form.record.value), ("proposed", 40))
        with Form(self.pledge.with_user(self.keeper)) as form:
            self.assertEqual(form.bank_name, "Banque du Rhône")
            self.assertNotIn("lending_value", form._view["fields"])
        for view_type in ("list", "kanban", "search"):
            self.pledge.with_user(self.keeper).get_view(view_type=view_type)

    def test_a_keeper_proposes_nothing(self):
        with self.assertRaises(AccessError):
            self.env["scf.pledge"].with_user(self.keeper).create(
                {"product_id": self.sand.id, "location_id": self.collateral.id, "quantity": 1}
            )

    def test_a_proposal_stays_in_its_company(self):
        self._put(self.sand, 5, self.collateral)
        for values in ({"company_id": self.other_company.id}, {"bank_id": self._bank_of_the_other_company().id}):
            with self.subTest(values), self.assertRaises(UserError):
                self._as("requester", self.env["scf.pledge"]).create(
                    {"product_id": self.sand.id, "location_id": self.collateral.id, "quantity": 1, **values}
                )

    def _bank_of_the_other_company(self):
        return self.rhone.sudo().copy({"name": "Theirs", "company_id": self.other_company.id})

    def test_the_stock_sees_to_whom_and_not_on_which_terms(self):
        pledge = self.pledge.with_user(self.keeper)
        self.assertEqual((pledge.bank_name, pledge.held_quantity), ("Banque du Rhône", 9))
        for name in ("bank_id", "loan_id", "application_id", "value", "initial_value", "lending_value", "haircut"):
            with self.subTest(name), self.assertRaises(AccessError):
                pledge.read([name])
        arch = pledge.get_view(view_type="form")["arch"]
        self.assertNotIn("lending_value", arch)
        self.assertIn("bank_name", arch)
        hints = pledge.scf_hints("stock.location", self.collateral.ids)
        self.assertEqual(len(hints[self.collateral.id]), 1)
        self.assertRegex(hints[self.collateral.id][0]["text"], "^9 Units pledged to Banque du Rhône in .*Collateral$")

    def test_a_quants_hint_is_of_its_own_goods(self):
        self._put(self.sand, 3, self.shelf)
        self._put(self.sand, 3, self.collateral, owner_id=self.buyer)
        quants = self.env["stock.quant"].search(
            [("product_id", "=", self.sand.id), ("location_id", "child_of", self.stock.id)]
        )
        hints = self.env["scf.pledge"].with_user(self.keeper).scf_hints("stock.quant", quants.ids)
        self.assertEqual(len(quants), 3)
        own = quants.filtered(lambda quant: quant.location_id == self.collateral and not quant.owner_id)
        self.assertEqual(list(hints), own.ids)

    def test_asking_for_release_takes_sight_of_the_pledge(self):
        for user in (self.stranger, self.people["accountant"]):
            request = (
                self.env["scf.release.request"]
                .sudo()
                .create(
                    {
                        "reason": "Mine",
                        "line_ids": [Command.create({"pledge_id": self.pledge.id, "quantity": 1})],
                    }
                )
            )
            with self.subTest(user.login), self.assertRaises(AccessError):
                request.with_user(user).action_ask()
        self.assertFalse(self.pledge.release_ids.filtered(lambda release: release.state == "asked"))
