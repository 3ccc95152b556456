from datetime import timedelta
from decimal import Decimal

from odoo.tests import tagged

from .goods_case import GoodsCase


@tagged("post_install", "-at_install")
class TestGoodsRules(GoodsCase):
    def test_goods_are_worth_their_cost_less_the_banks_haircut(self):
        pledges = self._copper(500) | self._proposed(self.sand, 1000, self.collateral)
        assessment = pledges._scf_assess()
        self.assertEqual(assessment.stops, ())
        self.assertEqual(assessment.technique, "inventory_loan")
        self.assertEqual([item.facts.total for item in assessment.documents], [Decimal(4000), Decimal(2000)])
        self.assertEqual(assessment.eligible_amount, Decimal(4800), "80 % of 6,000.00")

    def test_the_loan_runs_as_long_as_the_goods_take_to_sell(self):
        pledge = self._proposed(self.sand, 1000, self.collateral)
        self.assertEqual(pledge._scf_assess().tenor_days, 180, "nothing was sold: as long as a bank lends")
        self._sell(self.sand, 1000)
        facts = pledge._scf_assess().documents[0].facts
        self.assertEqual(facts.goods.days_to_sell, 365, "1,000 are left, and 1,000 went in a year")
        self.assertEqual(facts.days_to_payment, 180)
        self._put(self.sand, -500, self.collateral)
        self._move(self.sand, 300, self.customers, self.collateral)._action_done()
        self._sell(self.sand, 300)
        self.assertEqual(
            pledge._scf_assess().documents[0].facts.goods.days_to_sell, 183, "what comes back was not sold"
        )
        self._put(self.sand, 500, self.collateral)
        self._sell(self.sand, 600)
        facts = self._proposed(self.sand, 100, self.collateral)._scf_assess().documents[0].facts
        self.assertEqual((facts.goods.days_to_sell, facts.days_to_payment), (92, 92))
        self.assertEqual(facts.expected_payment, facts.today + timedelta(days=92))

    def test_goods_that_nobody_could_hold_are_refused(self):
        pledge = self._copper(500)
        self._sell(self.copper, 600, lot=self.lot)
        self.assertEqual(self._stops(pledge), ["goods_gone"])
        self._put(self.copper, 600, self.collateral, lot=self.lot, owner_id=self.buyer)
        self.assertEqual(self._stops(pledge)[0], "consigned")
        self._put(self.copper, 600, self.collateral, lot=self.lot)
        self.assertEqual(self._stops(pledge), [])
        self._put(self.copper, -1, self.bin, lot=self.lot)
        self.assertEqual(self._stops(pledge), ["negative_stock"])

    def test_goods_that_somebody_waits_for_are_refused(self):
        pledge = self._proposed(self.sand, 1500, self.collateral)
        self._delivery(self.sand, 600, source=self.collateral)
        self.assertEqual(self._stops(pledge), ["goods_reserved"])
        [finding] = pledge._scf_assess().stops
        self.assertIn("600 Units of Sand", finding.sentence)
        self.assertIn("only 1400 are free", finding.sentence)

    def test_goods_that_another_pledge_holds_are_refused(self):
        pledge = self._copper(600)
        self._put(self.copper, 500, self.collateral, lot=self.lot)
        self._pledged(self.copper, 700, self.collateral, lot=self.lot)
        self._put(self.copper, -300, self.collateral, lot=self.lot)
        self.assertEqual(self._stops(pledge), ["pledged_elsewhere"])

    def test_goods_without_cost_or_name_are_refused(self):
        pledge = self._copper(500)
        self.copper.standard_price = 0
        self.assertEqual(self._stops(pledge), ["no_cost"])
        self.copper.standard_price = 8
        self.lot.name = "***"
        self.copper.name = "--"
        self.assertEqual(self._stops(pledge), ["number_nameless"])

    def test_the_number_of_queries_does_not_depend_on_the_number_of_goods(self):
        few = self._copper(10) | self._proposed(self.sand, 10, self.collateral)
        many = few | self._copper(20) | self._copper(30) | self._proposed(self.sand, 20, self.collateral)
        counts = []
        for pledges in (many, few, many):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            pledges._scf_assess()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
