import json
from datetime import timedelta
from unittest.mock import patch

from lxml.etree import fromstring

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import FinanceCase


class OfferCase(FinanceCase):
    """An invoice that banks may make offers on."""

    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)

    def _two_offers(self):
        application = self._request(self.invoice, banks=self.rhone | self.hansa)
        rhone = application.submission_ids.filtered(lambda submission: submission.bank_id == self.rhone)
        hansa = application.submission_ids - rhone
        self.rhone_bank.receive(rhone)
        self.hansa_bank.receive(hansa)
        return (application, self.rhone_bank.offer(rhone), self.hansa_bank.offer(hansa, rate="6.00", fee="10.00"))


@tagged("post_install", "-at_install")
class TestOffer(OfferCase):
    """One bank's offer."""

    def given(self):
        super().given()
        self.offer = self._offered(self.invoice)

    def test_offer_is_costed_as_money_and_as_effective_annual_cost(self):
        offer = self.offer
        self.assertEqual((offer.principal, offer.in_hand, offer.fee), (8000.0, 7960.0, 40.0))
        self.assertEqual(offer.total_cost, 124.0)  # 8000 × 8.4 % × 45/360 = 84.00, and the fee
        self.assertAlmostEqual(offer.apr, ((8084 / 7960) ** (365 / 45) - 1) * 100, 2)
        self.assertEqual(offer.conditions, "Notified assignment")

    def test_requester_role_can_not_accept(self):
        offer = self.offer
        colleague = new_test_user(
            self.env,
            "fin_colleague",
            groups="scf_connector.group_scf_requester",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        with self.assertRaisesRegex(UserError, "Only an approver"):
            offer.with_user(colleague).action_accept()

    def test_acceptance_names_terms_and_both_people(self):
        offer = self.offer
        self._accept(offer)
        self.assertEqual(offer.state, "accepting")
        body = self.rhone_bank.body("accept")
        self.assertEqual(body["terms_sha256"], offer.terms_sha256)
        self.assertEqual((body["requested_by"], body["approved_by"]), ("Requester", "Approver"))
        self.assertEqual(offer.application_id.approver_id, self.people["approver"])
        self.assertFalse(offer.application_id.activity_ids, "nothing is left to compare")

    def test_double_click_accepts_once(self):
        offer = self.offer
        self._accept(offer)
        with self.assertRaises(UserError):
            self._accept(offer)
        self.assertEqual(len(self.rhone_bank.queued("accept")), 1)

    def test_expired_offer_is_refused_before_the_cron_has_seen_it(self):
        offer = self.offer
        with (
            patch.object(fields.Datetime, "now", return_value=offer.expires_at + timedelta(seconds=1)),
            self.assertRaisesRegex(UserError, "expired"),
        ):
            self._accept(offer)

    def test_offer_expires_by_the_clock(self):
        offer = self.offer
        offers = self.rhone_bank.env["scf.offer"]
        offers._cron_expire()
        self.assertEqual(offer.state, "open")
        with patch.object(fields.Datetime, "now", return_value=offer.expires_at + timedelta(seconds=1)):
            offers._cron_expire()
        self.assertEqual((offer.state, offer.application_id.state), ("expired", "expired"))
        self.assertIn("lapsed", offer.submission_id.state_message)
        self.assertTrue(self.invoice._scf_assess().is_eligible)

    def test_offer_expires_by_the_banks_word_and_stays_expired(self):
        offer = self.offer
        created = self.rhone_bank.told[-1]
        self.rhone_bank.change_offer(offer, "EXPIRED")
        self.rhone_bank.send_event(created)
        self.assertEqual((offer.state, offer.application_id.state), ("expired", "expired"))

    def test_bank_that_takes_its_only_offer_back_decides_again(self):
        offer = self.offer
        application, submission = offer.application_id, offer.submission_id
        self.rhone_bank.change_offer(offer, "WITHDRAWN")
        self.assertEqual((offer.state, submission.state, application.state), ("withdrawn", "processing", "requested"))
        self.assertIn("took its offer back", submission.state_message)
        self.assertIn("took its offer back", application.message_ids[:1].preview)
        self.assertTrue(application.line_ids.is_open, "the bank keeps the documents, so nobody else may have them")
        self.assertFalse(application.activity_ids, "there is nothing to compare")

        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who?"})
        self.assertEqual((submission.state, application.state), ("action_required", "requested"))
        submission._reply("He.")
        again = self.rhone_bank.offer(submission)
        self.assertEqual((submission.state, application.state), ("offered", "offered"))
        self._accept(again)
        self.assertEqual(application.state, "accepted")

    def test_question_after_an_offer_is_heard_though_the_withdrawal_was_not(self):
        offer = self.offer
        self.rhone_bank.decide(offer.submission_id, "ACTION_REQUIRED", action_required={"message": "Who?"})
        self.assertEqual(offer.submission_id.state, "action_required")

    def test_withdrawal_told_again_does_not_touch_the_next_offer(self):
        offer = self.offer
        self.rhone_bank.change_offer(offer, "WITHDRAWN")
        withdrawal = self.rhone_bank.told[-1]
        again = self.rhone_bank.offer(offer.submission_id)
        with patch.object(fields.Datetime, "now", return_value=again.expires_at + timedelta(seconds=1)):
            again._cron_expire()
        self.rhone_bank.send_event(withdrawal)
        self.assertEqual(offer.submission_id.state, "offered", "an old event leads nowhere")

    def test_answer_does_not_lead_back_from_an_offer(self):
        offer = self.offer
        submission = offer.submission_id
        submission._take({**self.rhone_bank.applications[submission.reference], "status": "PROCESSING", "offers": []})
        self.assertEqual(submission.state, "offered")

    def test_acceptance_that_crosses_the_withdrawal_leaves_the_request_with_the_bank(self):
        offer = self.offer
        application = offer.application_id
        self._accept(offer)
        self.rhone_bank.refuse("accept", code="wrong-state", detail="The offer is withdrawn.", status=409)
        self.assertEqual(
            (offer.state, offer.submission_id.state, application.state), ("withdrawn", "processing", "requested")
        )
        self.assertFalse(application.activity_ids, "no offer is left to compare")
        self.rhone_bank.change_offer(offer, "WITHDRAWN")
        self.assertEqual((offer.submission_id.state, application.state), ("processing", "requested"))

    def test_acceptance_of_the_last_offer_that_comes_too_late_asks_nobody_to_compare(self):
        offer = self.offer
        self._accept(offer)
        self.rhone_bank.refuse("accept", code="offer-expired", detail="The offer expired.", status=410)
        self.assertEqual(offer.application_id.state, "expired")
        self.assertFalse(offer.application_id.activity_ids)

    def test_offer_on_an_application_that_ended_is_not_accepted(self):
        offer = self.offer
        with patch.object(fields.Datetime, "now", return_value=offer.expires_at + timedelta(seconds=1)):
            offer._cron_expire()
        late = self.rhone_bank.offer(offer.submission_id)
        self.assertEqual(offer.application_id.state, "expired")
        with self.assertRaisesRegex(UserError, "The application is “Expired”.*Ask the banks again"):
            self._accept(late)
        self.assertFalse(self.rhone_bank.queued("accept"))

    def test_declining_the_only_offer_ends_the_request(self):
        offer = self.offer
        self._as("requester", offer).action_decline()
        self.assertEqual(offer.application_id.state, "cancelled")
        self.assertFalse(offer.application_id.line_ids.is_open)

    def test_states_are_not_written_over_rpc(self):
        offer = self.offer
        with self.assertRaises(AccessError):
            self._as("approver", offer).write({"state": "accepted"})
        with self.assertRaises(AccessError):
            self._as("admin", offer.application_id).write({"state": "financed"})


@tagged("post_install", "-at_install")
class TestTwoOffers(OfferCase):
    """Offers of two banks, of which Hansa's is the cheaper one."""

    def given(self):
        super().given()
        self.application, self.dear, self.cheap = self._two_offers()

    def test_cheapest_offer_is_the_best(self):
        application, cheap = self.application, self.cheap
        self.assertEqual(application._best_offer(), cheap)

    def test_approvers_but_not_the_requester_are_asked_once(self):
        application = self.application
        asked = application.activity_ids.user_id
        self.assertIn(self.people["approver"], asked)
        self.assertNotIn(self.people["requester"], asked)
        self.assertEqual(len(application.activity_ids), len(asked), "one activity each, whatever the offers")

    def test_only_one_offer_can_be_accepted(self):
        first, second = self.dear, self.cheap
        self._accept(first)
        with self.assertRaisesRegex(UserError, "Another offer"):
            self._accept(second)

    def test_withdrawn_offer_leaves_the_other_one(self):
        application, rhone = self.application, self.dear
        self.rhone_bank.change_offer(rhone, "WITHDRAWN")
        self.assertEqual((rhone.state, application.state), ("withdrawn", "offered"))

    def test_acceptance_that_comes_too_late_goes_back_to_the_other_offers(self):
        application, rhone, hansa = self.application, self.dear, self.cheap
        self._accept(rhone)
        self.rhone_bank.refuse("accept", code="offer-expired", detail="The offer expired.", status=410)
        self.assertEqual((rhone.state, application.state), ("expired", "offered"))
        self.assertFalse(application.approver_id)
        self.assertIn(self.people["approver"], application.activity_ids.user_id)
        self._accept(hansa)
        self.assertEqual(hansa.state, "accepting")

    def test_other_offers_and_requests_end_when_the_loan_is_granted(self):
        application, rhone, hansa = self.application, self.dear, self.cheap
        self._accept(rhone)
        self.assertEqual(hansa.state, "open", "not before the bank has granted")
        self.rhone_bank.grant(rhone)
        self.assertEqual((rhone.state, hansa.state), ("accepted", "declined"))
        self.assertEqual([message.verb for message in self.hansa_bank.queued()], ["decline", "cancel"])
        self.assertEqual((application.state, hansa.submission_id.state), ("accepted", "cancelled"))

    def test_declining_one_offer_tells_its_bank(self):
        application, rhone = self.application, self.dear
        self._as("requester", rhone).action_decline()
        self.assertEqual((rhone.state, application.state), ("declined", "offered"))
        self.assertTrue(self.rhone_bank.queued("decline"))
        with self.assertRaises(UserError):
            self._as("requester", rhone).action_decline()


@tagged("post_install", "-at_install")
class TestOfferOnTheWay(OfferCase):
    """Offers on terms of their own."""

    def test_rate_is_kept_exactly_and_shown_with_two_decimals(self):
        offer = self._offered(self.invoice, rate="8.4375")
        self.assertEqual(offer.rate_pa, 8.4375)
        for view in self.env["ir.ui.view"].search([("model", "=", "scf.offer"), ("inherit_id", "=", False)]):
            arch = fromstring(self.env["scf.offer"].get_view(view.id, view.type)["arch"])
            for node in arch.iterfind(".//field[@name='rate_pa']"):
                self.assertEqual(json.loads(node.get("digits"))[1], 2, view.name)

    def test_requester_can_not_accept_though_an_approver_himself(self):
        both = new_test_user(
            self.env,
            "fin_both",
            groups="scf_connector.group_scf_approver,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        with patch.dict(self.people, requester=both):
            offer = self._offered(self.invoice)
        with self.assertRaisesRegex(UserError, "You requested this financing.*Approver"):
            offer.with_user(both).action_accept()
        self.assertEqual(offer.state, "open")
        self.assertFalse(self.rhone_bank.queued("accept"))

    def test_request_still_being_decided_is_withdrawn_when_the_loan_is_granted(self):
        application = self._request(self.invoice, banks=self.rhone | self.hansa)
        rhone = application.submission_ids.filtered(lambda submission: submission.bank_id == self.rhone)
        self.rhone_bank.receive(rhone)
        offer = self.rhone_bank.offer(rhone)
        self._accept(offer)
        self.rhone_bank.grant(offer)
        self.assertEqual([message.verb for message in self.hansa_bank.queued()], ["apply", "cancel"])

    def test_terms_that_differ_from_their_digest_are_not_taken(self):
        submission = self._request(self.invoice).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.offer(submission)
        payload = dict(self.rhone_bank.told[-1])
        payload["data"] = {
            **payload["data"],
            "id": "off-forged",
            "terms": {**payload["data"]["terms"], "rate_pa": "1.00"},
        }
        event = self.rhone_bank.send_event(payload, state="failed")
        self.assertIn("digest", event.error)
        self.assertEqual(len(submission.offer_ids), 1)

    def test_offer_in_another_currency_is_not_taken(self):
        submission = self._request(self.invoice).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.applications[submission.reference]["requested"]["currency"] = "EUR"
        with self.assertRaisesRegex(AssertionError, "EUR"):
            self.rhone_bank.offer(submission)
