from dateutil.relativedelta import relativedelta
from openscf.canonical import sha256_hex

from odoo import fields, models
from odoo.tools import format_date, get_lang, html2plaintext

from odoo.addons.base_iban.models.res_partner_bank import pretty_iban

# A program usually runs for years; a word that was given once should not hold for longer than people remember it.
CONSENT_MONTHS = 24


class ScfProgramJoining(models.Model):
    """What a member agrees to, word for word, and how its people sign it."""

    _inherit = "scf.program.joining"

    # -- business: what is signed -----------------------------------------------------------------------------------

    def _fixed_notice(self):
        """The words as they are signed: those of the first signature, until something changes."""
        self.ensure_one()
        if not self.notice:
            notice = self._words(get_lang(self.env).code)
            self.write(
                {
                    "notice": notice,
                    "notice_sha256": sha256_hex(notice.encode()),
                    "consent_ends_on": self._consent_end(),
                    "terms_id": self.program_id.terms_version_id.id,
                }
            )
        return self.notice

    def _shown_notice(self):
        """The words to show: those that somebody signed already, or those that would be signed now."""
        return self.notice or self._words(get_lang(self.env).code)

    def _shown_notice_sha256(self):
        """The digest by which a signature says which words it was given for."""
        return sha256_hex(self._shown_notice().encode())

    def _words_to_agree(self):
        """What stands beside the box that is ticked to sign."""
        return self.env._("I have read it, I agree, and I may sign for %s.", self.name)

    def _consent_end(self):
        return fields.Date.context_today(self) + relativedelta(months=CONSENT_MONTHS)

    def _words(self, lang):
        """What the member agrees to, in plain words: terms, what goes to whom, for what, until when."""
        joining = self.with_context(lang=lang)
        env, program, anchor = joining.env, joining.program_id, joining.company_id.name
        terms = program.terms_version_id
        paragraphs = [
            env._(
                "%(name)s (tax ID %(vat)s, %(country)s) joins the program “%(program)s” of %(anchor)s.",
                name=joining.name,
                vat=joining.vat,
                country=joining.country_id.name,
                program=program.name,
                anchor=anchor,
            ),
            env._(
                "Early payments go to the account %(iban)s of %(holder)s.",
                iban=pretty_iban(joining.iban),
                holder=joining.account_holder,
            ),
            html2plaintext(terms._text_in(lang)) if terms else "",
            joining._terms_line(terms),
            joining._consent_words(),
        ]
        return "\n\n".join(paragraph.strip() for paragraph in paragraphs if paragraph.strip())

    def _terms_line(self, terms):
        if not terms:
            return ""
        return self.env._(
            "These are the terms of the program, version %(version)s (SHA-256 %(sha256)s).",
            version=terms.version,
            sha256=terms.sha256,
        )

    def _consent_words(self):
        """What the member lets the anchor pass on; nothing where the program has no bank."""
        banks, anchor = self._program_banks().bank_id, self.company_id.name
        if not banks:
            return ""
        return "\n".join(
            (
                self.env._(
                    "%(name)s lets %(anchor)s pass on the following to %(banks)s, to decide on the membership and to "
                    "pay bills early, and for nothing else:",
                    name=self.name,
                    anchor=anchor,
                    banks=", ".join(banks.mapped("name")),
                ),
                "• " + self.env._("name, tax ID, country and bank account of the company, and its contact person"),
                "• " + self.env._("who signed: name, role, e-mail, time and network address"),
                "• " + self.env._("the documents that were uploaded here for it"),
                "• "
                + self.env._(
                    "what the books of %s say of the business with the company: orders, deliveries, returns and bills",
                    anchor,
                ),
                self.env._(
                    "Nothing about other customers is passed on. It holds until %s. You can take it back at any time "
                    "with one click: nothing more is passed on then, and the membership ends. What was paid early "
                    "stays paid.",
                    format_date(self.env, self.consent_ends_on or self._consent_end()),
                ),
            )
        )

    def _sign_first(self, *, name, role, email, others, address, user_agent, user):
        """Sign for the member, and ask the others who have to.

        :param others: {"name", "role", "email"} of each further person
        """
        self.ensure_one()
        signatures = self.env["scf.program.signature"].sudo()
        self._fixed_notice()
        own = signatures.create(
            {"joining_id": self.id, "name": name, "role": role, "email": email, "lang": get_lang(self.env).code}
        )
        signatures._ask(self, others)
        own._sign(address=address, user_agent=user_agent, user=user)

    def _on_signed(self, signature):
        """Keep the consents once all have signed, and send it where that was asked for."""
        self.member_id._tell(
            self.env._(
                "%(name)s (%(role)s) signed for %(member)s.", name=signature.name, role=signature.role, member=self.name
            )
        )
        if self._is_signed():
            self.env["scf.program.consent"]._grant(self)
            self._send_when_ready()

    def _forget_signatures(self):
        """End what was signed for other facts than those of today; it has to be signed again."""
        self._signatures()._set_void()
        self.consent_ids._revoke()
        self.write({"notice": False, "notice_sha256": False, "consent_ends_on": False, "terms_id": False})
