from datetime import timedelta
from decimal import Decimal

from odoo.tests import tagged

from .evidence_case import EvidenceCase
from .pledge_case import PledgeCase


@tagged("post_install", "-at_install")
class TestEvidenceGoods(EvidenceCase, PledgeCase):
    """Packages on goods that are to be pledged verify, and say what lies where and what it is worth at cost."""

    def setUp(self):
        super().setUp()
        self.copper.write({"default_code": "CU", "lot_valuated": True})
        self._put(self.copper, 1000, self.bin, lot=self.lot)
        self._put(self.copper, 40, self.collateral, lot=self.other_lot)
        self._put(self.sand, 2000.5, self.collateral)
        self._put(self.sand, 77, self.collateral, owner_id=self.buyer)
        self.lot.standard_price = 8.125
        self.sand.standard_price = 2.0

    def _total(self, document):
        return document.value

    def test_lots_and_loose_goods(self):
        pledges = self._proposed(self.copper, 600, self.collateral, lot=self.lot) | self._proposed(
            self.sand, 1000.25, self.collateral
        )
        sections = self._sections(pledges.sorted("id"))
        copper, sand = sections.transaction.documents
        self.assertEqual(
            (copper.number, copper.kind, copper.issue_date), (pledges[0].name, "pledged_goods", self.today)
        )
        self.assertEqual((copper.buyer, copper.seller, copper.due_date), (None, None, None))
        [line] = copper.lines
        self.assertEqual((line.product_code, line.description, line.quantity), ("CU", "Copper", 600))
        self.assertEqual((line.unit_price, line.net, line.tax), (Decimal("8.125"), 4875, 0))
        self.assertEqual((copper.goods.lot, copper.goods.on_hand), ("CU-1", 1000))
        self.assertEqual((copper.goods.place, copper.goods.oldest_on), (self.collateral.complete_name, self.today))
        self.assertEqual(
            (sand.goods.lot, sand.goods.on_hand, sand.totals.gross), (None, Decimal("2000.5"), Decimal("2000.5"))
        )
        self.assertEqual(sand.lines[0].quantity, Decimal("1000.25"))
        for document, pledge in zip((copper, sand), pledges, strict=True):
            self.assertEqual(float(document.totals.outstanding), pledge.value)
            self.assertEqual(document.fingerprints, pledge._scf_fingerprints())
        for row in sections.evidence.lines:
            self.assertEqual((row.orders, row.deliveries, row.needs_delivery, row.ordered), ((), (), False, 0))
        self._assert_codes(sections)
        self.assertEqual((sections.party.sellers, sections.order_flow.orders), ((), ()))

    def test_how_fast_pledged_goods_sell(self):
        pledge = self._proposed(self.copper, 600, self.collateral, lot=self.lot)
        self._move(self.copper, 146, self.bin, self.customers, lot=self.lot)._action_done()
        self._move(self.copper, 73, self.customers, self.bin, lot=self.lot)._action_done()
        self._invoice(25.0, product_id=self.copper, invoice_date=self.today - timedelta(days=3))
        [row] = self._sections(pledge).inventory.resale
        self.assertEqual((row.quantity, row.on_hand), (600, 967))
        self.assertEqual((row.sold_quantity, row.sold_net, row.currency), (73, 25, "USD"))
        self.assertEqual(row.days_to_sell, 4835, "967 are on hand, 73 go in a year")

    def test_other_pledges_are_told_of_and_the_goods_themselves_are_not(self):
        held = self._pledged(self.sand, 500, self.collateral)
        pledge = self._proposed(self.sand, 1000, self.collateral)
        [row] = self._sections(pledge).exposure.pledges
        self.assertEqual(
            (row.document, row.description, row.amount), (held.name, f"Sand, {self.collateral.complete_name}", 1000)
        )

    def test_same_queries_for_one_and_for_twenty(self):
        pledges = self.env["scf.pledge"]
        for _ in range(20):
            pledges |= self._proposed(self.sand, 50, self.collateral)
        one, twenty = self._selects(pledges[:1]), self._selects(pledges.sorted("id"))
        self.assertEqual(one, twenty)
        self.assertLessEqual(twenty, 45)

    def test_other_owners_and_places_stay_here(self):
        self.buyer.name = "Canary Works"
        self.env["stock.location"].create({"name": "Canary Yard", "location_id": self.stock.id})
        pledge = self._proposed(self.sand, 1000, self.collateral)
        self.assertNotIn("Canary", self._sections(pledge).model_dump_json())
