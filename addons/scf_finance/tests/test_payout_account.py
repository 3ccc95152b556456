from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import FinanceCase

OURS, OTHER = "DE89370400440532013000", "FR7630006000011234567890189"


@tagged("post_install", "-at_install")
class TestPayoutAccount(FinanceCase):
    """The bank pays out to the account in the package: nobody slips in another one, at no moment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.company.scf_collection_bank_account_id
        cls.editor = new_test_user(
            cls.env,
            "fin_editor",
            groups="base.group_partner_manager,scf_connector.group_scf_requester,account.group_account_invoice",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.people["requester"] = cls.editor

    def given(self):
        super().given()
        self.invoice = self._invoice(10000.0)

    def _as_editor(self, record):
        return record.with_user(self.editor).with_company(self.company)

    def _asked(self):
        """The bank asks, which gives the requester the occasion to seal once more."""
        submission = self._request(self.invoice).submission_ids
        self.rhone_bank.receive(submission)
        self.rhone_bank.decide(submission, "ACTION_REQUIRED", action_required={"message": "Who?"})
        return self._as_editor(self.env["scf.reply"]).create({"submission_id": submission.id, "message": "He."})

    def _untrust(self):
        self._as("admin", self.account).allow_out_payment = False

    # --- who may edit contacts ---

    def test_number_and_holder_of_a_trusted_account_stay(self):
        for values in ({"acc_number": OTHER}, {"partner_id": self.buyer.id}, {"allow_out_payment": False}):
            with self.subTest(values), self.assertRaises(UserError):
                self._as_editor(self.account).write(values)
        with self.assertRaises(UserError):
            self._as_editor(self.account).write({"allow_out_payment": False, "acc_number": OTHER})

    def test_account_of_a_contact_editor_is_not_trusted_and_gets_into_no_package(self):
        account = self._as_editor(self.env["res.partner.bank"]).create(
            {"acc_number": OTHER, "partner_id": self.company.partner_id.id, "allow_out_payment": True}
        )
        self.assertFalse(account.allow_out_payment)
        with self.assertRaises(AccessError):
            self._as_editor(self.company).scf_collection_bank_account_id = account
        self.company.scf_collection_bank_account_id = account.sudo(False).with_env(self.env)
        with self.assertRaisesRegex(UserError, "not trusted.*Validate bank account"):
            self._request(self.invoice)
        self.assertFalse(
            self.env["scf.package"].sudo().search([("application_id.line_ids.move_id", "=", self.invoice.id)])
        )
        panel = self._as_editor(self.invoice).scf_panel()
        self.assertEqual(panel["state"], "ineligible")

    def test_untrusted_account_that_is_changed_and_trusted_again_is_noticed_at_accept(self):
        offer = self._offered(self.invoice)
        self._untrust()
        self._as_editor(self.account).acc_number = OTHER
        self._as("admin", self.account).allow_out_payment = True
        with self.assertRaisesRegex(UserError, "DE89 3704 0044 0532 0130 00.*by now FR76 3000"):
            self._accept(offer)

    # --- submit ---

    def test_draft_is_not_sent_once_the_account_is_archived_or_someone_elses(self):
        draft = self._draft(self.invoice, banks=self.rhone)
        self._as_editor(self.account).unlink()  # Odoo archives it
        with self.assertRaisesRegex(UserError, "not trusted"):
            draft.action_submit()
        self.account.action_unarchive()
        self.account.sudo().partner_id = self.buyer
        with self.assertRaisesRegex(UserError, "not trusted"):
            draft.action_submit()
        self.account.sudo().partner_id = self.company.partner_id
        draft.action_submit()
        self.assertEqual(self.rhone_bank.body("apply")["disbursement_account"]["iban"], OURS)

    def test_fresh_evidence_names_no_other_account(self):
        reply = self._asked()
        self._untrust()
        with self.assertRaisesRegex(UserError, "not trusted"):
            reply.action_send()
        self.company.scf_collection_bank_account_id = self._trusted_account(OTHER)
        with self.assertRaisesRegex(UserError, "would pay out to DE89"):
            reply.action_send()
        self.company.scf_collection_bank_account_id = self.account
        self._as("admin", self.account).allow_out_payment = True
        reply.action_send()
        self.assertTrue(self.rhone_bank.queued("reply"))

    # --- accept ---

    def test_approver_can_not_accept_once_the_company_has_another_account(self):
        offer = self._offered(self.invoice)
        self.company.scf_collection_bank_account_id = self._trusted_account(OTHER)
        with self.assertRaisesRegex(UserError, "would pay out to DE89.*Withdraw the request and ask again"):
            self._accept(offer)
        [shown] = self._as("approver", self.invoice).scf_panel()["offers"]
        self.assertFalse(shown["can_accept"])
        self.assertIn("would pay out", shown["why_not"])
        self.assertFalse(self.rhone_bank.queued("accept"))
        self.company.scf_collection_bank_account_id = self.account
        self._accept(offer)
        self.assertEqual(offer.state, "accepting")

    def test_approver_can_not_accept_while_the_account_is_not_trusted(self):
        offer = self._offered(self.invoice)
        self._untrust()
        with self.assertRaisesRegex(UserError, "not trusted"):
            self._accept(offer)
        self._as("admin", self.account).allow_out_payment = True
        self._accept(offer)
        self.assertEqual(offer.state, "accepting")

    def test_account_that_is_only_named_otherwise_is_the_same(self):
        offer = self._offered(self.invoice)
        bank = self.env["res.bank"].create({"name": "Commerzbank"})
        self.account.write({"bank_id": bank.id, "acc_holder_name": "Our Treasury"})
        self._accept(offer)
        self.assertEqual(offer.state, "accepting")

    def test_number_that_is_no_iban_counts_with_its_bank(self):
        city = self.env["res.bank"].create({"name": "City Bank"})
        plain = self._trusted_account("000123456")
        plain.bank_id = city
        self.company.scf_collection_bank_account_id = plain
        offer = self._offered(self.invoice)
        self.assertEqual(offer.payout_account, f"000123456, City Bank, {self.company.name}")
        self._as_editor(plain).bank_id = self._as_editor(self.env["res.bank"]).create({"name": "Far Bank"})
        with self.assertRaisesRegex(UserError, "000123456, City Bank.*000123456, Far Bank"):
            self._accept(offer)

    def test_approver_sees_the_sealed_account_beside_accept(self):
        offer = self._offered(self.invoice)
        sealed = f"DE89 3704 0044 0532 0130 00, {self.company.name}"
        self.company.scf_collection_bank_account_id = self._trusted_account(OTHER)
        self.assertEqual(Form(self._as("approver", offer)).payout_account, sealed)
        [shown] = self._as("approver", self.invoice).scf_panel()["offers"]
        self.assertEqual(shown["payout_account"], sealed)

    # --- settings ---

    def test_settings_offer_trusted_accounts_of_the_company(self):
        mine = self._trusted_account(OTHER)
        self.env["res.partner.bank"].create({"acc_number": "12345", "partner_id": self.company.partner_id.id})
        settings = self._as("admin", self.env["res.config.settings"])
        domain = settings.fields_get(["scf_collection_bank_account_id"])["scf_collection_bank_account_id"]["domain"]
        own = settings.create({}).scf_partner_id.id  # what the web client puts in for the field's name
        offered = self.env["res.partner.bank"].search(safe_eval(domain, {"scf_partner_id": own}))
        self.assertEqual(offered, self.account | mine)
