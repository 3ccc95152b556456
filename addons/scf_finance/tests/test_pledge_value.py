from odoo import fields
from odoo.tests import tagged

from .pledge_case import PledgeCase


@tagged("post_install", "-at_install")
class TestPledgeValue(PledgeCase):
    """Pledged goods count at their current value less the haircut; when that falls short, the loan says so once."""

    def given(self):
        super().given()
        self._put(self.copper, 1000, self.stock, self.lot)
        self._put(self.sand, 1000, self.collateral)

    def _secured_loan(self):
        """A running loan on an invoice, whose principal is 8,000."""
        loan = self._financed(self._invoice(10000.0))
        self.assertEqual(loan.balance_total, loan.principal)
        return loan

    def test_value_is_cost_less_haircut(self):
        pledge = self._proposed(self.copper, 500, self.stock, self.lot, haircut=25.0).sudo()
        self.assertEqual((pledge.initial_value, pledge.value, pledge.lending_value), (4000, 4000, 3000))
        pledge._activate(bank=self.rhone, haircut=40.0)
        self.assertEqual((pledge.value, pledge.lending_value), (4000, 2400))
        self.copper.standard_price = 10.0
        pledge._cron_revalue()
        self.assertEqual((pledge.initial_value, pledge.value, pledge.lending_value), (4000, 5000, 3000))
        pledge._release(100, "REL-1")
        self.assertEqual((pledge.initial_value, pledge.value, pledge.lending_value), (4000, 4000, 2400))

    def test_a_lot_that_is_valued_by_itself_has_its_own_cost(self):
        self.copper.product_tmpl_id.lot_valuated = True
        self.lot.standard_price = 3.0
        pledge = self._proposed(self.copper, 100, self.stock, self.lot, haircut=0).sudo()
        self.assertEqual((pledge.unit_value, pledge.value, pledge.lending_value), (3, 300, 300))

    def test_the_company_says_the_usual_haircut(self):
        self.company.scf_pledge_haircut = 35.0
        self.assertEqual(self._proposed(self.sand, 1, self.collateral).haircut, 35.0)

    def test_goods_that_lose_their_value_call_for_more_once(self):
        loan = self._secured_loan()
        pledge = self._proposed(self.copper, 1000, self.stock, self.lot, haircut=0).sudo()
        pledge._activate(bank=self.rhone, loan=loan)
        self.assertEqual((loan.pledge_value, loan.pledge_cover_percent, loan.margin_call), (8000, 100, 0))
        self.copper.standard_price = 6.0
        pledge._cron_revalue()
        pledge._cron_revalue()
        self.assertEqual((loan.pledge_value, loan.pledge_cover_percent, loan.margin_call), (6000, 75, 2000))
        activity = loan.activity_search(["scf_finance.activity_margin_call"])
        self.assertEqual((len(activity), activity.user_id), (1, loan.application_id.requester_id))
        self.assertIn("75.0", activity.note)
        more = self._proposed(self.sand, 1000, self.collateral, haircut=0).sudo()
        more._activate(bank=self.rhone, loan=loan)
        self.assertEqual(loan.margin_call, 0)
        self.assertFalse(loan.activity_search(["scf_finance.activity_margin_call"]))

    def test_cover_that_the_bank_agreed_counts_before_the_companys(self):
        loan = self._secured_loan()
        pledge = self._proposed(self.copper, 1000, self.stock, self.lot, haircut=0).sudo()
        pledge._activate(bank=self.rhone, loan=loan)
        self.company.scf_pledge_cover_percent = 110
        pledge._cron_revalue()
        self.assertEqual(loan.margin_call, 800)
        loan.pledge_cover_wanted = 125.0
        pledge._cron_revalue()
        self.assertEqual(loan.margin_call, 2000)

    def test_a_release_that_takes_too_much_calls_for_more(self):
        loan = self._secured_loan()
        pledge = self._proposed(self.copper, 1000, self.stock, self.lot, haircut=0).sudo()
        pledge._activate(bank=self.rhone, loan=loan)
        pledge._release(500, "REL-1")
        self.assertEqual(loan.margin_call, 4000)

    def test_revaluation_takes_the_same_queries_for_many(self):
        def proposed(number):
            lots = self.env["stock.lot"].create(
                [{"name": f"L{number}-{n}", "product_id": self.copper.id} for n in range(number)]
            )
            for lot in lots:
                self._put(self.copper, 1, self.stock, lot)
            return (
                self.env["scf.pledge"].concat(*(self._proposed(self.copper, 1, self.stock, lot) for lot in lots)).sudo()
            )

        counts = []
        for pledges in (proposed(2), proposed(1), proposed(15)):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            pledges._revalue()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_it_says_when_it_was_valued(self):
        pledge = self._proposed(self.sand, 1, self.collateral)
        self.assertEqual(pledge.valued_on, fields.Date.today())
