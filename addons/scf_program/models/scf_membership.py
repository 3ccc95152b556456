import json

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_amount, format_date, html_sanitize

from odoo.addons.scf_finance.models.labels import label_of

from .bank_day import bank_day

KINDS = [("payables_finance", "Payables Finance"), ("distributor_finance", "Distributor Finance")]
STATES = [
    ("draft", "Invited"),
    ("signed", "Bank to Connect"),
    ("sent", "On Its Way"),
    ("received", "With the Bank"),
    ("action_required", "The Bank Asks"),
    ("approved", "Member"),
    ("declined", "Declined"),
    ("suspended", "Suspended"),
    ("left", "Left"),
]
OVER = ("declined", "left")
# What the bank says may come in any order of ours, as an officer may think again; what is over stays over.
BY_THE_BANK = {"received", "action_required", "approved", "declined", "suspended", "left"}
TRANSITIONS = {
    "draft": {"signed", "sent", "declined"},
    "signed": {"draft", "sent", "declined"},
    "sent": BY_THE_BANK | {"draft"},
    "received": BY_THE_BANK,
    "action_required": BY_THE_BANK | {"sent"},
    "approved": BY_THE_BANK,
    "suspended": BY_THE_BANK,
}
# While these last, what goes to the bank may still be written.
WRITABLE_STATES = ("draft", "action_required")
PREPARED_FIELDS = {"account_id", "contact_name", "contact_email", "contact_phone", "signatory_role", "document_ids"}


