import base64
import json

from openscf.keys import SigningKey

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, HttpCase, tagged

from odoo.addons.scf_finance.tests.bank_double import CLIENT

from .. import invitation_file
from .common import ProgramCase
from .membership_case import DAY, MembershipCase, anchor_claims, file_of

KEY = SigningKey.generate()


def refusal(content, *, now=None):
    """Why a file is refused; None where it is taken."""
    try:
        invitation_file.read(content, now=anchor_claims().iat if now is None else now)
    except invitation_file.InvitationRefused as refused:
        return refused.reason
    return None


@tagged("post_install", "-at_install")
class TestInvitationFile(BaseCase):
    def setUp(self):
        super().setUp()
        self.content = file_of(KEY, bank_keys=["k1"])

    def changed(self, *path, to):
        """The file with one value of it changed."""
        form = json.loads(self.content)
        inner = form
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = to
        return json.dumps(form).encode()

    def test_file_says_what_was_put_into_it(self):
        found = invitation_file.read(self.content, now=anchor_claims().iat)
        self.assertEqual(found.claims.anchor.name, "Atlas Retail")
        self.assertEqual((found.bank.issuer, found.bank.keys), ("https://banque.example", ("k1",)))
        self.assertEqual((found.program.name, found.program.rate_pa), ("Atlas Early Pay", "7.90"))
        self.assertEqual(list(found.anchor.jwks["keys"]), [KEY.public_jwk()])

    def test_spaces_and_order_are_no_change(self):
        self.assertIsNone(refusal(json.dumps(json.loads(self.content), sort_keys=True).encode()))

    def test_any_changed_word_is_found(self):
        stranger = SigningKey.generate()
        other = json.loads(file_of(stranger, bank_keys=["k1"]))
        for path, value in (
            (("bank", "issuer"), "https://evil.example"),
            (("bank", "keys"), ["k2"]),
            (("bank", "name"), "Banque du Rhin"),
            (("anchor", "party", "name"), "Atlas Retail Ltd"),
            (("anchor", "client_id"), "client-2"),
            (("anchor", "jwks", "keys"), [KEY.public_jwk(), stranger.public_jwk()]),
            (("program", "terms"), "{}"),
            (("program", "rate_pa"), "0.10"),
            (("program", "id"), "prg-2"),
            (("invitation",), other["invitation"]),
            (("signature",), other["signature"]),
            (("surprise",), "more"),
        ):
            with self.subTest(path=path):
                self.assertEqual(refusal(self.changed(*path, to=value)), "changed")

    def test_whole_file_signed_by_two_keys_is_refused(self):
        """Who can sign a file puts another one's invitation into it: the keys then differ."""
        other = json.loads(self.content)
        stranger = SigningKey.generate()
        form = json.loads(file_of(stranger, bank_keys=["k1"]))
        form["invitation"] = other["invitation"]
        form["anchor"]["jwks"]["keys"].append(KEY.public_jwk())
        form.pop("signature")
        signature = invitation_file.sign_detached(
            invitation_file.canonical_bytes(form), key=stranger, issued_at=1, typ=invitation_file.FILE_TYP
        )
        self.assertEqual(refusal(json.dumps({**form, "signature": signature}).encode()), "changed")

    def test_file_is_good_between_its_two_times(self):
        claims = anchor_claims()
        content = file_of(KEY, bank_keys=["k1"], claims=claims)
        self.assertIsNone(refusal(content, now=claims.exp - 1))
        self.assertEqual(refusal(content, now=claims.exp), "expired")
        self.assertEqual(refusal(content, now=claims.iat - DAY), "expired")

    def test_what_is_no_such_file_is_unreadable(self):
        for content in (
            b"",
            b"{}",
            b"[1]",
            b"\xff\xfe",
            b"%PDF-1.4",
            b"[" * 100_000,
            b" " * (invitation_file.MAX_BYTES + 1),
            self.content[:-40],
        ):
            with self.subTest(content=content[:20]):
                self.assertEqual(refusal(content), "unreadable")


