from openscf.package import read_package

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import FinanceCase


@tagged("post_install", "-at_install")
class TestPackage(FinanceCase):
    """The records of what was sent. What is in it: test_disclosure, test_evidence_* and test_history."""

    def given(self):
        super().given()
        self.application = self._request(self._invoice(10000.0))
        self.package = self.application.package_id
        self.disclosure = self.package.disclosure_ids

    def test_package_of_a_request_is_about_its_document(self):
        sections = read_package(self.disclosure.attachment_id.raw).sections
        [document] = sections.transaction.documents
        self.assertEqual(document.number, self.application.line_ids.move_id.name)
        self.assertEqual((sections.transaction.requested.amount, document.totals.gross), (8000, 10000))
        self.assertEqual(sections.party.applicant.tax_id, self.company.vat)

    def test_package_and_its_file_never_change(self):
        attachment = self.disclosure.attachment_id
        for record, values in (
            (self.package, {"root": "0" * 64}),
            (self.disclosure, {"sha256": "0" * 64}),
            (attachment, {"raw": b"{}"}),
            (attachment, {"name": "other.pdf"}),
        ):
            with self.subTest(record._name), self.assertRaises(UserError):
                record.write(values)
            with self.subTest(record._name), self.assertRaises(UserError):
                self._as("admin", record).write(values)
        for record in (self.package, self.disclosure, attachment):
            with self.subTest(record._name), self.assertRaises(UserError):
                record.unlink()
        with self.assertRaises(AccessError):
            self._as("admin", self.package).create({"application_id": self.application.id})
        with self.assertRaises(AccessError):
            self._as("admin", self.disclosure).create({"package_id": self.package.id})

    def test_verification_is_shown_and_the_file_can_be_opened(self):
        disclosure = self._as("requester", self.disclosure)
        self.assertIn("agree", disclosure.verification)
        self.assertEqual(disclosure.action_verify()["params"]["type"], "success")
        for action in (disclosure.action_open_file(), disclosure.action_download()):
            self.assertIn(f"/web/content/{self.disclosure.attachment_id.id}", action["url"])
        self.assertTrue(disclosure.attachment_id.raw.startswith(b"%PDF-"), "a requester may read the file")

    def test_changed_file_is_found(self):
        attachment = self.disclosure.attachment_id
        attachment.with_context(scf_keep_package=True).raw = attachment.raw.replace(b"/Type", b"/Tipe", 1)
        self.disclosure.invalidate_recordset()
        self.assertEqual(self.disclosure.action_verify()["params"]["type"], "danger")

    def test_package_without_a_consent_in_force_is_not_built(self):
        consent = self.disclosure.consent_id
        consent._revoke()
        with self.assertRaisesRegex(UserError, "taken back"):
            self.env["scf.package"].sudo()._build(self.application, consent)