class ScfMembership(models.Model):
    """Our company in the program of one of its customers, or of its supplier, at that company's bank."""

    _name = "scf.membership"
    _description = "Membership in a customer's or supplier's program"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.addressee", "scf.program.guarded"]
    _order = "id desc"
    _rec_name = "program_name"
    _mail_post_access = "read"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    state = fields.Selection(
        STATES, string="Status", required=True, readonly=True, default="draft", tracking=True, index=True
    )

    # Who invites, and what to check its signatures with.
    anchor_name = fields.Char(string="Invited By", required=True, readonly=True)
    anchor_tax_id = fields.Char(string="Its Tax ID", required=True, readonly=True)
    anchor_client_ref = fields.Char(readonly=True, required=True, help="The bank's name for the company that invites.")
    anchor_jwks = fields.Json(readonly=True, required=True)
    partner_id = fields.Many2one(
        "res.partner", string="Contact", readonly=True, help="Who of our contacts has the tax ID of the company."
    )

    # The bank as the file names it, and our connection to it.
    bank_name = fields.Char(required=True, readonly=True)
    bank_issuer = fields.Char(string="Bank's Address", required=True, readonly=True)
    bank_keys = fields.Json(readonly=True, required=True)
    bank_id = fields.Many2one("scf.bank", readonly=True, index=True, ondelete="restrict", check_company=True)
    bank_is_connected = fields.Boolean(compute="_compute_bank_is_connected", compute_sudo=True)

    # The program.
    program_name = fields.Char(string="Program", required=True, readonly=True)
    program_ref = fields.Char(required=True, readonly=True, help="What the company that invites calls its program.")
    bank_program_ref = fields.Char(required=True, readonly=True)
    member_ref = fields.Char(required=True, readonly=True, help="What the company that invites calls us.")
    bank_member_ref = fields.Char(string="Bank's Number", readonly=True, index="btree_not_null")
    terms_document = fields.Text(readonly=True, required=True, help="What is signed, byte for byte.")
    terms = fields.Html(compute="_compute_terms", help="The words of the terms, in the reader's language.")
    terms_sha256 = fields.Char(string="SHA-256 of the Terms", required=True, readonly=True)
    offered_rate_pa = fields.Char(readonly=True)
    offered_fee_percent = fields.Char(readonly=True)
    documents_asked = fields.Json(readonly=True)
    invitation = fields.Text(readonly=True, required=True)
    invitation_jti = fields.Char(readonly=True, required=True)
    invited_at = fields.Datetime(readonly=True, required=True)
    invitation_ends_at = fields.Datetime(string="Valid Until", readonly=True, required=True)
    in_words = fields.Text(string="What It Is", compute="_compute_in_words")

    # What we tell the bank.
    account_id = fields.Many2one(
        "res.partner.bank", string="Paid To", check_company=True, help="The account that early payments go to."
    )
    account_in_words = fields.Char(
        string="Account as Shown",
        compute="_compute_account_in_words",
        compute_sudo=True,
        help="Number and holder: what whoever signs has seen.",
    )
    contact_name = fields.Char()
    contact_email = fields.Char()
    contact_phone = fields.Char()
    signatory_role = fields.Char(string="Signs As", help="For example “Managing Director”.")
    document_ids = fields.One2many("scf.membership.document", "membership_id", string="Documents")
    missing_documents = fields.Char(compute="_compute_missing_documents")
    signed_by_id = fields.Many2one("res.users", readonly=True, tracking=True)
    signed_at = fields.Datetime(string="Signed On", readonly=True)
    signed_account = fields.Char(string="Account as Signed", readonly=True)
    signed_from = fields.Char(readonly=True, help="The network address of the one who signed.")
    revision = fields.Integer(readonly=True)

    # What the bank says.
    limit_amount = fields.Monetary(string="Limit", readonly=True, tracking=True)
    has_limit = fields.Boolean(readonly=True)
    used_amount = fields.Monetary(string="Used", readonly=True)
    free_amount = fields.Monetary(string="Free", compute="_compute_free_amount")
    rate_pa = fields.Float(string="Rate (% a year)", digits=(8, 4), readonly=True)
    valid_until = fields.Date(string="Limit Until", readonly=True)
    message = fields.Char(string="Bank's Answer", readonly=True)
    last_cursor = fields.Char(readonly=True)

    approved_invoice_ids = fields.One2many("scf.approved.invoice", "membership_id", string="Approved Invoices")
    approved_invoice_count = fields.Integer(compute="_compute_approved_invoice_count")

    _invitation_once = models.UniqueIndex("(company_id, invitation_jti)", "This invitation was opened already.")
    _member_once = models.UniqueIndex(
        "(company_id, bank_issuer, bank_program_ref, member_ref) WHERE state NOT IN ('declined', 'left')",
        "The company is in this program already.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("bank_id.state")
    def _compute_bank_is_connected(self):
        for membership in self:
            membership.bank_is_connected = membership.bank_id.state == "connected"

    @api.depends("terms_document")
    @api.depends_context("lang")
    def _compute_terms(self):
        for membership in self:
            texts = json.loads(membership.terms_document or "{}").get("terms") or {}
            # Somebody else wrote it: what a field that is not stored shows is cleaned by nobody else.
            membership.terms = html_sanitize(texts.get(self.env.lang) or next(iter(texts.values()), ""))

    @api.depends("account_id.acc_number", "account_id.acc_holder_name", "account_id.partner_id.name")
    def _compute_account_in_words(self):
        for membership in self:
            account = membership.account_id
            holder = account.acc_holder_name or account.partner_id.name
            membership.account_in_words = f"{account.acc_number}, {holder}" if account else False

    @api.depends("limit_amount", "used_amount")
    def _compute_free_amount(self):
        for membership in self:
            membership.free_amount = max(membership.limit_amount - membership.used_amount, 0)

    @api.depends("documents_asked", "document_ids.kind_id")
    @api.depends_context("lang")
    def _compute_missing_documents(self):
        names = {kind.code: kind.name for kind in self.env["scf.kyb.kind"].search([])}
        for membership in self:
            there = set(membership.document_ids.kind_id.mapped("code"))
            missing = [kind for kind in membership.documents_asked or [] if kind not in there]
            membership.missing_documents = ", ".join(names.get(kind, kind) for kind in missing)

    def _compute_approved_invoice_count(self):
        counts = dict(
            self.env["scf.approved.invoice"]._read_group(
                [("membership_id", "in", self.ids)], ["membership_id"], ["__count"]
            )
        )
        for membership in self:
            membership.approved_invoice_count = counts.get(membership, 0)

    @api.depends("anchor_name", "bank_name", "kind", "offered_rate_pa", "offered_fee_percent", "limit_amount")
    def _compute_in_words(self):
        for membership in self:
            membership.in_words = membership._words()

    def _words(self):
        """What the program does for us, who pays whom, and what it costs, as an accountant says it."""
        names = self._names()
        if self.kind == "payables_finance":
            sentences = [
                self.env._(
                    "%(anchor)s invites us into its program “%(program)s”. When it has approved an invoice of ours, "
                    "%(bank)s pays the invoice early, if we want it to, and keeps a discount. %(anchor)s pays the bank "
                    "on the due date; if it doesn't, that is the bank's risk, not ours.",
                    **names,
                )
            ]
        else:
            sentences = [
                self.env._(
                    "%(anchor)s invites us into its program “%(program)s”. %(bank)s can pay %(anchor)s for what we "
                    "order, and we repay the bank when we have sold the goods.",
                    **names,
                )
            ]
        if self.offered_rate_pa:
            sentences.append(
                self.env._(
                    "It costs %(rate)s %% a year and a fee of %(fee)s %% of the amount.",
                    rate=self.offered_rate_pa,
                    fee=self.offered_fee_percent or "0",
                )
            )
        return " ".join(sentences)

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | PREPARED_FIELDS

    def write(self, vals):
        if not self.env.su and PREPARED_FIELDS & vals.keys():
            self._refuse_unless_writable()
        return super().write(vals)

    def _refuse_unless_writable(self):
        """What was signed and sent stays as it was signed."""
        if closed := self.filtered(lambda membership: membership.state not in WRITABLE_STATES)[:1]:
            raise AccessError(
                self.env._(
                    "The membership in “%(program)s” is “%(state)s”: what was sent to the bank can be changed again "
                    "when the bank asks for it.",
                    program=closed.program_name,
                    state=label_of(closed, "state"),
                )
            )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_invoices(self):
        """Open the invoices that the customer approved."""
        self.ensure_one()
        self.check_access("read")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("scf_program.action_scf_approved_invoice"),
            "domain": [("membership_id", "=", self.id)],
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _is_limit_over(self):
        """Whether the last day of the limit is over: the bank pays nothing new until it says a later one."""
        self.ensure_one()
        return bool(self.valid_until and self.valid_until < bank_day())

    def _set_state(self, state):
        """The only writer of `state`; skips repeats and what can't follow.

        :return: whether anything changed
        """
        self.ensure_one()
        if state not in TRANSITIONS.get(self.state, ()) or state == self.state:
            return False
        self.state = state
        return True

    def _names(self):
        return {"anchor": self.anchor_name, "bank": self.bank_name, "program": self.program_name}

    def _limit_in_words(self):
        """Limit, what of it is free, and the price, as far as the bank said them."""
        told = []
        if self.has_limit:
            told.append(
                self.env._(
                    "limit %(limit)s, %(free)s of it free",
                    limit=format_amount(self.env, self.limit_amount, self.currency_id),
                    free=format_amount(self.env, self.free_amount, self.currency_id),
                )
            )
        if self.rate_pa:
            told.append(self.env._("%s %% a year", f"{self.rate_pa:g}"))
        if self.valid_until:
            told.append(self.env._("until %s", format_date(self.env, self.valid_until)))
        return ", ".join(told)
