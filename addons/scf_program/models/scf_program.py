from odoo import fields, models

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


class ScfProgram(models.Model):
    """What a core enterprise offers its suppliers, or its distributors: on which terms, with which banks, up to what."""

    _name = "scf.program"
    _description = "Financing program"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    name = fields.Char(required=True, tracking=True)
    reference = fields.Char(
        string="Number", required=True, readonly=True, copy=False, default="/", help="What the banks know it by."
    )
    kind = fields.Selection(KINDS, required=True, default="payables_finance", tracking=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one("res.currency", required=True, default=lambda self: self.env.company.currency_id)
    state = fields.Selection(STATES, required=True, readonly=True, copy=False, default="draft", tracking=True)
    requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    anchor_limit = fields.Monetary(
        string="Limit Altogether", help="At most this much may be paid early and not settled, at all banks together."
    )
    member_limit = fields.Monetary(string="Limit of Each Member", help="At most this much for one member.")
    max_tenor_days = fields.Integer(string="Longest Time", default=180, help="In days, from the payout to the due date.")
    terms = fields.Html(translate=True, help="What a member signs.")
    bank_ids = fields.One2many("scf.program.bank", "program_id", string="Banks", copy=False)
    member_ids = fields.One2many("scf.program.member", "program_id", string="Members", copy=False)

    _reference_once = models.UniqueIndex("(company_id, reference) WHERE reference != '/'", "A number is used once.")

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
