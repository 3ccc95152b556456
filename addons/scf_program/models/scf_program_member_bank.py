from openscf.programs import Member

from odoo import api, fields, models

from odoo.addons.scf_finance.models.on_its_own import on_its_own

from .row_hold import hold
from .scf_program_bank import amount_of, is_stale
from .scf_program_member_inviting import CHUNK

STATUSES = [
    ("none", "Not Asked"),
    ("prequalified", "Pre-approved"),
    ("referred", "To Be Decided"),
    ("received", "Received"),
    ("action_required", "Needs an Answer"),
    ("approved", "Approved"),
    ("declined", "Declined"),
    ("suspended", "Suspended"),
    ("left", "Left"),
]
# Before a member joins, its limit is what the pre-approval says; afterwards it is what the bank says of the member.
BEFORE_JOINING = ("none", "prequalified", "referred", "declined")
# Of whom a bank said one of these, it takes new documents and facts.
OPEN = ("none", "prequalified", "referred", "received", "action_required")
OF_PREQUALIFICATION = {"APPROVED": "prequalified", "REFERRED": "referred", "DECLINED": "declined"}


class ScfProgramMemberBank(models.Model):
    """A member of a program at one bank: its limit there, and why."""

    _name = "scf.program.member.bank"
    _description = "Member of a program at a bank"
    _inherit = ["scf.addressee", "scf.program.guarded"]
    _rec_name = "program_bank_id"

    member_id = fields.Many2one("scf.program.member", required=True, readonly=True, index=True, ondelete="cascade")
    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    bank_id = fields.Many2one(related="program_bank_id.bank_id", store=True, precompute=True)
    company_id = fields.Many2one(related="member_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="member_id.currency_id")
    reference = fields.Char(
        string="Our Number There",
        required=True,
        readonly=True,
        index=True,
        help="What the bank knows the member by: its number, and another one each time that it joins there again.",
    )
    revision = fields.Integer(readonly=True, help="How often what the member gave was sent under this number.")
    over_since = fields.Datetime(
        readonly=True, help="When this membership at the bank ended, by our word or the bank's. Another may follow it."
    )
    bank_member_ref = fields.Char(
        string="Bank's Number", readonly=True, index="btree_not_null", help="The bank's id of the member."
    )
    status = fields.Selection(STATUSES, required=True, readonly=True, default="none")
    limit_amount = fields.Monetary(string="Limit", readonly=True)
    used_amount = fields.Monetary(string="Used", readonly=True)
    rate_pa = fields.Float(string="Rate (% a year)", digits=(8, 4), readonly=True)
    valid_until = fields.Date(readonly=True)
    reasons = fields.Json(readonly=True, help="How the bank came to the limit: its reasons, with their effects.")
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    # Since when the job is to write of another price.
    price_queued_at = fields.Datetime(string="To Be Sent Since", readonly=True)
    delayed = fields.Boolean(readonly=True, help="The bank can't be reached; what we sent waits in the outbox.")
    last_cursor = fields.Char(readonly=True, help="The bank's event that it was last brought in step with.")

    _bank_once = models.UniqueIndex(
        "(member_id, program_bank_id) WHERE over_since IS NULL", "A member is once at each bank."
    )
    _reference_once = models.UniqueIndex(
        "(program_bank_id, reference)", "A bank knows one member by a number, and one membership of it."
    )
    _price_queued_index = models.Index("(price_queued_at) WHERE price_queued_at IS NOT NULL")

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # Where one is left out, Odoo says so, to whoever may create records at all.
            member = self.env["scf.program.member"].browse(vals.get("member_id"))
            program_bank = self.env["scf.program.bank"].browse(vals.get("program_bank_id"))
            if member and program_bank:
                vals.setdefault("reference", member._reference_at(program_bank))
        return super().create(vals_list)

    # -- business: records ------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _open(self, members, program_bank):
        """The latest record of each of these members at a bank, made where there is none; three queries for them all.

        :param members: `scf.program.member` of one program
        :param program_bank: that program at a bank
        """
        here = self.sudo()
        at_bank = here.search(
            [("program_bank_id", "=", program_bank.id), ("member_id", "in", members.ids)], order="id desc"
        )
        latest = {}
        for record in at_bank:
            latest.setdefault(record.member_id, record)
        missing = members.filtered(lambda member: member not in latest)
        return here.union(*latest.values()) | here.create(
            [{"member_id": member.id, "program_bank_id": program_bank.id} for member in missing]
        )

    def _set_status(self, status):
        """The only writer of `status`; a repeat changes nothing, and the member's state follows its banks."""
        self.ensure_one()
        has_changed = self.status != status
        if has_changed:
            self.status = status
        if not self.over_since and (status == "left" or self._is_declined_member()):
            self._set_over()
            has_changed = True
        return has_changed

    def _set_over(self):
        """This membership at the bank is over: what was paid early runs to its end, and another may follow.

        :return: those that were not over before
        """
        ending = self.filtered(lambda record: not record.over_since)
        ending.over_since = fields.Datetime.now()
        return ending

    def _is_declined_member(self):
        """Whether the bank declined the member itself: that stands. A declined pre-approval decides nothing."""
        self.ensure_one()
        return self.status == "declined" and bool(self.bank_member_ref)

    def _is_open(self):
        """Whether the bank takes what the member gives: before it decided."""
        self.ensure_one()
        return not self.over_since and self.status in (*OPEN, "declined")

    # -- business: what we say to the bank --------------------------------------------------------------------------

    def _scf_target(self, verb):
        return self.program_bank_id.bank_program_ref if verb == "member" else self.bank_member_ref or None

    def _send(self, verb, payload, *, documents=()):
        """Queue a message of this member to this bank; messages of one member reach it in order."""
        self.ensure_one()
        return self.env["scf.message"]._enqueue(
            self.bank_id, verb, payload, channel=self.member_id.reference, addressee=self, documents=documents
        )

    def _scf_on_answer(self, message, answer):
        self.delayed = False
        if message.verb in ("member", "leave"):
            self._take(answer)

    def _scf_on_refused(self, message, problem):
        self.delayed = False
        why = problem.get("detail") or problem.get("title") or ""
        self.message = why
        if message.verb == "member":
            self._set_status("action_required")
        self.member_id._tell(
            self.env._(
                "%(bank)s did not take what we sent about %(member)s: %(why)s",
                bank=self.bank_id.name,
                member=self.member_id.partner_id.name,
                why=why,
            ),
            act=True,
        )

    def _scf_on_delayed(self, message):
        self.delayed = True

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take_limit(self, *, status, limit, valid_until=None, reasons=()):
        """Take in the result of a pre-approval.

        Of a member that joined at the bank already, the limit is what the bank's events of the member say: only the
        reasons are kept. So it is of one that the bank declined: that stands until the member is invited again.

        :param str status: `APPROVED`, `REFERRED` or `DECLINED`
        :param float limit: in the program's currency
        :param date valid_until: last day of a pre-approved limit
        :param list reasons: as in the result's line
        """
        self.ensure_one()
        if self.over_since or self.status not in BEFORE_JOINING:
            self.reasons = list(reasons)
            return
        self.write({"limit_amount": limit, "valid_until": valid_until, "reasons": list(reasons), "message": False})
        self._set_status(OF_PREQUALIFICATION[status])

    def _take(self, wire, cursor=None, *, reason=None):
        """Apply a Member of docs/protocol.md; an older word than the last one changes nothing.

        :param dict wire: the Member
        :param int cursor: place of the event in the bank's feed; None for an answer, which an event overtakes
        """
        self.ensure_one()
        hold(self.member_id)
        if is_stale(self.last_cursor, cursor):
            return
        said = Member.model_validate(wire)
        was_over, rate_before, currency = bool(self.over_since), self.rate_pa, self.currency_id.name
        self.write(
            {
                "bank_member_ref": self.bank_member_ref or said.id,
                "limit_amount": amount_of(said.limit, self.limit_amount, currency),
                "used_amount": amount_of(said.used, self.used_amount, currency),
                "rate_pa": self.rate_pa if said.rate_pa is None else float(said.rate_pa),
                "valid_until": said.valid_until or self.valid_until,
                "message": reason or said.message or False,
                "delayed": False,
                **({"last_cursor": str(cursor)} if cursor else {}),
            }
        )
        # What a bank says of a membership that was over says nothing of the one that may have followed it.
        if self._set_status(said.status.value.lower()):
            if not was_over:
                self.member_id._follow_banks(self)
        elif self.status == "approved" and self.rate_pa != rate_before:
            self._queue_price()

    # -- business: another price ------------------------------------------------------------------------------------

    def _queue_price(self):
        """Have the job write of another price to these members, as far as they have no system of their own.

        The bank tells the others.
        """
        if self:
            self.price_queued_at = fields.Datetime.now()
            self.env.ref("scf_program.cron_write_to_members").sudo()._trigger()

    @api.model
    def _mail_prices(self):
        """Write of another price, a chunk in each transaction: to whom the bank pays early, once it does so again."""
        waiting = self.search(
            [
                ("price_queued_at", "!=", False),
                ("status", "=", "approved"),
                ("over_since", "=", False),
                ("program_bank_id.status", "=", "active"),
            ],
            order="id",
        )
        while waiting:
            chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
            for record in chunk:
                on_its_own(record, record._mail_price)
            if not self.env["ir.cron"]._commit_progress(len(chunk), remaining=len(waiting)):
                return

    def _mail_price(self):
        self.ensure_one()
        self.price_queued_at = False
        self.member_id._mail_news(self, "mail_template_member_price")

    def _price(self):
        """What the bank takes from this member for paying early, in percent, as it is written.

        :return: ``rate`` a year, and ``fee`` of the amount, empty where there is none
        """
        fee = self.program_bank_id.fee_percent
        return {"rate": f"{self.rate_pa or self.program_bank_id.rate_pa:g}", "fee": fee and f"{fee:g}"}

    @api.model
    @api.private
    def _by_subject(self, bank, subject, wire):
        """The member at a bank that an event is about; made where the member joined from its own system.

        :param dict wire: the event's `member`
        """
        reference = wire.get("member_id") or subject.get("member_id")
        program_bank = self.env["scf.program.bank"]._by_subject(bank, subject)
        known = self.search([("program_bank_id", "=", program_bank.id), ("reference", "=", reference)])
        if known or not program_bank or not reference:
            return known
        # Where a membership at the bank is over, an invitation file names the number of the next one.
        numbers = [reference, reference.rpartition("-")[0]]
        members = self.env["scf.program.member"].search(
            [("program_id", "=", program_bank.program_id.id), ("reference", "in", numbers)]
        )
        member = members.filtered(lambda one: one._reference_at(program_bank) == reference)
        if not member:
            return self
        member.bank_ids.flush_recordset(["over_since"])  # one that is over makes room for the next
        return self.create({"member_id": member.id, "program_bank_id": program_bank.id})
