from lxml import html

from odoo.tests import HttpCase

from odoo.addons.mail.tests.common import MockEmail

from .common import ProgramCase
from .papers import SCAN

FACTS = {
    "name": "Steelworks NV",
    "vat": "BE 0477.472.701",
    "country_id": "BE",
    "legal_form": "NV",
    "company_registry": "",
    "street": "Kaai 1",
    "zip": "2000",
    "city": "Antwerpen",
    "contact_name": "Ada Supplier",
    "contact_email": "Ada@steelworks.example",
    "contact_phone": "",
    "iban": "be71 0961 2345 6769",
    "account_holder": "Steelworks NV",
}


class Pages:
    """Opening pages, and sending their forms, as a browser without scripts does."""

    def _path(self, step="", member=None):
        return f"/my/programs/{(member or self.member).id}" + (f"/{step}" if step else "")

    def _link(self, member=None):
        return f"/scf/join/{(member or self.member)._link_token()}"

    def _page(self, path, status=200):
        """What a page shows, as a tree."""
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, status, path)
        return html.fromstring(answer.content)

    def _text(self, path, status=200):
        return " ".join(self._page(path, status).text_content().split())

    def _token(self, path):
        """The token that the forms of a page carry."""
        return self._page(path).xpath("//input[@name='csrf_token']/@value")[0]

    def _post(self, path, values=None, *, of=None, **options):
        """Send a form of the page `of`; gives the response before redirects."""
        values = {"csrf_token": self._token(of or path), **(values or {})}
        return self.url_open(path, data=values, allow_redirects=False, **options)


class PortalCase(Pages, ProgramCase, HttpCase, MockEmail):
    """The vocabulary of a member's pages: it opens links, fills in forms and sends them."""

    def given(self):
        super().given()
        self.program = self._running(banks=self.rhone | self.hansa)
        self.member = self._member(self.program, self.steel)
        self.at_rhone = self.program.bank_ids.filtered(lambda item: item.bank_id == self.rhone)
        self._know_account(self.steel, "BE71096123456769")
        self.ada = self._portal_user(self.steel, "ada")

    # --- given ---

    def _know_account(self, partner, iban):
        """An account that the anchor pays the partner on."""
        return self.env["res.partner.bank"].create(
            {"acc_number": iban, "partner_id": partner.id, "allow_out_payment": True}
        )

    def _joining(self, member=None):
        joining = self.env["scf.program.joining"]._of(member or self.member)
        joining.invalidate_recordset()
        return joining

    def _joined(self, member=None):
        """A member that took the invitation, with nothing given yet; gives its joining."""
        member = member or self.member
        member._accept()
        return self._joining(member)

    def _all_given(self):
        """A member that gave facts and documents, on its pages; gives its joining."""
        self._joined()
        self.authenticate("ada", "ada")
        self._send_facts()
        for kind in self.kinds:
            self._upload(kind.code)
        return self._joining()

    def _seen(self, joining, role="approver"):
        """A joining as somebody has it open on the screen."""
        seen = {f"scf_seen_{name}": joining[name] for name in ("vat", "iban", "account_holder")}
        return self._as(role, joining).with_context(**seen)

    # --- when ---

    def _send_facts(self, **changes):
        return self._post(self._path("company"), {**FACTS, **changes})

    def _upload(self, kind, content=SCAN, name="extract.png"):
        files = {"files": (name, content, "application/pdf")}
        return self._post(self._path("documents"), {"kind": kind}, of=self._path(), files=files)

    def _sign(self, **values):
        path = self._path("terms")
        [digest] = self._page(path).xpath("//input[@name='notice_sha256']/@value")
        values = {"name": "Ada Supplier", "role": "Director", "agree": "1", "notice_sha256": digest, **values}
        return self._post(path, values)

    def _send(self):
        return self._post(self._path("send"), of=self._path())

    def _messages(self, verb):
        return self.env["scf.message"].search([("verb", "=", verb), ("bank_id", "=", self.rhone.id)], order="id")
