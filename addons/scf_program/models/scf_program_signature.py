import hashlib
import secrets
from datetime import timedelta

from openscf.canonical import sha256_hex

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, get_lang

STATES = [("waiting", "Waiting"), ("signed", "Signed"), ("void", "Void")]
# Long enough for a director who travels, short enough that a forgotten mail signs nothing a year later.
LINK_DAYS = 30
# 256 random bits: nobody finds a link by trying.
TOKEN_BYTES = 32
# A link that was sent a moment ago is on its way; another one would end it.
PAUSE_BETWEEN_LINKS = timedelta(minutes=10)
MAX_SIGNATORIES = 5
# People that a member may have asked within a day: enough to correct names often, and no way to mail strangers.
MAX_ASKED_A_DAY = 20
NAME_LENGTH, ROLE_LENGTH = 100, 100
AGENT_LENGTH = 300


class ScfProgramSignature(models.Model):
    """What one person signed for a member: who, when, from where, and exactly which words.

    Of the link by which a further person signs, only the SHA-256 is kept: whoever reads the database can't sign.
    """

    _name = "scf.program.signature"
    _description = "Signature of a program's member"
    _inherit = ["scf.record.kept"]
    _order = "id"

    joining_id = fields.Many2one("scf.program.joining", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="joining_id.company_id", store=True, index=True, precompute=True)
    name = fields.Char(required=True, readonly=True)
    role = fields.Char(required=True, readonly=True)
    email = fields.Char(string="E-mail", required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="waiting")
    user_id = fields.Many2one("res.users", readonly=True, help="Who was logged in; nobody where it came by a link.")
    signed_at = fields.Datetime(string="Signed On", readonly=True)
    address = fields.Char(string="Network Address", readonly=True)
    user_agent = fields.Char(string="Browser", readonly=True)
    notice = fields.Text(string="What Was Shown", readonly=True)
    notice_sha256 = fields.Char(string="SHA-256 of the Words", readonly=True)
    terms_id = fields.Many2one("scf.program.terms", readonly=True, ondelete="restrict")
    token_sha256 = fields.Char(readonly=True, exportable=False, groups=fields.NO_ACCESS)
    link_sent_at = fields.Datetime(readonly=True)
    expires_at = fields.Datetime(string="Link Ends On", readonly=True)
    lang = fields.Char(string="Language", required=True, readonly=True)

    _token_once = models.UniqueIndex("(token_sha256)", "A link is one person's.")
    _person_once = models.UniqueIndex(
        "(joining_id, email) WHERE state != 'void'", "This person is asked to sign already."
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_waiting_only(self):
        if any(signature.signed_at for signature in self):
            raise UserError(self.env._("A signature is kept: it is the proof of what was agreed."))

    # -- business: asking -------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _ask(self, joining, persons):
        """Ask further people to sign, each by a link of their own.

        :param joining: the ``scf.program.joining``, with full rights
        :param persons: {"name", "role", "email"} of each, with addresses in normal form
        """
        lang = get_lang(self.env).code
        asked = self.sudo().create([{**person, "joining_id": joining.id, "lang": lang} for person in persons])
        for signature in asked:
            signature._send_link()
        return asked

    def _remind(self):
        """Send another link to somebody who has not signed yet.

        :raise UserError: where one was sent a moment ago
        """
        self.ensure_one()
        if self.link_sent_at and fields.Datetime.now() < self.link_sent_at + PAUSE_BETWEEN_LINKS:
            raise UserError(
                self.env._("An e-mail went to %s a moment ago. Please wait ten minutes before the next.", self.email)
            )
        self._send_link()

    def _send_link(self):
        """Mail a new link; one that was sent before opens nothing any more."""
        self.ensure_one()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = fields.Datetime.now()
        self.write({"token_sha256": _hash(token), "expires_at": now + timedelta(days=LINK_DAYS), "link_sent_at": now})
        template = self.env.ref("scf_program.mail_template_signature").sudo()
        link = f"{self.get_base_url()}/scf/sign/{token}"
        mail = template.with_context(scf_link=link, lang=self.lang).send_mail_batch(
            self.ids, email_values={"email_to": self.email, "email_cc": False, "recipient_ids": [], "auto_delete": True}
        )
        # The link stays in no message that people read.
        mail.write({"body": False, "model": False, "res_id": False})
        mail.send_after_commit()

    # -- business: signing ------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _by_token(self, token):
        """Whose signature the link asks for; an empty record where there is no such link."""
        return self.sudo().search([("token_sha256", "=", _hash(token))])

    def _why_closed(self):
        """Why the link can't be used (any more), as a sentence; None while it can."""
        self.ensure_one()
        if self.state == "void" or not self.joining_id._is_open():
            return self.env._("What you were asked to sign has changed. Ask your colleague for a new link.")
        if self.state == "waiting" and self.expires_at <= fields.Datetime.now():
            return self.env._("This link has expired. Ask your colleague to send a new one.")
        return None

    def _sign(self, *, address, user_agent, user=None):
        """Keep the signature under the words that are agreed on now. A repeat changes nothing.

        :param str address: the network address that the request came from
        :param str user_agent: what the browser says it is
        :param user: the portal user who signs, where there is one
        """
        self.ensure_one()
        if self.state != "waiting":
            return
        notice = self.joining_id._fixed_notice()
        self.write(
            {
                "signed_at": fields.Datetime.now(),
                "address": address,
                "user_agent": (user_agent or "")[:AGENT_LENGTH],
                "user_id": user.id if user else False,
                "notice": notice,
                "notice_sha256": sha256_hex(notice.encode()),
                "terms_id": self.joining_id.terms_id.id,
                "state": "signed",
            }
        )
        self.joining_id._on_signed(self)

    def _set_void(self):
        """Say of signatures that what they were given for has changed."""
        self.filtered(lambda item: item.state != "void").write({"state": "void", "token_sha256": False})

    def _wire(self):
        """The signature as a bank is told of it: with the digest of the program's terms, which the bank knows.

        The words that were shown say more (account, consent), and name that digest; theirs is in the signed consent.
        """
        return {
            "name": self.name,
            "role": self.role,
            "email": self.email,
            "signed_at": f"{self.signed_at:%Y-%m-%dT%H:%M:%SZ}",
            "address": self.address,
            "agreement_sha256": self.terms_id.sha256,
        }

    @api.model
    @api.private
    def _why_not_ask(self, joining):
        """Why nobody more is asked to sign for a member today, as a sentence; None while somebody can be."""
        since = fields.Datetime.now() - timedelta(days=1)
        asked = self.sudo().search_count([("joining_id", "=", joining.id), ("link_sent_at", ">", since)])
        if asked >= MAX_ASKED_A_DAY:
            return self.env._("So many people were asked to sign today that no more e-mails go out. Go on tomorrow.")
        return None

    @api.model
    @api.private
    def _why_not_theirs(self, email, company):
        """Why this address can't sign for a member: it is the anchor's own. None where it can."""
        users = self.env["res.users"].sudo().with_context(active_test=False)
        own_users = users.search([("share", "=", False), ("partner_id.email_normalized", "=", email)], limit=1)
        if own_users or email == email_normalize(company.sudo().email):
            return self.env._("%(email)s belongs to %(company)s.", email=email, company=company.sudo().name)
        return None


def _hash(token):
    return hashlib.sha256(token.encode()).hexdigest()
