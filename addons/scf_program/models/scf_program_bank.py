from decimal import Decimal

from openscf.programs import Program, ProgramEnd

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from odoo.addons.scf_finance.models.labels import label_of

from .row_hold import hold

STATUSES = [
    ("none", "Not Asked"),
    ("requested", "Asked"),
    ("active", "Running"),
    ("declined", "Declined"),
    ("suspended", "Suspended"),
    ("closed", "Closed"),
]
# The bank's word counts: only what never was asked for, and what is closed, does not come from nowhere.
TRANSITIONS = {
    "none": {"requested"},
    "requested": {"none", "active", "declined", "suspended", "closed"},
    "active": {"suspended", "closed"},
    "declined": {"requested"},
    "suspended": {"active", "closed"},
}


class ScfProgramBank(models.Model):
    """A program at one bank: what the bank agreed to."""

    _name = "scf.program.bank"
    _description = "Program at a bank"
    _inherit = ["scf.addressee", "scf.program.guarded"]
    _rec_name = "bank_id"
    _check_company_auto = True

    program_id = fields.Many2one("scf.program", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    bank_id = fields.Many2one(
        "scf.bank", required=True, ondelete="restrict", check_company=True, domain="[('company_id', '=', company_id)]"
    )
    bank_program_ref = fields.Char(
        string="Bank's Number", readonly=True, index="btree_not_null", help="The bank's id of the program."
    )
    status = fields.Selection(STATUSES, required=True, readonly=True, default="none")
    limit_amount = fields.Monetary(string="Limit", readonly=True)
    member_limit = fields.Monetary(string="Limit of Each Member", readonly=True)
    used_amount = fields.Monetary(string="Used", readonly=True, help="Paid early and not settled, as the bank says.")
    rate_pa = fields.Float(string="Rate (% a year)", digits=(8, 4), readonly=True)
    fee_percent = fields.Float(string="Fee (%)", digits=(8, 4), readonly=True)
    bank_terms = fields.Json(readonly=True, help="The terms as the bank sent them; amounts and rates are strings.")
    conditions = fields.Text(compute="_compute_conditions")
    documents_asked = fields.Json(readonly=True, help="Codes of the documents that the bank asks members for.")
    valid_until = fields.Date(readonly=True)
    message = fields.Char(string="Bank's Answer", readonly=True, help="In the bank's words.")
    delayed = fields.Boolean(readonly=True, help="The bank can't be reached; what we sent waits in the outbox.")
    last_cursor = fields.Char(readonly=True, help="The bank's event that it was last brought in step with.")
    state_message = fields.Char(string="What Is Going On", compute="_compute_state_message")

    _bank_once = models.UniqueIndex("(program_id, bank_id)", "A program is once at each bank.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("bank_terms")
    def _compute_conditions(self):
        for bank in self:
            bank.conditions = "\n".join((bank.bank_terms or {}).get("conditions") or [])

    @api.depends("status", "message", "delayed", "valid_until", "limit_amount", "used_amount")
    @api.depends_context("lang")
    def _compute_state_message(self):
        for bank in self:
            bank.state_message = bank._sentence()

    def _sentence(self):
        """What an accountant reads about the program at this bank."""
        name = self.bank_id.sudo().name
        if self.delayed:
            return self.env._("%s can't be reached. What we sent waits here and goes out by itself.", name)
        if self.status == "active":
            sentence = self.env._(
                "%(bank)s pays early, up to %(limit)s.",
                bank=name,
                limit=format_amount(self.env, self.limit_amount, self.currency_id),
            )
            until = self.valid_until and self.env._("Agreed until %s.", format_date(self.env, self.valid_until))
            return " ".join(filter(None, (sentence, until, self.message)))
        sentence = {
            "none": self.env._("%s has not been asked.", name),
            "requested": self.env._("%s has been asked and is deciding.", name),
            "declined": self.env._("%s declined.", name),
            "suspended": self.env._("%s suspended the program: nothing new is paid early.", name),
            "closed": self.env._("Closed at %s. What was paid early runs to its end.", name),
        }[self.status]
        return " ".join(filter(None, (sentence, self.message)))

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | {"program_id", "bank_id"}

    @api.model_create_multi
    def create(self, vals_list):
        banks = super().create(vals_list)
        if not self.env.su and any(bank.program_id.state == "closed" for bank in banks):
            raise UserError(self.env._("A closed program stays as it was. Duplicate it to start another one."))
        banks._refuse_while_to_approve()
        return banks

    def write(self, vals):
        if not self.env.su and {"program_id", "bank_id"} & vals.keys() and any(bank.status != "none" for bank in self):
            raise UserError(self.env._("The bank was asked already. Add another line for another bank."))
        if {"program_id", "bank_id"} & vals.keys():
            self._refuse_while_to_approve()
            if not self.env.su and any(bank.program_id.state != "draft" for bank in self):
                # Who asks for a bank is who added it; another one approves it.
                raise UserError(self.env._("Remove the line, and add another one for the other bank."))
        return super().write(vals)

    def _refuse_while_to_approve(self):
        """What a second person looks at stays as it is, whichever way somebody comes to it."""
        if not self.env.su and any(bank.program_id.state == "to_approve" for bank in self):
            raise UserError(self.env._("The program waits for approval as it is. Take it back to draft to change it."))

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_asked(self):
        self._refuse_while_to_approve()
        if asked := self.filtered(lambda bank: bank.status != "none"):
            raise UserError(
                self.env._("%s was asked: its line stays on record. Close the program there.", asked[0].bank_id.name)
            )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_ask(self):
        """Ask a bank that was added to a running program, or that declined; binding, by an approver."""
        self.ensure_one()
        self.check_access("read")
        if self.program_id.state != "active":
            raise UserError(self.env._("Banks are asked when the program is approved."))
        self.program_id._check_approver(self.create_uid if self.status == "none" else self.env["res.users"])
        if why_not := self._why_not_ask():
            raise UserError(why_not)
        self.sudo()._ask(self.env.user)
        return True

    # -- state ------------------------------------------------------------------------------------------------------

    def _set_status(self, status):
        """The only writer of `status`: skips repeats and what can't follow; gives whether anything changed."""
        self.ensure_one()
        if status not in TRANSITIONS.get(self.status, ()):
            return False
        self.status = status
        return True

    # -- business: what we say to the bank --------------------------------------------------------------------------

    @api.model
    def _offers(self, bank, kind):
        """What a bank announces about programs of a kind, as docs/protocol.md has it ("Discovery").

        :rtype: dict | None
        """
        announced = (bank.sudo().profile or {}).get("programs") or ()
        return next((offer for offer in announced if offer["kind"] == kind), None)

    def _why_not_ask(self):
        """Why this bank can't be asked for the program, as a sentence; None where it can."""
        bank, program = self.bank_id.sudo(), self.program_id
        if self.status not in ("none", "declined"):
            return self.env._(
                "%(bank)s was asked already: %(status)s.", bank=bank.name, status=label_of(self, "status")
            )
        if self.bank_program_ref:
            return self.env._("%s declined this program. Duplicate it to ask for another one.", bank.name)
        if bank.state != "connected":
            return self.env._("%s is not connected yet. Ask an administrator to connect it.", bank.name)
        offer = self._offers(bank, program.kind)
        names = {"bank": bank.name, "kind": label_of(program, "kind"), "currency": program.currency_id.name}
        if not offer:
            return self.env._("%(bank)s does not offer programs of this kind (%(kind)s).", **names)
        if program.currency_id.name not in offer["currencies"]:
            return self.env._("%(bank)s does not run programs in %(currency)s.", **names)
        if Decimal(str(program.anchor_limit)) > Decimal(offer["max_anchor_limit"]):
            return self.env._(
                "%(bank)s agrees to at most %(limit)s altogether. Ask for less.",
                bank=bank.name,
                limit=format_amount(self.env, float(offer["max_anchor_limit"]), program.currency_id),
            )
        if program.max_tenor_days > offer["max_tenor_days"]:
            return self.env._(
                "%(bank)s pays at most %(days)s days early. Shorten the longest time.",
                bank=bank.name,
                days=offer["max_tenor_days"],
            )
        return None

    def _ask(self, approver):
        """Queue the request to this bank, with the terms that members sign."""
        self.ensure_one()
        terms = self.program_id.terms_version_id
        self._set_status("requested")
        self.message = False
        self._send(
            "program",
            self.program_id._to_wire(approver),
            documents=[(terms.sha256, terms._document(), "application/json")],
        )

    def _close(self, reason):
        """Tell the bank that nothing new is paid early; a bank that never was asked hears nothing."""
        self.ensure_one()
        if self.status in ("requested", "active", "suspended"):
            self._send("close_program", ProgramEnd(reason=reason).to_wire())

    def _send(self, verb, payload, *, addressee=None, documents=()):
        """Queue a message of this program to this bank; messages of one program reach it in order.

        :param addressee: the record whose hooks take the answer; this one where none is given
        """
        return self.env["scf.message"]._enqueue(
            self.bank_id,
            verb,
            payload,
            channel=self.program_id.reference,
            addressee=addressee if addressee is not None else self,
            documents=documents,
        )

    def _scf_target(self, verb):
        return None if verb == "program" else self.bank_program_ref or None

    def _scf_on_answer(self, message, answer):
        self.delayed = False
        if message.verb in ("program", "close_program"):
            self._take(answer)

    def _scf_on_refused(self, message, problem):
        self.delayed = False
        why = problem.get("detail") or problem.get("title") or ""
        if message.verb == "program":
            self._set_status("declined")
            self.message = why
        self.program_id._tell(
            self.env._(
                "%(bank)s did not take what we sent about %(program)s: %(why)s",
                bank=self.bank_id.name,
                program=self.program_id.name,
                why=why,
            ),
            act=True,
        )

    def _scf_on_delayed(self, message):
        self.delayed = True

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _take(self, wire, cursor=None, *, reason=None):
        """Apply a Program of docs/protocol.md; an older word than the last one changes nothing.

        :param dict wire: the Program
        :param int cursor: place of the event in the bank's feed; None for an answer, which an event overtakes
        """
        self.ensure_one()
        hold(self)
        if is_stale(self.last_cursor, cursor):
            return
        said = Program.model_validate(wire)
        currency, before = self.currency_id.name, (self.rate_pa, self.fee_percent)
        self.write(
            {
                "bank_program_ref": self.bank_program_ref or said.id,
                "limit_amount": amount_of(said.anchor_limit, self.limit_amount, currency),
                "member_limit": amount_of(said.member_limit, self.member_limit, currency),
                "used_amount": amount_of(said.used, self.used_amount, currency),
                "rate_pa": float(said.terms.rate_pa) if said.terms else self.rate_pa,
                "fee_percent": float(said.terms.fee_percent) if said.terms else self.fee_percent,
                "bank_terms": said.terms.to_wire() if said.terms else self.bank_terms,
                "documents_asked": list(said.documents),
                "valid_until": said.valid_until or self.valid_until,
                "message": reason or said.message or False,
                "delayed": False,
                **({"last_cursor": str(cursor)} if cursor else {}),
            }
        )
        self._follow_price(*before)
        status = said.status.value.lower()
        if self._set_status(status):
            self._tell_status(status)

    def _follow_price(self, rate_before, fee_before):
        """Let members pay another rate or fee, whether or not the program runs at the moment, and have them told.

        A rate that the bank agreed with one member is that member's, whatever the program's is.
        """
        if (self.rate_pa, self.fee_percent) == (rate_before, fee_before):
            return
        members = self.env["scf.program.member.bank"].search(
            [
                ("program_bank_id", "=", self.id),
                ("status", "in", ("approved", "suspended")),
                ("over_since", "=", False),
            ],
            order="id",
        )
        at_program_rate = members.filtered(lambda member: member.rate_pa in (0.0, rate_before))
        at_program_rate.rate_pa = self.rate_pa
        (members if self.fee_percent != fee_before else at_program_rate)._queue_price()

    def _tell_status(self, status):
        """Say in the program what the bank decided; where it is no, give the task to the responsible person."""
        if status == "requested":
            return
        self.program_id._tell(self._sentence(), act=status in ("declined", "suspended"))
        if status == "active":
            self.program_id.activity_unlink(["scf_program.activity_program_news"])

    @api.model
    @api.private
    def _by_subject(self, bank, subject, wire=None):
        """The program at a bank that an event is about: by our number, or by the bank's.

        :param dict subject: the event's subject
        :param dict wire: the `program` within the event's data
        """
        named = (wire or {}).get("program_id") or subject.get("program_id")
        at_bank = [("bank_id", "=", bank.id)]
        found = self.search([*at_bank, ("program_id.reference", "=", named)], limit=1) if named else self
        if not found and (wire or {}).get("id"):
            found = self.search([*at_bank, ("bank_program_ref", "=", wire["id"])], limit=1)
        return found


def is_stale(last, cursor):
    """Whether a word of the bank is older than the last one that was applied; an answer is older than any event."""
    return int(last) >= cursor if last and cursor is not None else bool(last)


def amount_of(money, otherwise, currency):
    """The amount of money of the wire as Odoo keeps it, or what was there before.

    :param str currency: the program's, in which every amount of it is
    :raise ValueError: where the bank names another one; the event fails and waits for a person
    """
    if not money:
        return otherwise
    if money.currency != currency:
        message = f"The bank names {money.amount} {money.currency}, and the program runs in {currency}."
        raise ValueError(message)
    return float(money.amount)
