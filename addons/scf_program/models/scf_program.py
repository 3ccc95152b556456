from datetime import timezone

from markupsafe import Markup, escape
from openscf.programs import ProgramRequest

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import get_lang, is_html_empty

from odoo.addons.scf_finance.amounts import wire_money
from odoo.addons.scf_finance.models.labels import label_of

from .row_hold import hold

KINDS = [
    ("payables_finance", "Payables Finance"),
    ("dynamic_discounting", "Dynamic Discounting"),
    ("distributor_finance", "Distributor Finance"),
]
STATES = [
    ("draft", "Draft"),
    ("to_approve", "To Approve"),
    ("active", "Running"),
    ("suspended", "Suspended"),
    ("closed", "Closed"),
]
TRANSITIONS = {
    "draft": {"to_approve"},
    "to_approve": {"draft", "active"},
    "active": {"suspended", "closed"},
    "suspended": {"active", "closed"},
}
# What an approver approved and a bank agreed to: it stays as it was approved.
APPROVED_FIELDS = {
    "kind",
    "company_id",
    "currency_id",
    "anchor_limit",
    "member_limit",
    "max_tenor_days",
    "document_kind_ids",
    "buy_back_days",
    "buy_back_percent",
    "stock_control",
}
# What may be changed while the program runs, too.
RUNNING_FIELDS = {
    "name",
    "user_id",
    "terms",
    "landing_text",
    "bank_ids",
    "min_tenure_months",
    "min_bought_amount",
    "max_return_percent",
    "country_ids",
    "category_ids",
    "link_days",
    "reminder_days",
    "reminder_count",
}


