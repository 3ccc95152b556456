from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from .labels import as_note


class ScfLoan(models.Model):
    """The bank's last words on a loan: a charge, everything due at once, and the end of its claim."""

    _inherit = "scf.loan"

    recourse = fields.Boolean(related="offer_id.recourse", help="The company repays if the buyer does not.")
    called_on = fields.Date(readonly=True, tracking=True, help="Everything is due since that day.")
    call_reason = fields.Char(string="Why It Was Called", readonly=True)
    written_off_on = fields.Date(readonly=True, tracking=True)
    written_off_amount = fields.Monetary(string="Written Off", readonly=True, help="What the bank gave up.")
    write_off_reason = fields.Char(string="Why It Was Written Off", readonly=True)
    recourse_words = fields.Char(
        string="Who Bears It",
        compute="_compute_recourse_words",
        help="What the company owes where the buyer does not pay.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("recourse", "called_on", "written_off_on", "state")
    def _compute_recourse_words(self):
        for loan in self:
            loan.recourse_words = loan._who_bears()

    def _who_bears(self):
        if self.written_off_on:
            return (
                self.env._("The company owes nothing more; what the bank gave up is its loss.")
                if self.recourse
                else self.env._(
                    "Without recourse: the bank bears the loss. What the buyer still pays of it is the bank's."
                )
            )
        if self.recourse:
            return self.env._("With recourse: if the buyer does not pay, the company repays the bank from own money.")
        return self.env._(
            "Without recourse: if the buyer can't pay, the bank bears it. What the buyer rightly refuses to pay, for "
            "goods sent back or faulty, the company makes good."
        )

    # -- business ---------------------------------------------------------------------------------------------------

    def _event_handlers(self):
        return {
            **super()._event_handlers(),
            "charge.posted": "_take_charge",
            "charge.reversed": "_take_charge",
            "loan.called": "_take_call",
            "loan.written_off": "_take_write_off",
        }

    def _take_charge(self, content, is_news):
        for entry in self.env["scf.loan.entry"]._record(self, [content["entry"]]):
            words = {
                "bank": self.bank_id.name,
                "amount": format_amount(self.env, entry.amount, self.currency_id),
                "kind": self.env._("penalty") if self._is_penalty(entry.reverses_ref, entry) else self.env._("fee"),
                "day": format_date(self.env, entry.value_date),
            }
            self._warn(
                self.env._("%(bank)s took back a %(kind)s of %(amount)s on %(day)s: it is not owed any more.", **words)
                if entry.type == "charge_reversal"
                else self.env._(
                    "%(bank)s charges a %(kind)s of %(amount)s, due on %(day)s. Ask the bank where you do not know it.",
                    **words,
                )
            )

    def _take_call(self, content, is_news):
        for entry in self.env["scf.loan.entry"]._record(self, [content["entry"]]):
            self.write({"called_on": entry.value_date, "call_reason": content.get("reason")})
            self._set_state("overdue")
            self._warn(self._called_sentence())

    def _called_sentence(self):
        return self.env._(
            "%(bank)s has called the loan: all of %(amount)s is due since %(day)s. %(reason)s %(recourse)s",
            bank=self.bank_id.name,
            amount=format_amount(self.env, self.balance_total, self.currency_id),
            day=format_date(self.env, self.called_on),
            reason=self.call_reason or "",
            recourse=self._who_bears(),
        )

    def _take_write_off(self, content, is_news):
        if entries := self.env["scf.loan.entry"]._record(self, content["entries"]):
            given_up = entries.filtered(lambda entry: entry.type == "write_off")
            self.write(
                {
                    "written_off_on": max(entries.mapped("value_date")),
                    "written_off_amount": self.written_off_amount + sum(given_up.mapped("amount")),
                    "write_off_reason": content.get("reason"),
                }
            )
            self.message_post(body=self._written_off_sentence())

    def _written_off_sentence(self):
        return self.env._(
            "%(bank)s gave up %(amount)s on %(day)s. %(reason)s %(recourse)s",
            bank=self.bank_id.name,
            amount=format_amount(self.env, self.written_off_amount, self.currency_id),
            day=format_date(self.env, self.written_off_on),
            reason=self.write_off_reason or "",
            recourse=self._who_bears(),
        )

    def _set_state(self, state):
        changed = super()._set_state(state)
        if changed and state == "closed" and self.written_off_on:
            # A loan that closes asks for nothing more; that nobody repaid it is still to be read.
            self.activity_schedule(
                "scf_finance.activity_check_loan",
                user_id=self.application_id.requester_id.id,
                note=as_note(self._written_off_sentence()),
            )
        return changed

    def _past_due(self):
        # A called loan is past due at once: nobody waits for the next day.
        if self.called_on and self.called_on <= fields.Date.context_today(self):
            return self._balance(fields.Date.context_today(self)).total
        return super()._past_due()

    def _next_step(self):
        if self.written_off_on and self.state == "closed":
            return self._who_bears()
        if self.called_on and self.state in ("active", "overdue"):
            return self.env._(
                "The bank has called the loan: repay %(amount)s. %(recourse)s",
                amount=format_amount(self.env, self.balance_total, self.currency_id),
                recourse=self._who_bears(),
            )
        return super()._next_step()


class ScfApplication(models.Model):
    _inherit = "scf.application"

    def _state_of_parts(self):
        state, reason = super()._state_of_parts()
        given_up = self.loan_ids.filtered("written_off_on")[:1]
        return (state, given_up._written_off_sentence()) if state == "repaid" and given_up else (state, reason)

    def _headline(self):
        if self.state == "repaid" and self.loan_ids[:1].written_off_on:
            return self.env._("Written off by the bank")
        return super()._headline()
