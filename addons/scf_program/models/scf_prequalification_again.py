from datetime import timedelta
from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.tools import format_amount, format_date

from odoo.addons.scf_finance.models.on_its_own import on_its_own

from ..prequalification.change import changes
from ..prequalification.scope import Scope
from ..prequalification.trade import read_trade

SETTINGS = {"prequalify_second_look", "prequalify_change_percent", "prequalify_warn_days"}
# Whoever has a limit by what the bank was told; a member that joined keeps what the bank says of it.
WITH_LIMIT = ("prequalified", "approved")


class ScfProgram(models.Model):
    """Asking again: where limits end soon, and where the trade is not what the banks were told any more."""

    _inherit = "scf.program"

    prequalify_second_look = fields.Boolean(
        string="A Colleague Looks at Figures",
        default=True,
        help="Figures on suppliers go to the banks only when an approver, too, has looked at them.",
    )
    prequalify_change_percent = fields.Float(
        string="Ask Again at a Change Of (%)",
        digits=(5, 2),
        default=20.0,
        help="Where the share of late deliveries or of returns moves by more points than this, or purchases by more "
        "percent, since the banks were told.",
    )
    prequalify_warn_days = fields.Integer(
        string="Ask Again Before the End", default=14, help="So many days before pre-approved limits end."
    )

    _prequalify_range = models.Constraint(
        "CHECK (prequalify_change_percent BETWEEN 1 AND 100 AND prequalify_warn_days BETWEEN 0 AND 180)",
        "Ask again at a change of 1 to 100 %, and 0 to 180 days before the end.",
    )

    @api.model
    def _fields_by_hand(self):
        return super()._fields_by_hand() | SETTINGS

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_prequalify(self):
        """Open a new pre-approval for this program."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pre-approve suppliers"),
            "res_model": "scf.prequalification",
            "views": [(False, "form")],
            "context": {"default_program_id": self.id},
        }

    def action_open_prequalifications(self):
        """Open the pre-approvals of this program."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("scf_program.action_scf_prequalification")
        return {**action, "domain": [("program_id", "=", self.id)], "context": {"default_program_id": self.id}}

    # -- jobs -------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_limits_end(self):
        """End limits that are over, and prepare the question again where they end soon."""
        today = fields.Date.context_today(self)
        at_banks = self.env["scf.program.member.bank"]
        for record in at_banks.search([("status", "=", "prequalified"), ("valid_until", "<", today)]):
            on_its_own(record, record._end_limit)
            self.env["ir.cron"]._commit_progress(1)
        for program in self.search([("state", "=", "active"), ("kind", "=", "payables_finance")]):
            on_its_own(program, lambda program=program: program._prepare_ending(today))
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _cron_trade_moves(self):
        """Prepare the question again where the trade is not what the banks were told any more."""
        for program in self.search([("state", "=", "active"), ("kind", "=", "payables_finance")]):
            on_its_own(program, program._prepare_moved)
            self.env["ir.cron"]._commit_progress(1)

    def _prepare_ending(self, today):
        last_day = today + timedelta(days=self.prequalify_warn_days)
        ending = self._with_limit([("status", "=", "prequalified"), ("valid_until", "<=", last_day)])
        self._prepare_again(
            {
                record: self.env._("The limit ends on %s.", format_date(self.env, record.valid_until))
                for record in ending
            }
        )

    def _prepare_moved(self):
        told = self._with_limit([("told_figures", "!=", False)])
        if not told:
            return
        partners = told.member_id.partner_id
        scope = Scope.until_today(self.company_id, self.currency_id, partners)
        figures = {trade.supplier_id: trade.figures() for trade in read_trade(scope)}
        threshold = Decimal(str(self.prequalify_change_percent))
        moved = {}
        for record in told:
            found = changes(record.told_figures, figures.get(record.member_id.partner_id.id, {}), threshold=threshold)
            if found:
                moved[record] = " ".join(self._sentence_of_change(change) for change in found)
        self._prepare_again(moved)

    def _sentence_of_change(self, change):
        if change.code == "ordered":
            return self.env._(
                "Purchases of two years went from %(before)s to %(after)s.",
                before=format_amount(self.env, float(change.before), self.currency_id),
                after=format_amount(self.env, float(change.after), self.currency_id),
            )
        numbers = {"before": change.before, "after": change.after}
        if change.code == "late_percent":
            return self.env._("Late deliveries went from %(before)s %% to %(after)s %%.", **numbers)
        return self.env._("Returns went from %(before)s %% to %(after)s %%.", **numbers)

    def _with_limit(self, domain):
        """Members at banks that have a limit and about whom nothing was prepared since they got it."""
        return self.env["scf.program.member.bank"].search(
            [
                ("member_id.program_id", "=", self.id),
                ("program_bank_id.status", "=", "active"),
                ("status", "in", WITH_LIMIT),
                ("again_on", "=", False),
                *domain,
            ]
        )

    def _prepare_again(self, why):
        """Prepare one question about all of them, and give the responsible person the task to look and send.

        :param dict why: sentence by `scf.program.member.bank`
        """
        if not why:
            return
        batches = self.env["scf.prequalification"]
        records = self.env["scf.program.member.bank"].union(*why)
        batch = batches.search(
            [("program_id", "=", self.id), ("is_asked_again", "=", True), ("state", "in", ("draft", "ready"))], limit=1
        ) or batches.create({"program_id": self.id, "is_asked_again": True, "source": "chosen"})
        reasons = {str(record.member_id.partner_id.id): sentence for record, sentence in why.items()}
        batch.write(
            {
                "partner_ids": [Command.link(partner.id) for partner in records.member_id.partner_id],
                "program_bank_ids": [Command.link(bank.id) for bank in records.program_bank_id],
                "reasons_to_ask": {**(batch.reasons_to_ask or {}), **reasons},
            }
        )
        batch._set_state("reading")
        batch._trigger()
        records.again_on = fields.Date.context_today(self)
        self._tell(
            self.env._(
                "%(batch)s is prepared: the limits of %(count)s suppliers end soon, or what you buy from them changed. "
                "Look at it and send it.",
                batch=batch.name,
                count=len(records.member_id),
            ),
            act=True,
        )
