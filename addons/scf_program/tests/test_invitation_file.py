import json

from openscf.keys import SigningKey

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from .. import invitation_file
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

    def test_file_of_another_company_opens_nothing(self):
        claims = anchor_claims(party={"name": "Papier Müller GmbH", "tax_id": "DE136695976"})
        wizard = self._wizard(self._invitation(claims))
        self.assertFalse(wizard.is_usable)
        self.assertIn("DE136695976", wizard.problem)
        with self.assertRaisesRegex(UserError, "Papier"):
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
