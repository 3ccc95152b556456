from datetime import timedelta
from unittest.mock import patch

from openscf.keys import SigningKey
from openscf.programs import Member, MembershipRequest

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.scf_connector.adapters.base import Discovered
from odoo.addons.scf_finance.tests.bank_double import BankDouble
from odoo.addons.scf_finance.tests.purchase_case import PurchaseCase

from .membership_case import MembershipCase, anchor_claims, money
from .papers import SCAN, active_pdfs


@tagged("post_install", "-at_install")
class TestMembership(MembershipCase):
    def test_money_goes_to_no_account_but_the_companys_own(self):
        membership = self._prepared()
        self.people["approver"].email = "approver@our.example"
        own = self.env["res.partner.bank"].create(
            {"acc_number": "NL91ABNA0417164300", "partner_id": self.people["requester"].partner_id.id}
        )
        membership.write({"account_id": own.id})
        with self.assertRaisesRegex(UserError, "NL91 ?ABNA.* is an account of Requester"):
            self._seen(membership).action_join()
        self.assertEqual(membership.state, "draft")

    def test_account_that_was_swapped_before_or_after_signing_is_signed_anew(self):
        membership = self._prepared()
        self.people["approver"].email = "approver@our.example"
        seen = self._seen(membership)
        membership.sudo().account_id.acc_holder_name = "Somebody Else"
        with self.assertRaisesRegex(UserError, "has changed since"):
            seen.action_join()
        with self.assertRaisesRegex(UserError, "has changed since"):
            self._as("approver", membership).action_join()  # nothing says what was seen
        bank = membership.bank_id
        membership.sudo().bank_id = False
        self._seen(membership).action_join()
        self.assertEqual(membership.state, "signed")
        membership.sudo().bank_id = bank
        membership.sudo().account_id.acc_holder_name = "Yet Another"
        self._as("admin", membership).action_connect()
        self.assertEqual(membership.state, "draft")
        self.assertFalse(self.rhone_bank.queued("membership"))
        self.assertIn("Yet Another", membership.sudo().activity_ids.summary)

    def test_approver_signs_and_the_bank_gets_everything(self):
        membership = self._prepared()
        self.people["approver"].email = "approver@our.example"
        self._seen(membership).action_join()
        self.assertEqual(membership.state, "sent")
        wire = MembershipRequest.model_validate(self.rhone_bank.body("membership"))
        self.assertEqual((wire.member_id, wire.revision, wire.party.tax_id), ("MEM/0001", 1, self.company.vat))
        self.assertEqual(wire.account.iban, "DE89370400440532013000")
        [signatory] = wire.signatories
        self.assertEqual((signatory.name, signatory.role), ("Approver", "Managing Director"))
        self.assertEqual(signatory.agreement_sha256, membership.terms_sha256)
        self.assertEqual([document.kind for document in wire.documents], ["registration_extract"])
        self.assertEqual(wire.invitation, membership.sudo().invitation)
        put = {attachment.name: attachment.raw for attachment in self.rhone_bank.queued("membership").document_ids}
        self.assertEqual(put[wire.documents[0].sha256], SCAN)
        self.assertIn(membership.terms_sha256, put)

    def test_bank_decides_and_its_older_words_change_nothing(self):
        membership = self._joined()
        self.assertEqual((membership.state, membership.limit_amount, membership.rate_pa), ("approved", 50000.0, 7.9))
        self.assertEqual(membership.bank_member_ref, "mem-rhone-1")
        declined = Member.model_validate(self._member(membership, "DECLINED"))
        for cursor in (1, None):
            membership._take(declined, cursor)
        self.assertEqual(membership.state, "approved")

    def test_limit_and_use_follow_the_bank(self):
        membership = self._joined()
        used = {"limit": money("20000.00"), "used": money("5000.00")}
        self._tell_member(membership, "changed", status="APPROVED", **used)
        self.assertEqual((membership.limit_amount, membership.free_amount), (20000.0, 15000.0))
        self.assertIn("approves an invoice of ours", membership.next_step)
        self._tell_member(membership, "suspended", reason="Your accounts are late.")
        self.assertEqual((membership.state, membership.message), ("suspended", "Your accounts are late."))

    def test_question_of_the_bank_is_answered_by_a_higher_revision(self):
        membership = self._prepared()
        self.people["approver"].email = "approver@our.example"
        approver = self._seen(membership)
        approver.action_join()
        self.rhone_bank.answer("membership", self._member(membership, "RECEIVED"))
        with self.assertRaisesRegex(AccessError, "With the Bank"):
            membership.contact_name = "Somebody else"
        self._tell_member(membership, "action_required", reason="Send the accounts.")
        self.assertIn("Send the accounts.", membership.sudo().activity_ids.mapped("summary")[0])
        self._attach(membership, "annual_accounts")
        approver.action_join()
        wire = self.rhone_bank.body("membership")
        self.assertEqual((wire["revision"], len(wire["documents"])), (2, 2))
        self.assertFalse(membership.sudo().message)

    def test_what_the_bank_refuses_goes_back_to_a_person(self):
        membership = self._prepared()
        self.people["approver"].email = "approver@our.example"
        self._seen(membership).action_join()
        self.rhone_bank.refuse("membership", detail="The invitation was used already.")
        self.assertEqual((membership.state, membership.message), ("draft", "The invitation was used already."))

    def test_nothing_goes_out_before_it_is_complete(self):
        self.people["approver"].email = "approver@our.example"
        membership = self._opened()
        approver = self._seen(membership)
        membership.write({"signatory_role": False})
        self.assertIn("Signs As", membership.next_step)
        with self.assertRaisesRegex(UserError, "Signs As"):
            approver.action_join()
        membership.write({"signatory_role": "CEO", "contact_name": "Mia", "contact_email": "mia@our.example"})
        with self.assertRaisesRegex(UserError, "Extract from the company register"):
            approver.action_join()
        self.assertFalse(self.rhone_bank.queued("membership"))
        self.assertEqual(membership.state, "draft")

    def test_only_plain_documents_are_taken(self):
        membership = self._opened()
        for content in (b"MZ\x90 program", active_pdfs()["script"], b"<html>%PDF-"):
            with self.assertRaisesRegex(ValidationError, "Only PDF files and pictures|contains a program"):
                self._attach(membership, content=content)

    def test_requester_neither_signs_nor_connects(self):
        membership = self._prepared()
        self.assertIn("An approver opens it", membership.next_step)
        self.people["approver"].email = False
        self.assertIn("enter yours", self._as("approver", membership).next_step)
        self.people["approver"].email = "approver@our.example"
        membership.invalidate_recordset(["next_step"])
        self.assertIn("then press", self._as("approver", membership).next_step)
        with self.assertRaisesRegex(AccessError, "approver"):
            membership.action_join()
        membership.sudo().bank_id = False
        with self.assertRaisesRegex(AccessError, "administrator"):
            membership.action_connect()

    def test_expired_invitation_is_not_signed(self):
        membership = self._prepared()
        membership.sudo().invitation_ends_at = "2020-01-01 00:00:00"
        with self.assertRaisesRegex(UserError, "ended"):
            self._seen(membership).action_join()

    def test_facts_can_not_be_written_over_rpc(self):
        membership = self._opened()
        for values in ({"state": "approved"}, {"anchor_jwks": {}}, {"limit_amount": 1}, {"bank_id": self.hansa.id}):
            with self.assertRaises(AccessError):
                membership.write(values)
        with self.assertRaises(AccessError):
            membership.copy()
        with self.assertRaises(AccessError):
            membership.unlink()

    def test_nobody_else_sees_it(self):
        membership = self._opened()
        document = self._attach(membership)
        other = self.env["res.company"].create({"name": "Other Ltd"})
        stranger = self._stranger(other, "scf_connector.group_scf_admin")
        accountant = self.people["accountant"]
        portal = self._stranger(self.company, "base.group_portal", "portal_membership")
        for user in (stranger, accountant, portal):
            for record in (membership, document):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["display_name"])
            with self.assertRaises(AccessError):
                document._attachment().with_user(user).read(["raw"])
        with self.assertRaises(AccessError):
            membership.with_user(stranger).action_join()

    def test_leaving_is_told_to_the_bank(self):
        membership = self._joined()
        self._as("approver", membership).action_leave()
        self.assertTrue(self.rhone_bank.body("leave")["reason"])
        self.rhone_bank.answer("leave", self._member(membership, "LEFT"))
        self._tell_member(membership, "left")
        self.assertEqual(membership.state, "left")


