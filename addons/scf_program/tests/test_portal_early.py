from datetime import timedelta

from odoo import Command
from odoo.tests import HttpCase, tagged

from ..models.scf_program_member_early import offer_key
from .payable_case import PayableCase
from .portal_case import Pages


@tagged("post_install", "-at_install")
class TestPortalEarly(Pages, PayableCase, HttpCase):
    """What a supplier chooses on its page is what its customer, or a bank, pays early: no more, no less, no other."""

    def given(self):
        super().given()
        self.ada = self._portal_user(self.steel, "ada")
        self.member._accept()
        self.env["scf.program.joining"]._of(self.member).sent_at = "2026-01-01"
        self.payable = self._registered()
        self.small = self._registered(self._bill_of(500.0, ref="SW-2"))

    def setUp(self):
        super().setUp()
        self.authenticate("ada", "ada")

    # --- when ---

    def _shown(self, path="early"):
        """The offers as the page shows them, by payable."""
        values = self._page(self._path(path)).xpath("//input[@name='offer']/@value")
        return {int(value.split("|")[0]): value for value in values}

    def _agree(self, *keys):
        return self._post(self._path("early/accept"), {"offer": list(keys)}, of=self._path())

    # --- the page ---

    def test_page_shows_what_each_invoice_brings(self):
        text = self._text(self._path("early"))
        quote = self.payable._quotes()[0]
        self.assertIn("SW-1", text)
        for figure in (f"{quote.payout:,.2f}", f"{quote.discount:,.2f}", f"{quote.rate_pa} % a year", quote.payer):
            self.assertIn(figure, text)
        self.assertEqual(set(self._shown()), {self.payable.id, self.small.id})

    def test_another_day_another_payer_a_number(self):
        self._budget()
        day = self.today + timedelta(days=20)
        shown = self._shown(f"early?on={day}&payer={self.company.name}&number=SW-1")
        [key] = shown.values()
        quote = self.payable._quote_of("own", day)
        self.assertEqual(key, offer_key(quote))
        self.assertEqual(self._text(self._path("early?on=never&payer=nobody&number=")).count("No offer on this day"), 2)

    def test_invoice_that_brings_nothing_says_why(self):
        later = self._registered(self._bill_of(700.0, ref="SW-3", days=90))
        with self._day(60):
            self.assertIn("The bill is due.", self._text(self._path("early")))
            self.assertEqual(set(self._shown()), {later.id})

    # --- the choice ---

    def test_several_are_agreed_to_after_they_were_shown_once_more(self):
        keys = list(self._shown().values())
        answer = self._post(self._path("early/review"), {"offer": keys}, of=self._path("early"))
        self.assertFalse(self.payable.request_ids, "nothing is agreed before the last click")
        payout = sum(one._quotes()[0].payout for one in (self.payable, self.small))
        self.assertIn(f"{payout:,.2f}", answer.text)
        self.assertEqual(self._agree(*keys).status_code, 303)
        request = self.payable.request_ids
        self.assertEqual((request.channel, request.accepted_by_name), ("portal", self.ada.name))
        self.assertEqual(request.accepted_from, "127.0.0.1")
        self.assertEqual(self.small.state, "agreed")
        self.assertIn("Asked for", self._text(self._path("early")))
        self._agree(*keys)
        self.assertEqual(len(self.payable.request_ids), 1)

    def test_figures_that_changed_are_not_agreed_to(self):
        key = self._shown()[self.payable.id]
        better = key.rsplit("|", 2)[0] + "|0.01|9999.99"
        for wrong in (better, key.replace("bank-", "bank-9"), "x|y|z", f"{self.payable.id}|own|2026-13-01|1|1"):
            self.assertEqual(self._agree(wrong).status_code, 409, wrong)
        self.assertFalse(self.payable.request_ids)

    def test_one_that_can_not_be_had_leaves_the_others(self):
        keys = self._shown()
        self.payable.move_id.action_toggle_block_payment()
        answer = self._agree(*keys.values())
        self.assertEqual(answer.status_code, 409)
        self.assertIn("figures have changed", answer.text)
        self.assertEqual((self.payable.state, self.small.state), ("withdrawn", "agreed"))

    def test_other_supplier_s_invoice_can_not_be_agreed_to(self):
        key = self._shown()[self.payable.id]
        self._approved_member(self.program, self.cork)
        self._portal_user(self.cork, "coco")
        self.member, steel = self.program.member_ids.filtered(lambda item: item.partner_id == self.cork), self.member
        self.env["scf.program.joining"]._of(self.member).sent_at = "2026-01-01"
        self.authenticate("coco", "coco")
        self.assertEqual(self._agree(key).status_code, 409)
        self.assertFalse(self.payable.request_ids)
        for step in ("early", "early/review", "early/accept"):
            self.assertEqual(self.url_open(self._path(step, steel)).status_code, 404 if step == "early" else 405)
        answer = self._post(self._path("early/accept", steel), {"offer": key}, of=self._path("early"))
        self.assertEqual(answer.status_code, 404)

    # --- the rule ---

    def _rule(self, **values):
        return self._post(self._path("early/rule"), values, of=self._path("early"))

    def test_rule_takes_the_cheapest_within_its_bounds_and_stops_when_it_is_off(self):
        self.assertFalse(self.payable._accept_by_rule())
        self._rule(takes="1", from_amount="1 000,50", up_to_rate="")
        self.assertFalse(self.small._accept_by_rule(), "too small")
        request = self.payable._accept_by_rule()
        self.assertEqual((request.channel, request.accepted_by_name), ("rule", self.ada.name))
        self.assertEqual(request.discount, float(min(one.discount for one in self._quotes_before(request))))
        self._rule(takes="1", up_to_rate="0.5")
        self.assertFalse(self.small._accept_by_rule(), "too dear")
        self._rule(takes="1")
        self._rule()
        self.assertFalse(self.small._accept_by_rule(), "switched off")
        self._rule(takes="1")
        self.assertTrue(self.small._accept_by_rule())

    def _quotes_before(self, request):
        with self.env.cr.savepoint() as savepoint:
            request.payable_id.sudo().write({"state": "approved"})
            quotes = request.payable_id._quotes()
            savepoint.rollback()
        self.env.invalidate_all()
        return quotes

    def test_rule_is_the_supplier_s_alone(self):
        self.assertEqual(self._rule(takes="1", up_to_rate="-1").status_code, 422)
        self.assertEqual(self._rule(takes="1", from_amount="NaN").status_code, 422)
        self.assertFalse(self.member.takes_offers)
        with self.assertRaisesRegex(Exception, "kept by the system"):
            self._as("requester", self.member).write({"takes_offers": True})

    def test_suspended_member_is_paid_nothing_early(self):
        keys = self._shown()
        self._rule(takes="1")
        self.member._set_state("suspended")
        self.assertEqual(self._agree(*keys.values()).status_code, 409)
        self.assertFalse(self.payable._accept_by_rule())
        self.assertFalse(self.payable.request_ids)

    def test_own_cash_stands_beside_the_banks(self):
        self._budget()
        self.program.write({"target_return_pa": 1.0, "budget_ids": [Command.update(self.program.budget_ids.id, {})]})
        key = self._shown()[self.payable.id]
        self.assertIn("|own|", key, "the cheapest stands first")
        self._agree(key)
        self.assertFalse(self.payable.request_ids.bank_row_id)
