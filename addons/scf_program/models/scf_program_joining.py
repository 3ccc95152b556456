from odoo import api, fields, models
from odoo.exceptions import UserError

STEPS = ("company", "documents", "terms", "send")
ACCOUNT_STATES = [
    ("known", "Known"),
    ("to_check", "To Be Checked"),
    ("confirmed", "Confirmed"),
    ("refused", "Refused"),
]
TERMS_MEDIA_TYPE = "application/json"


class ScfProgramJoining(models.Model):
    """What a member gives to join: facts about itself, documents, signatures; and how far it is.

    Suppliers write it through their pages, with full rights behind a check of who they are; nobody else changes it.
    The contact of the anchor's books stays as it is: what differs is shown to the anchor, who takes it over or asks.
    """

    _name = "scf.program.joining"
    _description = "What a program's member gives to join"
    _inherit = ["scf.record.kept"]
    _rec_name = "member_id"
    _order = "id desc"

    member_id = fields.Many2one("scf.program.member", required=True, readonly=True, index=True, ondelete="cascade")
    program_id = fields.Many2one(related="member_id.program_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="member_id.company_id", store=True, index=True, precompute=True)
    partner_id = fields.Many2one(related="member_id.partner_id", string="Contact in Your Books")
    joined_by_id = fields.Many2one("res.users", readonly=True, help="Who of the company came in first.")
    name = fields.Char(string="Company Name", readonly=True)
    vat = fields.Char(string="Tax ID", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    legal_form = fields.Char(readonly=True)
    company_registry = fields.Char(string="Register Number", readonly=True)
    street = fields.Char(readonly=True)
    zip = fields.Char(string="Postal Code", readonly=True)
    city = fields.Char(readonly=True)
    contact_name = fields.Char(string="Contact Person", readonly=True)
    contact_email = fields.Char(string="E-mail", readonly=True)
    contact_phone = fields.Char(string="Phone", readonly=True)
    iban = fields.Char(string="IBAN", readonly=True)
    account_holder = fields.Char(readonly=True)
    facts_saved_at = fields.Datetime(string="Facts Given On", readonly=True)
    account_state = fields.Selection(
        ACCOUNT_STATES,
        string="Account and Tax ID",
        readonly=True,
        help="Money goes to an account that differs from your books only after somebody asked the company by phone.",
    )
    account_checked_by_id = fields.Many2one("res.users", string="Checked By", readonly=True)
    account_checked_at = fields.Datetime(string="Checked On", readonly=True)
    document_ids = fields.One2many("scf.program.document", "joining_id", string="Documents", readonly=True)
    signature_ids = fields.One2many("scf.program.signature", "joining_id", string="Signatures", readonly=True)
    consent_ids = fields.One2many("scf.program.consent", "joining_id", string="Consents", readonly=True)
    notice = fields.Text(string="What Is Agreed", readonly=True, help="As the first person signed it.")
    notice_sha256 = fields.Char(string="SHA-256 of the Words", readonly=True)
    consent_ends_on = fields.Date(readonly=True)
    terms_id = fields.Many2one(
        "scf.program.terms", string="Terms Signed", readonly=True, ondelete="restrict", help="The version in the words."
    )
    wants_sending_at = fields.Datetime(
        readonly=True, help="Since when it may go to the banks, as soon as all have signed and the account is checked."
    )
    revision = fields.Integer(readonly=True, help="How often it was sent.")
    sent_at = fields.Datetime(string="Sent On", readonly=True)

    _member_once = models.UniqueIndex("(member_id)", "A member joins once.")

    # -- business: where it stands ----------------------------------------------------------------------------------

    @api.model
    @api.private
    def _of(self, member):
        """What a member gives, made when it starts.

        :param member: the ``scf.program.member``
        """
        joining = self.sudo().search([("member_id", "=", member.id)])
        return joining or self.sudo().create({"member_id": member.id})

    def _is_open(self):
        """Whether the member may (still) change what it gives: before it is sent, and when a bank asks."""
        self.ensure_one()
        if not self.program_id._is_open() or self.member_id.state in ("left", "declined"):
            return False
        return not self.sent_at or "action_required" in self._at_banks().mapped("status")

    def _at_banks(self):
        return self.member_id.bank_ids.filtered(
            lambda item: not item.over_since and item.program_bank_id in self._program_banks()
        )

    def _program_banks(self):
        """The banks of the program that a member joins at."""
        return self.program_id.bank_ids.filtered(lambda bank: bank.status not in ("declined", "closed"))

    def _signatures(self):
        """The signatures that count: given, or waited for."""
        return self.signature_ids.filtered(lambda item: item.state != "void")

    def _is_signed(self):
        signatures = self._signatures()
        return bool(signatures) and all(item.state == "signed" for item in signatures)

    def _missing_documents(self):
        """Kinds of documents that are asked and not given."""
        return self._asked_kinds() - self.document_ids.kind_id

    def _asked_kinds(self):
        """Kinds of documents that the program asks for, and those that its banks ask for besides."""
        codes = {code for bank in self._program_banks() for code in bank.documents_asked or ()}
        kinds = self.env["scf.kyb.kind"]
        return self.program_id.document_kind_ids | (kinds.search([("code", "in", sorted(codes))]) if codes else kinds)

    def _is_done(self, step):
        """Whether a step of :data:`STEPS` is done."""
        self.ensure_one()
        if step == "company":
            return bool(self.facts_saved_at)
        if step == "documents":
            return bool(self.facts_saved_at) and not self._missing_documents()
        if step == "terms":
            return self._is_signed()
        return bool(self.sent_at and not self._has_news())

    def _has_news(self):
        """Whether something was given since it was sent last."""
        return bool(self.sent_at) and (
            any(not document.sent_revision for document in self.document_ids) or self.facts_saved_at > self.sent_at
        )

    def _next_step(self):
        """The first step that is not done; None where all are."""
        return next((step for step in STEPS if not self._is_done(step)), None)

    def _document_kinds(self):
        """Kinds of documents that can be given: those asked, those given, and what a bank may ask for besides."""
        kinds = self._asked_kinds() | self.document_ids.kind_id
        return kinds | self.env["scf.kyb.kind"].search([("code", "=", "other")])

    def _questions(self):
        """The records at banks that wait for an answer of the member."""
        return self._at_banks().filtered(lambda item: item.status == "action_required")

    def _standing(self):
        """Where the member stands, and what happens next, as a sentence to it."""
        anchor, state = self.company_id.name, self.member_id.state
        if state in ("approved", "financed"):
            return self.env._(
                "You are in. When %s has approved an invoice of yours, you can get its money early.", anchor
            )
        if state == "suspended":
            return self.env._("This is suspended for now: nothing new is paid early. What was agreed goes on.")
        if state == "declined":
            return self.env._("You were not taken into the program. %s", self.member_id.state_reason or "").strip()
        if not self.program_id._is_open():
            return self.env._("%s has paused this program. What you gave is kept.", anchor)
        if self._questions():
            return self.env._("A bank needs something more from you.")
        if self.sent_at:
            return self.env._("Sent. The banks look at it; you get an e-mail when they have decided.")
        if self.account_state == "refused":
            return self._why_not_sendable() or ""
        if self.wants_sending_at:
            return self.env._("Done. It is sent by itself, as soon as nothing is waited for any more.")
        return self.env._("A few steps, and you are in. You can stop at any time and go on later: each step is kept.")

    # -- business: sending ------------------------------------------------------------------------------------------

    def _why_not_sendable(self):
        """What the member still has to do before it can be sent, as a sentence; None where nothing."""
        self.ensure_one()
        if not self.facts_saved_at:
            return self.env._("Give the facts about your company first.")
        if missing := self._missing_documents():
            return self.env._("These documents are still missing: %s.", ", ".join(missing.mapped("name")))
        if not self._signatures():
            return self.env._("Somebody has to sign first.")
        if self.account_state == "refused":
            return self.env._(
                "%s does not know the bank account or tax ID that you gave. Correct it, or call them.",
                self.company_id.name,
            )
        return None

    def _waits_for(self):
        """Whom sending waits for, as sentences; none where it can go now."""
        waits = []
        if waiting := self._signatures().filtered(lambda item: item.state == "waiting"):
            waits.append(self.env._("%s still has to sign.", ", ".join(waiting.mapped("name"))))
        if self.account_state == "to_check":
            waits.append(
                self.env._(
                    "%s checks your bank account and tax ID, because they differ from its records. It will call you.",
                    self.company_id.name,
                )
            )
        return waits

    def _ask_to_send(self):
        """Send what the member gave to the banks, now or as soon as all have signed and the account is checked.

        :raise UserError: where the member itself has something left to do
        """
        self.ensure_one()
        if why_not := self._why_not_sendable():
            raise UserError(why_not)
        self.wants_sending_at = fields.Datetime.now()
        self._send_when_ready()

    def _send_when_ready(self):
        if self.wants_sending_at and not self._why_not_sendable() and not self._waits_for() and self._is_open():
            self._send()

    def _send(self):
        """Queue it for every bank that may still take it, as the next revision."""
        self.ensure_one()
        self.write({"revision": self.revision + 1, "sent_at": fields.Datetime.now(), "wants_sending_at": False})
        self.document_ids.filtered(lambda item: not item.sent_revision).sent_revision = self.revision
        if not self.member_id._submit():
            self.member_id._tell(self.env._("%s sent what was still missing.", self.name))
        for program_bank in self._program_banks().filtered(lambda bank: bank.status == "active"):
            self._send_to(program_bank)
        if not self.program_id._needs_bank():
            self.member_id._set_state("approved")

    def _send_to(self, program_bank):
        """Queue it for one bank; a bank that has decided gets nothing more."""
        at_bank = self.env["scf.program.member.bank"]._open(self.member_id, program_bank)
        consent = self._consent_for(program_bank)
        if not (at_bank._is_open() and consent):
            return
        files = [(item.sha256, item._bytes(), item.media_type) for item in self.document_ids]
        # The same file may be given under two kinds; and the bank gets the bytes behind what was signed.
        once = {file[0]: file for file in (*files, (self.terms_id.sha256, self.terms_id._document(), TERMS_MEDIA_TYPE))}
        at_bank.revision += 1
        at_bank._send("member", self._wire(consent, at_bank), documents=list(once.values()))

    def _consent_for(self, program_bank):
        """The consent in force for a bank; an empty record where there is none."""
        return self.consent_ids.filtered(lambda item: item.program_bank_id == program_bank and item._is_in_force())

    def _wire(self, consent, at_bank):
        """All of it as a MemberRequest of docs/protocol.md.

        :param consent: the ``scf.program.consent`` for the bank
        :param at_bank: the ``scf.program.member.bank`` by which the member joins there
        """
        contact = {"name": self.contact_name, "email": self.contact_email}
        if self.contact_phone:
            contact["phone"] = self.contact_phone
        return {
            "member_id": at_bank.reference,
            "revision": at_bank.revision,
            "party": {"name": self.name, "tax_id": self.vat, "country": self.country_id.code},
            "account": {"iban": self.iban, "holder": self.account_holder},
            "contact": contact,
            "signatories": [item._wire() for item in self._signatures()],
            "documents": [item._wire() for item in self.document_ids],
            "consent": consent._wire(),
        }

    # -- business: the end ------------------------------------------------------------------------------------------

    def _end(self):
        """The member left: consents and links end, nothing more is sent, files that no bank has are erased."""
        self.ensure_one()
        self._forget_signatures()
        self.document_ids.filtered(lambda item: not item.sent_revision).unlink()
        self.write({"wants_sending_at": False, "sent_at": False})

    def _begin_anew(self):
        """The company is invited again, after all was over: what it gave is looked at, signed and sent once more."""
        self.ensure_one()
        self._forget_signatures()
        self.document_ids.sent_revision = 0
        self.write({"wants_sending_at": False, "sent_at": False})