@tagged("post_install", "-at_install")
class TestDistributor(MembershipCase, PurchaseCase):
    def given(self):
        super().given()
        anchor = {"name": self.supplier.name, "tax_id": "nl 123456782 B12", "country": "NL"}
        self.membership = self._joined(claims=anchor_claims(anchor=anchor), kind="distributor_finance")

    def test_purchase_from_the_anchor_is_financed_within_its_program(self):
        bill = self._bill(10000.0)
        self.assertEqual(bill._scf_distributor_memberships(), self.membership)
        self._request(bill, banks=self.rhone | self.hansa, amount=5000.0)
        self.assertEqual(self.rhone_bank.body("apply")["program"], "prg-rhone-1")
        self.assertNotIn("program", BankDouble(self.hansa).body("apply"))

    def test_purchase_from_somebody_else_is_not(self):
        other = self._supplier("Omega Mills", "NL004495445B01")
        self._account_of(other, "NL20INGB0001234567")
        bill = self._bill(10000.0, partner_id=other)
        self.assertFalse(bill._scf_distributor_memberships())
        self._tell_member(self.membership, "suspended")
        self.assertFalse(self._bill(10000.0, ref="DM-2")._scf_distributor_memberships(), "suspended")

    def test_limit_that_is_over_finances_nothing_in_the_program(self):
        bill = self._bill(10000.0)
        self._tell_member(self.membership, "changed", status="APPROVED", valid_until=str(self.today))
        self.assertEqual(bill._scf_distributor_memberships(), self.membership, "its last day counts")
        self._tell_member(
            self.membership, "changed", status="APPROVED", valid_until=str(self.today - timedelta(days=1))
        )
        self.assertFalse(bill._scf_distributor_memberships())

    def test_panel_says_what_is_free_in_the_program(self):
        bill = self._bill(10000.0)

        def told():
            [reason] = [one for one in self._as("requester", bill).scf_panel()["reasons"] if one["code"] == "program"]
            return reason["level"], reason["sentence"]

        level, sentence = told()
        self.assertEqual(level, "ok")
        self.assertIn("50,000.00", sentence)
        self._tell_member(self.membership, "changed", status="APPROVED", limit=money("4000.00"))
        level, sentence = told()
        self.assertEqual(level, "warn")
        self.assertIn("Ask for at most", sentence)


