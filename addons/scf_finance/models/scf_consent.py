import uuid
from datetime import datetime, time, timezone

from openscf.canonical import sha256_hex
from openscf.consent import ConsentTerms, read_consent, sign_consent
from openscf.errors import OpenSCFError
from openscf.keys import KeySet
from openscf.wire import ConsentRevocation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

PURPOSES = [("loan_application", "To decide on applications for loans")]
COUNTERPARTIES = [
    ("pseudonymous", "Under a code that only this bank sees"),
    ("named", "By name"),
]
STATES = [("active", "In force"), ("revoked", "Taken back"), ("expired", "Expired")]
# All that ever changes on a consent that was granted.
MOVING_FIELDS = {"state", "revoked_at", "revoked_by_id", "bank_told_at"}
THREAD_MODELS = ("mail.thread",)


class ScfConsent(models.Model):
    """What a company allows one bank to read, as a person granted it. Never changed: it is taken back, or it ends."""

    _name = "scf.consent"
    _description = "Consent to a bank"
    _inherit = ["mail.thread", "scf.addressee", "scf.record.kept"]
    _order = "id desc"
    _rec_name = "consent_ref"
    _mail_post_access = "read"

    consent_ref = fields.Char(string="Consent ID", required=True, readonly=True, index=True)
    bank_id = fields.Many2one("scf.bank", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="bank_id.company_id", store=True, index=True, precompute=True)
    purpose = fields.Selection(PURPOSES, required=True, readonly=True)
    sections = fields.Json(string="Section Names", required=True, readonly=True)
    section_ids = fields.Many2many("scf.section", string="What It Covers", compute="_compute_section_ids")
    counterparties = fields.Selection(COUNTERPARTIES, string="Other Customers", required=True, readonly=True)
    history_months = fields.Integer(string="Months of History", required=True, readonly=True)
    granted_by_id = fields.Many2one("res.users", required=True, readonly=True)
    granted_at = fields.Datetime(string="Granted On", required=True, readonly=True)
    expires_at = fields.Datetime(string="Ends On", required=True, readonly=True, index=True)
    notice = fields.Text(string="What Was Agreed", required=True, readonly=True, help="The words as they were read.")
    notice_sha256 = fields.Char(string="SHA-256 of the Words", required=True, readonly=True)
    artefact = fields.Text(string="Signed Form", required=True, readonly=True, help="Compact JWS, as the bank gets it.")
    kid = fields.Char(string="Signed With", required=True, readonly=True, help="ID of the company's key.")
    state = fields.Selection(STATES, required=True, readonly=True, default="active", index=True, tracking=True)
    revoked_at = fields.Datetime(string="Taken Back On", readonly=True)
    revoked_by_id = fields.Many2one("res.users", string="Taken Back By", readonly=True)
    bank_told_at = fields.Datetime(string="Confirmed by the Bank On", readonly=True)
    disclosure_ids = fields.One2many("scf.disclosure", "consent_id", string="Sent Under It", readonly=True)
    submission_ids = fields.One2many("scf.submission", "consent_id", string="Requests Under It", readonly=True)

    _consent_ref_unique = models.Constraint("unique(consent_ref)", "A consent's id is used once.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("bank_id.name", "granted_at")
    def _compute_display_name(self):
        for consent in self:
            consent.display_name = self.env._(
                "%(bank)s, %(date)s",
                bank=consent.bank_id.sudo().name,
                date=format_date(self.env, consent.granted_at),
            )

    @api.depends("sections")
    def _compute_section_ids(self):
        for consent in self:
            consent.section_ids = consent._known_sections(consent.sections)

    # -- CRUD -------------------------------------------------------------------------------------------------------

    def write(self, vals):
        thread = {name for model in THREAD_MODELS for name in self.env[model]._fields} - {"id", "display_name"}
        own = vals.keys() & self._fields.keys() - thread
        if own and (not self.env.su or own - MOVING_FIELDS):
            raise UserError(self.env._("A consent is never changed: take it back and give a new one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A consent is kept: it is the proof of what the bank was allowed to read."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_revoke(self):
        """Take the consent back: nothing more is sent under it, open requests end, the bank is told.

        Whoever may ask a bank may take a consent back: stopping a disclosure must not wait for a second person.
        """
        self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_requester"):
            raise AccessError(
                self.env._(
                    "Only users with the role “Financing: Requester” may do this. Ask your administrator for the role."
                )
            )
        for consent in self.sudo():
            if not consent._revoke():
                raise UserError(self.env._("The consent for %s is not in force any more.", consent.bank_id.name))
        return True

    # -- business: granting -----------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _grant(self, terms, notice, *, bank, key):
        """Keep a consent that the current user gives, signed with the company's key.

        :param terms: `openscf.consent.ConsentTerms`
        :param str notice: the words that the user read, whose digest the terms state
        :param bank: the ``scf.bank`` that may read
        :param key: the company's ``scf.key``
        """
        return self.sudo().create(
            {
                "consent_ref": terms.jti,
                "bank_id": bank.id,
                "purpose": terms.purpose,
                "sections": list(terms.sections),
                "counterparties": terms.counterparties,
                "history_months": terms.history_months,
                "granted_by_id": self.env.user.id,
                "granted_at": _naive(terms.granted_at),
                "expires_at": _naive(terms.expires_at),
                "notice": notice,
                "notice_sha256": terms.notice_sha256,
                "artefact": sign_consent(terms, key=key._signing_key()),
                "kid": key.kid,
            }
        )

    @api.model
    @api.private
    def _words(self, bank, company, sections, *, counterparties, history_months, ends_on):
        """A consent in plain words: what, to whom, for what, until when. This is what its digest covers.

        :param sections: ``scf.section`` that the bank may read
        :param ends_on: its last day, as a date, or its end in universal time
        """
        bank_name = bank.sudo().name or ""
        others = {
            "pseudonymous": self.env._(
                "Your other customers appear under codes that only %s sees: no name, no address.", bank_name
            ),
            "named": self.env._("Your other customers appear by name."),
        }
        history = (
            self.env._("The history goes back %s months.", history_months)
            if history_months
            else self.env._("The history covers the running month only.")
        )
        return "\n".join(
            (
                self.env._(
                    "%(company)s lets %(bank)s read the following, to decide on applications for loans and for "
                    "nothing else:",
                    company=company.sudo().name,
                    bank=bank_name,
                ),
                *(f"• {section.sentence}" for section in sections),
                history,
                self.env._("The buyers of the financed documents are always named."),
                self.env._(
                    "Where the bank is asked to pay a supplier, the supplier and the account are always named too."
                ),
                others.get(counterparties, ""),
                self.env._(
                    "It holds until %(date)s, for further requests too. You can take it back at any time: nothing more "
                    "is sent then, open requests end, and the bank erases what it received. A loan that was granted "
                    "goes on.",
                    date=format_date(self.env, ends_on),
                ),
            )
        )

    @api.model
    @api.private
    def _new_terms(self, bank, notice, *, sections, counterparties, history_months, now, expires_at):
        """The terms under which the current user lets a bank read (docs/package.md, "Consent").

        :raise UserError: where the bank or the company has no name that a consent can state
        """
        company = bank.company_id.sudo()
        try:
            return ConsentTerms(
                iss=company.name,
                iss_tax_id=company.vat or "",
                jti=f"urn:uuid:{uuid.uuid4()}",
                aud=bank.sudo().issuer or "",
                aud_name=bank.sudo().name,
                purpose="loan_application",
                sections=tuple(sections),
                counterparties=counterparties,
                history_months=history_months,
                granted_by=self.env.user.name,
                iat=_seconds(now),
                exp=_seconds(expires_at),
                notice_sha256=sha256_hex(notice.encode()),
            )
        except (ValueError, OpenSCFError) as error:
            raise UserError(
                self.env._(
                    "No consent can be given to %(bank)s: the company needs a tax ID, and the bank must be connected. "
                    "(%(error)s)",
                    bank=bank.sudo().name,
                    error=error,
                )
            ) from error

    @api.model
    @api.private
    def _standing(self, bank, asked):
        """The consent in force, latest end first, that already covers what the bank asks for; or none.

        One that was signed with another key, or under another name of the company or the bank, does not count: no
        bank would take a package that carries it.

        :param set asked: names of sections
        """
        now = fields.Datetime.now()
        consents = self.search([("bank_id", "=", bank.id), ("state", "=", "active")], order="expires_at desc, id desc")
        return next((item for item in consents if item._is_in_force(now) and item._covers(asked)), self.browse())

    def _known_sections(self, codes):
        """The sections by their names, in the package's order."""
        return self.env["scf.section"].search([("code", "in", list(codes or ()))])

    def _covers(self, asked):
        has_same_name = self._terms().aud_name == self.bank_id.sudo().name
        return asked <= set(self.sections) and has_same_name and self._is_our_word()

    def _is_our_word(self):
        """Whether the company's key, name and tax ID and the bank's address of today are those of the signed form."""
        return self._is_of_same_parties() and self.company_id.sudo().name == self._terms().iss

    def _is_of_same_parties(self):
        """Whether the bank still knows the company as it did: by the key and the tax ID, whatever its name."""
        bank, company, terms = self.bank_id.sudo(), self.company_id.sudo(), self._terms()
        key = self.env["scf.key"].sudo()._for_company(company)
        return (key.kid, company.vat, bank.issuer) == (self.kid, terms.iss_tax_id, terms.aud)

    def _terms(self):
        """The terms as they were signed (`openscf.consent.ConsentTerms`), read out of the signed form."""
        self.ensure_one()
        key = self.env["scf.key"].sudo().search([("kid", "=", self.kid)])
        return read_consent(self.artefact, keys=KeySet.of(key.public_jwk))

    # -- business: the end ------------------------------------------------------------------------------------------

    def _is_in_force(self, now):
        self.ensure_one()
        return self.state == "active" and now < self.expires_at

    def _why_not_in_force(self):
        """Why nothing may be sent under this consent any more, as a sentence; None while it is in force."""
        bank = self.bank_id.sudo().name
        if self.state == "revoked":
            return self.env._(
                "The consent for %(bank)s was taken back on %(date)s, so nothing more is sent under it.",
                bank=bank,
                date=format_date(self.env, self.revoked_at),
            )
        if not self._is_in_force(fields.Datetime.now()):
            return self.env._(
                "The consent for %(bank)s ended on %(date)s, so nothing more is sent under it. Ask the bank again with "
                "a new one.",
                bank=bank,
                date=format_date(self.env, self.expires_at),
            )
        return None

    def _why_not_carried(self):
        """Why no package can carry this consent, as a sentence; None where one can.

        A package is sealed with the key of today, and a bank takes only a consent that was signed with the same.
        """
        if why_not := self._why_not_in_force():
            return why_not
        if self._is_our_word():
            return None
        if self._is_renewable():
            return self.env._(
                "The consent for %s was given under the company's former name, so that no bank would take fresh "
                "evidence under it. Give it again under the name of today.",
                self.bank_id.sudo().name,
            )
        return self.env._(
            "The consent for %s was signed with a former key, or under a former tax ID or address, so that no bank "
            "would take fresh evidence under it. Answer without fresh evidence, or withdraw the request and ask again "
            "with a new consent.",
            self.bank_id.sudo().name,
        )

    # -- business: giving it again ----------------------------------------------------------------------------------

    def _is_renewable(self):
        """Whether the consent is in force and only the company's name has changed since it was given."""
        is_former = not self._is_our_word()
        return is_former and self._is_of_same_parties() and self._is_in_force(fields.Datetime.now())

    def _renewed_words(self, ends_on=None):
        """What the current user agrees to by `_renew`, in words."""
        return self._words(
            self.bank_id,
            self.company_id,
            self._known_sections(self.sections),
            counterparties=self.counterparties,
            history_months=self.history_months,
            ends_on=ends_on or self.expires_at,
        )

    def _renew(self, ends_on=None):
        """Give the consent again under the company's name of today, as wide and as long as it was; gives the new one.

        The former one stays in force for what was sent under it, until it is taken back or ends.

        :param ends_on: the last day of the new one, where it is not the former one's end
        """
        notice = self._renewed_words(ends_on)
        terms = self._new_terms(
            self.bank_id,
            notice,
            sections=self.sections,
            counterparties=self.counterparties,
            history_months=self.history_months,
            now=fields.Datetime.now(),
            expires_at=datetime.combine(ends_on, time(23, 59, 59)) if ends_on else self.expires_at,
        )
        key = self.env["scf.key"].sudo()._for_company(self.company_id)
        return self._grant(terms, notice, bank=self.bank_id, key=key)

    # -- business: taking it back -----------------------------------------------------------------------------------

    def _revoke(self):
        """Take back a consent that is in force, tell the bank, and end what rests on it and has no loan yet.

        :return: False where the consent had ended already
        """
        now = fields.Datetime.now()
        if not self._is_in_force(now):
            return False
        self.write({"revoked_at": now, "revoked_by_id": self.env.user.id})
        self._set_state("revoked")
        revocation = ConsentRevocation(
            reason=self.env._("Taken back by the applicant."), revoked_at=now.replace(tzinfo=timezone.utc)
        )
        self.bank_id._send("revoke", revocation.to_wire(), channel=self.consent_ref, addressee=self)
        sentence = self.env._(
            "The consent for %(bank)s was taken back by %(user)s. The bank is told; it erases what it received.",
            bank=self.bank_id.name,
            user=self.env.user.name,
        )
        self.message_post(body=sentence)
        for submission in self.submission_ids:
            if submission._end_with_consent(sentence):
                submission.application_id.message_post(body=sentence)
                submission.application_id._sync_state()
        return True

    @api.model
    def _cron_expire(self):
        """Mark the consents whose time is over; what was not sent by then is held back by itself."""
        for consent in self.search([("state", "=", "active"), ("expires_at", "<=", fields.Datetime.now())]):
            consent._set_state("expired")
            consent.message_post(
                body=self.env._("The consent ended. %s erases what it received under it.", consent.bank_id.name)
            )

    def _set_state(self, state):
        """The only writer of `state`: a consent ends once."""
        self.ensure_one()
        if self.state == "active":
            self.state = state

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _scf_target(self, verb):
        return self.consent_ref

    def _scf_on_answer(self, message, answer):
        self.bank_told_at = fields.Datetime.now()
        self.message_post(body=self.env._("%s confirmed that the consent is taken back.", self.bank_id.name))

    def _scf_on_refused(self, message, problem):
        self.message_post(
            body=self.env._(
                "%(bank)s did not confirm that the consent is taken back: %(detail)s Call the bank; nothing more is "
                "sent under this consent in any case.",
                bank=self.bank_id.name,
                detail=problem.get("detail") or problem.get("title") or "",
            )
        )


def _seconds(moment):
    return int(moment.replace(tzinfo=timezone.utc).timestamp())


def _naive(moment):
    return moment.replace(tzinfo=None)
