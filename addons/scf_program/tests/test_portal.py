import hashlib
import json
import re
import tempfile
from unittest.mock import patch

from freezegun import freeze_time
from openscf.jws import verify_claims
from openscf.keys import KeySet
from openscf.programs import MemberRequest

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..joining import pdf_check
from ..models.scf_program_consent import CONSENT_TYP
from .papers import PDF, SCAN, active_pdfs, harmless_pdf, locked_pdf, picture
from .portal_case import PortalCase


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    """From the link in an e-mail to the member at its banks, as the supplier lives it."""

    # --- the link ---

    def test_opening_the_link_says_nothing_a_touch_does(self):
        text = self._text(self._link())
        self.assertIn("Steelworks NV", text)
        self.assertEqual(self.member.state, "invited", "programs that check mails open links too")
        answer = self._post(f"{self._link()}/seen", of=self._link())
        self.assertEqual((answer.status_code, self.member.state), (204, "opened"))

    def test_example_is_in_the_supplier_s_own_figures(self):
        self._bill(self.steel, 12000.0, days=62, ref="F-2026-17")
        self._bill(self.steel, 900.0, days=62, ref="F-2026-18")
        text = self._text(self._link())
        # 12,000 × (6 % × 60 / 360 + 0.1 %)
        self.assertIn("F-2026-17", text)
        self.assertIn("132.00", text)
        self.assertIn("11,868.00", text)

    def test_decline_is_kept_with_its_reason_and_can_be_taken_back(self):
        self._post(f"{self._link()}/decline", {"reason": "We have a bank."}, of=self._link())
        self.assertEqual((self.member.state, self.member.state_reason), ("declined", "We have a bank."))
        self.assertIn("You declined", self._text(self._link()))
        self._post(f"{self._link()}/accept", of=self._link())
        self.assertEqual(self.member.state, "started")

    def test_accepting_leads_to_an_account_of_the_company(self):
        answer = self._post(f"{self._link()}/accept", of=self._link())
        self.assertRegex(answer.headers["Location"], r"^/web/signup\?.*token=")
        signup = answer.headers["Location"]
        page = self._page(signup)
        fields_ = {item.get("name"): item.get("value") for item in page.xpath("//form//input[@name]")}
        self.assertFalse(fields_["name"], "an address is nobody's name")
        fields_.update({"name": "Finance", "password": "steel-2026!", "confirm_password": "steel-2026!"})
        self.assertEqual(page.xpath("//input[@name='login']/@readonly"), ["readonly"])
        answer = self.url_open(signup, data={**fields_, "login": "boss@steelworks.example"}, allow_redirects=False)
        self.assertIn("The invitation went to finance@steelworks.example", answer.text)
        users = self.env["res.users"].sudo()
        self.assertFalse(users.search([("login", "=", "boss@steelworks.example")]), "nobody has read mail there")
        answer = self.url_open(signup, data=fields_, allow_redirects=False)
        self.assertIn(self._path(), answer.headers["Location"])
        user = self.env["res.users"].sudo().search([("login", "=", "finance@steelworks.example")])
        self.assertTrue(user._is_portal())
        self.assertEqual(user.partner_id.parent_id, self.steel, "the company itself is nobody's account")
        self.assertEqual((user.name, self.steel.name), ("Finance", "Steelworks NV"))
        self.assertIn("Begin", self._text(self._path()))
        self.assertEqual(self._joining().joined_by_id, user)
        self.authenticate(None, None)
        self.assertIn("Sign in", self._text(self._link()), "the link is no key any more")
        answer = self._post(f"{self._link()}/accept", of=self._link())
        self.assertIn("/web/login", answer.headers["Location"])

    def test_who_has_an_account_signs_in(self):
        self.member.email = self.ada.email
        answer = self._post(f"{self._link()}/accept", of=self._link())
        self.assertIn("/web/login?", answer.headers["Location"])
        self.authenticate("ada", "ada")
        answer = self._post(f"{self._link()}/accept", of=self._link())
        self.assertTrue(answer.headers["Location"].endswith(self._path()))

    def test_link_ends_with_its_days_with_the_program_and_with_the_membership(self):
        with freeze_time(fields.Datetime.add(self.member.link_expires_at, seconds=1)):
            self.assertIn("expired", self._text(self._link(), 410))
        self._as("approver", self.program).action_suspend()
        self.assertIn("paused", self._text(self._link(), 410))

    # --- the steps ---

    def test_whole_journey_reaches_the_bank_as_the_wire_wants_it(self):
        joining = self._all_given()
        shown = self._page(self._path("terms")).xpath("//section[@aria-label='What is agreed']")[0].text_content()
        self.assertTrue(self._sign().headers["Location"].endswith("/send"))
        self.assertTrue(self._send().headers["Location"].endswith(self._path()))
        self.assertEqual(self.member.state, "submitted")
        [message] = self._messages("member")
        request = MemberRequest.model_validate_json(message.payload)
        self.assertEqual((request.member_id, request.revision), (self.member.reference, 1))
        self.assertEqual((request.party.tax_id, request.account.iban), ("BE0477472701", "BE71096123456769"))
        self.assertEqual(request.contact.email, "ada@steelworks.example")
        self.assertEqual({item.kind for item in request.documents}, set(self.kinds.mapped("code")))
        terms = self.program.terms_version_id
        self.assertEqual({bytes(item.raw) for item in message.document_ids}, {SCAN, terms._document()})
        [signatory] = request.signatories
        self.assertEqual(signatory.agreement_sha256, terms.sha256)
        self.assertIn(terms.sha256, shown)
        self.assertEqual((signatory.address, signatory.email), ("127.0.0.1", self.ada.email))
        self.assertEqual(request.consent.recipient, self.rhone.issuer)
        consent = joining._consent_for(self.at_rhone)
        key = self.env["scf.key"].search([("kid", "=", consent.kid)])
        claims = verify_claims(consent.artefact, keys=KeySet.of(key.public_jwk), typ=CONSENT_TYP)
        self.assertEqual(claims["notice_sha256"], hashlib.sha256(shown.encode()).hexdigest())
        self.assertEqual(claims["notice_sha256"], joining.signature_ids.notice_sha256)
        hansa = self.program.bank_ids - self.at_rhone
        self.assertFalse(self.env["scf.message"].search([("bank_id", "=", hansa.bank_id.id), ("verb", "=", "member")]))

    def test_bank_that_agrees_later_gets_the_member_too(self):
        self._all_given()
        self._sign()
        self._send()
        hansa = self.program.bank_ids - self.at_rhone
        self.hansa_bank.approve_program(hansa)
        [message] = self.env["scf.message"].search([("bank_id", "=", hansa.bank_id.id), ("verb", "=", "member")])
        self.assertEqual(MemberRequest.model_validate_json(message.payload).consent.recipient, self.hansa.issuer)

    def test_declined_pre_approval_does_not_keep_a_member_from_the_bank(self):
        at_bank = self.env["scf.program.member.bank"]._open(self.member, self.at_rhone)
        at_bank._take_limit(status="DECLINED", limit=0.0)
        self._all_given()
        self._sign()
        self._send()
        self.assertEqual(len(self._messages("member")), 1)
        self.rhone_bank.tell_member("member.declined", self.member, self.at_rhone, status="DECLINED", reason="No.")
        self._joining()._send_to(self.at_rhone)
        self.assertEqual(len(self._messages("member")), 1, "who was declined as a member is not sent again")

    def test_facts_are_prefilled_checked_and_never_written_over_the_contact(self):
        self._joined()
        self.authenticate("ada", "ada")
        page = self._page(self._path("company"))
        self.assertEqual(page.xpath("//input[@name='vat']/@value"), ["BE0477472701"])
        self.assertEqual(page.xpath("//option[@selected]/@value"), ["BE"])
        answer = self._send_facts(vat="BE0477472700", iban="BE71096123456768", contact_email="x", street="")
        self.assertEqual(answer.status_code, 422)
        for name in ("vat", "iban", "contact_email", "street"):
            self.assertIn(f'id="error_{name}"', answer.text)
        self.assertNotIn('id="error_name"', answer.text)
        self.assertFalse(self._joining().facts_saved_at)
        self.assertIn("pay to an IBAN only", answer.text)
        self._send_facts(name="Steelworks Antwerp NV")
        self.assertIn("Steelworks Antwerp NV", self._joining().difference_text)
        self.assertEqual(self.steel.name, "Steelworks NV")

    def test_other_account_waits_until_an_approver_confirmed_it(self):
        joining = self._all_given()
        self._send_facts(iban="DE89370400440532013000")
        self.assertEqual(joining.account_state, "to_check")
        self.assertIn("call the company", self.member.activity_ids.mapped("note")[0].lower())
        self._sign()
        self._send()
        self.assertFalse(self._messages("member"), "money must not follow an account that nobody knows")
        self.assertIn("checks your bank account", self._text(self._path()))
        with self.assertRaises(AccessError):
            self._as("requester", joining).action_confirm_account()
        self._seen(joining).action_confirm_account()
        self.assertEqual(len(self._messages("member")), 1)
        self.assertFalse(self.steel.bank_ids.filtered(lambda item: item.sanitized_acc_number.startswith("DE")))

    def test_refused_account_goes_nowhere_until_it_is_corrected(self):
        joining = self._all_given()
        self._send_facts(iban="DE89370400440532013000")
        self._sign()
        self._send()
        self._as("approver", joining).action_refuse_account()
        self.assertIn("does not know the bank account", self._text(self._path()))
        self.assertEqual(self._send().status_code, 422)
        self._send_facts()
        self._sign()
        self._send()
        self.assertEqual(len(self._messages("member")), 1)

    def test_holder_who_is_somebody_else_is_checked_even_at_a_known_account(self):
        joining = self._all_given()
        self._send_facts(account_holder="John Doe")
        self.assertEqual(joining.account_state, "to_check")

    def test_file_is_what_its_content_says(self):
        self._joined()
        self.authenticate("ada", "ada")
        png = b"\x89PNG\r\n\x1a\n"
        for content in (b"<svg onload='x'/>", b"MZ\x90", b"%PDF-1.7 cut off", png + b"<script>", b""):
            answer = self._upload("registration_extract", content)
            self.assertEqual(answer.status_code, 422, content)
        self.assertFalse(self._joining().document_ids)
        photo = picture()
        self._upload("registration_extract", photo, name="..\\a/evil;x.php")
        [document] = self._joining().document_ids
        self.assertEqual((document.name, document.media_type), ("evil_x.png", "image/png"))
        self.assertEqual(document._bytes(), photo, "the bank checks the bytes that were given")
        answer = self.url_open(document._path())
        self.assertEqual(answer.content, photo)
        self.assertRegex(answer.headers["Content-Disposition"], "^attachment")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")

    def test_pdf_that_runs_carries_or_hides_something_is_not_taken(self):
        give, joining = self.env["scf.program.document"]._give, self._joining()
        for what, content in active_pdfs().items():
            with self.subTest(what=what), self.assertRaisesRegex(UserError, "contains a program"):
                give(joining, self.kinds[0], "extract.pdf", content)
        with self.assertRaisesRegex(UserError, "encrypted"):
            give(joining, self.kinds[0], "extract.pdf", locked_pdf())
        with self.assertRaisesRegex(UserError, "damaged"):
            give(joining, self.kinds[0], "extract.pdf", PDF[: len(PDF) // 2] + b"%%EOF")
        self.assertFalse(joining.document_ids)
        self.assertEqual(give(joining, self.kinds[0], "extract.pdf", harmless_pdf()).media_type, "application/pdf")

    def test_pdf_that_ends_or_holds_up_its_reader_is_not_taken(self):
        for program in ("import os; os.abort()", "while True: pass", "print('active, or plain?')"):
            with tempfile.NamedTemporaryFile("w", suffix=".py") as reader:
                reader.write(program)
                reader.flush()
                with patch.multiple(pdf_check, PROGRAM=reader.name, MOST_SECONDS=0.5):
                    self.assertEqual(pdf_check.pdf_finding(PDF), "unreadable", program)

    def test_picture_reaches_the_outbox_as_it_was_given(self):
        joining = self._all_given()
        photo = picture("JPEG")
        self._upload("registration_extract", photo, name="scan.jpg")
        self._sign()
        self._send()
        [message] = self._messages("member")
        self.assertIn(photo, [bytes(item.raw) for item in message.document_ids])
        self.assertEqual(len(joining.document_ids), 3)

    def test_what_changes_after_a_signature_is_signed_again(self):
        joining = self._all_given()
        self._sign()
        first = joining.notice_sha256
        self._send_facts(city="Gent")
        self.assertFalse(joining._is_signed())
        self.assertEqual(joining.consent_ids.mapped("state"), ["revoked", "revoked"])
        self.assertEqual(self._send().status_code, 422)
        self._send_facts(city="Gent", iban="DE89370400440532013000")
        self._sign()
        self.assertNotEqual(joining.notice_sha256, first)

    def test_words_that_changed_meanwhile_are_not_signed(self):
        self._all_given()
        self.assertEqual(self._sign(notice_sha256="0" * 64).status_code, 422)
        self.assertEqual(self._sign(agree="").status_code, 422)
        self.assertFalse(self._joining().signature_ids)

    # --- several signatories ---

    def _ask_grace(self):
        """A second signatory, by her link; gives its path."""
        with self.mock_mail_gateway():
            self._sign(name_1="Grace Hopper", role_1="CFO", email_1="Grace@steelworks.example")
        [mail] = [mail for mail in self._mails if "/scf/sign/" in mail["body"]]
        self.assertEqual(mail["email_to"], ["grace@steelworks.example"])
        return re.search(r"/scf/sign/[\w-]+", mail["body"]).group()

    def _sign_by_link(self, path, **values):
        [digest] = self._page(path).xpath("//input[@name='notice_sha256']/@value")
        return self._post(path, {"name": "grace hopper", "agree": "1", "notice_sha256": digest, **values})

    def test_all_have_to_sign_each_by_a_link_of_their_own(self):
        joining = self._all_given()
        path = self._ask_grace()
        self._send()
        self.assertFalse(self._messages("member"))
        self.assertIn("Grace Hopper still has to sign", self._text(self._path()))
        self.logout()
        self.assertIn("lets", self._text(path))
        self.assertEqual(self._sign_by_link(path, name="Somebody Else").status_code, 422)
        self._sign_by_link(path)
        request = MemberRequest.model_validate_json(self._messages("member").payload)
        self.assertEqual([item.name for item in request.signatories], ["Ada Supplier", "Grace Hopper"])
        self.assertEqual(len({item.agreement_sha256 for item in request.signatories}), 1)
        self.assertEqual(joining.signature_ids.mapped("state"), ["signed", "signed"])
        self.assertIn("Thank you, you have signed", self._text(path))

    def test_link_to_sign_ends_with_what_it_was_for(self):
        joining = self._all_given()
        path = self._ask_grace()
        self._post(self._path("terms/again"), of=self._path("terms"))
        self.assertEqual(self.url_open(path).status_code, 404)
        again = self._ask_grace()
        with freeze_time(fields.Datetime.add(fields.Datetime.now(), days=31)):
            self.assertIn("expired", self._text(again, 410))
        with freeze_time(fields.Datetime.add(fields.Datetime.now(), minutes=11)), self.mock_mail_gateway():
            waiting = joining._signatures().filtered(lambda item: item.state == "waiting")
            self._post(self._path("terms/remind"), {"signature": waiting.id}, of=self._path("terms"))
        self.assertEqual(self.url_open(again).status_code, 404, "a newer link takes its place")

    def test_anchor_s_people_sign_for_no_supplier(self):
        self._all_given()
        self.people["approver"].email = "approver@anchor.example"
        answer = self._sign(name_1="Eve", role_1="CFO", email_1="approver@anchor.example")
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self._joining().signature_ids)

    # --- afterwards ---

    def test_bank_s_question_is_answered_with_the_next_revision(self):
        joining = self._all_given()
        self._sign()
        self._send()
        self.assertFalse(joining._is_open())
        self.assertEqual(self._upload("other").status_code, 303)
        self.assertEqual(len(joining.document_ids), 2, "nothing is added to what was sent")
        with self.mock_mail_gateway():
            self.rhone_bank.tell_member(
                "member.action_required",
                self.member,
                self.at_rhone,
                status="ACTION_REQUIRED",
                message="Who owns the other half?",
            )
        self.assertIn("Who owns the other half?", str(self._new_mails.mapped("body_html")))
        self.assertIn("Who owns the other half?", self._text(self._path()))
        self._upload("other", picture(), name="owners.png")
        self._send()
        request = MemberRequest.model_validate_json(self._messages("member")[-1].payload)
        self.assertEqual((request.revision, len(request.documents)), (2, 3))

    def test_approved_member_sees_its_limit_at_the_bank(self):
        self._all_given()
        self._sign()
        self._send()
        with self.mock_mail_gateway():
            self.rhone_bank.approve_member(self.member, self.at_rhone, limit="50000.00")
        self.assertEqual(self._new_mails.email_to, "ada@steelworks.example")
        text = self._text(self._path())
        self.assertIn("50,000.00", text)
        self.assertIn("You are in", text)

    def test_another_price_of_the_program_is_told_and_one_of_the_member_s_own_stays(self):
        self._all_given()
        self._sign()
        self._send()
        at_bank = self.env["scf.program.member.bank"]._open(self.member, self.at_rhone)
        self.rhone_bank.approve_member(self.member, self.at_rhone, rate="6.00")
        terms = self.rhone_bank.programs[self.program.reference]["terms"]

        def tell(rate, kind="program.changed", **changes):
            """Have the bank change the program's rate, and the job write of it."""
            with self.mock_mail_gateway():
                self.rhone_bank.tell_program(kind, self.at_rhone, terms={**terms, "rate_pa": rate}, **changes)
                self._write_to_members()

        tell("7.25")
        self.assertEqual((self._new_mails.email_to, at_bank.rate_pa), ("ada@steelworks.example", 7.25))
        self.assertRegex(str(self._new_mails.body_html), r"7\.25</strong> % a year")
        tell("7.25", "program.suspended", status="SUSPENDED")
        tell("7.75")
        self.assertEqual((len(self._new_mails), at_bank.rate_pa), (0, 7.75))
        tell("7.75", "program.resumed", status="ACTIVE")
        self.assertRegex(str(self._new_mails.body_html), r"7\.75</strong> % a year")
        with self.mock_mail_gateway():
            self.rhone_bank.tell_member("member.changed", self.member, self.at_rhone, rate_pa="5.00")
            self._write_to_members()
        self.assertRegex(str(self._new_mails.body_html), r"5</strong> % a year")
        tell("8.00")
        tell("8.00")
        self.assertEqual((len(self._new_mails), at_bank.rate_pa), (0, 5.0))

    def _write_to_members(self):
        with self.enter_registry_test_mode():
            job = self.env.ref("scf_program.cron_write_to_members")
            job.with_user(self.env.ref("base.user_root")).method_direct_trigger()
        self.env.invalidate_all()

    def test_leaving_takes_the_consents_back_and_tells_the_banks(self):
        joining = self._all_given()
        self._sign()
        self._send()
        self.rhone_bank.approve_member(self.member, self.at_rhone)
        self._post(self._path("leave"), {"reason": "Sold the company."}, of=self._path())
        self.assertEqual(self.member.state, "left")
        self.assertEqual(set(joining.consent_ids.mapped("state")), {"revoked"})
        self.assertEqual(json.loads(self._messages("leave").payload), {"reason": "Sold the company."})
        self.assertEqual(self.url_open(self._path()).status_code, 404)

    def test_consents_end_whoever_ends_the_membership(self):
        joining = self._all_given()
        self._sign()
        self._send()
        self._as("requester", self.member).action_take_out()
        self.assertEqual(set(joining.consent_ids.mapped("state")), {"revoked"})
        [message] = self._messages("member")
        self.assertTrue(message._addressee()._scf_before_send(message))

    def test_who_left_before_any_bank_knew_it_may_come_back(self):
        joining = self._all_given()
        self._sign()
        self._post(self._path("leave"), of=self._path())
        self.member._set_state("invited")
        self.member._renew_link()
        self._post(f"{self._link()}/accept", of=self._link())
        self.assertTrue(joining._is_open())
        self.assertIn("These documents are still missing", self._text(self._path("send")))

    def test_consent_taken_back_stops_what_waits_in_the_outbox(self):
        self._all_given()
        self._sign()
        self._send()
        [message] = self._messages("member")
        self._post(self._path("leave"), of=self._path())
        self.assertTrue(message._addressee()._scf_before_send(message))

    def test_unsent_documents_are_erased_when_the_supplier_leaves(self):
        joining = self._all_given()
        self._post(self._path("leave"), of=self._path())
        self.assertFalse(joining.document_ids)

    def test_documents_that_only_a_bank_asks_for_are_asked_too(self):
        joining = self._all_given()
        self.assertFalse(joining._missing_documents())
        self.at_rhone.documents_asked = ["annual_accounts"]
        self.program.document_kind_ids = self.env["scf.kyb.kind"].search([("code", "=", "registration_extract")])
        self.assertEqual(set(joining._asked_kinds().mapped("code")), {"registration_extract", "annual_accounts"})

    def test_own_cash_needs_no_bank(self):
        program = self._approved(kind="dynamic_discounting", banks=self.env["scf.bank"], document_kind_ids=[])
        self.member = self._member(program, self.cork)
        self._know_account(self.cork, "FR7630006000011234567890189")
        self._portal_user(self.cork, "coco")
        self._joined()
        self.authenticate("coco", "coco")
        self._send_facts(
            name="Cork & Co", vat="23334175221", country_id="FR", account_holder="CORK & CO",
            iban="FR7630006000011234567890189",
        )  # fmt: skip
        self._sign()
        self._send()
        self.assertEqual(self.member.state, "approved")

    # --- evidence ---

    def test_what_was_signed_stays(self):
        joining = self._all_given()
        self._sign()
        with self.assertRaises(UserError):
            joining.signature_ids.unlink()
        with self.assertRaises(UserError):
            joining.consent_ids.write({"expires_on": "2099-01-01"})
        with self.assertRaises(UserError):
            joining.consent_ids.unlink()
        self.assertEqual(joining.signature_ids.notice, joining.consent_ids[0].notice)
