from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..home.attention import read_attention
from ..home.news import read_news
from .goods_case import GoodsCase


@tagged("post_install", "-at_install")
class TestInventoryLoan(GoodsCase):
    """Goods are free while banks are asked, held from the acceptance on, and free again when nothing is owed."""

    # --- from the request to the loan ---

    def test_goods_are_held_from_the_acceptance_until_the_bank_lets_them_go(self):
        pledge = self._copper(500).sudo()
        offer = self._offered(pledge, advance_rate="70.00")
        self.assertEqual((pledge.state, pledge.application_id), ("proposed", offer.application_id))
        self._accept(offer)
        self.assertEqual((pledge.state, pledge.bank_id, pledge.haircut), ("active", self.rhone, 30))
        with self.assertRaisesRegex(UserError, "have to stay"), self.env.cr.savepoint():
            self._sell(self.copper, 501, lot=self.lot)
            self.env.flush_all()
        loan = self.rhone_bank.grant(offer)
        self.assertEqual((pledge.loan_id, loan.pledge_cover_wanted), (loan, 100))
        self.rhone_bank.disburse(loan)
        self.assertEqual((loan.pledge_value, loan.margin_call), (2800, 400), "3,200 are owed on goods of 4,000")
        self.rhone_bank.post_repayment(loan, "400")
        self.assertEqual(loan.margin_call, 0, "each repayment is looked at")
        self.rhone_bank.release(pledge, 500)
        self.rhone_bank.post_repayment(loan, "99999")
        self.assertEqual((pledge.state, loan.state, loan.application_id.state), ("released", "closed", "repaid"))
        self.assertFalse(loan.mismatch)
        self._sell(self.copper, 1000, lot=self.lot)
        self.env.flush_all()

    def test_goods_that_went_in_the_meantime_stop_the_acceptance(self):
        pledge = self._copper(500).sudo()
        offer = self._offered(pledge)
        self._sell(self.copper, 600, lot=self.lot)
        with self.assertRaisesRegex(UserError, "not all there any more.*only 400"), self.env.cr.savepoint():
            self._accept(offer)
        self.env.invalidate_all()
        self.assertEqual((pledge.state, offer.state, offer.application_id.state), ("proposed", "open", "offered"))
        self.assertFalse(self.rhone_bank.queued("accept"))

    def test_the_same_goods_are_asked_about_once(self):
        first, second = self._copper(600), self._copper(600)
        self._request(first)
        self.assertEqual(self._stops(second), ["pledged_elsewhere"])
        with self.assertRaisesRegex(UserError, "another pledge holds the rest"):
            self._request(second)

    # --- what comes to nothing ---

    def test_an_acceptance_that_the_bank_refuses_frees_the_goods(self):
        pledge = self._copper(500).sudo()
        offer = self._offered(pledge)
        self._accept(offer)
        self.rhone_bank.refuse("accept", code="terms-mismatch")
        self.assertEqual((pledge.state, offer.application_id.state), ("dropped", "cancelled"))
        self._sell(self.copper, 1000, lot=self.lot)
        self.env.flush_all()

    def test_another_offer_can_still_take_the_goods(self):
        pledge = self._copper(500).sudo()
        application = self._request(pledge, banks=self.rhone | self.hansa)
        offers = []
        for bank, double in ((self.rhone, self.rhone_bank), (self.hansa, self.hansa_bank)):
            submission = application.submission_ids.filtered(lambda item, bank=bank: item.bank_id == bank)
            double.receive(submission)
            offers.append(double.offer(submission))
        self._accept(offers[0])
        self.rhone_bank.refuse("accept", code="offer-expired")
        self.assertEqual((pledge.state, application.state), ("proposed", "offered"))
        self._accept(offers[1])
        self.assertEqual((pledge.state, pledge.bank_id), ("active", self.hansa))

    def test_a_payout_that_fails_frees_the_goods(self):
        pledge = self._copper(500).sudo()
        loan = self._granted(pledge)
        self.rhone_bank.fail_disbursement(loan)
        self.assertEqual((pledge.state, loan.application_id.state), ("dropped", "declined"))
        self.rhone_bank.release(pledge, 500)
        self.assertEqual(pledge.state, "dropped")

    def test_requests_that_end_leave_no_proposals(self):
        declined, cancelled, drafted = self._copper(100).sudo(), self._copper(100).sudo(), self._copper(100).sudo()
        application = self._request(declined)
        self.rhone_bank.receive(application.submission_ids)
        self.rhone_bank.decide(application.submission_ids, "REJECTED")
        self._as("requester", self._request(cancelled)).action_cancel()
        self._draft(drafted).action_cancel()
        self.assertEqual({declined.state, cancelled.state, drafted.state}, {"dropped"})
        self.assertEqual(self._stops(declined), ["goods_dropped"])

    def test_proposals_leave_with_the_draft_that_they_were_made_for(self):
        made_for_it, by_hand = self._copper(100), self._copper(100)
        draft = self._draft(made_for_it | by_hand)
        made_for_it.sudo().application_id = draft
        draft.line_ids.filtered(lambda line: line.pledge_id == made_for_it).unlink()
        self.assertFalse(made_for_it.exists())
        again = self._copper(100, application_id=draft.id)
        self.env["scf.application.document"].create({"application_id": draft.id, "pledge_id": again.id})
        draft.unlink()
        self.assertEqual((again.exists(), by_hand.exists()), (self.env["scf.pledge"], by_hand))

    def test_a_loan_on_an_acceptance_given_up_here_holds_the_goods_again(self):
        pledge = self._copper(500).sudo()
        offer = self._offered(pledge)
        self._accept(offer)
        self.rhone_bank.queued("accept").with_user(self.people["admin"]).action_cancel()
        self.assertEqual(pledge.state, "dropped")
        loan = self.rhone_bank.grant(offer)
        self.assertEqual((pledge.state, pledge.loan_id), ("active", loan))

    def test_a_loan_whose_goods_are_gone_says_so(self):
        pledge = self._copper(500).sudo()
        offer = self._offered(pledge)
        self._accept(offer)
        self.rhone_bank.queued("accept").with_user(self.people["admin"]).action_cancel()
        self._sell(self.copper, 600, lot=self.lot)
        loan = self.rhone_bank.grant(offer)
        self.assertEqual((pledge.state, offer.application_id.state), ("dropped", "accepted"))
        self.assertIn("not all there", loan.mismatch)
        self.assertIn("not all there", loan.activity_ids.filtered("note")[0].note)

    # --- releases ---

    def _lent(self, quantity=500, **terms):
        pledge = self._copper(quantity).sudo()
        return self._financed(pledge, **{"advance_rate": "80.00", "requested": 2000, **terms}), pledge

    def test_goods_that_are_asked_for_are_released_by_the_answer_and_once(self):
        loan, pledge = self._lent()
        request = self._ask_release(pledge, 100)
        body = self.rhone_bank.body("release")
        self.assertEqual(
            body,
            {
                "release_id": request.name,
                "document": {"kind": "pledged_goods", "number": pledge.name},
                "quantity": "100",
                "reason": "A customer pays in advance",
            },
        )
        wire = self.rhone_bank.wire_release(pledge, 100, release_id=request.name, reference="R1")
        self.rhone_bank.answer("release", wire)
        self.assertEqual((request.state, pledge.held_quantity), ("released", 400))
        content = {"loan": self.rhone_bank.snapshot(loan.bank_loan_ref), "release": wire}
        payload = self.rhone_bank.payload("collateral.released", content, loan.submission_id)
        self.rhone_bank.send_event(payload)
        self.rhone_bank.send_event(payload)
        self.assertEqual((pledge.held_quantity, len(pledge.release_ids)), (400, 1))
        self.assertIn("has released pledged goods", read_news(self._as("requester", pledge).env)[0]["sentence"])

    def test_a_request_that_waits_says_what_to_repay(self):
        loan, pledge = self._lent()
        request = self._ask_release(pledge, 400)
        self.rhone_bank.answer(
            "release",
            self.rhone_bank.wire_release(pledge, 400, release_id=request.name, status="WAITING", repay_first="1360.00"),
        )
        self.assertEqual((request.state, request.repay_first, pledge.held_quantity), ("waiting", 1360, 500))
        self.assertEqual(self._waiting_on_home(), {"repay_first"})
        self.assertIn("1,360.00", loan.message_ids[0].preview)
        self.assertNotIn("1,360", "".join(map(str, pledge.message_ids.mapped("body"))), "amounts are the loan's")
        action = request.with_user(self.people["approver"]).action_repay_first()
        repayment = (
            self.env["scf.repayment"].with_user(self.people["approver"]).with_context(**action["context"]).create({})
        )
        self.assertEqual((repayment.loan_id, repayment.amount, repayment.reason), (loan, 1360, "release"))
        repayment.action_repay()
        self.rhone_bank.answer(
            "repay", {"repayment_id": self.rhone_bank.body("repay")["repayment_id"], "status": "RECEIVED"}
        )
        self.rhone_bank.post_repayment(loan, "1360.00")
        self.rhone_bank.release(pledge, 400, release_id=request.name)
        self.assertEqual((request.state, pledge.held_quantity, request.repay_first), ("released", 100, 0))
        self.assertFalse(pledge.activity_ids)

    def test_an_answer_that_comes_again_after_a_restart_changes_nothing(self):
        _loan, pledge = self._lent()
        request = self._ask_release(pledge, 100)
        message = self.rhone_bank.queued("release")
        wire = self.rhone_bank.wire_release(pledge, 100, release_id=request.name)
        self.rhone_bank.answer("release", wire)
        request._scf_on_answer(message, wire)
        waiting = self.rhone_bank.wire_release(
            pledge, 100, release_id=request.name, status="WAITING", repay_first="9.00"
        )
        request._scf_on_answer(message, waiting)
        self.assertEqual((request.state, request.repay_first), ("released", 0))
        self.rhone_bank.release(pledge, 100, release_id=request.name, reference=wire["reference"])
        self.assertEqual((pledge.held_quantity, request.quantity), (400, 100))

    def test_an_event_counts_before_an_answer_that_comes_after_it(self):
        _loan, pledge = self._lent()
        request = self._ask_release(pledge, 400)
        self.rhone_bank.release(pledge, 400, release_id=request.name, status="WAITING", repay_first="500.00")
        self.rhone_bank.answer(
            "release",
            self.rhone_bank.wire_release(pledge, 400, release_id=request.name, status="WAITING", repay_first="1360.00"),
        )
        self.assertEqual((request.state, request.repay_first), ("waiting", 500))
        self.rhone_bank.release(pledge, 400, release_id=request.name, status="DECLINED")
        self.assertEqual((request.state, request.repay_first), ("declined", 0))
        self.assertIn("would not carry", request.message)

    def test_a_request_that_the_bank_refuses_is_declined_with_its_reason(self):
        _loan, pledge = self._lent()
        request = self._ask_release(pledge, 400)
        self.rhone_bank.refuse("release", detail="The loan is closed.")
        self.assertEqual((request.state, request.message), ("declined", "The loan is closed."))

    def test_goods_asked_for_before_the_loan_was_granted_are_asked_for_then(self):
        pledge = self._copper(500).sudo()
        offer = self._offered(pledge)
        self._accept(offer)
        self._ask_release(pledge, 100)
        self.assertFalse(self.rhone_bank.queued("release"))
        self.rhone_bank.grant(offer)
        self.assertEqual(self.rhone_bank.body("release")["quantity"], "100")

    # --- value ---

    def test_the_bank_is_told_of_the_value_when_it_changed_or_after_a_week(self):
        loan, pledge = self._lent()
        self._report_values()
        body = self.rhone_bank.body("value")
        self.assertEqual(body["goods"][0]["value"], {"amount": "4000.00", "currency": loan.currency_id.name})
        self.assertEqual((body["goods"][0]["quantity"], body["goods"][0]["document"]["number"]), ("500", pledge.name))
        answer = {
            "valuation_id": body["valuation_id"],
            "status": "RECEIVED",
            "lending_value": {"amount": "3200.00", "currency": "USD"},
            "owed": {"amount": "2000.00", "currency": "USD"},
            "shortfall": {"amount": "0.00", "currency": "USD"},
        }
        self.rhone_bank.answer("value", answer)
        self.assertEqual(loan.bank_lending_value, 3200)
        self.copper.standard_price = 8.05
        self._report_values()
        self.assertFalse(self.rhone_bank.queued("value"), "0.6 % is no news")
        self.copper.standard_price = 7.0
        self._report_values()
        self.assertEqual(self.rhone_bank.body("value")["goods"][0]["value"]["amount"], "3500.00")
        self.rhone_bank.answer("value", answer)
        self._report_values(on=self.today + timedelta(days=6))
        self.assertFalse(self.rhone_bank.queued("value"))
        self._report_values(on=self.today + timedelta(days=7))
        self.assertTrue(self.rhone_bank.queued("value"))

    def test_a_value_that_the_bank_refused_is_told_again_at_the_next_run(self):
        loan, _pledge = self._lent()
        self._report_values()
        self._report_values()
        self.assertEqual(len(self.rhone_bank.queued("value")), 1, "it is on its way")
        self.rhone_bank.refuse("value")
        self.assertEqual((loan.value_told, loan.value_told_on), (0, False))
        self._report_values()
        body = self.rhone_bank.body("value")
        self.assertEqual(body["goods"][0]["value"]["amount"], "4000.00")

    def test_interest_that_accrues_on_a_covered_principal_is_no_margin_call(self):
        pledge = self._copper(500).sudo()
        loan = self._financed(pledge, advance_rate="80.00", requested=3200, on=self.today - timedelta(days=30))
        self.assertGreater(loan.balance_total, 3200)
        self.assertEqual((loan.pledge_value, loan.margin_call), (3200, 0), "the bank asks for nothing either")
        accrued = loan.balance_total - 3200
        self.copper.standard_price = 7.0
        self.env["scf.pledge"].sudo()._cron_revalue()
        self.assertAlmostEqual(loan.margin_call, 400 + accrued, 2, "a repayment pays the interest first")

    def test_a_shortfall_of_goods_is_a_margin_call(self):
        loan, _pledge = self._lent()
        self.rhone_bank.call_margin(loan, "400.00")
        self.rhone_bank.call_margin(loan, "500.00")
        activity = loan.activity_search(["scf_finance.activity_margin_call"])
        self.assertEqual((loan.shortfall, len(activity)), (500, 1))
        self.assertEqual(self._waiting_on_home(), {"margin"}, "told once, as what it is")
        self.assertIn("500.00", activity.note)
        self.rhone_bank.call_margin(loan, "0.00")
        self.assertEqual(loan.shortfall, 0)
        self.assertFalse(loan.activity_search(["scf_finance.activity_margin_call"]))

    def test_goods_that_lose_value_are_on_home_before_the_margin_call(self):
        loan, _pledge = self._lent(requested=3100)
        self.copper.standard_price *= 0.99
        self.env["scf.pledge"].sudo()._cron_revalue()
        loan._cron_overdue()
        self.assertEqual((loan.margin_call, loan.near_breach), (0, True))
        self.assertEqual(self._waiting_on_home(), {"near_margin"})

    def _waiting_on_home(self):
        """Of the loans and their goods: what the Financing home says that it waits for somebody."""
        return {row["code"] for row in read_attention(self._as("requester", self.env["scf.home"]).env)}

    # --- agreement ---

    def test_a_release_whose_event_never_came_frees_the_goods_all_the_same(self):
        loan, pledge = self._lent()
        self.rhone_bank.say_what_it_holds(loan)
        self.assertEqual((pledge.held_quantity, loan.mismatch), (500, False))
        self.rhone_bank.say_what_it_holds(loan, **{f"pledge_{pledge.id}": 200})
        self.assertEqual(pledge.held_quantity, 300)
        self.rhone_bank.release(pledge, 200)
        self.assertEqual(pledge.held_quantity, 300, "the event that came late tells nothing new")
        self.rhone_bank.release(pledge, 100)
        self.assertEqual(pledge.held_quantity, 200)

    def test_a_request_that_the_list_of_goods_told_of_is_not_released_twice(self):
        loan, pledge = self._lent()
        request = self._ask_release(pledge, 100)
        self.rhone_bank.say_what_it_holds(loan, **{f"pledge_{pledge.id}": 100})
        self.assertEqual((pledge.held_quantity, request.state), (400, "asked"))
        self.rhone_bank.release(pledge, 100, release_id=request.name)
        self.assertEqual((pledge.held_quantity, request.state), (400, "released"))

    def test_each_list_of_goods_of_one_day_counts_by_itself(self):
        loan, pledge = self._lent()
        self.rhone_bank.say_what_it_holds(loan, **{f"pledge_{pledge.id}": 100})
        self.rhone_bank.release(pledge, 100)
        self.rhone_bank.say_what_it_holds(loan, **{f"pledge_{pledge.id}": 300})
        self.assertEqual((pledge.held_quantity, loan.mismatch), (200, False))
        self.rhone_bank.release(pledge, 200)
        self.assertEqual(pledge.held_quantity, 200, "the event that came late tells nothing new")

    def test_an_answer_to_a_request_that_is_not_ours_frees_nothing(self):
        loan, pledge = self._lent()
        self.rhone_bank.release(pledge, 400, release_id="REL/lost", status="WAITING", repay_first="1360.00")
        self.rhone_bank.release(pledge, 400, release_id="REL/lost", status="DECLINED")
        self.assertEqual(pledge.held_quantity, 500)
        self.assertIn("REL/lost", loan.message_ids[0].preview)
        self.rhone_bank.release(pledge, 400, release_id="REL/lost")
        self.assertEqual(pledge.held_quantity, 100, "what the bank lets go is free, whoever asked")

    def test_goods_that_only_one_side_holds_are_shown(self):
        loan, pledge = self._lent()
        pledge._release(50, "by mistake")
        self.rhone_bank.say_what_it_holds(loan)
        self.assertIn("the bank holds 500", loan.mismatch)
        self.assertIn("here 450 are held", loan.mismatch)
        self.rhone_bank.released[pledge.name] = 50
        self.rhone_bank.say_what_it_holds(loan)
        self.assertFalse(loan.mismatch)

    def test_nothing_is_compared_while_an_event_waits(self):
        loan, pledge = self._lent()
        self.env["scf.event"].sudo().create(
            {
                "bank_id": self.rhone.id,
                "event_id": "waiting",
                "cursor": "99",
                "type": "collateral.released",
                "channel": loan.submission_id.reference,
                "jws": "-",
                "payload": {"type": "collateral.released"},
            }
        )
        self.rhone_bank.say_what_it_holds(loan, **{f"pledge_{pledge.id}": 200})
        self.assertEqual(pledge.held_quantity, 500)
