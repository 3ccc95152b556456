from odoo import api, fields, models
from odoo.exceptions import UserError


class ScfPaymentOrder(models.TransientModel):
    """Repay several loans by one payment file."""

    _name = "scf.payment.order"
    _description = "Repay loans by transfer"

    execute_on = fields.Date(string="To Be Paid On", required=True, default=fields.Date.context_today)
    line_ids = fields.One2many("scf.payment.order.line", "order_id", string="Payments")

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        if "line_ids" in fields and self.env.context.get("active_model") == "scf.loan":
            loans = self.env["scf.loan"].browse(self.env.context.get("active_ids", ()))
            running = loans.filtered(lambda loan: loan.state in ("active", "overdue"))
            defaults["line_ids"] = [(0, 0, {"loan_id": loan.id}) for loan in running]
        return defaults

    def action_make(self):
        """Make the file, or find the one of the same payments, and hand it out."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("None of the chosen loans is running: there is nothing to repay."))
        # Two lines of one loan are one payment of both.
        amounts = {loan: sum(lines.mapped("amount")) for loan, lines in self.line_ids.grouped("loan_id").items()}
        return self.env["scf.payment.file"]._make(amounts, self.execute_on).action_download()


class ScfPaymentOrderLine(models.TransientModel):
    """What one loan is repaid; all that is owed on that day unless somebody says less."""

    _name = "scf.payment.order.line"
    _description = "Repayment of a loan by transfer"

    order_id = fields.Many2one("scf.payment.order", required=True, ondelete="cascade")
    loan_id = fields.Many2one("scf.loan", required=True, ondelete="cascade")
    bank_id = fields.Many2one(related="loan_id.bank_id", related_sudo=False)
    currency_id = fields.Many2one(related="loan_id.currency_id", related_sudo=False)
    owed = fields.Monetary(string="Owed on That Day", compute="_compute_owed")
    amount = fields.Monetary(compute="_compute_amount", store=True, precompute=True, readonly=False, compute_sudo=False)

    @api.depends("loan_id", "order_id.execute_on")
    def _compute_owed(self):
        for line in self:
            day = line.order_id.execute_on
            line.owed = float(line.loan_id._balance(day).total) if line.loan_id and day else 0.0

    @api.depends("owed")
    def _compute_amount(self):
        for line in self:
            line.amount = line.owed


class ScfRepayment(models.TransientModel):
    """The dialog of one loan can make the file too, where the bank has an account for transfers."""

    _inherit = "scf.repayment"

    by_transfer = fields.Boolean(compute="_compute_by_transfer")

    @api.depends("loan_id")
    def _compute_by_transfer(self):
        for repayment in self:
            repayment.by_transfer = bool(repayment.loan_id.sudo().bank_id.repayment_account_id)

    def action_payment_file(self):
        """Make the payment file instead of having the bank draw the amount."""
        self.ensure_one()
        return self.env["scf.payment.file"]._make({self.loan_id: self.amount}, self.paid_on).action_download()
