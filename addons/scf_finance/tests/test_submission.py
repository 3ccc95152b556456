from lxml.html import fromstring
from openscf.package import read_package
from openscf.verify import verify_package

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .common import FinanceCase


class SubmissionCase(FinanceCase):
    """An invoice that banks are asked about."""

    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)

    def _both(self):
        application = self._request(self.invoice, banks=self.rhone | self.hansa)
        rhone, hansa = (
            application.submission_ids.filtered(lambda submission, bank=bank: submission.bank_id == bank)
            for bank in (self.rhone, self.hansa)
        )
        return application, rhone, hansa

    def _asked_back(self):
        """A request whose bank asks for more, and the answer to it."""
        [submission] = self._request(self.invoice).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who signed?"})
        reply = self._as("requester", self.env["scf.reply"]).create(
            {"submission_id": submission.id, "message": "Mr Peeters did."}
        )
        return submission, reply

    def _other_company(self):
        return self.env["res.company"].create({"name": "Elsewhere"})

    def _asked(self):
        submission = self._request(self.invoice).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who?"})
        return submission


@tagged("post_install", "-at_install")
class TestSubmission(SubmissionCase):
    """One bank was asked."""

    def given(self):
        super().given()
        self.application = self._request(self.invoice)

    def test_request_that_the_bank_does_not_take_is_declined_with_its_sentence(self):
        application = self.application
        self.rhone_bank.refuse("apply", detail="The package is damaged.")
        self.assertEqual(application.submission_ids.state, "rejected")
        self.assertIn("The package is damaged.", application.submission_ids.state_message)
        self.assertEqual(application.state, "declined")

    def test_bank_that_is_down_delays_and_is_said(self):
        application = self.application
        submission = application.submission_ids
        self.rhone_bank.be_down("apply")
        self.assertTrue(submission.delayed)
        self.assertIn("can't be reached", submission.state_message)
        self.assertEqual((submission.state, application.state), ("created", "requested"))
        self.rhone_bank.receive(submission)
        self.assertFalse(submission.delayed)
        self.assertEqual(submission.state, "processing")

    def test_client_suspended_by_the_officer_is_delayed_with_the_banks_sentence(self):
        submission = self.application.submission_ids
        self.rhone_bank.refuse("apply", code="client-not-approved", detail="This client is SUSPENDED.", status=403)
        self.assertEqual((submission.state, submission.delayed), ("created", True))
        self.assertIn("This client is SUSPENDED.", submission.state_message)
        self.assertIn("goes out by itself", submission.state_message)
        self.rhone_bank.receive(submission)
        self.assertEqual((submission.state, submission.delayed), ("processing", False))

    def test_question_of_the_bank_is_answered_with_fresh_evidence(self):
        application = self.application
        submission, first = application.submission_ids, application.package_id
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who signed the delivery?"})
        self.assertEqual(submission.state, "action_required")
        self.assertIn("Who signed the delivery?", submission.state_message)
        self.assertEqual(application.activity_ids.user_id, self.people["requester"])

        action = self._as("requester", submission).action_reply()
        form = Form(self._as("requester", self.env["scf.reply"]).with_context(**action["context"]))
        form.message = "Mr Peeters did."
        form.save().action_send()

        reply = self.rhone_bank.body("reply")
        renewed = submission.package_id
        self.assertEqual(
            reply,
            {
                "message": "Mr Peeters did.",
                "package_id": renewed.package_ref,
                "package_sha256": renewed.disclosure_ids.sha256,
            },
        )
        self.assertEqual(renewed.supersedes_id, first)
        sealed = read_package(renewed.disclosure_ids.attachment_id.raw)
        self.assertEqual(sealed.header.supersedes, first.package_ref)
        self.assertEqual(submission.state, "processing")
        self.assertFalse(application.activity_ids)
        with self.assertRaises(UserError):
            self._as("requester", submission).action_reply()

    def test_words_of_a_bank_are_text_in_the_activity_not_markup(self):
        submission = self.application.submission_ids
        self.rhone_bank.receive(submission)
        message = '<b>x</b><a href="https://evil.example">Pay here</a>\nSecond line'
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": message})
        note = fromstring(f"<div>{submission.application_id.activity_ids.note}</div>")
        self.assertIn('<b>x</b><a href="https://evil.example">Pay here</a>', note.text_content())
        self.assertEqual({element.tag for element in note.iterdescendants()} & {"b", "a"}, set())
        self.assertTrue(note.findall(".//br"), "its lines stay")

    def test_repeated_question_after_the_answer_does_not_ask_again(self):
        submission = self.application.submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who?"})
        asked = self.rhone_bank.told[-1]
        submission._reply("He.")
        self.rhone_bank.send_event(asked)
        self.assertEqual(submission.state, "processing")

    def test_second_question_asks_again(self):
        submission = self.application.submission_ids
        self.rhone_bank.receive(submission)
        for question in ("Who?", "When?"):
            self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": question})
            self.assertEqual((submission.state, submission.action_message), ("action_required", question))
            submission._reply("He.")

    def test_offer_that_crosses_a_withdrawal_does_not_revive_it(self):
        application = self.application
        submission = application.submission_ids
        self.rhone_bank.receive(submission)
        self._as("requester", submission).action_withdraw()
        self.assertEqual(application.state, "cancelled")
        offer = self.rhone_bank.offer(submission)
        self.assertEqual((submission.state, application.state, offer.state), ("cancelled", "cancelled", "declined"))
        self.assertFalse(application.activity_ids)

    def test_events_in_any_order_and_number_end_the_same(self):
        application = self.application
        submission = application.submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "PROCESSING")
        offer = self.rhone_bank.offer(submission)
        story = list(self.rhone_bank.told)
        for payload in [*reversed(story), *story]:
            self.rhone_bank.send_event(payload)
        self.assertEqual((submission.state, application.state), ("offered", "offered"))
        self.assertEqual(application.offer_ids, offer)

    def test_event_that_overtakes_the_answer_finds_the_submission(self):
        submission = self.application.submission_ids
        early = dict(
            self.rhone_bank.applications.setdefault(
                submission.reference,
                {
                    "id": "app-early",
                    "reference": submission.reference,
                    "status": "PROCESSING",
                    "technique": "receivables_discounting",
                    "requested": {"amount": "8000.00", "currency": "USD"},
                    "created_at": "2026-01-01T00:00:00Z",
                    "updated_at": "2026-01-01T00:00:00Z",
                    "offers": [],
                },
            )
        )
        self.rhone_bank.tell("loan_application.processing", early, submission)
        self.assertEqual((submission.state, submission.bank_application_ref), ("processing", "app-early"))

    def test_event_about_nobody_is_ignored(self):
        submission = self.application.submission_ids
        payload = self.rhone_bank.payload("loan.closed", {"loan": {}}, submission)
        payload["subject"] = {"loan_application_id": "unknown", "reference": "unknown"}
        self.rhone_bank.send_event(payload, state="ignored")

    def test_renewed_package_is_refused_where_the_invoice_no_longer_carries_the_request(self):
        submission = self.application.submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "More."})
        self._pay(self.invoice, 5000.0)
        wizard = self._as("requester", self.env["scf.reply"]).create(
            {"submission_id": submission.id, "message": "Here."}
        )
        with self.assertRaisesRegex(UserError, "8,000.00.*5,000.00"):
            wizard.action_send()


