from openscf.loan import replay

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from ..amounts import exact
from .labels import label_of
from .scf_drawdown import ON_THE_WAY

OF_THE_LIMIT = ("limit_amount", "used_amount", "blocked_amount", "available_amount", "used_percent")


class ScfLoan(models.Model):
    """A line: granted without a payout, drawn in parts up to its limit, repaid by a share of all collections."""

    _inherit = "scf.loan"

    is_line = fields.Boolean(
        compute="_compute_is_line", store=True, help="Drawn in parts and drawn again: its principal is a limit."
    )
    drawdown_ids = fields.One2many("scf.drawdown", "loan_id", string="Drawdowns", readonly=True)
    limit_amount = fields.Monetary(string="Limit", compute="_compute_limit")
    used_amount = fields.Monetary(string="Used", compute="_compute_limit", help="Drawn and not repaid.")
    blocked_amount = fields.Monetary(
        string="Blocked", compute="_compute_limit", help="Asked for, and not paid out or declined yet."
    )
    available_amount = fields.Monetary(string="Available", compute="_compute_limit")
    used_percent = fields.Float(string="Used (%)", compute="_compute_limit")

    _line_running_idx = models.Index("(company_id, currency_id) WHERE is_line AND state IN ('active', 'overdue')")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("terms")
    def _compute_is_line(self):
        for loan in self:
            loan.is_line = (loan.terms or {}).get("repayment") == "revolving"

    @api.depends("is_line", "state", "principal", "entry_ids", "drawdown_ids.state", "drawdown_ids.amount")
    def _compute_limit(self):
        for loan in self:
            loan.update(dict.fromkeys(OF_THE_LIMIT, 0.0))
            if not loan.is_line:
                continue
            own = loan.sudo()  # whoever may see the loan may see what of it is used
            waiting = own.drawdown_ids.filtered(lambda item: item.state in ON_THE_WAY)
            loan.limit_amount = own.principal
            loan.used_amount = float(own._balance(fields.Date.context_today(own)).principal)
            loan.blocked_amount = sum(waiting.mapped("amount"))
            loan.available_amount = float(max(own._drawable() - own._blocked(), 0))
            loan.used_percent = 100 * loan.used_amount / own.principal if own.principal else 0.0

    @api.depends("is_line")
    def _compute_repaid_percent(self):
        lines = self.filtered("is_line")
        lines.repaid_percent = 0.0
        return super(ScfLoan, self - lines)._compute_repaid_percent()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_draw(self):
        """Open the dialog that draws on the line."""
        self.ensure_one()
        self.application_id._documents()._scf_check_requester()
        if why_not := self._why_not_draw():
            raise UserError(why_not)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Draw on %s", self.name),
            "res_model": "scf.draw",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_loan_id": self.id},
        }

    # -- business: what can be drawn --------------------------------------------------------------------------------

    def _drawable(self):
        """The limit less what is drawn, as Decimal in the line's currency; 0 once its tenor is over."""
        if self.state not in ("granted", "active"):
            return exact(0.0, self.currency_id.name)
        return replay(self._terms(), self._events(), fields.Date.context_today(self)).available

    def _blocked(self):
        """What was asked for and is neither paid out nor declined, as Decimal in the line's currency."""
        waiting = self.drawdown_ids.filtered(lambda item: item.state in ON_THE_WAY)
        return exact(sum(waiting.mapped("amount")), self.currency_id.name)

    def _deducted_fee(self):
        """What the bank keeps back of the next drawdown, as Decimal: of the first one, where a fee is deducted."""
        terms = self._terms()
        is_first = not self.entry_ids.filtered(lambda entry: entry.type == "disbursement")
        return terms.fee if is_first and terms.fee_timing == "deducted" else exact(0.0, self.currency_id.name)

    def _why_not_draw(self):
        """Why nothing can be drawn now, as a sentence; an empty text where something can."""
        if not self.is_line:
            return self.env._("Loan %s is paid out at once: only a line is drawn in parts.", self.name)
        if self.state in ("closed", "failed"):
            return self.env._(
                "Line %(line)s is “%(state)s”: nothing can be drawn any more. Ask the banks for a new one.",
                line=self.name,
                state=label_of(self, "state"),
            )
        if why_late := self._why_late():
            return why_late
        own = self.sudo()
        if own._drawable() <= own._blocked():
            return self.env._("The limit of the line is used up. What customers pay makes room again.")
        return ""

    def _ask_drawdown(self, amount):
        """Record that money is wanted, and tell who may approve it.

        :param float amount: in the line's currency
        """
        drawdown = self.env["scf.drawdown"].create(
            {
                "name": self.env["ir.sequence"].with_company(self.company_id).next_by_code("scf.drawdown"),
                "loan_id": self.id,
                "amount": self.currency_id.round(amount),
                "user_id": self.env.uid,
                "asked_at": fields.Datetime.now(),
            }
        )
        drawdown._ask()
        return drawdown

    def _why_late(self):
        """What has to be repaid before anything can be drawn, as a sentence; an empty text where nothing has."""
        own = self.sudo()  # who may see the line may know that it is late
        past_due = own._past_due() if own.start_date else 0
        if not past_due and self.state != "overdue":
            return ""
        return self.env._(
            "%s is past due on the line. Repay it, then draw again.",
            format_amount(self.env, float(past_due), self.currency_id),
        )

    # -- business: what the bank says -------------------------------------------------------------------------------

    def _event_handlers(self):
        return {**super()._event_handlers(), "loan.drawn": "_take_drawn", "drawdown.declined": "_take_draw_declined"}

    def _take_drawn(self, content, is_news):
        self._take_entries(content, is_news)
        if self.state == "granted":
            self._set_state("active")
        self._take_drawdown(content["drawdown"], is_news)

    def _take_draw_declined(self, content, is_news):
        self._take_drawdown(content["drawdown"], is_news)

    def _take_drawdown(self, wire, is_news):
        drawdown = self.drawdown_ids.filtered(lambda item: item.name == wire["drawdown_id"])
        if drawdown:
            drawdown._take(wire)
        elif is_news and wire["status"] == "POSTED":
            self._warn(
                self.env._(
                    "%(bank)s paid out the drawdown %(drawdown)s, which nobody here asked for: ask the bank.",
                    bank=self.bank_id.name,
                    drawdown=wire["drawdown_id"],
                )
            )

    def _set_state(self, state):
        changed = super()._set_state(state)
        if changed and state in ("closed", "failed"):
            self.drawdown_ids._lapse()
        return changed

    # -- business: following ----------------------------------------------------------------------------------------

    def _take_standing(self, stands, expected, on_its_way):
        result = super()._take_standing(stands, expected, on_its_way)
        if self.is_line:
            # Nobody knows which sales of a whole company will repay it: what is not known is not foretold.
            self._write_changes(
                {
                    "outlook": False,
                    "outlook_date": False,
                    "outlook_needed": 0.0,
                    "outlook_expected": 0.0,
                    "outlook_missing": 0.0,
                    "coverage_percent": 0.0,
                    "expected_payoff_date": False,
                    "payoff": False,
                }
            )
        return result

    # -- what is said -----------------------------------------------------------------------------------------------

    def _limit_picture(self):
        """The contract of the component `scf_limit`: parts with their share of the limit in percent, and a sentence."""
        parts = (
            ("used", self.env._("Used"), self.used_amount),
            ("blocked", self.env._("Blocked"), self.blocked_amount),
            ("available", self.env._("Available"), self.available_amount),
        )
        return {
            "summary": self._limit_sentence(),
            "parts": [
                {
                    "code": code,
                    "label": label,
                    "amount": format_amount(self.env, amount, self.currency_id),
                    "percent": round(100 * amount / self.limit_amount, 2) if self.limit_amount else 0.0,
                }
                for code, label, amount in parts
            ],
        }

    def _limit_sentence(self):
        return self.env._(
            "%(used)s of %(limit)s is used, %(available)s can be drawn.",
            used=format_amount(self.env, self.used_amount, self.currency_id),
            limit=format_amount(self.env, self.limit_amount, self.currency_id),
            available=format_amount(self.env, self.available_amount, self.currency_id),
        )

    def _past_due_sentence(self, amount):
        if not self.is_line:
            return super()._past_due_sentence(amount)
        return self.env._("%s is past due on the line. Repay it: until then nothing can be drawn.", amount)

    def _next_step(self):
        if not self.is_line or self.state in ("closed", "failed"):
            return super()._next_step()
        if self.state == "granted":
            return self.env._("The line is granted: draw what you need. It costs interest from the first drawdown on.")
        if self.state == "overdue":
            return self._why_not_draw()
        share = f"{float((self.terms or {}).get('sweep_percent') or 100):g}"
        return self.env._(
            "%(share)s %% of what customers pay repays the line, and can be drawn again. It ends on %(day)s.",
            share=share,
            day=format_date(self.env, self.due_date) if self.due_date else "",
        )
