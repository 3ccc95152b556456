from odoo import api, fields, models
from odoo.exceptions import UserError

LIVE = {"compute": "_compute_price", "compute_sudo": False}


class ScfEarlyPaymentAsk(models.TransientModel):
    """Ask for the early payment of an approved invoice: on which day, and what it costs then."""

    _name = "scf.early.payment.ask"
    _description = "Get an approved invoice paid early"

    approved_id = fields.Many2one("scf.approved.invoice", required=True, readonly=True, ondelete="cascade")
    # With the user's own rights: who names somebody else's approval here learns nothing of it.
    currency_id = fields.Many2one(related="approved_id.currency_id", related_sudo=False)
    amount = fields.Monetary(related="approved_id.amount", related_sudo=False)
    due_date = fields.Date(related="approved_id.due_date", related_sudo=False)
    bank_name = fields.Char(string="Bank", related="approved_id.bank_name", related_sudo=False)
    pay_on = fields.Date(
        string="Paid On", compute="_compute_pay_on", store=True, precompute=True, compute_sudo=False, readonly=False
    )
    payout = fields.Monetary(string="We Get", **LIVE)
    discount = fields.Monetary(string="It Costs", **LIVE)
    yearly_percent = fields.Float(string="That Is (% a year)", digits=(7, 2), **LIVE)
    problem = fields.Char(**LIVE)

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("approved_id")
    def _compute_pay_on(self):
        for asked in self:
            asked.pay_on = asked.approved_id._first_day()

    @api.depends("approved_id", "pay_on")
    @api.depends_context("lang", "tz")
    def _compute_price(self):
        for asked in self:
            approved, day = asked.approved_id, asked.pay_on
            asked.payout = asked.discount = asked.yearly_percent = 0.0
            asked.problem = approved._why_not_ask() or (approved._why_not_on(day) if day else False)
            if not asked.problem and day:
                price = approved._price(day)
                asked.payout, asked.discount = float(price.payout.amount), float(price.discount.amount)
                asked.yearly_percent = float(approved._yearly_percent(price, day))

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_ask(self):
        """Ask; a second person approves it before it goes to the bank."""
        self.ensure_one()
        if not self.pay_on:
            raise UserError(self.env._("Choose the day on which the bank is to pay."))
        self.approved_id._ask(self.pay_on)
        return {"type": "ir.actions.act_window_close"}