@tagged("post_install", "-at_install")
class TestSubmissionToTwo(SubmissionCase):
    """Two banks were asked."""

    def given(self):
        super().given()
        self.application, self.to_rhone, self.to_hansa = self._both()

    def test_each_bank_gets_its_own_submission_in_the_same_transaction(self):
        rhone, hansa = self.to_rhone, self.to_hansa
        self.assertNotEqual(rhone.reference, hansa.reference)
        for bank, submission in ((self.rhone_bank, rhone), (self.hansa_bank, hansa)):
            body = bank.body("apply")
            self.assertEqual(body["reference"], submission.reference)
            self.assertEqual(body["requested"], {"amount": "8000.00", "currency": "USD"})
            self.assertEqual(body["tenor_days"], 45)

    def test_bank_that_declines_leaves_the_others(self):
        application, rhone, hansa = self.application, self.to_rhone, self.to_hansa
        self.rhone_bank.receive(rhone)
        self.rhone_bank.decide(rhone, "REJECTED", rejection={"reason": "OTHERS", "message": "Buyer limit reached."})
        self.assertEqual((rhone.state, rhone.state_message), ("rejected", "Buyer limit reached."))
        self.assertEqual(application.state, "requested")
        self.hansa_bank.receive(hansa)
        self.hansa_bank.decide(hansa, "REJECTED", rejection={"reason": "LOW_CREDIT_SCORE", "message": "No."})
        self.assertEqual(application.state, "declined")
        self.assertIn("Buyer limit reached.", application.state_reason)
        self.assertFalse(application.line_ids.is_open)
        self.assertTrue(self.invoice._scf_assess().is_eligible, "the document is free again")

    def test_withdrawal_tells_the_banks_and_frees_the_document(self):
        application, rhone, hansa = self.application, self.to_rhone, self.to_hansa
        self.rhone_bank.receive(rhone)
        offer = self.rhone_bank.offer(rhone)
        self._as("requester", application).action_cancel()
        self.assertEqual(application.state, "cancelled")
        self.assertEqual((rhone.state, hansa.state, offer.state), ("cancelled", "cancelled", "declined"))
        self.assertEqual(self.rhone_bank.queued("cancel").channel, rhone.reference)
        self.assertEqual([message.verb for message in self.hansa_bank.queued()], ["apply", "cancel"])
        self.assertFalse(application.line_ids.is_open)

    def test_withdrawing_from_one_bank_leaves_the_other(self):
        application, rhone, hansa = self.application, self.to_rhone, self.to_hansa
        self._as("requester", rhone).action_withdraw()
        self.assertEqual((rhone.state, hansa.state, application.state), ("cancelled", "created", "requested"))
        with self.assertRaises(UserError):
            self._as("requester", rhone).action_withdraw()


