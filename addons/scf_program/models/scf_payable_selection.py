from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.scf_finance.models.on_its_own import on_its_own

# What is approved together, in one transaction.
BILLS_AT_ONCE = 50


class ScfPayableSelection(models.Model):
    """Bills that somebody chose to approve together: a job does it, and this shows how far it is and what was left."""

    _name = "scf.payable.selection"
    _description = "Bills to be approved for early payment"
    _inherit = ["scf.record.kept"]
    _order = "id desc"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", string="Approved By", required=True, readonly=True)
    line_ids = fields.One2many("scf.payable.selection.line", "selection_id", string="Bills", readonly=True)
    bill_count = fields.Integer(compute="_compute_counts")
    approved_count = fields.Integer(string="Approved", compute="_compute_counts")
    left_count = fields.Integer(string="Not Approved", compute="_compute_counts")
    percent = fields.Float(string="Progress", compute="_compute_counts")
    is_done = fields.Boolean(compute="_compute_counts")

    @api.depends("line_ids.outcome")
    def _compute_counts(self):
        for selection in self:
            outcomes = selection.line_ids.mapped("outcome")
            selection.bill_count = len(outcomes)
            selection.approved_count = outcomes.count("approved")
            selection.left_count = outcomes.count("left")
            settled = selection.approved_count + selection.left_count
            selection.percent = 100.0 * settled / len(outcomes) if outcomes else 100.0
            selection.is_done = settled == len(outcomes)

    @api.depends("user_id", "create_date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for selection in self:
            selection.display_name = self.env._("Bills approved by %s", selection.user_id.name)

    # -- jobs -------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_approve(self):
        """Approve what was chosen, a part at a time, each in a transaction of its own."""
        while lines := self.env["scf.payable.selection.line"].search(
            [("outcome", "=", "waiting")], order="id", limit=BILLS_AT_ONCE
        ):
            of_one = lines.filtered(lambda line: line.selection_id == lines[0].selection_id)
            error = on_its_own(of_one.selection_id, of_one._approve)
            if error:
                of_one.write({"outcome": "left", "reason": str(error)})
            if not self.env["ir.cron"]._commit_progress(len(of_one)):
                self._trigger()
                return

    @api.model
    def _trigger(self):
        self.env.ref("scf_program.cron_approve_selection")._trigger()

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    @api.private
    def _start(self, bills):
        """Note what was chosen, begin, and open the page that shows how far it is.

        :param bills: `account.move` that the user may read
        """
        bills.check_access("read")
        self.env["scf.payable"]._check_may_approve()
        if not bills:
            raise UserError(self.env._("Choose the bills first."))
        if len(bills.company_id) != 1:
            raise UserError(self.env._("Choose bills of one company."))
        selection = self.sudo().create(
            {
                "company_id": bills.company_id.id,
                "user_id": self.env.user.id,
                "line_ids": [Command.create({"move_id": bill.id}) for bill in bills],
            }
        )
        if len(bills) <= BILLS_AT_ONCE:
            selection.line_ids._approve()
        else:
            self.sudo()._trigger()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Approve for early payment"),
            "res_model": self._name,
            "res_id": selection.id,
            "views": [(False, "form")],
        }

    def action_refresh(self):
        """Look again how far it is."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}


class ScfPayableSelectionLine(models.Model):
    """One of the chosen bills, and what became of it."""

    _name = "scf.payable.selection.line"
    _description = "Bill to be approved for early payment"
    _inherit = ["scf.record.kept"]
    _order = "outcome desc, id"
    _rec_name = "move_id"

    selection_id = fields.Many2one(
        "scf.payable.selection", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="selection_id.company_id", store=True, index=True, precompute=True)
    move_id = fields.Many2one("account.move", string="Bill", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(related="move_id.commercial_partner_id", string="Supplier")
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount = fields.Monetary(related="move_id.amount_residual", string="Open")
    due_date = fields.Date(related="move_id.invoice_date_due")
    outcome = fields.Selection(
        [("waiting", "Waiting"), ("approved", "Approved"), ("left", "Not Approved")],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    reason = fields.Char(string="Why Not", readonly=True)

    def _approve(self):
        """Approve these bills, all of one selection, in the name and with the rights of whoever chose them."""
        user = self.selection_id.user_id
        bills = self.move_id.with_user(user).with_company(self.selection_id.company_id)
        _payables, reasons = self.env["scf.payable"].with_user(user)._approve(bills)
        left = {bill.id: why for bill, why in reasons.items()}
        for line in self:
            why = left.get(line.move_id.id)
            line.write({"outcome": "left" if why else "approved", "reason": why})
