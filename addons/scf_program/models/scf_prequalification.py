import secrets

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import split_every

from odoo.addons.scf_finance.models.labels import label_of
from odoo.addons.scf_finance.models.on_its_own import on_its_own

from ..prequalification.scope import Scope, today_of
from ..prequalification.trade import read_trade

SOURCES = [
    ("rules", "Suppliers that match the program's rules"),
    ("members", "Members of the program"),
    ("chosen", "Suppliers chosen one by one"),
]
STATES = [
    ("draft", "Draft"),
    ("reading", "Being Worked Out"),
    ("ready", "To Look At"),
    ("to_approve", "To Approve"),
    ("sending", "Being Sent"),
    ("sent", "At the Banks"),
    ("done", "Answered"),
    ("cancelled", "Cancelled"),
]
TRANSITIONS = {
    "draft": {"reading", "cancelled"},
    "reading": {"draft", "ready", "cancelled"},
    "ready": {"draft", "reading", "to_approve", "sending", "cancelled"},
    "to_approve": {"ready", "sending", "cancelled"},
    "sending": {"sent", "done"},
    "sent": {"done"},
    # A bank that could not be reached is tried again.
    "done": {"sent"},
}
CHOICES = {"program_id", "program_bank_ids", "source", "partner_ids"}
# So many suppliers become members in one transaction.
SLICE = 200


