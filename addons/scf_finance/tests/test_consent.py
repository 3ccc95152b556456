import json
from datetime import timedelta
from unittest.mock import patch

from openscf.canonical import sha256_hex
from openscf.consent import read_consent
from openscf.keys import KeySet
from openscf.verify import verify_package
from openscf.wire import ConsentRevocation
from psycopg2.errors import UniqueViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import format_date, mute_logger
from odoo.tools.date_utils import relativedelta

from odoo.addons.base.tests.test_ir_cron import CronMixinCase
from odoo.addons.scf_connector.tests.common import LoopbackRequests
from odoo.addons.scf_connector.tests.odd_bank import OddBank

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestConsent(FinanceCase):
    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)

    def _proposal(self, draft, bank=None):
        return draft.proposal_ids.filtered(lambda item: item.bank_id == (bank or self.rhone))

    def _sections(self, *codes):
        return self.env["scf.section"].search([("code", "in", codes)])

    # --- granting ---

    def test_each_bank_is_proposed_exactly_what_it_asks_for(self):
        self.hansa.profile = {
            **self.hansa.profile,
            "techniques": [
                {**item, "sections": ["party", "transaction", "cash_flow"]} for item in self.hansa.profile["techniques"]
            ],
        }
        draft = self._draft(self.invoice, banks=self.rhone | self.hansa)
        self.assertEqual(
            self._proposal(draft).section_ids.mapped("code"), ["order_flow", "logistics_flow", "tax_flow", "cash_flow"]
        )
        self.assertEqual(self._proposal(draft, self.hansa).section_ids.mapped("code"), ["cash_flow"])

    def test_proposals_follow_the_banks_that_are_chosen(self):
        draft = self._draft(self.invoice, banks=self.rhone | self.hansa)
        self._proposal(draft).counterparties = "named"
        draft.bank_ids = [Command.unlink(self.hansa.id)]
        self.assertEqual(draft.proposal_ids.bank_id, self.rhone)
        draft.bank_ids = [Command.link(self.hansa.id)]
        self.assertEqual(draft.proposal_ids.bank_id, self.rhone | self.hansa)
        self.assertEqual(self._proposal(draft).counterparties, "named", "what was decided for the other bank stays")

    def test_dialog_shows_the_words_and_keeps_what_is_changed_in_it(self):
        action = self._as("requester", self.invoice).action_scf_request()
        applications = self._as("requester", self.env["scf.application"]).with_context(**action["context"])
        with Form(applications, view="scf_finance.view_scf_application_request_form") as form:
            self.assertEqual(len(form.proposal_ids), 2)
            with form.proposal_ids.edit(0) as proposal:
                self.assertIn("The buyers of the financed documents are always named.", proposal.notice)
                self.assertIn("how your customers pay", proposal.notice)
                proposal.section_ids.remove(self._sections("cash_flow").id)
                proposal.history_months = 6
                self.assertNotIn("how your customers pay", proposal.notice)
                self.assertEqual(proposal.missing_sections, "Payments")
        draft = form.record
        self.assertEqual(draft.proposal_ids[0].history_months, 6)
        draft.action_submit()
        [consent] = draft.sudo().submission_ids.consent_id.filtered(lambda item: item.bank_id == self.rhone)
        self.assertNotIn("cash_flow", consent.sections)
        self.assertNotIn("how your customers pay", consent.notice)

    def _in_short(self, draft):
        return {row["name"]: row["text"] for row in self._proposal(draft).in_short}

    def test_card_says_in_short_what_is_asked_and_what_is_given(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        short = self._in_short(draft)
        self.assertEqual(short["asks"], "Orders, Deliveries, Taxes, Payments")
        self.assertEqual(short["gets"], "Who you are, the financed documents, and all that it asks for")
        self.assertEqual((short["history"], short["others"]), ("24 months", "Under a code that only this bank sees"))
        self.assertEqual(short["until"], format_date(self.env, self.today + timedelta(days=90)))

    def test_card_names_what_is_kept_back_and_what_goes_beyond(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        self._proposal(draft).write(
            {
                "section_ids": self._sections("order_flow", "logistics_flow", "cash_flow", "forecast"),
                "history_months": 0,
            }
        )
        short = self._in_short(draft)
        self.assertEqual(
            short["gets"],
            "Who you are, the financed documents, and all that it asks for but: Taxes; beyond that: Forecast",
        )
        self.assertEqual(short["history"], "The running month only")
        self._proposal(draft).section_ids = False
        self.assertEqual(self._in_short(draft)["gets"], "Who you are and the financed documents")

    def test_card_is_of_the_consent_in_force_where_the_request_stands_on_it(self):
        first = self._draft(self.invoice, banks=self.rhone)
        self._proposal(first).write({"counterparties": "named", "history_months": 7})
        first.action_submit()
        second = self._draft(self._invoice(5000.0), banks=self.rhone)
        self.assertEqual([self._in_short(second)[name] for name in ("history", "others")], ["7 months", "By name"])
        self._proposal(second).use_standing = False
        self.assertEqual(self._in_short(second)["history"], "24 months")

    def test_consent_is_signed_over_what_was_read(self):
        consent = self._request(self.invoice).submission_ids.consent_id
        key = self.env["scf.key"]._for_company(self.company)
        terms = read_consent(consent.artefact, keys=KeySet.of(key.public_jwk))
        self.assertEqual((terms.aud, terms.aud_name), (self.rhone.issuer, "Banque du Rhône"))
        self.assertEqual((terms.counterparties, terms.history_months), ("pseudonymous", 24))
        self.assertEqual(terms.granted_by, "Requester")
        self.assertEqual(terms.notice_sha256, sha256_hex(consent.notice.encode()))
        self.assertEqual(terms.expires_at.date(), self.today + timedelta(days=90))
        self.assertEqual(consent.granted_by_id, self.people["requester"])

    def test_second_request_at_the_bank_stands_on_the_first_consent(self):
        first = self._request(self.invoice).submission_ids.consent_id
        draft = self._draft(self._invoice(5000.0), banks=self.rhone)
        self.assertTrue(self._proposal(draft).use_standing)
        self.assertEqual(self._proposal(draft).notice, first.notice)
        draft.action_submit()
        self.assertEqual(draft.sudo().submission_ids.consent_id, first)

    def test_consent_that_covers_less_than_is_asked_does_not_stand(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        self._proposal(draft).section_ids = self._sections("order_flow")
        draft.action_submit()
        second = self._draft(self._invoice(5000.0), banks=self.rhone)
        self.assertFalse(self._proposal(second).standing_id)
        self.assertFalse(self._proposal(second).missing_sections)

    def test_consent_under_an_older_name_of_the_company_does_not_stand(self):
        self._request(self.invoice)
        self.company.name = "Renamed Inc."
        draft = self._draft(self._invoice(5000.0), banks=self.rhone)
        self.assertFalse(self._proposal(draft).standing_id)
        draft.action_submit()
        self.assertEqual(draft.sudo().state, "requested")

    def test_new_consent_may_be_given_though_one_stands(self):
        first = self._request(self.invoice).submission_ids.consent_id
        draft = self._draft(self._invoice(5000.0), banks=self.rhone)
        self._proposal(draft).write({"use_standing": False, "counterparties": "named"})
        draft.action_submit()
        second = draft.sudo().submission_ids.consent_id
        self.assertNotEqual(first, second)
        self.assertEqual((first.counterparties, second.counterparties), ("pseudonymous", "named"))

    def test_request_that_stood_on_a_consent_gives_no_new_one_unread(self):
        consent = self._request(self.invoice).submission_ids.consent_id
        draft = self._draft(self._invoice(5000.0), banks=self.rhone)
        self.assertTrue(self._proposal(draft).use_standing)
        self._as("admin", consent).action_revoke()  # while the requester looks at the words of that consent
        self.env.invalidate_all()  # another user did it, in another transaction
        with self.assertRaises(UserError) as refused:
            draft.action_submit()
        self.assertRegex(str(refused.exception), "Banque du Rhône.*not in force any more")
        self.assertEqual(self.env["scf.consent"].search([("bank_id", "=", self.rhone.id)]), consent)

        self._proposal(draft).use_standing = False  # having read the words of a new one
        draft.action_submit()
        self.assertNotEqual(draft.sudo().submission_ids.consent_id, consent)

    def test_consent_that_would_end_before_it_begins_is_refused(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        self._proposal(draft).expires_on = self.today - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "later day"):
            draft.action_submit()

    def test_consent_lasts_a_year_at_most(self):
        proposal = self._proposal(self._draft(self.invoice, banks=self.rhone))
        proposal.expires_on = self.today + relativedelta(months=12)
        with self.assertRaisesRegex(ValidationError, "Banque du Rhône.*12 months at most"):
            proposal.expires_on += timedelta(days=1)

    def test_request_says_once_what_a_bank_may_read(self):
        proposal = self._proposal(self._draft(self.invoice, banks=self.rhone))
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            proposal.create({"application_id": proposal.application_id.id, "bank_id": self.rhone.id})
            self.env.flush_all()

    def test_bank_about_which_nothing_is_said_is_not_asked(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        draft.proposal_ids.unlink()
        with self.assertRaisesRegex(UserError, "Nothing says what Banque du Rhône may read"):
            draft.action_submit()

    # --- the words that were read ---

    def test_what_was_read_is_what_is_sent(self):
        draft = self._draft(self.invoice, banks=self.rhone | self.hansa)
        words = {proposal.bank_id: proposal.notice for proposal in draft.proposal_ids}
        self._send(draft, self._screen(draft))
        for consent in draft.sudo().submission_ids.consent_id:
            self.assertEqual(consent.notice, words[consent.bank_id])

    def test_consent_that_a_colleague_changed_meanwhile_is_not_given(self):
        colleague = new_test_user(
            self.env,
            "fin_colleague",
            groups="scf_connector.group_scf_requester,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        changes = {
            "names": lambda draft: self._proposal(draft).write({"counterparties": "named"}),
            "sections": lambda draft: self._proposal(draft).write({"section_ids": [Command.clear()]}),
            "end": lambda draft: self._proposal(draft).write({"expires_on": self.today + timedelta(days=300)}),
            "history": lambda draft: self._proposal(draft).write({"history_months": 60}),
            "bank": lambda draft: draft.write({"bank_ids": [Command.link(self.hansa.id)]}),
            "fewer banks": lambda draft: draft.write({"bank_ids": [Command.set(self.hansa.ids)]}),
        }
        for name, change in changes.items():
            with self.subTest(name):
                draft = self._draft(self._invoice(), banks=self.rhone)
                screen = self._screen(draft)
                change(draft.with_user(colleague))
                with self.assertRaisesRegex(UserError, "changed since you opened") as refused:
                    self._send(draft, screen)
                for bank_id, words in self._screen(draft)["words"].items():
                    if screen["words"].get(bank_id) != words:
                        self.assertIn(words, str(refused.exception))
                self.assertEqual(draft.state, "draft")

    def test_request_that_a_colleague_changed_meanwhile_is_not_sent(self):
        draft = self._draft(self.invoice, banks=self.rhone, amount=5000.0)
        screen = self._screen(draft)
        draft.requested_amount = 6000.0
        with self.assertRaisesRegex(UserError, "changed since you opened it: it is over .*6,000"):
            self._send(draft, screen)
        draft.tenor_days += 1
        with self.assertRaisesRegex(UserError, "changed since you opened it"):
            self._send(draft, {**screen, "requested_amount": 6000.0})

    def test_documents_that_a_colleague_changed_meanwhile_are_not_sent(self):
        others = self._invoice() | self._invoice()
        for change in (
            lambda draft: draft.write({"line_ids": [Command.create({"move_id": others[0].id})]}),
            lambda draft: draft.write(
                {"line_ids": [Command.delete(draft.line_ids.id), Command.create({"move_id": others[1].id})]}
            ),
        ):
            draft = self._draft(self._invoice(), banks=self.rhone)
            screen = self._screen(draft)
            change(draft)
            with self.assertRaisesRegex(UserError, "documents have been changed since you opened"):
                self._send(draft, {**screen, "requested_amount": draft.requested_amount})

    def test_document_of_a_line_is_not_changed_but_another_line(self):
        draft = self._draft(self._invoice(), banks=self.rhone)
        with self.assertRaisesRegex(AccessError, "kept by the system"):
            draft.line_ids.write({"move_id": self._invoice().id})

    def test_amount_that_was_typed_finer_than_the_currency_is_the_same(self):
        draft = self._draft(self.invoice, banks=self.rhone, amount=5000.12)
        self._send(draft, {**self._screen(draft), "requested_amount": 5000.123})
        self.assertEqual(draft.state, "requested")

    def _screen(self, draft):
        """What the request's form tells of itself with the click."""
        words = {str(proposal.bank_id.id): proposal.notice for proposal in draft.proposal_ids}
        terms = {name: draft[name] for name in ("requested_amount", "tenor_days", "repayment")}
        return {**terms, "words": words, "lines": draft.line_ids.ids, "line_count": len(draft.line_ids)}

    def _send(self, draft, screen):
        draft.with_context(scf_read=screen).action_submit()

    def test_what_led_to_a_consent_is_not_rewritten(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        proposal = self._proposal(draft)
        draft.action_submit()
        for change in (lambda: proposal.write({"history_months": 60}), proposal.unlink):
            with self.assertRaisesRegex(UserError, "has been sent"):
                change()

    # --- the record ---

    def test_consent_never_changes_and_is_never_deleted(self):
        consent = self._request(self.invoice).submission_ids.consent_id
        for values in ({"sections": []}, {"expires_at": "2099-01-01"}, {"notice": ""}, {"counterparties": "named"}):
            with self.subTest(values), self.assertRaises(UserError):
                consent.write(values)
        with self.assertRaises(UserError):
            consent.unlink()
        for role in ("requester", "approver", "admin"):
            mine = self._as(role, consent)
            with self.subTest(role), self.assertRaises(UserError):
                mine.write({"state": "revoked"})
            with self.subTest(role), self.assertRaises(UserError):
                mine.unlink()
            with self.subTest(role), self.assertRaises(AccessError):
                mine.create({"bank_id": self.rhone.id})

    def test_only_people_of_financing_may_see_or_take_back(self):
        consent = self._request(self.invoice).submission_ids.consent_id
        with self.assertRaises(AccessError):
            self._as("accountant", consent).read(["notice"])
        with self.assertRaises(AccessError):
            self._as("accountant", consent).action_revoke()
        self.assertEqual(consent.state, "active")

    # --- taking back ---

    def test_any_role_takes_back_in_one_click_and_the_bank_is_told(self):
        for role in ("requester", "approver", "admin"):
            with self.subTest(role):
                consent = self._request(self._invoice(5000.0)).submission_ids.consent_id
                self._as(role, consent).action_revoke()
                self.assertEqual((consent.state, consent.revoked_by_id), ("revoked", self.people[role]))
                message = self.rhone_bank.queued("revoke")[-1:]
                self.assertEqual(message.res_id, consent.id)
                ConsentRevocation.model_validate(json.loads(message.payload))
                with self.assertRaisesRegex(UserError, "not in force"):
                    self._as(role, consent).action_revoke()

    def test_open_request_ends_with_a_sentence_and_frees_the_document(self):
        application = self._request(self.invoice)
        submission = application.submission_ids
        self.rhone_bank.receive(submission)
        offer = self.rhone_bank.offer(submission)
        self._as("requester", submission).action_revoke_consent()
        self.assertEqual((submission.state, application.state), ("cancelled", "cancelled"))
        self.assertEqual(offer.state, "declined")
        self.assertIn("was taken back by Requester", submission.state_message)
        self.assertIn("was taken back by Requester", application.state_reason)
        self.assertFalse(self.rhone_bank.queued("cancel"), "the bank ends its side by the revocation")
        self.assertTrue(self.invoice._scf_assess().is_eligible)

    def test_granted_loan_goes_on(self):
        loan = self._financed(self.invoice)
        loan.submission_id.consent_id._revoke()
        self.assertEqual((loan.state, loan.application_id.state), ("active", "financed"))
        self.assertNotEqual(loan.submission_id.state, "cancelled")

    def test_bank_confirms_that_it_heard(self):
        consent = self._request(self.invoice).submission_ids.consent_id
        consent._revoke()
        self.assertFalse(consent.bank_told_at)
        self.rhone_bank.answer(
            "revoke", {"consent_id": consent.consent_ref, "status": "REVOKED", "revoked_at": "2026-11-22T05:55:49Z"}
        )
        self.assertTrue(consent.bank_told_at)

    def test_answer_to_the_bank_needs_the_consent_in_force(self):
        submission = self._request(self.invoice).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who signed?"})
        with self._days_later(100):
            reply = self._as("requester", self.env["scf.reply"]).create(
                {"submission_id": submission.id, "message": "Mr Peeters did."}
            )
            with self.assertRaisesRegex(UserError, "ended on"):
                reply.action_send()

    # --- its end in time ---

    def test_consent_expires_by_itself(self):
        consent = self._request(self.invoice).submission_ids.consent_id
        self.env["scf.consent"].sudo()._cron_expire()
        self.assertEqual(consent.state, "active")
        with self._days_later(91):
            self.env["scf.consent"].sudo()._cron_expire()
        self.assertEqual(consent.state, "expired")

    def test_expired_consent_does_not_stand_even_before_the_job_ran(self):
        self._request(self.invoice)
        with self._days_later(91):
            draft = self._draft(self._invoice(5000.0), banks=self.rhone)
            self.assertFalse(self._proposal(draft).standing_id)

    def test_request_that_waited_beyond_the_end_is_never_sent(self):
        application = self._request(self.invoice)
        message = self.rhone_bank.queued("apply")
        with self._days_later(91):
            self.rhone_bank.answer("apply", {})
        self.assertEqual((message.state, message.answered_at), ("cancelled", False))
        self.assertEqual(application.state, "declined")
        self.assertIn("ended on", application.state_reason)

    def _days_later(self, days):
        later = fields.Datetime.now() + timedelta(days=days)
        return patch.object(fields.Datetime, "now", lambda *_args: later)


@tagged("post_install", "-at_install")
class TestConsentAtSend(LoopbackRequests, FinanceCase, CronMixinCase):
    """What leaves, counted on the wire of a bank on the loopback."""

    def setUp(self):
        super().setUp()
        self.bank_double = self.enterContext(OddBank("Banque du Léman"))
        bank = self.env["scf.bank"].create({"base_url": self.bank_double.url, "company_id": self.company.id})
        bank.action_discover()
        bank.action_register()
        self._run("scf_connector.cron_outbox")
        self.bank_double.status = "APPROVED"
        self.bank_double.says("client.approved")
        self._run("scf_connector.cron_poll")
        self.bank_double.calls.clear()
        self.bank = bank

    def _run(self, xmlid):
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).with_user(self.env.ref("base.user_root")).method_direct_trigger()

    def test_what_waits_when_the_consent_is_taken_back_never_leaves(self):
        application = self._request(self._invoice(10000.0), banks=self.bank)
        consent = application.submission_ids.consent_id
        self._as("requester", consent).action_revoke()
        self._run("scf_connector.cron_outbox")

        told = [call for call in self.bank_double.calls if call.method in ("PUT", "POST") and "oauth2" not in call.path]
        self.assertEqual([call.path.rpartition("/")[2] for call in told], ["revoke"])
        for call in self.bank_double.calls:
            self.assertNotIn(application.name.encode(), call.body)
        message = self.env["scf.message"].sudo().search([("verb", "=", "apply"), ("bank_id", "=", self.bank.id)])
        self.assertEqual(message.state, "cancelled")
        self.assertIn("was taken back", message.last_error)

    def test_what_the_consent_covers_leaves_while_it_is_in_force(self):
        application = self._request(self._invoice(10000.0), banks=self.bank)
        self._run("scf_connector.cron_outbox")
        put = next(call for call in self.bank_double.calls if call.method == "PUT")
        self.assertEqual(put.body, application.submission_ids.disclosure_id.attachment_id.raw)
        self.assertTrue(verify_package(put.body).ok)
