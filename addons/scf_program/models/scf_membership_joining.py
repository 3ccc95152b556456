from datetime import timedelta, timezone

from openscf.errors import InputInvalid
from openscf.programs import Member, MembershipRequest, tax_key
from pydantic import ValidationError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools import email_normalize, format_datetime

from .row_hold import hold
from .scf_membership import OVER
from .scf_program_bank import is_stale

APPROVER = "scf_connector.group_scf_approver"
ADMIN = "scf_connector.group_scf_admin"
# What the bank may read of what we tell it, and what for: the words of docs/protocol.md.
PURPOSE = "program_membership"
SECTIONS = ("identity", "account", "contact", "signatories", "documents", "trade_history")
# How long the bank may read what we tell it for the membership.
CONSENT_DAYS = 365
# Nobody signs over a network where a job or a shell does it.
THIS_SERVER = "127.0.0.1"


class ScfMembership(models.Model):
    """Joining: the file is opened, the bank connected, the terms signed, the membership sent, and the bank decides."""

    _inherit = "scf.membership"

    # -- business: the file -----------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _open(self, found, company):
        """Keep what a file says, once; a newer file of the same membership brings its keys in step.

        :param found: `invitation_file.InvitationFile`, checked
        :param company: the ``res.company`` that it is for
        :raise UserError: where the file is another company's, or older than the one that was opened
        """
        if problem := self._why_not_ours(found, company):
            raise UserError(problem)
        memberships = self.sudo().with_context(active_test=False)
        ours = [("company_id", "=", company.id)]
        if known := memberships.search([*ours, ("invitation_jti", "=", found.claims.jti)], limit=1):
            return known.sudo(self.env.su)
        same = memberships.search(
            [
                *ours,
                ("bank_issuer", "=", found.bank.issuer),
                ("bank_program_ref", "=", found.program.id),
                ("member_ref", "=", found.claims.member_id),
                ("state", "not in", OVER),
            ],
            limit=1,
        )
        values = self._values_of(found, company)
        if not same:
            return memberships.create({**values, **self._prepared(company)}).sudo(self.env.su)
        if values["invited_at"] <= same.invited_at:
            raise UserError(
                self.env._(
                    "This file is older than the one of %(day)s that was opened for “%(program)s”. Use the newest one.",
                    day=format_datetime(self.env, same.invited_at),
                    program=same.program_name,
                )
            )
        # What was signed stays as it was signed; of a newer file counts then what its signatures are checked with.
        keys = {"anchor_jwks": values["anchor_jwks"], "anchor_client_ref": values["anchor_client_ref"]}
        same.write(values if same.state == "draft" else keys)
        same.message_post(body=self.env._("A newer invitation file was opened."))
        return same.sudo(self.env.su)

    @api.model
    def _why_not_ours(self, found, company):
        """Why the file is not for the company, as a sentence; None where it is."""
        invited, ours = found.claims.party, company.sudo().vat
        if not ours:
            return self.env._(
                "The invitation is for the tax ID %(tax_id)s. Fill in the Tax ID of %(company)s first.",
                tax_id=invited.tax_id,
                company=company.name,
            )
        try:
            is_ours = tax_key(invited.tax_id) == tax_key(ours)
        except InputInvalid:
            is_ours = False
        if not is_ours:
            return self.env._(
                "The invitation is for %(invited)s (tax ID %(tax_id)s); %(company)s has the tax ID %(ours)s. Choose "
                "that company at the top right, or ask for an invitation of your own.",
                invited=invited.name,
                tax_id=invited.tax_id,
                company=company.name,
                ours=ours,
            )
        if not self.env["res.currency"].search([("name", "=", found.program.currency)], limit=1):
            return self.env._(
                "The program runs in %s, a currency that is not active here. Ask an administrator to activate it.",
                found.program.currency,
            )
        return None

    @api.model
    def _values_of(self, found, company):
        currency = self.env["res.currency"].search([("name", "=", found.program.currency)], limit=1)
        return {
            "company_id": company.id,
            "kind": found.program.kind,
            "currency_id": currency.id,
            "anchor_name": found.anchor.party.name,
            "anchor_tax_id": found.anchor.party.tax_id,
            "anchor_client_ref": found.claims.iss,
            "anchor_jwks": found.anchor.jwks,
            "partner_id": self._partner_with(found.anchor.party.tax_id, company).id,
            "bank_name": found.bank.name,
            "bank_issuer": found.bank.issuer,
            "bank_keys": list(found.bank.keys),
            "bank_id": self._connection(found.bank.issuer, company).id,
            "program_name": found.program.name,
            "program_ref": found.program.program_id,
            "bank_program_ref": found.program.id,
            "member_ref": found.claims.member_id,
            "terms_document": found.program.terms,
            "terms_sha256": found.program.terms_sha256,
            "offered_rate_pa": found.program.rate_pa,
            "offered_fee_percent": found.program.fee_percent,
            "documents_asked": list(found.program.documents),
            "invitation": found.invitation,
            "invitation_jti": found.claims.jti,
            "invited_at": _naive(found.claims.iat),
            "invitation_ends_at": _naive(found.claims.exp),
        }

    @api.model
    def _prepared(self, company):
        """What the company knows of what the bank wants to know, for a person to check."""
        user, company = self.env.user, company.sudo()
        return {
            "account_id": company.scf_collection_bank_account_id.id,
            "contact_name": user.name,
            "contact_email": email_normalize(user.email or company.email or "") or False,
            "contact_phone": user.phone or company.phone,
            "signatory_role": user.partner_id.function,
        }

    @api.model
    def _partner_with(self, tax_id, company):
        """The contact that has the tax ID; empty where none has it, or several do."""
        partners = (
            self.env["res.partner"]
            .sudo()
            .search([("vat", "!=", False), ("is_company", "=", True), ("company_id", "in", (False, company.id))])
            .filtered(lambda partner: _same_tax_id(partner.vat, tax_id))
            .commercial_partner_id
        )
        return partners if len(partners) == 1 else self.env["res.partner"]

    @api.model
    def _connection(self, issuer, company):
        """The company's connection to the bank with that address, however far it is."""
        return self.env["scf.bank"].sudo().search([("company_id", "=", company.id), ("base_url", "=", issuer)], limit=1)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_connect(self):
        """Connect the bank at the address in the file, if it shows the keys that the file names: one short call."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(ADMIN):
            raise AccessError(
                self.env._(
                    "%(bank)s is not connected. Only a financing administrator connects banks: ask one to open this "
                    "membership and press Connect.",
                    bank=self.bank_name,
                )
            )
        membership = self.sudo()
        banks = self.env["scf.bank"]
        bank = membership.bank_id.with_env(self.env) or membership._connection(
            membership.bank_issuer, membership.company_id
        ).with_env(self.env)
        if not bank:
            bank = banks.create({"base_url": membership.bank_issuer, "company_id": membership.company_id.id})
        if bank.state == "draft":
            bank.action_discover()
        membership.bank_id = bank
        membership._refuse_other_keys()
        if bank.state in ("discovered", "declined"):
            bank.action_register()
        if membership.state == "signed":
            membership._send_signed()
        return True

    def _refuse_other_keys(self):
        """The bank must show the keys that the file pins: else somebody stands between, or the file is outdated."""
        shown = {jwk["kid"] for jwk in (self.bank_id.jwks or {}).get("keys", [])}
        if not shown & set(self.bank_keys):
            raise UserError(
                self.env._(
                    "%(bank)s at %(address)s shows other keys than the ones in the invitation of %(anchor)s. Don't go "
                    "on: ask both of them which keys are right.\n\nShown: %(shown)s\nIn the file: %(pinned)s",
                    bank=self.bank_name,
                    address=self.bank_issuer,
                    anchor=self.anchor_name,
                    shown=", ".join(sorted(shown)),
                    pinned=", ".join(self.bank_keys),
                )
            )

    def action_join(self):
        """Sign the terms for the company and send the membership; it waits here until the bank is connected."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(APPROVER):
            raise AccessError(self.env._("Only an approver may sign for the company: ask one to open this membership."))
        if self.state not in ("draft", "action_required"):
            raise UserError(self.env._("The membership was signed and sent already."))
        if why_not := self._why_not_join():
            raise UserError(why_not)
        membership = self.sudo()
        membership._check_account_seen()
        membership.write(
            {
                "signed_by_id": self.env.user.id,
                "signed_account": membership.account_in_words,
                "signed_at": fields.Datetime.now(),
                "signed_from": request.httprequest.remote_addr if request else THIS_SERVER,
                "message": False,
            }
        )
        # What would be refused at the bank is refused here, before anything is queued.
        membership._membership_request(1)
        if not membership.bank_id:
            membership._set_state("signed")
            if self.env.user.has_group(ADMIN):
                self.action_connect()
            return True
        membership._refuse_other_keys()
        membership._send_membership()
        return True

    def _check_account_seen(self):
        """See that the account that is signed for is the one that was on the screen: money will go there.

        :raise UserError: where it is another one, or nothing says what was seen
        """
        if self.env.context.get("scf_seen_account") != self.account_in_words:
            raise UserError(
                self.env._(
                    "The account has changed since you opened this page: early payments would go to %s. Reload the "
                    "page, look at it, and sign then.",
                    self.account_in_words,
                )
            )

    def _why_not_join(self):
        """What is missing before this user can join for the company, as a sentence; None where nothing is."""
        if why_not := self._why_not_signable():
            return why_not
        if not email_normalize(self.env.user.email or ""):
            return self.env._("Whoever signs has an e-mail address: enter yours in your preferences.")
        return None

    def _why_not_signable(self):
        """What is missing before anybody can sign for the company, as a sentence; None where nothing is."""
        if not self.bank_member_ref and self.invitation_ends_at <= fields.Datetime.now():
            return self.env._(
                "The invitation ended on %(day)s. Ask %(anchor)s for a new file.",
                day=format_datetime(self.env, self.invitation_ends_at),
                anchor=self.anchor_name,
            )
        asked = {
            "account_id": self.sudo().account_id,
            "contact_name": self.contact_name,
            "contact_email": email_normalize(self.contact_email or ""),
            "signatory_role": self.signatory_role,
        }
        if missing := [self._fields[name]._description_string(self.env) for name, there in asked.items() if not there]:
            return self.env._("Fill in first: %s.", ", ".join(missing))
        if self.sudo().account_id.partner_id != self.company_id.sudo().partner_id:
            return self.env._(
                "%(account)s is an account of %(owner)s. Choose one of %(company)s: early payments are its money.",
                account=self.sudo().account_id.acc_number,
                owner=self.sudo().account_id.partner_id.name,
                company=self.company_id.name,
            )
        if self.missing_documents:
            return self.env._("The bank asks for more documents. Attach: %s.", self.missing_documents)
        return None

    def action_decline(self):
        """Say no to the invitation; nothing goes to anybody."""
        self.ensure_one()
        self.check_access("write")
        if not self.sudo()._set_state("declined"):
            raise UserError(self.env._("The membership was sent already: leave the program instead."))
        return True

    def action_leave(self):
        """Tell the bank that the company leaves the program; what is paid early already stays as it is."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(APPROVER):
            raise AccessError(self.env._("Only an approver may leave a program for the company."))
        if self.state not in ("received", "action_required", "approved", "suspended"):
            raise UserError(self.env._("There is no membership to leave."))
        membership = self.sudo()
        reason = self.env._("%(user)s left for %(company)s.", user=self.env.user.name, company=self.company_id.name)
        membership._send("leave", {"reason": reason})
        membership.message_post(body=reason)
        return True

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _send(self, verb, payload, *, documents=()):
        """Queue a message; those of one membership reach the bank in order, once the bank let the company in."""
        return self.bank_id._send(verb, payload, channel=f"membership-{self.id}", addressee=self, documents=documents)

    def _send_signed(self):
        """Send what was signed before the bank was connected; where the account has changed, it is signed anew."""
        if self.signed_account == self.account_in_words:
            self._send_membership()
            return
        self._set_state("draft")
        self._ask_to_act(
            self.env._(
                "The account was %(signed)s when the membership was signed; it is %(now)s now. Look at it, and sign "
                "again.",
                signed=self.signed_account or "-",
                now=self.account_in_words or "-",
            )
        )

    def _send_membership(self):
        self.revision += 1
        wires = [document._wire() for document in self.document_ids]
        payload = self._membership_request(self.revision, [row for row, _put in wires])
        terms = (self.terms_sha256, self.terms_document.encode(), "application/json")
        self._send("membership", payload, documents=[terms, *(put for _row, put in wires)])
        self._set_state("sent")

    def _membership_request(self, revision, documents=()):
        """The body of ``POST /v1/memberships``.

        :raise UserError: where it could not stand at the bank
        """
        company, signer = self.company_id, self.signed_by_id
        at = self.signed_at.replace(tzinfo=timezone.utc)
        account = self.account_id
        party = {"name": company.name, "tax_id": company.vat}
        if company.country_id:
            party["country"] = company.country_id.code
        contact = {"name": self.contact_name, "email": email_normalize(self.contact_email)}
        if self.contact_phone:
            contact["phone"] = self.contact_phone
        try:
            wire = MembershipRequest(
                member_id=self.member_ref,
                revision=revision,
                party=party,
                account={"iban": account.acc_number, "holder": account.acc_holder_name or account.partner_id.name},
                contact=contact,
                signatories=[
                    {
                        "name": signer.name,
                        "role": self.signatory_role,
                        "email": email_normalize(signer.email),
                        "signed_at": at,
                        "address": self.signed_from,
                        "agreement_sha256": self.terms_sha256,
                    }
                ],
                documents=documents,
                consent={
                    "purpose": PURPOSE,
                    "sections": SECTIONS,
                    "recipient": self.bank_issuer,
                    "expires_on": self.signed_at.date() + timedelta(days=CONSENT_DAYS),
                    "given_by": signer.name,
                    "given_at": at,
                },
                invitation=self.invitation,
            )
        except ValidationError as error:
            places = "; ".join(f"{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise UserError(
                self.env._("The bank would not take this: %s. Correct it and sign again.", places)
            ) from None
        return wire.to_wire()

    def _scf_target(self, verb):
        return self.bank_member_ref or None

    def _scf_before_send(self, message):
        if (
            message.verb == "membership"
            and not self.bank_member_ref
            and self.invitation_ends_at <= fields.Datetime.now()
        ):
            return self.env._("The invitation ended before the bank could be told. Ask for a new file.")
        return None

    def _scf_on_answer(self, message, answer):
        self._take(Member.model_validate(answer))

    def _scf_on_refused(self, message, problem):
        why = problem.get("detail") or problem.get("title") or ""
        self.message = why
        if message.verb == "membership":
            self._set_state("action_required" if self.bank_member_ref else "draft")
        self._ask_to_act(self.env._("%(bank)s did not take it: %(why)s", bank=self.bank_name, why=why))

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, member, cursor=None, *, reason=None):
        """Apply a Member of docs/protocol.md; an older word than the last one changes nothing.

        :param member: `openscf.programs.Member`
        :param int cursor: place of the event in the bank's feed; None for an answer, which an event overtakes
        """
        self.ensure_one()
        hold(self)
        # What we sent anew is answered after earlier events: then the answer is the news.
        if is_stale(self.last_cursor, cursor) and not (cursor is None and self.state == "sent"):
            return
        self.write(
            {
                "bank_member_ref": member.id,
                "limit_amount": float(member.limit.amount) if member.limit else self.limit_amount,
                "has_limit": bool(member.limit) or self.has_limit,
                "used_amount": float(member.used.amount),
                "rate_pa": float(member.rate_pa) if member.rate_pa is not None else self.rate_pa,
                "valid_until": member.valid_until or self.valid_until,
                "message": reason or member.message or False,
                **({"last_cursor": str(cursor)} if cursor is not None else {}),
            }
        )
        if self._set_state(member.status.value.lower()):
            self._tell_state()

    def _tell_state(self):
        names = {**self._names(), "why": self.message or ""}
        if self.state == "action_required":
            self._ask_to_act(self.env._("%(bank)s asks about the membership in %(program)s: %(why)s", **names))
            return
        self.activity_unlink(["mail.mail_activity_data_todo"])
        if self.state == "approved":
            terms = self._limit_in_words()
            self.message_post(body=self.env._("%(bank)s takes us into %(program)s: %(terms)s.", terms=terms, **names))
        elif self.state in ("declined", "suspended", "left"):
            self.message_post(
                body={
                    "declined": self.env._("%(bank)s declined the membership in %(program)s. %(why)s", **names),
                    "suspended": self.env._("%(bank)s suspended the membership in %(program)s. %(why)s", **names),
                    "left": self.env._("The membership in %(program)s at %(bank)s is over. %(why)s", **names),
                }[self.state]
            )

    def _ask_to_act(self, sentence):
        """Give whoever signed the task, and keep the sentence in the record."""
        self.message_post(body=sentence)
        user = self.signed_by_id if self.signed_by_id.active else self.create_uid
        self.activity_schedule(
            "mail.mail_activity_data_todo", summary=sentence, user_id=user.id if user.active else False
        )


def _naive(seconds):
    """Unix seconds as Odoo keeps a time."""
    return fields.Datetime.to_datetime("1970-01-01 00:00:00") + timedelta(seconds=seconds)


def _same_tax_id(text, tax_id):
    try:
        return tax_key(text) == tax_key(tax_id)
    except InputInvalid:
        return False
