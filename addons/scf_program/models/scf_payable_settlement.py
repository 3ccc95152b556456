from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from odoo.addons.scf_finance.amounts import exact, wire_money
from odoo.addons.scf_finance.models.on_its_own import on_its_own

from .bank_day import bank_day
from .row_hold import hold
from .scf_payable import OWED_STATES

STATES = [("sent", "Being Sent"), ("posted", "Posted"), ("refused", "Refused")]


class ScfPayableSettlement(models.Model):
    """What the company tells a bank that it paid for bills that the bank had paid early."""

    _name = "scf.payable.settlement"
    _description = "Settlement with a bank"
    _inherit = ["scf.addressee", "scf.record.kept"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    program_bank_id = fields.Many2one("scf.program.bank", required=True, readonly=True, index=True, ondelete="restrict")
    program_id = fields.Many2one(related="program_bank_id.program_id", store=True, precompute=True)
    bank_id = fields.Many2one(related="program_bank_id.bank_id", store=True, precompute=True)
    company_id = fields.Many2one(related="program_bank_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="program_bank_id.currency_id")
    paid_on = fields.Date(required=True, readonly=True)
    line_ids = fields.One2many("scf.payable.settlement.line", "settlement_id", string="Bills", readonly=True)
    amount = fields.Monetary(compute="_compute_amount")
    state = fields.Selection(STATES, string="Status", required=True, readonly=True, default="sent")
    message = fields.Char(readonly=True, help="In the bank's words.")

    _name_once = models.UniqueIndex("(company_id, name)", "A settlement's number is used once.")

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for settlement in self:
            settlement.amount = sum(settlement.line_ids.mapped("amount"))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A settlement that a bank was told of is never deleted."))

    # -- addressee --------------------------------------------------------------------------------------------------

    def _scf_target(self, verb):
        return self.program_bank_id.bank_program_ref or None

    def _scf_on_answer(self, message, answer):
        self._book()

    def _scf_on_refused(self, message, problem):
        if self._set_state("refused", problem.get("detail") or problem.get("title")):
            for payable in self.line_ids.request_id.payable_id:
                payable._warn(
                    self.env._(
                        "%(bank)s did not take the settlement %(number)s: %(why)s",
                        bank=self.bank_id.sudo().name,
                        number=self.name,
                        why=self.message or "",
                    )
                )

    def _set_state(self, state, message=None):
        """Write the state; what is posted or refused stays so."""
        self.ensure_one()
        if self.state != "sent" or state == "sent":
            return False
        self.write({"state": state, "message": message or False})
        return True

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _send(self, requests, paid_on):
        """Tell the bank that it was paid for these early payments in full.

        :param requests: `scf.payable.request` at one program's bank; what another settlement brings is left out
        :return: the settlement; empty where nothing is left
        """
        hold(requests.payable_id)
        lines = self.env["scf.payable.settlement.line"]
        owed = {}
        for request in requests:
            on_its_way = sum(exact(line.amount, request.currency_id.name) for line in lines._waiting_for(request))
            left = request.payable_id._owed() - on_its_way
            if request.payable_id.state in OWED_STATES and left > 0:
                owed[request] = left
        if not owed:
            return self.browse()
        program_bank = requests.bank_row_id.program_bank_id
        program_bank.ensure_one()
        settlement = self.create(
            {
                "name": self.env["ir.sequence"]
                .sudo()
                .with_company(program_bank.company_id)
                .next_by_code("scf.payable.settlement"),
                "program_bank_id": program_bank.id,
                "paid_on": paid_on,
            }
        )
        lines.create(
            [
                {"settlement_id": settlement.id, "request_id": request.id, "amount": float(amount)}
                for request, amount in owed.items()
            ]
        )
        self.env["scf.message"].sudo()._enqueue(
            program_bank.bank_id.sudo(),
            "settle",
            {
                "settlement_id": settlement.name,
                "paid_on": paid_on.isoformat(),
                "payables": [
                    {
                        "id": request.bank_row_id.bank_payable_ref,
                        "amount": wire_money(amount, request.currency_id.name),
                    }
                    for request, amount in owed.items()
                ],
            },
            channel=program_bank._payables_channel(),
            addressee=settlement,
        )
        return settlement

    def _book(self):
        """Book the settlement, once, when the bank has taken it: what its events did not tell before."""
        self.ensure_one()
        if self._set_state("posted"):
            self.line_ids._book()


class ScfPayableSettlementLine(models.Model):
    """What one settlement pays for one bill."""

    _name = "scf.payable.settlement.line"
    _description = "Bill of a settlement"
    _inherit = ["scf.record.kept"]
    _order = "id"
    _rec_name = "request_id"

    settlement_id = fields.Many2one(
        "scf.payable.settlement", required=True, readonly=True, index=True, ondelete="restrict"
    )
    request_id = fields.Many2one("scf.payable.request", required=True, readonly=True, index=True, ondelete="restrict")
    payable_id = fields.Many2one(related="request_id.payable_id", store=True, precompute=True)
    company_id = fields.Many2one(related="settlement_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="request_id.currency_id")
    amount = fields.Monetary(readonly=True)
    entry_ids = fields.One2many("scf.payable.entry", "settlement_line_id", string="Booked", readonly=True)

    def _waiting_for(self, request):
        """Lines of settlements of an early payment that the bank has not taken yet, the oldest first."""
        return self.search(
            [("request_id", "=", request.id), ("settlement_id.state", "=", "sent"), ("entry_ids", "=", False)],
            order="id",
        )

    def _book(self):
        """Book these lines of one settlement by one entry, each once.

        An event tells of one bill before the bank has answered about the whole: what it refuses then stays owed.
        """
        lines = self.filtered(lambda line: not line.entry_ids)
        if lines:
            lines.payable_id[:1]._book_settled(
                [(line.request_id, exact(line.amount, line.currency_id.name), line) for line in lines],
                lines.settlement_id.paid_on,
                lines.settlement_id.name,
            )


class ScfPayable(models.Model):
    _inherit = "scf.payable"

    was_reminded = fields.Boolean(readonly=True, help="Somebody was told that the due date comes near.")
    settles_by_hand = fields.Boolean(
        string="Paid by a Person", readonly=True, help="The bank took a settlement back: the next one is a person's."
    )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_settle(self):
        """Tell the banks that they are paid today for these bills; by an approver."""
        if not self.env.user.has_group("scf_connector.group_scf_approver"):
            raise AccessError(self.env._("Only an approver may pay a bank."))
        self.check_access("read")
        # No bank takes what is paid on a day that it has not reached, as in the morning of the Far East.
        if not self.sudo()._settle(min(fields.Date.context_today(self), bank_day())):
            raise UserError(self.env._("Nothing of it is owed to a bank, or it is on its way already."))
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # -- jobs -------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_settle(self):
        """Remind of what is due to banks, and settle it on the day where the program says so."""
        today = fields.Date.context_today(self)
        for payable in self.search([("state", "=", "paid"), ("was_reminded", "=", False)]):
            notice = payable.program_id.settle_notice_days
            if payable._live_request().bank_row_id and payable.due_date <= today + timedelta(days=notice):
                on_its_own(payable, payable._remind)
                if not self.env["ir.cron"]._commit_progress(1):
                    return
        due = self.search(
            [
                ("state", "in", OWED_STATES),
                ("due_date", "<=", today),
                ("program_id.settles_by_itself", "=", True),
                ("settles_by_hand", "=", False),
            ]
        )
        for of_program in due.grouped("program_id").values():
            on_its_own(of_program[:1], lambda payables=of_program: payables._settle(today))
            if not self.env["ir.cron"]._commit_progress(len(of_program)):
                return

    def _remind(self):
        bank = self._live_request().bank_id.sudo()
        self._warn(
            self.env._(
                "%(amount)s are due to %(bank)s on %(due)s for %(bill)s. Have the cash ready.",
                amount=self._money(self._owed()),
                bank=bank.name,
                due=format_date(self.env, self.due_date),
                bill=self.move_id.name,
            )
        )
        self.was_reminded = True

    # -- business ---------------------------------------------------------------------------------------------------

    def _settle(self, on):
        """Settle these payables with their banks, a settlement for each.

        :return: the settlements; empty where nothing is owed that is not on its way
        """
        settlements = self.env["scf.payable.settlement"]
        requests = self._live_request().filtered("bank_row_id")
        for at_bank in requests.grouped(lambda request: request.bank_row_id.program_bank_id).values():
            settlements += settlements._send(at_bank, on)
        return settlements