@tagged("post_install", "-at_install")
class TestConnectingByAFile(MembershipCase):
    def given(self):
        super().given()
        self.bank_key = SigningKey.generate()

    def _opened_at_new_bank(self, shown):
        """An administrator opens a file of a bank that is not known here; `shown` is the key that it shows."""
        claims = anchor_claims(aud="https://nouvelle.example")
        self.rhone_bank.key = self.bank_key
        found = Discovered(
            name="Nouvelle",
            issuer="https://nouvelle.example",
            profile={"name": "Nouvelle", "techniques": []},
            jwks={"keys": [shown.public_jwk()]},
        )
        adapter = type("Adapter", (), {"discover": lambda adapter: found})()
        with patch.object(type(self.rhone), "_adapter", lambda bank, *args: adapter):
            return self._opened(self._invitation(claims), role="admin")

    def test_opening_the_file_connects_the_bank_and_the_membership_follows_the_registration(self):
        membership = self._opened_at_new_bank(self.bank_key)
        bank = membership.bank_id
        self.assertEqual((bank.state, bank.base_url), ("pending", "https://nouvelle.example"))
        membership.write({"signatory_role": "CEO", "contact_name": "Ada", "contact_email": "ada@our.example"})
        self._attach(membership)
        self.people["admin"].email = "ada@our.example"
        self._seen(membership, "admin").action_join()
        verbs = self.env["scf.message"].sudo().search([("bank_id", "=", bank.id)], order="id").mapped("verb")
        self.assertEqual(verbs, ["register", "membership"])

    def test_bank_with_other_keys_than_the_files_is_not_connected(self):
        with self.assertRaisesRegex(UserError, "other keys"), self.env.cr.savepoint():
            self._opened_at_new_bank(SigningKey.generate())
        self.assertFalse(self.env["scf.bank"].search([("base_url", "=", "https://nouvelle.example")]))

    def test_requester_keeps_the_file_for_an_administrator(self):
        membership = self._opened(self._invitation(anchor_claims(aud="https://nouvelle.example")))
        self.assertEqual((membership.state, membership.bank_id.id), ("draft", False))
