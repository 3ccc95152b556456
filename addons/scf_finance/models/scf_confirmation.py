import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import escape
from openscf.canonical import sha256_hex
from openscf.money import to_amount

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_date, formatLang, get_lang

from ..amounts import exact
from ..evidence.wire_text import day, instant, without_none

STATES = [
    ("waiting", "Waiting for the Buyer"),
    ("confirmed", "Confirmed"),
    ("disputed", "Disputed"),
    ("replaced", "Replaced by a New Link"),
]
ANSWERS = ("confirmed", "disputed")
# Long enough for a buyer's own approval, short enough that a forgotten mail opens nothing a year later.
LINK_DAYS = 30
# 256 random bits: nobody finds a link by trying, so unknown ones need no limit that would lock real buyers out.
TOKEN_BYTES = 32
# A person may ask again when the buyer lost the mail; more than this is a nuisance for the buyer.
ASKS_A_DAY = 5
NAME_LENGTH, ROLE_LENGTH, COMMENT_LENGTH = 100, 100, 2000


@dataclass(frozen=True, slots=True)
class Terms:
    """What a buyer confirms of a document; a confirmation counts as long as all of it stays as it was.

    `amount` is the document's total, in `currency`; `buyer_id` is the buyer's commercial partner.
    """

    number: str
    due_date: date | None
    amount: Decimal
    currency: str
    buyer_id: int
    account: str


