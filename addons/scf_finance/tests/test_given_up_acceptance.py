from odoo.tests import tagged

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestGivenUpAcceptance(FinanceCase):
    """An acceptance that was cancelled here, or that the bank refused, and what the bank made of it."""

    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)
        self.offer = self._offered(self.invoice)
        self.application = self.offer.application_id
        self.submission = self.offer.submission_id
        self._accept(self.offer)

    def _cancel_acceptance(self):
        self._as("admin", self.rhone_bank.queued("accept")).action_cancel()

    def _tell_granted(self, loan_ref, *, state="applied"):
        snapshot = self.rhone_bank.snapshot(loan_ref)
        payload = self.rhone_bank.payload("loan.granted", snapshot, self.submission)
        self.rhone_bank.send_event(payload, state=state)
        return self.env["scf.loan"].search([("bank_loan_ref", "=", loan_ref)])

    def _start_with_two_offers(self):
        """Another sale, for which both banks made offers before the first bank's one was accepted; gives the other."""
        self.application = self._request(self._invoice(10000.0), banks=self.rhone | self.hansa)
        self.submission, second = self.application.submission_ids.sorted(lambda item: item.bank_id != self.rhone)
        self.rhone_bank.receive(self.submission)
        self.hansa_bank.receive(second)
        self.offer = self.rhone_bank.offer(self.submission)
        other = self.hansa_bank.offer(second, rate="6.00")
        self._accept(self.offer)
        return other

    # --- cancelled here ---

    def test_cancelling_declines_the_offer_at_the_bank_and_says_so(self):
        self._cancel_acceptance()
        self.assertEqual((self.offer.state, self.application.state), ("declined", "cancelled"))
        self.assertEqual([message.verb for message in self.rhone_bank.queued()], ["decline"])
        self.assertIn("was cancelled here before the bank answered", self.application.state_reason)
        self.assertIn("was cancelled here before the bank answered", self.submission.state_message)
        self.assertIn("was cancelled here before the bank answered", self.application.message_ids[:1].preview)
        self.assertFalse(self.application.approver_id)
        self.assertFalse(self.application.line_ids.is_open)
        self.assertTrue(self.application._next_step())

    def test_loan_that_the_bank_had_granted_before_is_booked_and_said(self):
        loan_ref = self.rhone_bank.book_loan(self.offer)
        self._cancel_acceptance()
        loan = self._tell_granted(loan_ref)
        self.assertEqual(
            (loan.state, self.offer.state, self.submission.state, self.application.state),
            ("granted", "accepted", "granted", "accepted"),
        )
        self.assertEqual(self.application.approver_id, self.people["approver"])
        self.assertTrue(self.application.line_ids.is_open, "the document is held again")
        self.assertFalse(self.offer.state_reason)
        self.assertIn("took the acceptance before it was cancelled here", loan.activity_ids.note)
        self.assertEqual(loan.activity_ids.user_id, self.people["requester"])
        self.assertIn("took the acceptance before it was cancelled here", loan.message_ids[:1].preview)

        self.rhone_bank.refuse("decline", code="wrong-state", detail="The offer is accepted.", status=409)
        self.rhone_bank.disburse(loan)
        self.rhone_bank.post_repayment(loan, "9000.00")
        self.assertEqual((loan.state, self.application.state), ("closed", "repaid"))
        self._assert_books_closed(loan)

    def test_loan_is_booked_though_the_payout_is_heard_of_first(self):
        loan_ref = self.rhone_bank.book_loan(self.offer)
        self._cancel_acceptance()
        granted = self.rhone_bank.payload("loan.granted", self.rhone_bank.snapshot(loan_ref), self.submission)
        silent, tell = [], self.rhone_bank.send_event
        self.rhone_bank.send_event = silent.append
        book = self.env["scf.loan"].new({"bank_loan_ref": loan_ref, "submission_id": self.submission.id})
        self.rhone_bank.disburse(book)
        for payload in (*silent, granted):
            tell(payload)
        self.assertEqual(self.application.loan_ids.state, "active")
        self.assertEqual((self.submission.state, self.application.state), ("disbursement_completed", "financed"))

    def test_loan_is_booked_though_the_request_was_withdrawn_since(self):
        self._start_with_two_offers()
        loan_ref = self.rhone_bank.book_loan(self.offer)
        self._cancel_acceptance()
        self.assertEqual(self.application.state, "offered")
        self._as("requester", self.application).action_cancel()
        self.assertEqual((self.application.state, self.submission.state), ("cancelled", "cancelled"))
        self._tell_granted(loan_ref)
        self.assertEqual((self.application.state, self.submission.state), ("accepted", "granted"))

    def test_loan_is_booked_beside_another_offer_that_was_accepted_since(self):
        other = self._start_with_two_offers()
        loan_ref = self.rhone_bank.book_loan(self.offer)
        self._cancel_acceptance()
        self._accept(other)
        loan = self._tell_granted(loan_ref)
        self.assertEqual((self.offer.state, other.state), ("accepted", "accepting"))
        self.assertIn("An offer of Hansa Bank has been accepted for the same documents too", loan.activity_ids.note)
        second = self.hansa_bank.grant(other)
        self.assertEqual((other.state, second.state, self.application.state), ("accepted", "granted", "accepted"))
        self.rhone_bank.fail_disbursement(loan)
        self.assertEqual(self.application.state, "accepted", "the other loan is still to be paid out")
        self.hansa_bank.disburse(second)
        self.assertEqual(self.application.state, "financed")

    def test_loan_does_not_take_its_document_from_a_new_financing(self):
        loan_ref = self.rhone_bank.book_loan(self.offer)
        self._cancel_acceptance()
        newer = self._request(self.invoice, banks=self.hansa)
        loan = self._tell_granted(loan_ref)
        self.rhone_bank.disburse(loan)
        self.assertEqual((loan.state, self.application.state), ("active", "financed"))
        self.assertEqual((self.application.line_ids.is_open, newer.line_ids.is_open), (False, True))
        self.assertIn("being financed by another application", loan.activity_ids.note)

    def test_other_terms_than_the_accepted_ones_are_not_booked(self):
        loan_ref = self.rhone_bank.book_loan(self.offer)
        self._cancel_acceptance()
        book = self.rhone_bank.loans[loan_ref]
        book["terms"] = {**book["terms"], "rate_pa": "19.00"}
        self.assertFalse(self._tell_granted(loan_ref, state="failed"))
        self.assertEqual(self.application.state, "cancelled")

    # --- refused by the bank ---

    def test_terms_mismatch_says_what_happened_and_what_to_do(self):
        self.rhone_bank.refuse("accept", code="terms-mismatch", detail="The digest is 0f3a.", status=422)
        self.assertEqual((self.offer.state, self.application.state), ("declined", "cancelled"))
        for said in (
            self.application.state_reason,
            self.application._subline(),
            self.submission.state_message,
            self.application.message_ids[:1].body,
        ):
            self.assertRegex(said, "Banque du Rhône keeps other terms.*nothing was borrowed.*request the financing")
        self.assertIn("ask again", self.application._next_step())
        self.assertEqual([message.verb for message in self.rhone_bank.queued()], ["decline"])
        self.assertTrue(self.invoice._scf_assess().is_eligible, "the document is free for the next request")

    def test_loan_on_an_acceptance_that_the_bank_refused_is_booked_and_questioned(self):
        loan_ref = self.rhone_bank.book_loan(self.offer)
        self.rhone_bank.refuse("accept", code="offer-expired", detail="The offer expired.", status=410)
        self.assertEqual(self.application.state, "expired")
        loan = self._tell_granted(loan_ref)
        self.assertEqual((self.offer.state, self.application.state), ("accepted", "accepted"))
        self.assertIn("refused the acceptance and granted loan", loan.activity_ids.note)


@tagged("post_install", "-at_install")
class TestNotAccepted(FinanceCase):
    def test_banks_word_alone_makes_no_offer_accepted(self):
        offer = self._offered(self._invoice(10000.0))
        self.rhone_bank.change_offer(offer, "ACCEPTED")
        self.assertEqual((offer.state, offer.application_id.state), ("open", "offered"))
        loan_ref = self.rhone_bank.book_loan(offer)
        told = self.rhone_bank.payload("loan.granted", self.rhone_bank.snapshot(loan_ref), offer.submission_id)
        self.assertIn("nobody here accepted", self.rhone_bank.send_event(told, state="failed").error)
        self.assertEqual(offer.state, "open")
