import hashlib
import re
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .papers import SCAN
from .portal_case import FACTS, PortalCase

# What nobody outside may find anywhere: each stands in one record of the member Steelworks only.
CANARY = "Kaaistraat-Canary"
PAGES = ("", "company", "documents", "terms", "send", "early")
CHANGES = (
    "company",
    "documents",
    "documents/remove",
    "terms",
    "terms/remind",
    "terms/again",
    "send",
    "leave",
    "early/review",
    "early/accept",
    "early/rule",
)


@tagged("post_install", "-at_install")
class TestPortalAccess(PortalCase):
    """Supplier against supplier, stranger against supplier, anchor against supplier: none gets through."""

    def given(self):
        super().given()
        self.steel_joining = self.env["scf.program.joining"]._of(self.member)
        facts, errors = self.steel_joining._checked_facts({**FACTS, "street": CANARY})
        assert not errors, errors
        self.member._accept()
        self.steel_joining._save_facts(facts)
        self.steel_joining.joined_by_id = self.ada
        self.document = (
            self.env["scf.program.document"].with_user(self.ada)._give(self.steel_joining, self.kinds[0], "x.png", SCAN)
        )
        self.steel_joining.with_user(self.ada).sudo()._sign_first(
            name="Ada",
            role="Director",
            email="ada@steelworks.example",
            others=[{"name": "Grace", "role": "CFO", "email": "grace@steelworks.example"}],
            address="192.0.2.1",
            user_agent="",
            user=self.ada,
        )
        self.cork_member = self._member(self.program, self.cork, "started")
        self.env["scf.program.joining"]._of(self.cork_member)
        self.coco = self._portal_user(self.cork, "coco")
        self.loner = new_test_user(self.env, "loner", groups="base.group_portal")

    def _outsiders(self):
        """Everybody who has nothing to do with Steelworks' membership, and can sign in."""
        names = ("coco", "loner", "fin_accountant")
        return [self.env["res.users"].search([("login", "=", name)]) for name in names]

    def _models(self):
        return sorted(
            name
            for name, model in self.env.registry.items()
            if name.startswith(("scf.program", "scf.payable", "scf.kyb", "scf.prequalification", "scf.membership"))
            and not model._abstract
        )

    # --- URLs ---

    def test_pages_of_another_member_are_not_there(self):
        for user in self._outsiders():
            self.authenticate(user.login, user.login)
            for step in PAGES:
                answer = self.url_open(self._path(step))
                self.assertEqual(answer.status_code, 404, (user.login, step))
                self.assertNotIn(CANARY, answer.text)
            self.assertEqual(self.url_open(f"/my/programs/{self.member.id + 10**6}").status_code, 404)
            self.assertEqual(self.url_open(self.document._path()).status_code, 404)

    def test_nothing_of_another_member_can_be_changed(self):
        self.authenticate("coco", "coco")
        before = self._state()
        token = self._token(self._path(member=self.cork_member))
        for step in CHANGES:
            data = {"csrf_token": token, "document": self.document.id, "agree": "1", "takes": "1", **FACTS}
            answer = self.url_open(self._path(step), data=data, allow_redirects=False)
            self.assertEqual(answer.status_code, 404, step)
        own = {"csrf_token": token, "document": self.document.id}
        answer = self.url_open(self._path("documents/remove", self.cork_member), data=own, allow_redirects=False)
        self.assertEqual(answer.status_code, 404, "another member's document over the own pages")
        own["signature"] = self.steel_joining.signature_ids.filtered(lambda item: item.state == "waiting").id
        answer = self.url_open(self._path("terms/remind", self.cork_member), data=own, allow_redirects=False)
        self.assertEqual(answer.status_code, 404, "another member's signatory over the own pages")
        self.assertEqual(self._state(), before)

    def test_forms_without_their_token_change_nothing(self):
        self.authenticate("ada", "ada")
        before = self._state()
        for step in CHANGES:
            answer = self.url_open(self._path(step), data={**FACTS, "csrf_token": "forged"}, allow_redirects=False)
            self.assertEqual(answer.status_code, 400, step)
        for path in (f"{self._link()}/accept", f"{self._link()}/decline", f"{self._link()}/seen"):
            self.assertEqual(self.url_open(path, data={"x": "1"}, allow_redirects=False).status_code, 400, path)
        self.assertEqual(self._state(), before)

    def test_reading_an_address_changes_nothing(self):
        self.authenticate("ada", "ada")
        before = self._state()
        for step in set(CHANGES) - set(PAGES):
            self.assertEqual(self.url_open(self._path(step)).status_code, 405, step)
        self.assertEqual(self._state(), before)

    def test_anonymous_is_asked_to_sign_in(self):
        for path in (*(self._path(step) for step in PAGES), "/my/programs", self.document._path()):
            answer = self.url_open(path, allow_redirects=False)
            self.assertIn("/web/login", answer.headers.get("Location", ""), path)

    def _state(self):
        self.env.invalidate_all()
        joining = self.steel_joining
        return (
            self.member.state,
            joining.read(),
            joining.document_ids.ids,
            joining.signature_ids.read(["state", "link_sent_at"]),
            joining.consent_ids.mapped("state"),
        )

    # --- tokens ---

    def test_tokens_that_are_none_open_nothing(self):
        token = self.member._link_token()
        number, _dash, signature = token.partition("-")
        flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
        for wrong in (
            f"{number}-{flipped}",
            f"{self.cork_member.id}-{signature}",
            f"{number}-",
            number,
            "-",
            f"{number}-{signature}x",
            self.member.sudo().access_token,
            f"{number}-{self.member.sudo().access_token}",
            "9" * 400,
            "٣-x",
        ):
            self.assertEqual(self.url_open(f"/scf/join/{wrong}").status_code, 404, wrong)
            self.assertEqual(self.url_open(f"/scf/sign/{wrong}").status_code, 404, wrong)

    def test_link_that_was_renewed_or_ended_opens_nothing(self):
        old = self._link()
        self.member._end_link()
        self.assertEqual(self.url_open(old).status_code, 404)

    def test_link_of_an_invitation_is_no_key_to_what_was_given(self):
        text = self._text(self._link())
        for secret in (CANARY, "BE71", "grace@steelworks.example"):
            self.assertNotIn(secret, text)
        answer = self._post(f"{self._link()}/accept", of=self._link())
        self.assertIn("/web/login", answer.headers["Location"])
        answer = self._post(f"{self._link()}/decline", {"reason": "x"}, of=self._link())
        self.assertEqual((answer.status_code, self.member.state), (403, "started"))

    def test_link_of_one_company_lets_no_other_one_in(self):
        link = self._link()
        self.authenticate("coco", "coco")
        self.assertEqual(self._post(f"{link}/accept", of=link).status_code, 403)
        self.authenticate("fin_requester", "fin_requester")
        self.assertIn("only the invited company can answer", self._text(link))

    def test_invitation_never_resets_a_password_that_somebody_has(self):
        link = self._link(self.cork_member)
        for taken in (self.people["approver"], self.ada):
            taken.partner_id.email = "taken@example.com"
            self.cork_member.email = "taken@example.com"
            answer = self._post(f"{link}/accept", of=link)
            self.assertEqual(answer.status_code, 409)
            self.assertFalse(taken.partner_id.sudo().signup_type)
            taken.partner_id.email = "other@example.com"

    def test_token_to_sign_is_kept_as_a_digest_and_found_by_nobody(self):
        signature = self.steel_joining.signature_ids.filtered(lambda item: item.state == "waiting")
        with patch("odoo.addons.scf_program.models.scf_program_signature.secrets.token_urlsafe", lambda size: "t" * 43):
            signature._send_link()
        self.assertEqual(signature.token_sha256, hashlib.sha256(b"t" * 43).hexdigest())
        self.env.flush_all()
        for table, column in (("mail_message", "body"), ("mail_mail", "body_html"), ("mail_mail", "headers")):
            self.cr.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} LIKE %s", ["%" + "t" * 43 + "%"])
            self.assertIn(self.cr.fetchone()[0], (0, 1) if table == "mail_mail" else (0,), table)
        with self.assertRaises(AccessError):
            self._as("admin", signature).read(["token_sha256"])
        with self.assertRaises(AccessError):
            self._as("admin", signature).search([("token_sha256", "!=", False)])

    # --- records, over every door that Odoo has ---

    def test_portal_users_reach_no_record_over_rpc(self):
        for user in (self.ada, self.coco, self.loner):
            for name in self._models():
                model = self.env[name].with_user(user)
                for call in (
                    lambda model=model: model.search([]),
                    lambda model=model: model.search_read([], ["id"]),
                    lambda model=model: model.name_search(""),
                    lambda model=model: model.formatted_read_group([], [], ["__count"]),
                    lambda model=model: model.browse(1).read(["display_name"]),
                    lambda model=model: model.browse(1).export_data(["id"]),
                    lambda model=model: model.create({}),
                    lambda model=model: model.browse(1).write({}),
                    lambda model=model: model.browse(1).unlink(),
                ):
                    with self.assertRaises(UserError, msg=f"{user.login} {name}"):
                        call()

    def test_portal_users_reach_no_record_over_http(self):
        self.authenticate("coco", "coco")
        for name in self._models():
            for method, args in (("search_read", [[]]), ("read", [[1]]), ("name_search", [""])):
                payload = {"params": {"model": name, "method": method, "args": args, "kwargs": {}}}
                answer = self.url_open(f"/web/dataset/call_kw/{name}/{method}", json=payload).json()
                self.assertIn("error", answer, f"{name}.{method}")
        key = self.env["res.users.apikeys"].with_user(self.coco).sudo()._generate("rpc", "coco", None)
        for name in self._models():
            for headers in ({}, {"Authorization": f"Bearer {key}"}):
                answer = self.url_open(f"/json/2/{name}/search_read", json={"domain": []}, headers=headers)
                self.assertIn(answer.status_code, (401, 403), name)

    def test_private_methods_of_pages_are_no_calls(self):
        for name in ("scf.program.member", "scf.program.joining", "scf.program.signature", "scf.program.document"):
            for method in ("_sign", "_send", "_end", "_save_facts", "_bytes", "_give", "_accept", "_of_user"):
                self.authenticate("fin_requester", "fin_requester")
                payload = {"params": {"model": name, "method": method, "args": [[1]], "kwargs": {}}}
                answer = self.url_open(f"/web/dataset/call_kw/{name}/{method}", json=payload).json()
                self.assertIn("error", answer, f"{name}.{method}")

    def test_files_are_reachable_by_no_other_door(self):
        self.env.flush_all()
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "scf.program.document"), ("res_field", "=", "content")]
        )
        self.assertEqual(attachment.raw, SCAN)
        self.assertFalse(attachment.public or attachment.access_token)
        doors = (
            f"/web/content/{attachment.id}",
            f"/web/content/{attachment.id}?download=true",
            f"/web/image/{attachment.id}",
            f"/web/content/scf.program.document/{self.document.id}/content",
            f"/web/image/scf.program.document/{self.document.id}/content",
            f"/web/content?model=scf.program.document&id={self.document.id}&field=content",
            f"/web/content/{attachment.id}?access_token=x",
        )
        for login in ("coco", "ada", "loner", "fin_accountant", "fin_requester"):
            self.authenticate(login, login)
            for door in doors:
                answer = self.url_open(door)
                self.assertNotIn(SCAN, answer.content, (login, door))
        self.logout()
        for door in doors:
            self.assertNotIn(SCAN, self.url_open(door).content, door)
        for login in ("ada", "fin_requester"):
            self.authenticate(login, login)
            self.assertEqual(self.url_open(self.document._path()).content, SCAN, login)

    def test_conversation_of_the_anchor_stays_its_own(self):
        self.member.message_post(body=f"Internal: {CANARY}")
        message = self.member.message_ids[0]
        for login in ("coco", "ada", "loner"):
            self.authenticate(login, login)
            for token in (None, self.member.sudo().access_token, self.member._link_token()):
                payload = {
                    "params": {
                        "thread_model": "scf.program.member",
                        "thread_id": self.member.id,
                        "fetch_params": {"limit": 30},
                        **({"token": token} if token else {}),
                    }
                }
                for path in ("/mail/thread/messages", "/mail/chatter_fetch", "/mail/thread/data"):
                    self.assertNotIn(CANARY, self.url_open(path, json=payload).text, (login, path))
                post = {
                    "params": {
                        "thread_model": "scf.program.member",
                        "thread_id": self.member.id,
                        "post_data": {"body": "hello", "message_type": "comment"},
                        **({"token": token} if token else {}),
                    }
                }
                self.url_open("/mail/message/post", json=post)
            answer = self.url_open(f"/mail/view?model=scf.program.member&res_id={self.member.id}")
            self.assertNotIn(CANARY, answer.text)
            payload = {"params": {"model": "mail.message", "method": "read", "args": [message.ids], "kwargs": {}}}
            self.assertNotIn(CANARY, self.url_open("/web/dataset/call_kw/mail.message/read", json=payload).text)
        self.member.invalidate_recordset()
        self.assertEqual(self.member.message_ids[0], message, "nobody of them wrote anything")
        self.assertFalse(self.member.message_partner_ids & (self.ada | self.coco).partner_id)

    # --- the anchor's own side ---

    def test_anchor_s_people_without_a_role_and_of_other_companies_see_nothing(self):
        other = self.env["res.company"].create({"name": "Other anchor"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="scf_connector.group_scf_approver",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for record in (self.steel_joining, self.document, self.steel_joining.signature_ids):
            self.assertFalse(record.with_user(stranger).search([("id", "in", record.ids)]), record._name)
            with self.assertRaises(AccessError, msg=record._name):
                record.with_user(stranger).read(["display_name"])
            with self.assertRaises(AccessError, msg=record._name):
                self._as("accountant", record).read(["display_name"])
        for action in ("action_confirm_account", "action_refuse_account"):
            with self.assertRaises(AccessError):
                getattr(self.steel_joining.with_user(stranger), action)()
        self.authenticate("stranger", "stranger")
        self.assertEqual(self.url_open(self.document._path()).status_code, 404)
        self.assertEqual(self.url_open(f"/scf/programs/{self.program.id}/preview").status_code, 404)

    def test_anchor_s_people_change_nothing_that_a_supplier_gave(self):
        for role in ("requester", "approver", "admin"):
            for record in (self.steel_joining, self.document, self.steel_joining.signature_ids):
                for name in ("name", "company_id"):
                    with self.assertRaises(AccessError):
                        self._as(role, record).write({name: False})
                with self.assertRaises(AccessError):
                    self._as(role, record).unlink()
                with self.assertRaises(AccessError):
                    self._as(role, record).create({})
            with self.assertRaises(AccessError):
                self._as(role, self.document).read(["content"])

    def test_pages_carry_headers_that_keep_them_to_themselves(self):
        self.authenticate("ada", "ada")
        for path in (self._path(), self._path("company"), self._link()):
            headers = self.url_open(path).headers
            self.assertEqual(headers["Cache-Control"], "no-store", path)
            self.assertEqual(headers["Referrer-Policy"], "no-referrer", path)
            self.assertEqual(headers["X-Frame-Options"], "DENY", path)
            self.assertTrue(re.search("frame-ancestors 'none'", headers["Content-Security-Policy"]), path)