class ScfPrequalification(models.Model):
    """A question to banks about many suppliers at once: up to how much each of them would be paid early.

    What the banks read is worked out from the company's own records, looked at, and only then sent.
    """

    _name = "scf.prequalification"
    _description = "Pre-approval of suppliers"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.program.guarded"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(
        string="Number",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: f"PRQ-{secrets.token_hex(5).upper()}",
    )
    program_id = fields.Many2one(
        "scf.program",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('state', '=', 'active'), ('kind', '=', 'payables_finance')]",
    )
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    program_bank_ids = fields.Many2many(
        "scf.program.bank",
        string="Banks",
        compute="_compute_program_bank_ids",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('program_id', '=', program_id), ('status', '=', 'active')]",
    )
    source = fields.Selection(SOURCES, string="Who", required=True, default="rules")
    partner_ids = fields.Many2many("res.partner", string="Suppliers", check_company=True)
    as_of = fields.Date(string="Records Up To", readonly=True, copy=False, help="The last day of the history.")
    start_on = fields.Date(string="Records From", readonly=True, copy=False)
    state = fields.Selection(
        STATES, required=True, readonly=True, copy=False, default="draft", tracking=True, index=True
    )
    state_message = fields.Char(string="What Is Going On", compute="_compute_state_message")
    is_asked_again = fields.Boolean(
        readonly=True, copy=False, help="Prepared by the system: limits end, or trade moved."
    )
    reasons_to_ask = fields.Json(readonly=True, copy=False, help="Why each supplier is asked about again, by its id.")
    requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    requested_at = fields.Datetime(string="Requested On", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(string="Approved On", readonly=True, copy=False)
    line_ids = fields.One2many("scf.prequalification.line", "prequalification_id", string="Suppliers and Figures")
    part_ids = fields.One2many("scf.prequalification.part", "prequalification_id", string="At the Banks")
    line_count = fields.Integer(string="Suppliers Told Of", compute="_compute_counts")
    named_count = fields.Integer(string="Named", compute="_compute_counts")
    member_count = fields.Integer(compute="_compute_counts", help="Suppliers of the batch that have a member's record.")
    without_trade_count = fields.Integer(
        string="Without Trade", readonly=True, copy=False, help="Left out: nothing was bought from them in the period."
    )
    needs_second_look = fields.Boolean(compute="_compute_needs_second_look")

    _name_once = models.UniqueIndex("(name)", "A number is used once.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("program_id")
    def _compute_program_bank_ids(self):
        for batch in self:
            batch.program_bank_ids = batch.program_id.bank_ids.filtered(lambda bank: bank.status == "active")

    @api.depends("line_ids.is_included", "line_ids.is_named", "line_ids.member_id")
    def _compute_counts(self):
        counts = {
            batch.id: numbers
            for batch, *numbers in self.env["scf.prequalification.line"]._read_group(
                [("prequalification_id", "in", self.ids), ("is_included", "=", True)],
                ["prequalification_id"],
                ["__count", "member_id:count", "named:sum"],
            )
        }
        for batch in self:
            batch.line_count, batch.member_count, batch.named_count = counts.get(batch._origin.id, (0, 0, 0))

    @api.depends("program_id.prequalify_second_look")
    def _compute_needs_second_look(self):
        for batch in self:
            batch.needs_second_look = batch.program_id.prequalify_second_look

    @api.depends("state", "line_count", "member_count", "named_count", "without_trade_count", "part_ids.state_message")
    @api.depends_context("lang")
    def _compute_state_message(self):
        for batch in self:
            batch.state_message = batch._sentence()

    def _sentence(self):
        """What happens now, and what whoever looks at it can do."""
        counts = {"count": self.line_count, "done": self.member_count}
        if self.state == "draft":
            return self.env._("Choose the banks and whom to ask about, then have the figures worked out.")
        if self.state == "reading":
            return self.env._("The company's records are being read. You may leave this page.")
        if self.state == "ready":
            if not self.line_count:
                return self.env._("Nothing was bought from any of them in the period: there is nothing to send.")
            sentence = self.env._(
                "Look at the figures of %(count)s suppliers: this is what the banks will read.", **counts
            )
            if self.without_trade_count:
                sentence += " " + self.env._(
                    "%s more are left out, since nothing was bought from them.", self.without_trade_count
                )
            return sentence
        if self.state == "to_approve":
            return self.env._(
                "A colleague approves it: %s.",
                ", ".join(self.program_id._approvers(self.requested_by_id).mapped("name"))
                or self.env._("give somebody the role Approver"),
            )
        if self.state == "sending":
            return self.env._(
                "It is being prepared: %(done)s of %(count)s suppliers. You may leave this page.", **counts
            )
        if self.state == "cancelled":
            return self.env._("It was given up; nothing was sent.")
        return " ".join(part.state_message for part in self.part_ids)

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | CHOICES | {"line_ids"}

    def write(self, vals):
        if not self.env.su and CHOICES & vals.keys():
            if any(batch.state not in ("draft", "ready") for batch in self):
                raise UserError(self.env._("It was asked for as it is. Take it back, or start another one."))
            # Other choices are other figures.
            for batch in self.sudo():
                batch._set_state("draft")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_sent(self):
        if sent := self.filtered("part_ids"):
            raise UserError(self.env._("%s went to the banks: it stays on record.", sent[0].name))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_read(self):
        """Have the figures worked out by a job, from the records as they are today."""
        self.ensure_one()
        self.check_access("write")
        self._check_complete()
        if not self.sudo()._set_state("reading"):
            raise UserError(self.env._("This can't be done while it is “%s”.", label_of(self, "state")))
        self._trigger()
        return True

    def action_send(self):
        """Send what was looked at, or ask a colleague to look at it, too, where the program says so."""
        self.ensure_one()
        self.check_access("write")
        self._check_complete()
        batch = self.sudo()
        batch.lock_for_update()
        if batch.state != "ready" or not batch.line_count:
            raise UserError(self.env._("Have the figures worked out and look at them first."))
        if batch.as_of != today_of(batch.company_id):
            raise UserError(self.env._("The figures are of another day. Have them worked out again."))
        batch.write({"requested_by_id": self.env.user.id, "requested_at": fields.Datetime.now()})
        if not self.program_id.prequalify_second_look:
            batch._start_sending()
            return True
        batch._set_state("to_approve")
        sentence = self.env._(
            "%(user)s asks for approval: figures on %(count)s suppliers of %(program)s go to %(banks)s.",
            user=self.env.user.name,
            count=self.line_count,
            program=self.program_id.name,
            banks=", ".join(self.sudo().program_bank_ids.bank_id.mapped("name")),
        )
        batch.message_post(body=sentence)
        for user in self.program_id._approvers(self.env.user):
            batch.activity_schedule("scf_program.activity_approve_program", user_id=user.id, note=escape(sentence))
        return True

    def action_approve(self):
        """Send it; by a person other than who asked."""
        self.ensure_one()
        self.check_access("read")
        batch = self.sudo()
        batch.lock_for_update()
        self.program_id._check_approver(batch.requested_by_id)
        if batch.state != "to_approve":
            raise UserError(self.env._("This can't be done while it is “%s”.", label_of(self, "state")))
        batch.write({"approved_by_id": self.env.user.id, "approved_at": fields.Datetime.now()})
        batch.activity_unlink(["scf_program.activity_approve_program"])
        batch._start_sending()
        return True

    def action_take_back(self):
        """Look at it again, while nobody has approved it."""
        return self._act("ready")

    def action_cancel(self):
        """Give it up before anything was sent."""
        return self._act("cancelled")

    def _act(self, state):
        self.ensure_one()
        self.check_access("write")
        batch = self.sudo()
        batch.lock_for_update()
        if not batch._set_state(state):
            raise UserError(self.env._("This can't be done while it is “%s”.", label_of(self, "state")))
        batch.activity_unlink(["scf_program.activity_approve_program"])
        return True

    def action_open_lines(self):
        """Open what the banks will read, as a list that can be sorted and searched."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("scf_program.action_scf_prequalification_line")
        return {**action, "domain": [("prequalification_id", "=", self.id)]}

    # -- state ------------------------------------------------------------------------------------------------------

    def _set_state(self, state):
        """The only writer of `state`: skips what can't follow; gives whether anything changed. Tells the screens."""
        self.ensure_one()
        if state not in TRANSITIONS.get(self.state, ()):
            return False
        self.state = state
        self._tell_screens()
        return True

    def _tell_screens(self):
        self._bus_users().partner_id._bus_send("scf_panel", {"model": self._name, "ids": self.ids})

    def _bus_users(self):
        return self.create_uid | self.requested_by_id | self.approved_by_id

    # -- business: whom, and what -----------------------------------------------------------------------------------

    def _check_complete(self):
        """See that there is somebody to ask, and somebody to ask about.

        :raise UserError: saying what is missing
        """
        program = self.program_id
        if program.kind != "payables_finance":
            raise UserError(
                self.env._("Pre-approval reads what you bought; in %s banks don't pay your suppliers.", program.name)
            )
        if program.state != "active":
            raise UserError(self.env._("%s does not run: nobody is pre-approved for it.", program.name))
        if not self.program_bank_ids:
            raise UserError(self.env._("Choose a bank that has agreed to the program."))
        if strangers := self.program_bank_ids.filtered(
            lambda bank: bank.program_id != program or bank.status != "active"
        ):
            raise UserError(
                self.env._("%s has not agreed to this program.", ", ".join(strangers.bank_id.sudo().mapped("name")))
            )
        if self.source == "chosen" and not self.partner_ids:
            raise UserError(self.env._("Choose the suppliers."))

    def _candidates(self):
        """Commercial partners to ask about; nobody who left the program, or declined it."""
        outside = self.program_id.member_ids.filtered(lambda member: member.state in ("declined", "left"))
        if self.source == "members":
            partners = self.program_id.member_ids.partner_id
        elif self.source == "chosen":
            partners = self.partner_ids.commercial_partner_id
        else:
            partners = self.program_id._eligible_partners()
        return partners - outside.partner_id

    def _read(self):
        """Work the figures out: the lines of before go, so that what is looked at is of one reading."""
        self.ensure_one()
        partners = self._candidates()
        scope = Scope.until_today(self.company_id, self.currency_id, partners)
        self.line_ids.unlink()
        why = self.reasons_to_ask or {}
        trades = read_trade(scope)
        consents = self._consents(partners)
        self.env["scf.prequalification.line"].create(
            [
                {
                    **self.env["scf.prequalification.line"]._values(trade),
                    "prequalification_id": self.id,
                    "why": why.get(str(trade.supplier_id), False),
                    "named": int(any(trade.supplier_id in of_bank for of_bank in consents.values())),
                }
                for trade in trades
            ]
        )
        self.write(
            {
                "as_of": scope.as_of,
                "start_on": scope.start,
                "without_trade_count": len(partners) - len(trades),
            }
        )
        self._set_state("ready")

    def _consents(self, partners):
        """Ids of the partners that each chosen bank may know by name, by the bank's record in the program.

        A member's consent names its bank, and covers the trade with it.

        :rtype: dict[scf.program.bank, set[int]]
        """
        found = {bank: set() for bank in self.program_bank_ids}
        consents = self.env["scf.program.consent"].search(
            [
                ("program_bank_id", "in", self.program_bank_ids.ids),
                ("member_id.partner_id", "in", partners.ids),
                ("state", "=", "active"),
                ("expires_on", ">=", today_of(self.company_id)),
            ]
        )
        for consent in consents:
            if "trade_history" in consent.sections:
                found[consent.program_bank_id].add(consent.member_id.partner_id.id)
        return found

    # -- business: sending ------------------------------------------------------------------------------------------

    def _start_sending(self):
        self.env["scf.prequalification.part"].create(
            [{"prequalification_id": self.id, "program_bank_id": bank.id} for bank in self.program_bank_ids]
        )
        self._set_state("sending")
        self._trigger()

    def _make_members(self, lines):
        """Have a member's record for each line, so that a limit has where to stand before anybody is invited."""
        members = self.env["scf.program.member"]
        known = {
            member.partner_id: member
            for member in members.search(
                [("program_id", "=", self.program_id.id), ("partner_id", "in", lines.partner_id.ids)]
            )
        }
        missing = lines.partner_id - members.browse(member.id for member in known.values()).partner_id
        for member in members.with_context(tracking_disable=True, mail_create_nosubscribe=True).create(
            [
                {"program_id": self.program_id.id, "partner_id": partner.id, "email": partner.email}
                for partner in missing
            ]
        ):
            known[member.partner_id] = member
        for line in lines:
            line.member_id = known[line.partner_id]

    def _end_if_answered(self):
        """Follow the parts: at the banks once all were sent, answered once all have come to an end."""
        states = set(self.part_ids.mapped("state"))
        if "waiting" not in states:
            self._set_state("sent" if states - {"answered", "rejected", "failed"} else "done")
        self._tell_screens()

    # -- jobs -------------------------------------------------------------------------------------------------------

    @api.model
    def _trigger(self, at=None):
        """Wake the job, after the current transaction is committed (or at `at`)."""
        self.env.ref("scf_program.cron_prequalification").sudo()._trigger(at)

    @api.model
    def _cron_run(self):
        """Read, prepare, send and fetch what waits: a transaction for each step, so that a restart loses none."""
        for step in (self._read_waiting, self._prepare_waiting, self._send_waiting, self._fetch_waiting):
            if not step():
                # The time is up: go on in the next run.
                self._trigger()
                return

    def _read_waiting(self):
        for batch in self.search([("state", "=", "reading")], order="id"):
            if error := on_its_own(batch, batch._read):
                batch._set_state("draft")
                batch.message_post(body=batch._why_not(error))
            if not self.env["ir.cron"]._commit_progress(1):
                return False
        return True

    def _prepare_waiting(self):
        for batch in self.search([("state", "=", "sending")], order="id"):
            waiting = batch.line_ids.filtered(lambda line: line.is_included and not line.member_id)
            for lines in split_every(SLICE, waiting.ids, waiting.browse):
                try:
                    batch._make_members(lines)
                    batch._tell_screens()
                except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                    # Somebody added the same member meanwhile: the next run finds it.
                    self.env.cr.rollback()
                    return False
                if not self.env["ir.cron"]._commit_progress(len(lines)):
                    return False
        return True

    def _send_waiting(self):
        parts = self.env["scf.prequalification.part"]
        for part in parts.search([("state", "=", "waiting")], order="id"):
            if error := on_its_own(part, part._send):
                part._fail(part.prequalification_id._why_not(error))
            if not self.env["ir.cron"]._commit_progress(1):
                return False
        return True

    def _fetch_waiting(self):
        parts = self.env["scf.prequalification.part"]
        now = fields.Datetime.now()
        domain = [("state", "=", "decided"), "|", ("next_fetch_at", "=", False), ("next_fetch_at", "<=", now)]
        for part in parts.search(domain, order="id"):
            while part.state == "decided" and part._fetch_page():
                if not self.env["ir.cron"]._commit_progress(1):
                    return False
            if not self.env["ir.cron"]._commit_progress(1):
                return False
        return True

    def _why_not(self, error):
        """What kept a step from being done, as a sentence for people."""
        if isinstance(error, UserError):
            return str(error)
        return self.env._("Something went wrong; the server's log has the details.")
