from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

APPROVAL_RULES = [
    ("manual", "A person, bill by bill"),
    ("three_way", "By itself, where order, receipt and bill match"),
]
# What a person sets of how bills are approved and banks paid, and of own cash; while the program runs, too.
APPROVING_FIELDS = {
    "approval_rule",
    "price_tolerance_percent",
    "approves_separately",
    "settles_by_itself",
    "settle_notice_days",
}
CASH_FIELDS = {
    "own_cash",
    "target_return_pa",
    "discount_day_count",
    "earliest_days",
    "discount_account_id",
    "budget_ids",
    "blackout_ids",
}
DAY_COUNTS = [("ACT/360", "ACT/360"), ("ACT/365", "ACT/365"), ("30E/360", "30E/360")]


class ScfProgram(models.Model):
    """How a program approves bills and pays the banks."""

    _inherit = "scf.program"

    approval_rule = fields.Selection(
        APPROVAL_RULES, string="Bills Are Approved", required=True, default="manual", tracking=True
    )
    price_tolerance_percent = fields.Float(
        string="Price Tolerance (%)",
        digits=(5, 2),
        help="By how much a billed price may be above the order's, where bills are approved by themselves.",
    )
    approves_separately = fields.Boolean(
        string="Four Eyes", default=True, tracking=True, help="Whoever posted a bill may not approve it."
    )
    settles_by_itself = fields.Boolean(
        string="Pay Banks by Itself",
        default=True,
        tracking=True,
        help="On the due date the bank is told that what it paid early is paid. Without it a person does.",
    )
    settle_notice_days = fields.Integer(
        string="Remind Before (Days)", default=3, help="How many days before a due date somebody is told to have cash."
    )
    payable_ids = fields.One2many("scf.payable", "program_id", string="Payables", readonly=True, copy=False)
    request_ids = fields.One2many(
        "scf.payable.request", "program_id", string="Early Payments", readonly=True, copy=False
    )

    _payables_in_bounds = models.Constraint(
        "CHECK (price_tolerance_percent >= 0 AND price_tolerance_percent <= 100 AND settle_notice_days >= 0)",
        "A tolerance is from 0 to 100 %, and a reminder comes before the due date.",
    )

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | APPROVING_FIELDS


class ScfProgramCash(models.Model):
    """Own cash for early payments: the return it is to bring, the days on which it is paid, and how much there is."""

    _inherit = "scf.program"

    own_cash = fields.Boolean(
        string="Pay Early with Own Cash", tracking=True, help="Beside the banks. Dynamic discounting always does."
    )
    target_return_pa = fields.Float(
        string="Return Wanted (% a Year)",
        digits=(8, 4),
        default=6.0,
        tracking=True,
        help="The discount that suppliers give is this rate for the days that they are paid earlier.",
    )
    discount_day_count = fields.Selection(DAY_COUNTS, string="Day Count", required=True, default="ACT/360")
    earliest_days = fields.Integer(
        string="Earliest Payment (Days)", default=2, help="Days from an acceptance to the first payment run."
    )
    discount_account_id = fields.Many2one(
        "account.account",
        string="Account of Discounts",
        check_company=True,
        help="Where discounts are booked. Without one: the company's account of cash discounts gained, else the "
        "accounts of the bill itself.",
    )
    budget_ids = fields.One2many("scf.payable.budget", "program_id", string="Budgets")
    blackout_ids = fields.One2many("scf.payable.blackout", "program_id", string="Nothing Is Paid Early")

    _cash_in_bounds = models.Constraint(
        "CHECK (target_return_pa >= 0 AND target_return_pa <= 100 AND earliest_days BETWEEN 0 AND 365)",
        "A return is from 0 to 100 % a year, and the earliest payment within a year.",
    )

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | CASH_FIELDS

    def write(self, vals):
        if not self.env.su and (APPROVING_FIELDS | CASH_FIELDS) & vals.keys():
            self._check_may_steer()
        return super().write(vals)

    def _check_may_steer(self):
        """Who may say how bills are approved and cash is spent, once the program was approved."""
        is_approver = self.env.user.has_group("scf_connector.group_scf_approver")
        if not is_approver and any(program.state != "draft" for program in self):
            raise AccessError(
                self.env._(
                    "The program was approved: only an approver may change how bills are approved, banks are paid and "
                    "own cash is spent."
                )
            )

    def _pays_itself(self):
        return self.kind == "dynamic_discounting" or self.kind == "payables_finance" and self.own_cash


class ScfPayableBudget(models.Model):
    """Own cash that may go out early in a period."""

    _name = "scf.payable.budget"
    _description = "Cash for early payments"
    _order = "date_from, id"

    program_id = fields.Many2one("scf.program", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_id.currency_id")
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True)
    amount = fields.Monetary(required=True)
    used = fields.Monetary(compute="_compute_used", help="Paid, or promised, in the period.")
    free = fields.Monetary(compute="_compute_used")

    _in_order = models.Constraint("CHECK (date_from <= date_to)", "The period ends before it begins.")
    _not_negative = models.Constraint("CHECK (amount >= 0)", "A budget is not negative.")

    @api.depends("date_from", "date_to", "amount", "program_id.request_ids.state", "program_id.request_ids.payout")
    def _compute_used(self):
        # Whoever sees the budget may see how much of it is used, if not by whom.
        requests = self.env["scf.payable.request"].sudo()
        for budget in self:
            used = 0.0
            if budget.program_id and budget.date_from and budget.date_to:
                [(used,)] = requests._read_group(
                    [
                        ("program_id", "in", budget.program_id.ids),
                        ("bank_row_id", "=", False),
                        ("is_live", "=", True),
                        ("pay_on", ">=", budget.date_from),
                        ("pay_on", "<=", budget.date_to),
                    ],
                    aggregates=["payout:sum"],
                )
            budget.used = used
            budget.free = max(budget.amount - used, 0.0)

    @api.constrains("program_id", "date_from", "date_to")
    def _check_apart(self):
        for program in self.program_id:
            budgets = program.budget_ids.sorted("date_from")
            for one, following in zip(budgets, budgets[1:], strict=False):
                if one.date_to >= following.date_from:
                    raise ValidationError(
                        self.env._("Budgets of %s overlap: each day belongs to one of them.", program.name)
                    )


class ScfPayableBlackout(models.Model):
    """Days on which nothing is paid early from own cash: around a year's end, for example."""

    _name = "scf.payable.blackout"
    _description = "Days without early payments"
    _order = "date_from, id"

    program_id = fields.Many2one("scf.program", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="program_id.company_id", store=True, index=True, precompute=True)
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True)
    reason = fields.Char()

    _in_order = models.Constraint("CHECK (date_from <= date_to)", "The period ends before it begins.")
