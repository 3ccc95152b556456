"""Warnings before the breach: what will not be covered, some days before it falls due, and what to do about it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from .labels import as_note

ACTIVITY = "scf_finance.activity_loan_warning"
OF_SALES = ("pre_shipment", "receivables_discounting")


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    near_breach = fields.Boolean(
        readonly=True, help="So few days before it falls due, less is expected than is to be paid; or cover runs out."
    )
    warning = fields.Text(compute="_compute_warning", compute_sudo=True)
    technique = fields.Selection(
        related="application_id.technique", string="Kind of Financing", store=True, precompute=True
    )

    _near_breach_idx = models.Index("(company_id) WHERE near_breach")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("near_breach", "outlook", "outlook_date", "outlook_missing", "pledge_value")
    @api.depends_context("lang")
    def _compute_warning(self):
        for loan in self:
            loan.warning = "\n".join(loan._warning_sentences()) if loan.near_breach else False

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_open_debtors(self):
        """Open the customer invoices that the loan waits for, to send reminders; the buyer where none is open."""
        self.ensure_one()
        self.check_access("read")
        invoices = self.sudo()._awaited_invoices()
        action = {"type": "ir.actions.act_window", "name": self.env._("Invoices that repay %s", self.name)}
        if len(invoices) == 1:
            return {**action, "res_model": "account.move", "res_id": invoices.id, "views": [(False, "form")]}
        if invoices:
            domain = [("id", "in", invoices.ids)]
            return {
                **action,
                "res_model": "account.move",
                "views": [
                    (self.env.ref("account.view_out_invoice_tree").id, "list"),
                    (False, "kanban"),
                    (False, "form"),
                ],
                "domain": domain,
            }
        if self.technique in OF_SALES and self.partner_id:
            return {**action, "res_model": "res.partner", "res_id": self.partner_id.id, "views": [(False, "form")]}
        raise UserError(self.env._("No customer invoice that repays %s is open: there is nobody to remind.", self.name))

    def _awaited_invoices(self):
        """Open customer invoices of what the loan financed: the documents, of the orders, of the goods."""
        lines = self.application_id.line_ids
        sold = lines.sale_order_id.order_line | lines.followed_ids.use_ids.sale_line_id
        return (lines.move_id | sold.invoice_lines.move_id).filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted" and move.amount_residual > 0
        )

    # -- business ---------------------------------------------------------------------------------------------------

    def _has_news(self, *, is_daily):
        return super()._has_news(is_daily=is_daily) or self.near_breach or (is_daily and self._is_near_breach())

    def _warn_of_dues(self):
        result = super()._warn_of_dues()
        self._tell_near_breach()
        return result

    def _is_near_breach(self):
        """Whether it is time to warn: before the breach, not after it, for which there are other words."""
        return self.state == "active" and (self._is_near_default() or self._is_near_margin_call())

    def _is_near_default(self):
        if self.outlook != "short" or self.past_due_amount:
            return False
        days = self.company_id.scf_warning_days
        return self.outlook_date <= fields.Date.context_today(self) + timedelta(days=days)

    def _is_near_margin_call(self):
        """Whether the goods, which lost value since they were pledged, carry little more than they have to."""
        if not self.pledge_value or self.margin_call or self.shortfall:
            return False
        if self.pledge_value >= self._cover_needed() * (1 + self.company_id.scf_cover_warning_percent / 100):
            return False
        held = self.pledge_ids.filtered(lambda pledge: pledge.state == "active" and pledge.quantity)
        when_pledged = sum(pledge.initial_value * pledge.held_quantity / pledge.quantity for pledge in held)
        return self.company_id.currency_id.compare_amounts(sum(held.mapped("value")), when_pledged) < 0

    def _cover_needed(self):
        """The lending value below which more is called for, in the loan's currency."""
        secured = self.balance_principal if self.pledge_cover_wanted else self.balance_total
        return secured * (self.pledge_cover_wanted or self.company_id.scf_pledge_cover_percent) / 100

    def _tell_near_breach(self):
        """Put one activity on the loan, keep it up to date, and close it when the danger has passed."""
        responsible = self.application_id.requester_id
        loan = self.with_context(lang=responsible.lang or self.env.lang)
        if not self._is_near_breach():
            if self.near_breach:
                self.near_breach = False
                self.activity_unlink([ACTIVITY])
                if self.state in ("active", "closed"):
                    self.message_post(body=loan.env._("What falls due is covered again."))
            return
        is_new = not self.near_breach
        self.near_breach = True
        text = "\n".join(loan._warning_sentences())
        activity = self.activity_search([ACTIVITY])
        if is_new:
            self.message_post(body=as_note(text))
        if activity:
            if activity[0].note != as_note(text):
                activity[0].note = as_note(text)
        elif is_new:
            self.activity_schedule(
                ACTIVITY, user_id=responsible.id, date_deadline=self.outlook_date or None, note=as_note(text)
            )
        self.application_id._notify_panel()

    def _warning_sentences(self):
        """What is wrong, and what can be done: in the reader's language."""
        sentences = []
        if self._is_near_default():
            sentences += [self._shortage_sentence(), self._remedy_sentence()]
        if self._is_near_margin_call():
            room = max(self.pledge_value - self._cover_needed(), 0.0)
            sentences.append(
                self.env._(
                    "The pledged goods have lost value: they carry only %(room)s more than they have to, and the bank "
                    "calls for money when that is gone. Have some ready, or repay a part now.",
                    room=format_amount(self.env, room, self.currency_id),
                )
            )
        return sentences

    def _shortage_sentence(self):
        return self.env._(
            "%(needed)s is due by %(day)s; %(expected)s is expected by then from how the buyers pay: %(missing)s is "
            "missing.",
            needed=format_amount(self.env, self.outlook_needed, self.currency_id),
            day=format_date(self.env, self.outlook_date),
            expected=format_amount(self.env, self.outlook_expected, self.currency_id),
            missing=format_amount(self.env, self.outlook_missing, self.currency_id),
        )

    def _remedy_sentence(self):
        if self._awaited_invoices():
            return self.env._(
                "Remind the buyers of the open invoices, ask the bank for an extension, or repay from own money."
            )
        if self.technique in OF_SALES:
            return self.env._(
                "No invoice is open that would bring it: invoice what was delivered, ask the bank for an extension, or "
                "repay from own money."
            )
        return self.env._(
            "Nothing that was sold is waiting to be paid: sell the goods, ask the bank for an extension, or repay from "
            "own money."
        )
