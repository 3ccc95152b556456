import base64
import hashlib
import hmac as digests
import secrets
from datetime import timedelta

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import hmac
from odoo.tools.urls import urljoin

from odoo.addons.scf_finance.models.labels import label_of

STATES = [
    ("draft", "To Invite"),
    ("invited", "Invited"),
    ("opened", "Opened"),
    ("started", "Started"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("financed", "Financed"),
    ("declined", "Declined"),
    ("bounced", "Not Reached"),
    ("suspended", "Suspended"),
    ("left", "Left"),
]
FUNNEL = ("draft", "invited", "opened", "started", "submitted", "approved", "financed")
# A company may join from its own system without ever opening the link here, and change its mind while the link works.
TRANSITIONS = {
    "draft": {"invited", "bounced", "submitted", "approved", "left"},
    "invited": {"opened", "started", "submitted", "approved", "declined", "bounced", "left"},
    "opened": {"started", "submitted", "approved", "declined", "bounced", "left"},
    "started": {"submitted", "approved", "declined", "left"},
    "submitted": {"started", "approved", "declined", "left"},
    "approved": {"financed", "suspended", "declined", "left"},
    "financed": {"approved", "suspended", "left"},
    "declined": {"invited", "opened", "started", "submitted", "approved", "left"},
    "bounced": {"invited", "opened", "started", "submitted", "approved", "left"},
    "suspended": {"approved", "financed", "declined", "left"},
    "left": {"invited"},
}
# Who was invited and has not sent anything yet: the link leads somewhere, and reminders go out.
INVITED = ("invited", "opened", "started")
# What the banks say of a member, the best of them first: it is the state of the member.
STATE_OF_STATUS = (
    ("approved", "approved"),
    ("received", "submitted"),
    ("action_required", "submitted"),
    ("suspended", "suspended"),
    ("declined", "declined"),
    ("left", "left"),
)


class ScfProgramMember(models.Model):
    """A supplier, or a distributor, in a program: how far it came from the invitation to the first money."""

    _name = "scf.program.member"
    _description = "Member of a program"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.addressee", "scf.program.guarded"]
    _order = "id desc"
    _rec_name = "partner_id"
    _check_company_auto = True

    program_id = fields.Many2one("scf.program", required=True, index=True, ondelete="restrict")
    program_kind = fields.Selection(related="program_id.kind")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", string="Member", required=True, index=True, ondelete="restrict", check_company=True
    )
    reference = fields.Char(
        string="Number",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: f"MBR-{secrets.token_hex(6).upper()}",
        help="What the banks know it by.",
    )
    email = fields.Char(help="Whom the invitation goes to.")
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        tracking=True,
        index=True,
        group_expand="_expand_states",
    )
    state_since = fields.Datetime(readonly=True, copy=False, default=fields.Datetime.now)
    state_reason = fields.Char(readonly=True, copy=False, help="Why it declined, left, or was not reached.")
    access_token = fields.Char(
        readonly=True,
        copy=False,
        exportable=False,
        groups=fields.NO_ACCESS,
        default=lambda self: secrets.token_urlsafe(32),
        help="What its link is signed over; another one ends the link.",
    )
    link_expires_at = fields.Datetime(string="Link Works Until", readonly=True, copy=False)
    queued_at = fields.Datetime(
        string="To Be Sent Since", readonly=True, copy=False, help="An invitation or a reminder waits to be sent."
    )
    invited_at = fields.Datetime(string="Invited On", readonly=True, copy=False)
    invited_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    reminded_at = fields.Datetime(string="Last Reminded On", readonly=True, copy=False)
    reminder_count = fields.Integer(string="Reminders", readonly=True, copy=False)
    opened_at = fields.Datetime(string="Opened On", readonly=True, copy=False)
    submitted_at = fields.Datetime(string="Submitted On", readonly=True, copy=False)
    financed_at = fields.Datetime(string="First Financed On", readonly=True, copy=False)
    bank_ids = fields.One2many("scf.program.member.bank", "member_id", string="At the Banks", copy=False)
    limit_amount = fields.Monetary(string="Limit", compute="_compute_amounts", compute_sudo=True)
    used_amount = fields.Monetary(string="Used", compute="_compute_amounts", compute_sudo=True)
    next_step = fields.Char(string="What Happens Next", compute="_compute_next_step")

    _partner_once = models.UniqueIndex("(program_id, partner_id)", "A company is in a program once.")
    _token_once = models.UniqueIndex("(access_token)", "A link leads to one member.")
    _reference_once = models.UniqueIndex("(reference)", "A member's number is used once.")
    _queued_index = models.Index("(queued_at) WHERE queued_at IS NOT NULL")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("bank_ids.limit_amount", "bank_ids.used_amount", "bank_ids.status", "program_id.member_limit")
    def _compute_amounts(self):
        for member in self:
            banks = member.bank_ids.filtered(lambda bank: bank.status in ("approved", "prequalified"))
            agreed = sum(banks.mapped("limit_amount"))
            most = member.program_id.member_limit
            member.limit_amount = min(agreed, most) if most else agreed
            member.used_amount = sum(member.bank_ids.mapped("used_amount"))

    @api.depends("state", "state_reason", "queued_at", "link_expires_at", "reminded_at", "bank_ids.status")
    @api.depends_context("lang")
    def _compute_next_step(self):
        for member in self:
            member.next_step = member._next_step()

    def _next_step(self):
        """What happens next with this member, as a sentence to the enterprise's people."""
        if self.queued_at:
            return self.env._("The e-mail is on its way.")
        if self.state in INVITED and self._link_expired():
            return self.env._("The link has expired. Send it again to renew it.")
        if why := self.state_reason and self.state in ("declined", "left", "bounced", "suspended"):
            why = self.state_reason
        sentences = {
            "draft": lambda: self.env._("Send the invitation."),
            "invited": lambda: self.env._("The company opens the link in its e-mail. It is reminded by itself."),
            "opened": lambda: self.env._("The company has read the invitation and decides."),
            "started": lambda: self.env._("The company fills in its facts and signs the terms."),
            "submitted": self._submitted_sentence,
            "approved": lambda: self.env._("Its approved bills can be paid early."),
            "financed": lambda: self.env._("Its approved bills are paid early."),
            "declined": lambda: self.env._("Not in the program: %s", why or self.env._("it was declined.")),
            "bounced": lambda: self.env._(
                "The e-mail came back. Correct the address, then send it again. %s", why or ""
            ),
            "suspended": lambda: self.env._("Nothing new is paid early for now. %s", why or ""),
            "left": lambda: self.env._("It has left the program. %s", why or ""),
        }
        return sentences[self.state]().strip()

    def _submitted_sentence(self):
        asking = self.bank_ids.filtered(lambda bank: bank.status == "action_required")
        if asking:
            return self.env._(
                "%(bank)s asks: %(question)s", bank=asking[0].bank_id.sudo().name, question=asking[0].message or ""
            )
        waiting = self.bank_ids.filtered(lambda bank: bank.status == "received")
        if waiting:
            return self.env._("%s decides.", ", ".join(waiting.bank_id.sudo().mapped("name")))
        return self.env._("What it sent goes to the banks.")

    def _expand_states(self, states, domain):
        """Columns of the board: the funnel from the invitation on, and what is beside it where somebody is there."""
        return [state for state, _label in STATES if state in FUNNEL[1:] or state in states]

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | {"program_id", "partner_id", "email"}

    @api.model_create_multi
    def create(self, vals_list):
        partners = self.env["res.partner"].browse({vals["partner_id"] for vals in vals_list if vals.get("partner_id")})
        commercial = {partner.id: partner.commercial_partner_id for partner in partners}
        for vals in vals_list:
            if company := commercial.get(vals.get("partner_id")):
                vals["partner_id"] = company.id
        members = super().create(vals_list)
        members._check_program_open()
        return members

    def write(self, vals):
        if not self.env.su and {"program_id", "partner_id"} & vals.keys():
            if any(member.state != "draft" for member in self):
                raise UserError(self.env._("Who was invited stays the company it is. Add the other one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_invited(self):
        if invited := self.filtered(lambda member: member.state != "draft" or member.invited_at):
            raise UserError(
                self.env._(
                    "%s was invited: that stays on record. Take it out of the program instead.",
                    invited[0].partner_id.display_name,
                )
            )

    def _check_program_open(self):
        if closed := self.program_id.filtered(lambda program: program.state == "closed"):
            raise UserError(self.env._("%s is closed: nobody joins it any more.", closed[0].name))

    # -- state ------------------------------------------------------------------------------------------------------

    def _set_state(self, state, reason=False):
        """Write the state, where the funnel allows it.

        :param str reason: why, in the words of whoever decided it
        :return: whether anything changed: a repeat and a step that does not exist change nothing
        """
        self.ensure_one()
        if state not in TRANSITIONS[self.state]:
            return False
        now = fields.Datetime.now()
        first = {"opened": "opened_at", "submitted": "submitted_at", "financed": "financed_at"}.get(state)
        self.write(
            {
                "state": state,
                "state_since": now,
                "state_reason": reason,
                **({first: now} if first and not self[first] else {}),
            }
        )
        if state not in ("draft", *INVITED):
            self.queued_at = False
        return True

    # -- business: the link -----------------------------------------------------------------------------------------

    def _link_token(self):
        """What the member's link ends with: its number in the database and a signature over it.

        Nothing from which a link could be made is stored with the member alone: the signing secret is the server's.
        """
        self.ensure_one()
        return f"{self.id}-{self._link_signature()}"

    def _link_signature(self):
        digest = hmac(self.env(su=True), "scf_program.invitation", (self.id, self.sudo().access_token), hashlib.sha256)
        return base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()

    def _link(self):
        """The address at which the company sees its invitation, in the portal's own pages."""
        return urljoin(self.get_base_url(), f"/scf/join/{self._link_token()}")

    @api.model
    @api.private
    def _by_link_token(self, token):
        """The member whose link ends with `token`, with full rights; an empty record where the signature is none.

        A link that has expired gives its member too: ask :meth:`_link_expired`.
        """
        number, _dash, signature = (token or "").partition("-")
        member = self.sudo().browse(int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0)
        if not member.exists() or not digests.compare_digest(member._link_signature().encode(), signature.encode()):
            return self.sudo().browse()
        return member

    def _link_expired(self):
        """Whether the link no longer works."""
        return not self.link_expires_at or self.link_expires_at <= fields.Datetime.now()

    def _renew_link(self):
        """Let the link work from now on for as long as the program says; where it had ended, it is another link."""
        for member in self.sudo():
            expired = member.link_expires_at and member._link_expired()
            member.write(
                {
                    "link_expires_at": fields.Datetime.now() + timedelta(days=member.program_id.link_days),
                    **({"access_token": secrets.token_urlsafe(32)} if expired else {}),
                }
            )

    def _end_link(self):
        """Let the link sent so far lead nowhere any more."""
        for member in self.sudo():
            member.write({"access_token": secrets.token_urlsafe(32), "link_expires_at": False})

    # -- business: steps of the funnel ------------------------------------------------------------------------------

    def _open(self):
        """The company opened its link."""
        return self._set_state("opened") if self.state in ("invited", "bounced") else False

    def _start(self):
        """The company began to fill in its facts."""
        return self._set_state("started")

    def _submit(self):
        """The company sent everything: the responsible person is told."""
        if not self._set_state("submitted"):
            return False
        self._tell(self.env._("%s has sent its facts and signed the terms.", self.partner_id.name))
        return True

    def _decline(self, reason):
        """The company, or the last bank, declined."""
        if not self._set_state("declined", reason):
            return False
        self._tell(
            self.env._("%(member)s is not in the program: %(why)s", member=self.partner_id.name, why=reason or "-")
        )
        return True

    def _leave(self, reason):
        """The member leaves; the banks that know it are told."""
        for bank in self.bank_ids.filtered(lambda bank: bank.bank_member_ref and not bank.over_since):
            bank._send("leave", {"reason": reason})
            bank._set_over()
        if self._set_state("left", reason):
            self._end_link()
            self._tell(self.env._("%(member)s left the program: %(why)s", member=self.partner_id.name, why=reason))

    def _financed(self):
        """Money was paid early for the first time, or again."""
        return self._set_state("financed")

    def _follow_banks(self, news):
        """Bring the state in step with what the banks say, and tell the responsible person.

        :param news: the record at the bank that said something new
        """
        # What is over, and what no bank knows of, counts for nothing; after the last one its end is what counts.
        current = self.bank_ids.filtered(lambda bank: not bank.over_since and (bank.bank_member_ref or bank.revision))
        statuses = set((current or news).mapped("status"))
        state = next((state for status, state in STATE_OF_STATUS if status in statuses), None)
        if state == "approved" and self.financed_at:
            state = "financed"
        if state in ("declined", "suspended", "left"):
            self._set_state(state, news.message)
        elif state and not (state == "submitted" and self.state in ("approved", "financed")):
            self._set_state(state)
        self._tell(
            self.env._(
                "%(bank)s: %(status)s. %(message)s",
                bank=news.bank_id.name,
                status=label_of(news, "status"),
                message=news.message or "",
            ).strip(),
            act=news.status in ("action_required", "suspended"),
        )
        if news.status == "approved":
            self.activity_unlink(["scf_program.activity_program_news"])

    def _begin_anew(self):
        """Let companies whose memberships at all banks are over join once more: each bank knows them by a new number.

        :return: those that do
        """
        again = self.browse()
        for member in self:
            current = member.bank_ids.filtered(lambda bank: not bank.over_since)
            ended_at = (member.bank_ids - current).program_bank_id - current.program_bank_id
            if ended_at and not current.filtered("bank_member_ref"):
                again |= member
                member.bank_ids.flush_recordset(["over_since"])  # one that is over makes room for the next
                self.env["scf.program.member.bank"].create(
                    [{"member_id": member.id, "program_bank_id": program_bank.id} for program_bank in ended_at]
                )
        return again

    def _reference_at(self, program_bank):
        """What a bank knows the member by, or will when it joins there: another number after each time that ended."""
        self.ensure_one()
        at_bank = self.sudo().bank_ids.filtered(lambda bank: bank.program_bank_id == program_bank)
        if current := at_bank.filtered(lambda bank: not bank.over_since):
            return current.reference
        return f"{self.reference}-{len(at_bank) + 1}" if at_bank else self.reference

    def _tell(self, sentence, *, act=False):
        """Write a sentence into the chatter; where somebody has to act, give the task to the responsible person."""
        self.message_post(body=sentence)
        if act:
            responsible = self.program_id.user_id or self.invited_by_id or self.program_id.requested_by_id
            self.activity_schedule(
                "scf_program.activity_program_news", user_id=responsible.id or self.env.uid, note=escape(sentence)
            )