class ScfConfirmation(models.Model):
    """A question to a buyer about one document, by a link of its own, and what the buyer said.

    Of the link only the SHA-256 is kept: whoever reads the database, or may ask the buyer, can't answer for him.
    The buyer's network address is not kept either. It proves nobody's identity, it is personal data, and the bank
    is not told: what counts is that the link went to the buyer's own mailbox, and who signed with which words.
    """

    _name = "scf.confirmation"
    _description = "Buyer's confirmation"
    _inherit = ["scf.record.kept"]
    _order = "id desc"
    _rec_name = "number"

    move_id = fields.Many2one("account.move", string="Invoice", readonly=True, index="btree_not_null")
    sale_order_id = fields.Many2one("sale.order", string="Order", readonly=True, index="btree_not_null")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    number = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [("customer_invoice", "Customer Invoice"), ("sales_order", "Sales Order")], required=True, readonly=True
    )
    issue_date = fields.Date(required=True, readonly=True)
    due_date = fields.Date(readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    account = fields.Char(string="To Be Paid to", required=True, readonly=True)
    lines_shown = fields.Json(string="Lines as Shown", required=True, readonly=True)
    partner_id = fields.Many2one("res.partner", string="Buyer", required=True, readonly=True, index=True)
    contact_id = fields.Many2one("res.partner", string="Contact Asked", required=True, readonly=True)
    email = fields.Char(string="E-mail", required=True, readonly=True, help="Where the link was sent.")
    lang = fields.Char(string="Language", required=True, readonly=True)
    requested_by_id = fields.Many2one("res.users", string="Asked By", required=True, readonly=True)
    requested_at = fields.Datetime(string="Asked On", required=True, readonly=True)
    expires_at = fields.Datetime(string="Link Ends On", required=True, readonly=True)
    token_sha256 = fields.Char(required=True, readonly=True, exportable=False, groups=fields.NO_ACCESS)
    confirming_words = fields.Text(required=True, readonly=True)
    disputing_words = fields.Text(required=True, readonly=True)
    state = fields.Selection(STATES, string="Answer", required=True, readonly=True, default="waiting", index=True)
    signed_by = fields.Char(readonly=True, help="The name as it was typed on the page.")
    role = fields.Char(readonly=True)
    comment = fields.Text(readonly=True)
    answered_at = fields.Datetime(string="Answered On", readonly=True)
    statement = fields.Text(readonly=True, help="The words that were signed.")
    statement_sha256 = fields.Char(string="SHA-256 of the Statement", readonly=True)
    is_current = fields.Boolean(
        string="Still as Answered",
        compute="_compute_is_current",
        compute_sudo=True,  # who sees the answer need not see the document
        help="The document has the amount, due date, buyer and account that the buyer saw. A confirmation of other "
        "figures does not count.",
    )

    _token_unique = models.Constraint("unique(token_sha256)", "A link is used once.")
    _one_link_of_invoice = models.UniqueIndex(
        "(move_id) WHERE state = 'waiting'", "Somebody else is asking the buyer of this invoice right now."
    )
    _one_link_of_order = models.UniqueIndex(
        "(sale_order_id) WHERE state = 'waiting'", "Somebody else is asking the buyer of this order right now."
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    def _compute_is_current(self):
        for confirmation in self:
            document = confirmation._document()
            confirmation.is_current = (
                document and document._scf_is_confirmable() and document._scf_terms() == confirmation._terms()
            )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What a buyer was asked and said is kept: it is evidence."))

    # -- business: asking -------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _ask(self, document):
        """Send the buyer of `document` a new link by e-mail; links sent before open nothing any more.

        :param document: a posted customer invoice or a confirmed sales order
        :raise UserError: where nothing can be confirmed, or nobody can be asked
        """
        document.ensure_one()
        if not document._scf_is_confirmable():
            raise UserError(
                self.env._(
                    "%s can't be confirmed: only posted customer invoices and confirmed sales orders can.",
                    document.display_name,
                )
            )
        if unstatable := document._scf_why_unstatable():
            raise UserError(unstatable)
        contact, email = self._whom_to_ask(document)
        now = fields.Datetime.now()
        asked = self.sudo().search(document._scf_confirmation_domain())
        if len(asked.filtered(lambda item: item.requested_at > now - timedelta(days=1))) >= ASKS_A_DAY:
            raise UserError(
                self.env._(
                    "The buyer of %(number)s was asked %(times)s times within a day. Call the buyer, or wait until "
                    "tomorrow.",
                    number=document.name,
                    times=ASKS_A_DAY,
                )
            )
        asked.filtered(lambda item: item.state == "waiting")._set_state("replaced")
        asked.flush_recordset(["state"])  # before the new link comes: the database lets one wait at a time
        token = secrets.token_urlsafe(TOKEN_BYTES)
        confirmation = self.sudo().create(self._values(document, contact, email, token=token, now=now))
        confirmation._mail(f"{document.get_base_url()}/scf/confirm/{token}")
        document.message_post(
            body=self.env._(
                "The buyer was asked to confirm %(number)s: %(contact)s, %(email)s.",
                number=document.name,
                contact=contact.display_name,
                email=email,
            )
        )
        return confirmation

    def _whom_to_ask(self, document):
        """The buyer's contact and its e-mail address; never an address of our own, who would confirm to ourselves."""
        buyer = document.partner_id.commercial_partner_id
        invoicing = self.env["res.partner"].browse(buyer.address_get(["invoice"])["invoice"])
        for contact in (document.partner_id, invoicing, buyer):
            if email := email_normalize(contact.email):
                break
        else:
            raise UserError(
                self.env._(
                    "%s has no e-mail address. Enter one on the contact, then ask again.",
                    document.partner_id.display_name,
                )
            )
        ours = document.company_id.partner_id.sudo()
        users = self.env["res.users"].sudo().with_context(active_test=False)
        own_users = users.search([("share", "=", False), ("partner_id.email_normalized", "=", email)], limit=1)
        if own_users or email == email_normalize(ours.email) or buyer == ours.commercial_partner_id:
            raise UserError(
                self.env._(
                    "%(email)s is an address of your own company. A bank wants the buyer's word: enter the buyer's own "
                    "address on %(contact)s.",
                    email=email,
                    contact=contact.display_name,
                )
            )
        return contact, email

    def _values(self, document, contact, email, *, token, now):
        lang = get_lang(self.env, contact.lang).code
        document = document.with_context(lang=lang)
        terms = document._scf_terms()
        if not terms.account:
            raise UserError(
                self.env._(
                    "Choose the account on which buyers pay, in the settings of Financing, before you ask a buyer."
                )
            )
        words = document._scf_confirmation_words(
            number=terms.number,
            seller=document.company_id.name,
            date=format_date(document.env, document._scf_issue_date()),
            due_date=format_date(document.env, terms.due_date),
            amount=f"{formatLang(document.env, document.amount_total, digits=document.currency_id.decimal_places)} "
            f"{terms.currency}",
            account=terms.account,
        )
        return {
            document._scf_field: document.id,
            "company_id": document.company_id.id,
            "number": terms.number,
            "kind": document._scf_kind,
            "issue_date": document._scf_issue_date(),
            "due_date": terms.due_date,
            "amount": document.amount_total,
            "currency_id": document.currency_id.id,
            "account": terms.account,
            "lines_shown": document._scf_lines_shown(),
            "partner_id": terms.buyer_id,
            "contact_id": contact.id,
            "email": email,
            "lang": lang,
            "requested_by_id": self.env.user.id,
            "requested_at": now,
            "expires_at": now + timedelta(days=LINK_DAYS),
            "token_sha256": _hash(token),
            "confirming_words": words["confirmed"],
            "disputing_words": words["disputed"],
        }

    def _mail(self, link):
        """Queue the e-mail with the link, to leave after the commit; the link stays in no message that people read."""
        template = self.env.ref("scf_finance.mail_template_confirmation").sudo().with_context(scf_link=link)
        mail = template.send_mail_batch(
            self.ids, email_values={"email_to": self.email, "email_cc": False, "recipient_ids": [], "auto_delete": True}
        )
        mail.write({"body": False, "model": False, "res_id": False})
        mail.send_after_commit()

    # -- business: the buyer's page ---------------------------------------------------------------------------------

    @api.model
    @api.private
    def _by_token(self, token):
        """What the link with this token asks, or asked; an empty record where there is no such link.

        Looked up by its digest: how long that takes says nothing about a token.
        """
        return self.sudo().search([("token_sha256", "=", _hash(token))])

    def _why_closed(self):
        """Why the link can't be answered (any more), as a sentence to the buyer; None while it can."""
        self.ensure_one()
        seller = self.company_id.name
        if self.state in ANSWERS:
            return self.env._(
                "This link was answered already, and an answer stands. To change it, ask %s for a new link.", seller
            )
        if self.state == "replaced":
            return self.env._("%s sent you a newer link. Please use that one.", seller)
        if self.expires_at <= fields.Datetime.now():
            return self.env._("This link has expired. Ask %s for a new one.", seller)
        if not self.is_current:
            return self.env._(
                "%(number)s has changed since you were asked. Ask %(seller)s for a new link.",
                number=self.number,
                seller=seller,
            )
        return None

    @api.private
    def _answer(self, answer, *, signed_by, role, comment):
        """Keep the buyer's answer, and tell the seller.

        Two answers at the same moment write the same row: under snapshot isolation the later one fails, is tried
        again by the server, and finds the link closed.

        :param str answer: `confirmed` or `disputed`
        :raise UserError: where the link is closed
        """
        self.ensure_one()
        if closed := self._why_closed():
            raise UserError(closed)
        statement = self.confirming_words if answer == "confirmed" else self.disputing_words
        self.write(
            {
                "signed_by": signed_by,
                "role": role,
                "comment": comment,
                "answered_at": fields.Datetime.now(),
                "statement": statement,
                "statement_sha256": sha256_hex(statement.encode()),
            }
        )
        self._set_state(answer)
        self._tell_seller()

    def _set_state(self, state):
        """The only writer of `state`: a question is closed once."""
        for confirmation in self:
            if confirmation.state == "waiting":
                confirmation.state = state

    def _tell_seller(self):
        asker = self.requested_by_id
        document = self._document().with_user(SUPERUSER_ID).with_context(lang=get_lang(self.env, asker.lang).code)
        told = {"number": self.number, "name": self.signed_by, "role": self.role, "comment": self.comment or ""}
        if self.state == "confirmed":
            document.message_post(
                body=document.env._("The buyer confirms %(number)s: %(name)s, %(role)s. %(comment)s", **told)
            )
            return
        sentence = document.env._("The buyer disputes %(number)s: %(name)s, %(role)s. %(comment)s", **told)
        document.message_post(body=sentence)
        document.activity_schedule(
            "scf_finance.activity_settle_dispute", note=escape(sentence), user_id=asker.id if asker.active else False
        )

    # -- business: what counts --------------------------------------------------------------------------------------

    def _document(self):
        return self.move_id or self.sale_order_id

    def _terms(self):
        return Terms(
            number=self.number,
            due_date=self.due_date or None,
            amount=exact(self.amount, self.currency_id.name),
            currency=self.currency_id.name,
            buyer_id=self.partner_id.id,
            account=self.account,
        )

    def _row(self):
        """The answer as `Confirmation` of docs/package.md."""
        return without_none(
            {
                "document": self.number,
                "answer": self.state,
                "amount": to_amount(exact(self.amount, self.currency_id.name), self.currency_id.name),
                "currency": self.currency_id.name,
                "due_date": day(self.due_date or None),
                "confirmed_by": self.signed_by,
                "role": self.role or None,
                "confirmed_at": instant(self.answered_at),
                "comment": self.comment or None,
                "statement_sha256": self.statement_sha256,
            }
        )


def _hash(token):
    return hashlib.sha256(token.encode()).hexdigest()
