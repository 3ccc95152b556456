import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

_logger = logging.getLogger(__name__)

STATES = [
    ("approved", "Approved"),
    ("agreed", "Early Payment Agreed"),
    ("paid", "Paid Early"),
    ("overdue", "Overdue"),
    ("settled", "Settled"),
    ("withdrawn", "Withdrawn"),
    ("ended", "Paid as Usual"),
]
OPEN_STATES = ("approved", "agreed", "paid", "overdue")
# A bank paid the supplier, and is to be paid by the company.
OWED_STATES = ("paid", "overdue")
TRANSITIONS = {
    "approved": {"agreed", "paid", "withdrawn", "ended"},
    "agreed": {"approved", "paid", "settled"},
    "paid": {"approved", "overdue", "settled"},
    "overdue": {"approved", "settled"},
    # Where a bank paid what was taken back, a payment from own cash was undone, or a settlement taken back.
    "withdrawn": {"paid"},
    "ended": {"paid"},
    "settled": {"agreed", "paid", "overdue"},
}


class ScfPayable(models.Model):
    """What is open of a vendor bill for one due date, approved: the company will pay it then, come what may.

    The approving: `scf_payable_approval.py`; at the banks: `scf_payable_bank.py`; what early payment costs:
    `scf_payable_quote.py`; an early payment: `scf_payable_request.py`; the books: `scf_payable_books.py`.
    """

    _name = "scf.payable"
    _description = "Approved payable"
    _inherit = ["mail.thread", "mail.activity.mixin", "scf.record.kept"]
    _order = "due_date, id"
    _mail_post_access = "read"

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, help="What the banks know it by.")
    program_id = fields.Many2one("scf.program", required=True, readonly=True, index=True, ondelete="restrict")
    member_id = fields.Many2one("scf.program.member", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_id.currency_id", store=True, precompute=True)
    partner_id = fields.Many2one(
        related="member_id.partner_id", string="Supplier", store=True, index=True, precompute=True
    )
    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, readonly=True, index=True, ondelete="restrict"
    )
    document_number = fields.Char(string="Supplier's Number", readonly=True)
    amount = fields.Monetary(readonly=True, tracking=True, help="What the company undertakes to pay on the due date.")
    approved_amount = fields.Monetary(readonly=True, help="The same when it was approved.")
    due_date = fields.Date(required=True, readonly=True)
    state = fields.Selection(
        STATES, string="Status", required=True, readonly=True, default="approved", index=True, tracking=True
    )
    approved_by_id = fields.Many2one(
        "res.users", readonly=True, help="Empty where the rule of the program approved the bill."
    )
    approved_at = fields.Datetime(string="Approved On", required=True, readonly=True)
    bank_ids = fields.One2many("scf.payable.bank", "payable_id", string="At the Banks", readonly=True)
    request_ids = fields.One2many("scf.payable.request", "payable_id", string="Early Payments", readonly=True)
    ended_because = fields.Char(string="Why It Ended", readonly=True)

    _name_once = models.UniqueIndex("(company_id, name)", "A payable's number is used once.")
    _one_approval = models.UniqueIndex(
        "(move_id, due_date) WHERE state IN ('approved', 'agreed', 'paid', 'overdue')",
        "This bill is approved for early payment already.",
    )
    _amount_above_zero = models.Constraint("CHECK (amount > 0)", "A payable is of an amount above zero.")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("move_id.name", "due_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for payable in self:
            payable.display_name = self.env._(
                "%(bill)s, due %(day)s",
                # Whoever may see the payable may see the number of its bill.
                bill=payable.sudo().move_id.name,
                day=format_date(self.env, payable.due_date) if payable.due_date else "",
            )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An approved payable is never deleted: take the approval back instead."))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_bill(self):
        """Open the vendor bill."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    # -- state ------------------------------------------------------------------------------------------------------

    def _set_state(self, state, because=None):
        """Write the state, where the life of a payable allows it.

        :param str because: why it ended, for whoever reads it later
        :return: whether anything changed: a repeat and a step that does not exist change nothing
        """
        self.ensure_one()
        if state not in TRANSITIONS.get(self.state, ()):
            return False
        _logger.info("scf.payable %s: %s → %s", self.id, self.state, state)
        self.write({"state": state, "ended_because": because})
        return True

    # -- business ---------------------------------------------------------------------------------------------------

    def _money(self, amount):
        return format_amount(self.env, float(amount), self.currency_id)

    def _live_request(self):
        """The early payment that was agreed or made; empty where there is none."""
        return self.request_ids.filtered(lambda request: request.is_live)

    def _payable_items(self):
        """Journal items of the bill that are due on the payable's day."""
        return self.move_id.line_ids.filtered(
            lambda item: (
                item.account_id.account_type == "liability_payable"
                and item.parent_state == "posted"
                and (item.date_maturity or item.move_id.invoice_date_due) == self.due_date
            )
        )

    def _warn(self, text):
        """Say it in the chatter, and as an activity of whoever approved the bill or runs the program."""
        self.ensure_one()
        self.message_post(body=text)
        user = self.approved_by_id or self.program_id.approved_by_id or self.program_id.requested_by_id
        if user and user.active:
            self.activity_schedule("mail.mail_activity_data_warning", user_id=user.id, note=text)

    def _tell_supplier(self, text):
        """Write to the supplier, in the conversation with it as a member."""
        self.member_id.message_post(
            body=text, partner_ids=self.partner_id.ids, message_type="comment", subtype_xmlid="mail.mt_comment"
        )