@tagged("post_install", "-at_install")
class TestOpeningAFile(MembershipCase):
    def test_file_is_shown_in_words_and_kept_once(self):
        content = self._invitation()
        wizard = self._wizard(content)
        self.assertTrue(wizard.is_usable, wizard.problem)
        for word in ("Atlas Retail", "Atlas Early Pay", "7.90", "Banque du Rhône", "Extract from the company register"):
            self.assertIn(word, wizard.in_words)
        membership = self._opened(content)
        self.assertEqual((membership.state, membership.bank_id), ("draft", self.rhone))
        self.assertEqual(membership.partner_id, self.buyer)
        self.assertNotIn("script", membership.terms)
        self.assertIn("Atlas pays on the due date", membership.terms)
        self.assertEqual(self._opened(content), membership)

    def test_file_is_checked_as_soon_as_it_is_chosen(self):
        dialog = Form(self._as("requester", self.env["scf.invitation.open"]))
        dialog.content = base64.b64encode(b"hello").decode()
        self.assertIn("no invitation file", dialog.problem)
        dialog.content = base64.b64encode(self._invitation()).decode()
        self.assertTrue(dialog.is_usable)
        self.assertFalse(dialog.problem)
        action = dialog.save().action_open()
        with Form(self._as("requester", self.env["scf.membership"]).browse(action["res_id"])) as membership:
            membership.signatory_role = "CEO"
            self.assertIn("Extract from the company register", membership.missing_documents)

    def test_file_of_another_company_opens_nothing(self):
        claims = anchor_claims(party={"name": "Papier Müller GmbH", "tax_id": "DE136695976"})
        wizard = self._wizard(self._invitation(claims))
        self.assertFalse(wizard.is_usable)
        self.assertIn("DE136695976", wizard.problem)
        with self.assertRaisesRegex(UserError, "Papier"):
            wizard.action_open()

    def test_who_names_another_company_learns_nothing_of_it(self):
        other = self.env["res.company"].create({"name": "Other Ltd", "vat": "US987654321"})
        wizard = self._wizard(self._invitation())
        wizard.sudo().company_id = other
        wizard.invalidate_recordset()
        self.assertNotIn("987654321", wizard.problem)
        with self.assertRaises(AccessError):
            wizard.action_open()

    def test_changed_and_expired_files_open_nothing(self):
        changed = self._invitation().replace(b"7.90", b"0.90")
        expired = self._invitation(
            anchor_claims(iat=anchor_claims().iat - 40 * DAY, exp=anchor_claims().iat - 10 * DAY)
        )
        for content, word in ((changed, "changed"), (expired, "no longer valid"), (b"hello", "no invitation file")):
            wizard = self._wizard(content)
            self.assertIn(word, wizard.problem)
            with self.assertRaisesRegex(UserError, word):
                wizard.action_open()
        self.assertFalse(self.env["scf.membership"].search([]))

    def test_newer_file_brings_the_anchors_new_key_and_an_older_one_is_refused(self):
        now = anchor_claims().iat
        membership = self._opened(self._invitation(anchor_claims(iat=now - 60)))
        old = self._invitation(anchor_claims(iat=now - 600))
        with self.assertRaisesRegex(UserError, "older"):
            self._opened(old)
        self.anchor_key = SigningKey.generate()
        self.assertEqual(self._opened(self._invitation(anchor_claims(iat=now))), membership)
        self.assertEqual(membership.sudo().anchor_jwks, {"keys": [self.anchor_key.public_jwk()]})


@tagged("post_install", "-at_install")
class TestMakingAFile(ProgramCase, HttpCase):
    def given(self):
        super().given()
        key = self.env["scf.key"].sudo()._for_company(self.company)
        self.rhone.sudo().write(
            {"key_id": key.id, "client_id": CLIENT, "jwks": {"keys": [self.rhone_bank.key.public_jwk()]}}
        )
        self.key = key
        self.program = self._running()
        self.member = self._member(self.program, self.steel)

    def _read(self, content):
        return invitation_file.read(content, now=anchor_claims().iat)

    def test_file_names_member_bank_and_terms_and_is_signed_with_the_companys_key(self):
        name, content = self.member._invitation_file()
        found = self._read(content)
        self.assertEqual(name, f"invitation-{self.member.reference.replace('/', '-')}.json")
        self.assertEqual((found.claims.iss, found.claims.member_id), (CLIENT, self.member.reference))
        self.assertEqual((found.claims.party.tax_id, found.claims.party.country), (self.steel.vat, "BE"))
        self.assertEqual(found.anchor.jwks["keys"], [self.key.public_jwk])
        self.assertEqual(found.bank.keys, (self.rhone_bank.key.kid,))
        self.assertEqual(found.program.terms_sha256, self.program.terms_version_id.sha256)
        self.assertEqual((found.program.rate_pa, found.program.fee_percent), ("6.00", "0.10"))
        self.assertEqual(set(found.program.documents), {"registration_extract", "bank_account_proof"})

    def test_file_goes_with_the_invitation(self):
        files = (self.member | self._member(self.program, self.paper))._invitation_files()
        [(_name, content, media_type)] = files[self.member.id]
        self.assertEqual((self._read(content).claims.party.name, media_type), (self.steel.name, "application/json"))
        self.assertEqual(len(files), 2)

    def test_supplier_on_the_same_server_opens_it(self):
        supplier = self.env["res.company"].create({"name": self.steel.name, "vat": self.steel.vat})
        membership = self.env["scf.membership"]._open(self._read(self.member._invitation_file()[1]), supplier)
        self.assertEqual((membership.company_id, membership.state), (supplier, "draft"))
        self.assertFalse(membership.bank_id, "a company is connected by its own connection only")

    def test_there_is_no_file_where_nobody_can_join_with_it(self):
        self.steel.vat = False
        with self.assertRaisesRegex(UserError, "no tax ID"):
            self.member._invitation_file()
        self.steel.vat = "BE0477472701"
        self.member._set_state("declined")
        with self.assertRaisesRegex(UserError, "not invited"):
            self.member._invitation_file()
        asked = self._member(self._approved(), self.paper)
        with self.assertRaisesRegex(UserError, "No bank runs the program"):
            asked._invitation_file()
        self.assertEqual(asked._invitation_files(), {})

    def test_only_who_has_the_link_or_the_right_downloads_it(self):
        token = self.member._link_token()
        answer = self.url_open(f"/scf/join/{token}/invitation-file")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self._read(answer.content).claims.member_id, self.member.reference)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertEqual(self.url_open(f"/scf/join/{token[:-2]}AA/invitation-file").status_code, 404)
        page = self.url_open(f"/scf/join/{token}").text
        self.assertIn(f"/scf/join/{token}/invitation-file", page)
        path = f"/scf/program-member/{self.member.id}/invitation-file"
        self._portal_user(self.steel, "steel")
        for login, status in (("fin_requester", 200), ("fin_accountant", 404), ("steel", 404)):
            self.authenticate(login, login)
            self.assertEqual(self.url_open(path).status_code, status, login)
        self.member._end_link()
        self.assertEqual(self.url_open(f"/scf/join/{token}/invitation-file").status_code, 404)