class ScfProgram(models.Model):
    """What a core enterprise offers its suppliers or distributors: on which terms, with which banks, up to what."""

    _name = "scf.program"
    _description = "Financing program"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.program.guarded"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    reference = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/", help="What the banks know it by."
    )
    kind = fields.Selection(KINDS, required=True, default="payables_finance", tracking=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one("res.currency", required=True, default=lambda self: self.env.company.currency_id)
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        tracking=True,
        help="Is told when somebody has to act, and signs the invitations.",
    )
    state = fields.Selection(
        STATES, required=True, readonly=True, copy=False, default="draft", tracking=True, index=True
    )
    requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    requested_at = fields.Datetime(string="Requested On", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(string="Approved On", readonly=True, copy=False)
    state_reason = fields.Char(readonly=True, copy=False, help="Why it was sent back, suspended or closed.")
    anchor_limit = fields.Monetary(
        string="Limit Altogether", help="At most this much may be paid early and not settled, at all banks together."
    )
    member_limit = fields.Monetary(string="Limit of Each Member", help="At most this much for one member.")
    max_tenor_days = fields.Integer(
        string="Longest Time", default=180, help="In days, from the payout to the due date."
    )
    buy_back_days = fields.Integer(
        string="Buy Back After", help="In days past due: then we buy the goods back, or pay for the distributor."
    )
    buy_back_percent = fields.Float(string="Buy Back (%)", digits=(5, 2), help="Of what the distributor owes then.")
    stock_control = fields.Boolean(
        string="Goods Under Control", help="The goods stay in a warehouse that the bank names."
    )
    document_kind_ids = fields.Many2many("scf.kyb.kind", string="Documents Asked")
    terms = fields.Html(translate=True, help="What a member signs.")
    terms_ids = fields.One2many("scf.program.terms", "program_id", string="Versions of the Terms", copy=False)
    terms_version_id = fields.Many2one(
        "scf.program.terms", string="Terms in Force", compute="_compute_terms_version_id", help="The latest version."
    )
    terms_changed = fields.Boolean(compute="_compute_terms_version_id", help="The words differ from those in force.")
    terms_requested_by_id = fields.Many2one("res.users", string="New Terms By", readonly=True, copy=False)
    landing_text = fields.Html(
        string="Landing Page", translate=True, help="What an invited company reads first: what is in it for it."
    )
    link_days = fields.Integer(string="Link Works For", default=30, required=True, help="In days.")
    reminder_days = fields.Integer(string="Remind After", default=7, required=True, help="In days without an answer.")
    reminder_count = fields.Integer(string="Reminders", default=2, required=True, help="At most so many; 0 for none.")
    bank_ids = fields.One2many("scf.program.bank", "program_id", string="Banks", copy=False)
    member_ids = fields.One2many("scf.program.member", "program_id", string="Members", copy=False)
    limit_amount = fields.Monetary(string="Agreed Limit", compute="_compute_amounts", help="At all banks together.")
    used_amount = fields.Monetary(
        string="Used", compute="_compute_amounts", help="Paid early and not settled, as the banks say."
    )
    available_amount = fields.Monetary(string="Available", compute="_compute_amounts")
    member_count = fields.Integer(compute="_compute_member_counts")
    approved_count = fields.Integer(string="Approved Members", compute="_compute_member_counts")
    next_step = fields.Char(string="What Happens Next", compute="_compute_next_step")

    _reference_once = models.UniqueIndex("(company_id, reference) WHERE reference != '/'", "A number is used once.")
    _amounts_not_negative = models.Constraint(
        "CHECK (anchor_limit >= 0 AND member_limit >= 0 AND min_bought_amount >= 0)", "A limit can't be negative."
    )
    _days_in_range = models.Constraint(
        "CHECK (max_tenor_days BETWEEN 1 AND 1096 AND buy_back_days BETWEEN 0 AND 365)",
        "The longest time is 1 to 1,096 days, and goods are bought back 0 to 365 days past due.",
    )
    _mail_days_in_range = models.Constraint(
        "CHECK (link_days BETWEEN 1 AND 365 AND reminder_days BETWEEN 1 AND 365 AND reminder_count BETWEEN 0 AND 10)",
        "Links work for 1 to 365 days; reminders come after 1 to 365 days, at most 10 of them.",
    )
    _percents_in_range = models.Constraint(
        "CHECK (buy_back_percent BETWEEN 0 AND 100 AND max_return_percent BETWEEN 0 AND 100)",
        "A percentage is from 0 to 100.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("terms_ids", "terms")
    @api.depends_context("lang")
    def _compute_terms_version_id(self):
        for program in self:
            version = program.terms_ids.sorted("version")[-1:]
            program.terms_version_id = version
            program.terms_changed = bool(version) and version.texts != program._terms_by_language()

    @api.depends("bank_ids.limit_amount", "bank_ids.used_amount", "bank_ids.status", "anchor_limit")
    def _compute_amounts(self):
        for program in self:
            banks = program.bank_ids.filtered(lambda bank: bank.status in ("active", "suspended", "closed"))
            agreed = sum(banks.filtered(lambda bank: bank.status == "active").mapped("limit_amount"))
            program.limit_amount = min(agreed, program.anchor_limit) if program.anchor_limit else agreed
            program.used_amount = sum(banks.mapped("used_amount"))
            program.available_amount = max(program.limit_amount - program.used_amount, 0.0)

    @api.depends("member_ids.state")
    def _compute_member_counts(self):
        counts = {}
        for program, state, count in self.env["scf.program.member"]._read_group(
            [("program_id", "in", self.ids)], ["program_id", "state"], ["__count"]
        ):
            counts.setdefault(program.id, {})[state] = count
        for program in self:
            by_state = counts.get(program._origin.id, {})
            program.member_count = sum(by_state.values())
            program.approved_count = by_state.get("approved", 0) + by_state.get("financed", 0)

    @api.depends("state", "bank_ids.status", "member_count", "kind")
    def _compute_next_step(self):
        for program in self:
            program.next_step = program._next_step()

    def _next_step(self):
        """What an accountant has to do, or to wait for, as a sentence."""
        if self.state == "draft":
            return self.env._("Write the terms, choose the banks, and ask a colleague for approval.")
        if self.state == "to_approve":
            return self.env._(
                "A colleague approves it: %s.",
                ", ".join(self._approvers().mapped("name")) or self.env._("give somebody the role Approver"),
            )
        if self.state == "suspended":
            return self.env._("Nothing new is paid early. Resume it, or close it.")
        if self.state == "closed":
            return self.env._("It is closed. What was paid early runs to its end.")
        waiting = self.bank_ids.filtered(lambda bank: bank.status in ("none", "requested"))
        if waiting and not self.bank_ids.filtered(lambda bank: bank.status == "active"):
            return self.env._("%s decides.", ", ".join(waiting.sudo().bank_id.mapped("name")))
        if not self.member_count:
            return self.env._("Invite your suppliers: by the program's rules, from the vendor list, or from a file.")
        return self.env._(
            "%(approved)s of %(count)s members are approved.", approved=self.approved_count, count=self.member_count
        )

    # -- constrains -------------------------------------------------------------------------------------------------

    @api.constrains("anchor_limit", "member_limit")
    def _check_limits(self):
        for program in self:
            if program.anchor_limit and program.member_limit > program.anchor_limit:
                raise ValidationError(self.env._("One member's limit can't be above the limit altogether."))

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | APPROVED_FIELDS | RUNNING_FIELDS

    def write(self, vals):
        if not self.env.su:
            self._check_as_approved(vals)
        if "terms" in vals:
            # Whoever agreed to other words has not agreed to these.
            self.sudo().filtered("terms_requested_by_id").terms_requested_by_id = False
        return super().write(vals)

    def _check_as_approved(self, vals):
        if any(program.state == "closed" for program in self) and (APPROVED_FIELDS | RUNNING_FIELDS) & vals.keys():
            raise UserError(self.env._("A closed program stays as it was. Duplicate it to start another one."))
        if APPROVED_FIELDS & vals.keys() and any(program.state != "draft" for program in self):
            raise UserError(
                self.env._(
                    "Limits, kind, currency, documents and conditions were approved, and the banks agreed to them. "
                    "Duplicate the program to offer others."
                )
            )
        asked = {"name", "terms", "bank_ids"} & vals.keys()
        if asked and any(program.state == "to_approve" for program in self):
            raise UserError(self.env._("The program waits for approval as it is. Take it back to draft to change it."))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for program, vals in zip(self, vals_list, strict=True):
            if not (default or {}).get("name"):
                vals["name"] = self.env._("%s (copy)", program.name)
            vals.setdefault("bank_ids", [Command.create({"bank_id": bank.bank_id.id}) for bank in program.bank_ids])
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(program.state != "draft" or program.reference != "/" for program in self):
            raise UserError(
                self.env._("A program that was approved once is part of the company's records. Close it instead.")
            )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_request_approval(self):
        """Ask a colleague to approve the program as it is."""
        self.ensure_one()
        self.check_access("write")
        self._check_complete()
        program = self.sudo()  # the role was checked; states are the system's
        if not program._set_state("to_approve"):
            raise UserError(self.env._("The program is “%s” already.", label_of(self, "state")))
        program.write(
            {"requested_by_id": self.env.user.id, "requested_at": fields.Datetime.now(), "state_reason": False}
        )
        program._call_approvers(
            self.env._("%(user)s asks for approval of the program %(name)s.", user=self.env.user.name, name=self.name)
        )
        return True

    def action_take_back(self):
        """Make it a draft again while nobody has approved it."""
        self.ensure_one()
        self.check_access("write")
        program = self.sudo()
        hold(program)
        if not program._set_state("draft"):
            raise UserError(self.env._("The program is “%s”: it can't be changed back.", label_of(self, "state")))
        program._end_activities()
        return True

    def action_approve(self):
        """Let the program run: its terms come into force, and its banks are asked. By a person other than who asked."""
        self.ensure_one()
        self.check_access("read")
        program = self.sudo()
        hold(program)
        self._check_approver(self.requested_by_id)
        if program.state != "to_approve":
            raise UserError(self.env._("The program is “%s”.", label_of(self, "state")))
        self._check_complete()
        if program.reference == "/":
            program.reference = self.env["ir.sequence"].sudo().with_company(self.company_id).next_by_code("scf.program")
        program.write({"approved_by_id": self.env.user.id, "approved_at": fields.Datetime.now()})
        program._set_state("active")
        program._end_activities()
        self.env["scf.program.terms"]._publish(program, requested_by=program.requested_by_id, approved_by=self.env.user)
        for bank in program.bank_ids.filtered(lambda bank: bank.status == "none"):
            bank._ask(self.env.user)
        return True

    def action_suspend(self):
        """Pay nothing new early for now; what was paid early runs to its end."""
        return self._act_as_approver("suspended", self.env._("%s suspended the program.", self.env.user.name))

    def action_resume(self):
        """Let a suspended program run again."""
        return self._act_as_approver("active", self.env._("%s resumed the program.", self.env.user.name))

    def action_close(self):
        """Open the dialog that says what closing means."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Close %s", self.name),
            "res_model": "scf.program.closing",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_program_id": self.id},
        }

    def action_request_terms(self):
        """Ask a colleague to bring the changed terms into force."""
        self.ensure_one()
        self.check_access("write")
        if self.state not in ("active", "suspended") or not self.terms_changed:
            raise UserError(self.env._("The terms in force are these already."))
        self._check_terms()
        program = self.sudo()
        program.terms_requested_by_id = self.env.user
        program._call_approvers(
            self.env._("%(user)s asks for approval of new terms of %(name)s.", user=self.env.user.name, name=self.name)
        )
        return True

    def action_approve_terms(self):
        """Bring the changed terms into force: from now on members sign these. By a person other than who asked."""
        self.ensure_one()
        self.check_access("read")
        program = self.sudo()
        hold(program)
        if not program.terms_requested_by_id:
            raise UserError(self.env._("Nobody asks for other terms, or they were changed since. Ask again."))
        self._check_approver(program.terms_requested_by_id)
        terms = self.env["scf.program.terms"]._publish(
            program, requested_by=program.terms_requested_by_id, approved_by=self.env.user
        )
        program.terms_requested_by_id = False
        program._end_activities()
        program.message_post(
            body=self.env._(
                "%(version)s of the terms is in force: who signs from now on signs it. Earlier signatures stay valid "
                "for the version that they name.",
                version=terms.display_name,
            )
        )
        return True

    def action_open_members(self):
        """Open the funnel of this program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("scf_program.action_scf_program_member")
        return {
            **action,
            "name": self.env._("Members of %s", self.name),
            "domain": [("program_id", "=", self.id)],
            "context": {"default_program_id": self.id},
        }

    def action_preview(self):
        """Open the landing page as an invited company sees it, in a new tab."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/scf/programs/{self.id}/preview", "target": "new"}

    def _act_as_approver(self, state, sentence, reason=False):
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise UserError(
                self.env._("Only an approver may do this: %s.", ", ".join(self._approvers().mapped("name")))
            )
        program = self.sudo()
        hold(program)
        if not program._set_state(state):
            raise UserError(self.env._("This can't be done while the program is “%s”.", label_of(self, "state")))
        program.state_reason = reason
        program.message_post(body=f"{sentence} {reason}" if reason else sentence)
        return True

    # -- state ------------------------------------------------------------------------------------------------------

    def _set_state(self, state):
        """Write the state, where the life of a program allows it.

        :return: whether anything changed: a repeat and a step that does not exist change nothing
        """
        self.ensure_one()
        if state not in TRANSITIONS.get(self.state, ()):
            return False
        self.state = state
        return True

    # -- business ---------------------------------------------------------------------------------------------------

    def _close(self, reason):
        """Close it here and at its banks: nothing new is paid early, what was paid runs to its end."""
        self._act_as_approver("closed", self.env._("%s closed the program.", self.env.user.name), reason)
        for bank in self.sudo().bank_ids:
            bank._close(reason)

    def _needs_bank(self):
        """Whether banks pay in this program, and not the enterprise itself."""
        return self.kind != "dynamic_discounting"

    def _is_open(self):
        """Whether companies may join, and bills may be paid early, now."""
        return self.state == "active"

    def _documents_asked(self):
        """Codes of the documents that a member uploads.

        :rtype: list[str]
        """
        return self.document_kind_ids.mapped("code")

    def _terms_by_language(self):
        """The words in each installed language in which they were written, the company's language first.

        :rtype: dict[str, str]
        """
        first = self.company_id.partner_id.lang or get_lang(self.env).code
        codes = [code for code, _name in self.env["res.lang"].get_installed()]
        codes.sort(key=lambda code: (code != first, code))
        texts = {code: str(self.with_context(lang=code).terms or "") for code in codes}
        standing = next(iter(texts.values()), "")
        return {code: text for number, (code, text) in enumerate(texts.items()) if not number or text != standing}

    def _check_complete(self):
        """See that the program can be approved.

        :raise UserError: saying what is missing
        """
        self._check_terms()
        if not self._needs_bank():
            return
        if not self.bank_ids:
            raise UserError(self.env._("Choose at least one bank, or a program that pays with your own money."))
        if not self.anchor_limit:
            raise UserError(self.env._("Say up to what amount altogether bills may be paid early."))
        for bank in self.bank_ids.filtered(lambda bank: bank.status == "none"):
            if why_not := bank._why_not_ask():
                raise UserError(why_not)

    def _check_terms(self):
        if is_html_empty(self.terms):
            raise UserError(self.env._("Write the terms that members sign."))

    def _check_approver(self, requester):
        """See that this user may approve what `requester` asked for."""
        names = ", ".join(self._approvers(requester).mapped("name")) or self.env._(
            "nobody yet: give a colleague the role Approver"
        )
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise UserError(self.env._("Only an approver may approve this: %s.", names))
        if self.env.user == requester:
            raise UserError(self.env._("You asked for it, so somebody else has to approve it: %s.", names))

    def _approvers(self, requester=None):
        """Users who may approve: approvers of the company other than who asked."""
        requester = self.requested_by_id if requester is None else requester
        group = self.env.ref("scf_connector.group_scf_approver")
        return group.sudo().all_user_ids.filtered(
            lambda user: (
                user.active
                and user._is_internal()
                and self.company_id in user.company_ids
                and user not in (requester, self.env.ref("base.user_root"))
            )
        )

    def _call_approvers(self, sentence):
        self.message_post(body=sentence)
        for user in self._approvers(self.env.user):
            self.activity_schedule("scf_program.activity_approve_program", user_id=user.id, note=escape(sentence))

    def _end_activities(self):
        self.activity_unlink(["scf_program.activity_approve_program"])

    def _tell(self, sentence, *, user=None, act=False):
        """Write a sentence into the chatter; where somebody has to act, give the task to him.

        :param user: who acts; the responsible person where none is given
        """
        self.message_post(body=sentence)
        if act:
            responsible = user or self.user_id or self.requested_by_id
            self.activity_schedule(
                "scf_program.activity_program_news", user_id=responsible.id or self.env.uid, note=escape(sentence)
            )

    def _to_wire(self, approver):
        """The request that a bank gets, as docs/protocol.md has it ("Programs").

        :rtype: dict
        """
        currency = self.currency_id.name
        for_distributors = self.kind == "distributor_finance"
        return ProgramRequest(
            program_id=self.reference,
            kind=self.kind,
            name=self.name,
            currency=currency,
            requested_limit=wire_money(self.anchor_limit, currency),
            member_limit=wire_money(self.member_limit, currency) if self.member_limit else None,
            max_tenor_days=self.max_tenor_days,
            documents=self._documents_asked(),
            terms_sha256=self.terms_version_id.sha256,
            buy_back=self._buy_back() if for_distributors and self.buy_back_percent else None,
            stock_control=self.stock_control if for_distributors else None,
            requested_by=self.requested_by_id.name,
            approved_by=approver.name,
            requested_at=self.requested_at.replace(tzinfo=timezone.utc),
        ).to_wire()

    def _buy_back(self):
        return {"after_days_past_due": self.buy_back_days, "percent": f"{self.buy_back_percent:.2f}"}

    def _landing_html(self):
        """The landing text in the reader's language; a plain one where none was written."""
        if not is_html_empty(self.landing_text):
            return self.landing_text
        return Markup("<p>%s</p>") % self.env._(
            "%s invites you to get its approved bills paid early. It costs nothing to join.", self.company_id.name
        )