@tagged("post_install", "-at_install")
class TestRequest(SubmissionCase):
    """Before a bank was asked, and what is asked in other ways."""

    def test_fresh_evidence_under_a_new_name_carries_the_consent_given_again(self):
        submission, reply = self._asked_back()
        former = submission.consent_id
        self.assertFalse(reply.renewed_words, "nothing to give again")
        self.company.name = "Renamed Inc."
        reply.invalidate_recordset()
        words = reply.renewed_words
        self.assertIn("Renamed Inc. lets Banque du Rhône read", words)
        reply.action_send()
        self.assertEqual(submission.state, "processing")
        renewed = submission.consent_id
        self.assertNotEqual(renewed, former)
        self.assertEqual((renewed.notice, renewed.granted_by_id), (words, self.people["requester"]))
        for name in ("sections", "counterparties", "history_months", "expires_at"):
            self.assertEqual(renewed[name], former[name], name)
        self.assertEqual(former.state, "active")
        file = submission.disclosure_id.attachment_id.raw
        self.assertTrue(verify_package(file).ok)
        self.assertEqual(read_package(file).header.issuer.name, "Renamed Inc.")
        self.assertEqual(read_package(file).sections.consent.consent_id, renewed.consent_ref)

    def test_answer_without_fresh_evidence_gives_nothing_again(self):
        submission, reply = self._asked_back()
        self.company.name = "Renamed Inc."
        reply.renew_package = False
        self.assertFalse(reply.renewed_words)
        former = submission.consent_id
        reply.action_send()
        self.assertEqual((submission.state, submission.consent_id), ("processing", former))

    def test_fresh_evidence_needs_a_consent_of_the_key_and_tax_id_of_today(self):
        submission, reply = self._asked_back()
        self.env["scf.key"].sudo().search([("company_id", "=", self.company.id)]).is_current = False
        self.assertFalse(reply.renewed_words)
        with self.assertRaisesRegex(UserError, "signed with a former key.*Answer without fresh"), self.cr.savepoint():
            reply.action_send()
        reply.renew_package = False
        reply.action_send()
        self.assertEqual(submission.state, "processing")

    def test_nobody_else_reads_the_consent_through_an_answer(self):
        submission, _reply = self._asked_back()
        self.company.name = "Renamed Inc."
        stranger = new_test_user(
            self.env, "fin_stranger", groups="scf_connector.group_scf_requester", company_id=self._other_company().id
        )
        reply = self.env["scf.reply"].sudo().create({"submission_id": submission.id, "message": "?"})
        self.assertFalse(reply.with_user(stranger).sudo(False).new({"submission_id": submission.id}).renewed_words)

    def test_refused_request_writes_nothing(self):
        draft = self._draft(self.invoice, banks=self.rhone, amount=9000.0)
        with self.assertRaisesRegex(UserError, "8,000"), self.cr.savepoint():
            draft.action_submit()
        self.assertEqual(draft.state, "draft")
        self.assertFalse(self.rhone_bank.queued())

    def test_limits_of_a_chosen_bank_are_checked(self):
        self.hansa.profile = {
            **self.hansa.profile,
            "techniques": [
                {**item, "max_amount": "5000.00", "repayment": ["bullet"]} for item in self.hansa.profile["techniques"]
            ],
        }
        both = self._draft(self.invoice, banks=self.rhone | self.hansa, amount=8000.0)
        with self.assertRaisesRegex(UserError, "Hansa Bank"):
            both.action_submit()
        instalments = self._draft(self.invoice, banks=self.hansa, amount=4000.0, repayment="instalment")
        with self.assertRaisesRegex(UserError, "monthly instalments"):
            instalments.action_submit()
        nobody = self._draft(self.invoice, banks=self.env["scf.bank"])
        with self.assertRaisesRegex(UserError, "at least one bank"):
            nobody.action_submit()

    def test_dialog_proposes_amount_tenor_and_banks(self):
        action = self._as("requester", self.invoice).action_scf_request()
        form = Form(self._as("requester", self.env["scf.application"]).with_context(**action["context"]))
        self.assertEqual((form.requested_amount, form.tenor_days), (8000.0, 45))
        self.assertEqual(form.bank_ids[:], self.rhone | self.hansa)

    def test_answer_that_the_bank_refuses_can_be_given_again(self):
        submission = self._asked()
        submission._reply("He.")
        self.assertEqual(submission.state, "processing")
        self.rhone_bank.refuse("reply", detail="Too short.")
        self.assertEqual((submission.state, submission.action_message), ("action_required", "Who?"))
        self.assertEqual(submission.application_id.activity_ids.user_id, self.people["requester"])
        self.assertTrue(self._as("requester", submission).action_reply())

    def test_answer_that_an_administrator_cancels_can_be_given_again(self):
        submission = self._asked()
        submission._reply("He.")
        self._as("admin", self.rhone_bank.queued("reply")).action_cancel()
        self.assertEqual((submission.state, submission.action_message), ("action_required", "Who?"))

    def test_refused_answer_asks_nothing_again_where_the_bank_went_on_meanwhile(self):
        submission = self._asked()
        submission._reply("He.")
        self.rhone_bank.decide(submission, "PROCESSING")
        self.rhone_bank.refuse("reply", code="wrong-state", status=409)
        self.assertEqual((submission.state, submission.action_message), ("processing", False))

    def test_question_is_settled_once_the_bank_has_taken_the_answer(self):
        submission = self._asked()
        submission._reply("He.")
        self.rhone_bank.answer("reply", {**self.rhone_bank.applications[submission.reference], "status": "PROCESSING"})
        self.assertEqual((submission.state, submission.action_message), ("processing", False))

    def test_accepted_request_can_not_be_withdrawn(self):
        offer = self._offered(self.invoice)
        self._accept(offer)
        with self.assertRaises(UserError):
            self._as("requester", offer.application_id).action_cancel()
        with self.assertRaises(UserError):
            self._as("requester", offer.submission_id).action_withdraw()

    def test_draft_is_cancelled_and_deleted_but_a_sent_application_is_kept(self):
        draft = self._draft(self.invoice)
        draft.action_cancel()
        self.assertEqual(draft.state, "cancelled")
        self._draft(self.invoice).unlink()
        sent = self._request(self.invoice)
        with self.assertRaises(UserError):
            self._as("requester", sent).unlink()
        with self.assertRaises(UserError):
            self._as("requester", sent).write({"requested_amount": 1.0})
        with self.assertRaises(UserError):
            self._as("requester", sent).action_submit()
