from contextlib import contextmanager
from functools import partial

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import tagged
from odoo.tests.common import BaseCase, get_db_name


@tagged("post_install", "-at_install")
class TestPledgeConcurrency(BaseCase):
    """Two real transactions at the same time: together they take no more than one of them could.

    Each sees the stock as it was before the other one. What they commit is removed afterwards.
    """

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self._transaction() as env:
            self._create_goods(env)
        self.addCleanup(self._remove)

    @contextmanager
    def _transaction(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _create_goods(self, env):
        """Ten of a product in each of two bins of one collateral location."""
        company = env["res.company"].browse(1)
        stock = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1).lot_stock_id
        place = env["stock.location"].create({"name": "Race", "location_id": stock.id})
        bins = env["stock.location"].create([{"name": name, "location_id": place.id} for name in ("Left", "Right")])
        product = env["product.product"].create({"name": "Race Goods", "is_storable": True})
        for spot in bins:
            env["stock.quant"]._update_available_quantity(product, spot, 10)
        bank = env["scf.bank"].create(
            {
                "name": "Race Bank",
                "base_url": "https://pledge.example",
                "issuer": "https://pledge.example",
                "company_id": company.id,
            }
        )
        self.ids = {"product": product.id, "place": place.id, "bank": bank.id, "company": company.id}
        self.left, self.right = bins.ids

    def _remove(self):
        with self._transaction() as env:
            for statement in (
                "DELETE FROM scf_application WHERE id IN (SELECT line.application_id FROM scf_application_document line"
                " JOIN scf_pledge pledge ON pledge.id = line.pledge_id WHERE pledge.product_id = %(product)s)",
                "DELETE FROM scf_pledge WHERE product_id = %(product)s",
                "DELETE FROM stock_move_line WHERE product_id = %(product)s",
                "DELETE FROM stock_move WHERE product_id = %(product)s",
                "DELETE FROM stock_quant WHERE product_id = %(product)s",
                "DELETE FROM scf_bank WHERE id = %(bank)s",
            ):
                env.cr.execute(statement, self.ids)
            env.invalidate_all()
            env["product.product"].browse(self.ids["product"]).product_tmpl_id.unlink()
            env["stock.location"].browse(self.ids["place"]).unlink()
            env.registry.clear_cache()

    def _propose(self, env, quantity):
        return (
            env["scf.pledge"]
            .create(
                {
                    "company_id": self.ids["company"],
                    "product_id": self.ids["product"],
                    "location_id": self.ids["place"],
                    "quantity": quantity,
                }
            )
            .id
        )

    def _activate(self, env, pledge_id):
        env["scf.pledge"].browse(pledge_id)._activate(bank=env["scf.bank"].browse(self.ids["bank"]))

    def _pledge(self, quantity):
        with self._transaction() as env:
            self._activate(env, self._propose(env, quantity))

    def _take(self, env, location_id, quantity):
        product = env["product.product"].browse(self.ids["product"])
        env["stock.quant"]._update_available_quantity(product, env["stock.location"].browse(location_id), -quantity)

    def _ask(self, env, pledge_id):
        """What a request does to the goods: lock, rules, claim."""
        pledge = env["scf.pledge"].browse(pledge_id)
        pledge._scf_lock()
        stops = {finding.code: finding.sentence for finding in pledge._scf_assess().stops}
        for code in ("goods_gone", "pledged_elsewhere"):
            if code in stops:
                raise UserError(stops[code])
        application = env["scf.application"].create({"line_ids": [Command.create({"pledge_id": pledge.id})]})
        application.line_ids.write({"asset_key": pledge.name, "is_open": True})

    def _one_after_the_other(self, first, second):
        """The second has its snapshot before the first commits, and goes on after that, as a server does.

        :return: the second's error
        """
        with self._transaction() as late:
            late.cr.execute("SELECT COUNT(*) FROM scf_pledge")
            with self._transaction() as early:
                first(early)
            with self.assertRaises(UserError) as caught:
                retrying(partial(second, late), late)
            late.cr.rollback()
        return str(caught.exception)

    def _on_hand(self):
        with self._transaction() as env:
            env.cr.execute("SELECT SUM(quantity) FROM stock_quant WHERE product_id = %(product)s", self.ids)
            return float(env.cr.fetchone()[0])

    def test_two_take_from_different_bins(self):
        self._pledge(12)
        error = self._one_after_the_other(
            lambda env: self._take(env, self.left, 8), lambda env: self._take(env, self.right, 8)
        )
        self.assertIn("pledged to Race Bank", error)
        self.assertEqual(self._on_hand(), 12)

    def test_goods_leave_while_the_bank_takes_them_in_pledge(self):
        with self._transaction() as env:
            pledge_id = self._propose(env, 20)
        error = self._one_after_the_other(
            lambda env: self._activate(env, pledge_id), lambda env: self._take(env, self.left, 1)
        )
        self.assertIn("pledged to Race Bank", error)
        self.assertEqual(self._on_hand(), 20)

    def test_the_bank_takes_goods_in_pledge_while_they_leave(self):
        with self._transaction() as env:
            pledge_id = self._propose(env, 20)
        error = self._one_after_the_other(
            lambda env: self._take(env, self.left, 1), lambda env: self._activate(env, pledge_id)
        )
        self.assertIn("19 would be left", error)

    def test_negative_stock_arises_while_the_bank_takes_the_goods_in_pledge(self):
        with self._transaction() as env:
            pledge_id = self._propose(env, 20)
        error = self._one_after_the_other(
            lambda env: self._activate(env, pledge_id), lambda env: self._take(env, self.ids["place"], 1)
        )
        self.assertIn("pledged to Race Bank", error)

    def test_goods_leave_that_were_proposed_and_pledged_in_between(self):
        error = self._one_after_the_other(
            lambda env: self._activate(env, self._propose(env, 20)), lambda env: self._take(env, self.left, 1)
        )
        self.assertIn("pledged to Race Bank", error)

    def test_two_banks_take_the_same_goods(self):
        with self._transaction() as env:
            first, second = self._propose(env, 15), self._propose(env, 15)
        error = self._one_after_the_other(
            lambda env: self._activate(env, first), lambda env: self._activate(env, second)
        )
        self.assertIn("30 Units", error)

    def test_two_ask_their_banks_about_the_same_goods(self):
        with self._transaction() as env:
            first, second = self._propose(env, 15), self._propose(env, 15)
        error = self._one_after_the_other(lambda env: self._ask(env, first), lambda env: self._ask(env, second))
        self.assertIn("another pledge holds the rest", error)

    def test_goods_leave_while_banks_are_asked_about_them(self):
        with self._transaction() as env:
            pledge_id = self._propose(env, 20)
        error = self._one_after_the_other(
            lambda env: self._take(env, self.left, 1), lambda env: self._ask(env, pledge_id)
        )
        self.assertIn("only 19", error)

    def test_a_location_leaves_while_goods_are_taken(self):
        self._pledge(12)
        error = self._one_after_the_other(
            lambda env: self._take(env, self.left, 8),
            lambda env: (
                env["stock.location"]
                .browse(self.right)
                .write({"location_id": env["stock.location"].browse(self.ids["place"]).location_id.id})
            ),
        )
        self.assertIn("pledged to Race Bank", error)
