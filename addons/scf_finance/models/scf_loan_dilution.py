from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date

from .scf_loan_substitution import TECHNIQUES

# So long a buyer's payment is waited for before the loan asks for attention again.
WAITING_DAYS = 7


class ScfLoan(models.Model):
    """Credit notes and disputes: what the documents still carry, and the ways out where that is too little."""

    _inherit = "scf.loan"

    diluted_amount = fields.Monetary(
        string="Credited", compute="_compute_diluted_amount", help="What credit notes took off the documents."
    )
    carried_amount = fields.Monetary(
        string="Carried by the Documents",
        compute="_compute_carried_amount",
        help="What is still open on the documents, at the loan's advance rate.",
    )
    dilution_words = fields.Char(string="What Credit Notes Mean", compute="_compute_dilution_words")
    waits_until = fields.Date(readonly=True, tracking=True, help="Until then nothing is done about the shortfall.")
    is_waiting = fields.Boolean(compute="_compute_is_waiting")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("collection_ids.kind", "collection_ids.amount", "collection_ids.state", "collection_ids.reverses_id")
    def _compute_diluted_amount(self):
        for loan in self:
            loan.diluted_amount = sum(loan._dilutions().mapped("amount"))

    @api.depends("diluted_amount", "shortfall", "balance_principal", "state")
    def _compute_carried_amount(self):
        for loan in self:
            # Who may see the loan need not see what it finances; this figure is the loan's own.
            own = loan.sudo()
            shows = own.state in ("active", "overdue") and (own.diluted_amount or own.shortfall)
            shows = shows and own.application_id.technique in TECHNIQUES
            loan.carried_amount = float(own._gap(own.application_id._documents()).carried) if shows else 0.0

    @api.depends("carried_amount", "diluted_amount", "shortfall")
    def _compute_dilution_words(self):
        for loan in self:
            loan.dilution_words = loan._dilution_sentence() if loan.state in ("active", "overdue") else False

    def _dilution_sentence(self):
        words = {
            "credited": format_amount(self.env, self.diluted_amount, self.currency_id),
            "carried": format_amount(self.env, self.carried_amount, self.currency_id),
            "principal": format_amount(self.env, self.balance_principal, self.currency_id),
            "shortfall": format_amount(self.env, self.shortfall, self.currency_id),
        }
        if self.diluted_amount and self.shortfall:
            return self.env._(
                "Credit notes took %(credited)s off the documents. They carry %(carried)s, the principal owed is "
                "%(principal)s, and the bank asks for %(shortfall)s.",
                **words,
            )
        if self.diluted_amount:
            return self.env._(
                "Credit notes took %(credited)s off the documents. They carry %(carried)s, the principal owed is "
                "%(principal)s: the bank asks for nothing.",
                **words,
            )
        return False

    @api.depends("waits_until")
    def _compute_is_waiting(self):
        today = fields.Date.context_today(self)
        for loan in self:
            loan.is_waiting = bool(loan.waits_until and loan.waits_until >= today)

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_wait(self):
        """Let the shortfall stand for now: the buyer's payment may make it up; somebody looks again in a week."""
        self.ensure_one()
        self.application_id._documents()._scf_check_requester()
        if not self.shortfall or self.state not in ("active", "overdue"):
            raise UserError(self.env._("The bank asks for nothing on loan %s: nothing is waited for.", self.name))
        loan = self.sudo()  # the role was checked; a loan is written by the system only
        day = fields.Date.context_today(self) + timedelta(days=WAITING_DAYS)
        if loan.waits_until == day:
            return True
        loan.waits_until = day
        loan.activity_unlink(["scf_finance.activity_check_loan"])
        loan.activity_schedule(
            "scf_finance.activity_check_loan",
            date_deadline=day,
            user_id=self.env.uid,
            note=self.env._(
                "The documents carry less than is owed: has the buyer paid, or is it repaid from own money?"
            ),
        )
        loan.message_post(
            body=self.env._(
                "%(user)s waits for the buyer until %(day)s. The bank still asks for %(amount)s.",
                user=self.env.user.name,
                day=format_date(self.env, day),
                amount=format_amount(self.env, loan.shortfall, loan.currency_id),
            )
        )
        return True

    # -- business ---------------------------------------------------------------------------------------------------

    def _dilutions(self):
        """Credit notes on the loan's documents that were not undone."""
        every = self.collection_ids.filtered(lambda row: row.state != "void")
        undone = every.filtered(lambda row: row.kind == "undone").reverses_id
        return every.filtered(lambda row: row.kind == "dilution") - undone

    def _disputed_lines(self):
        """The documents that were credited, or that the buyer disputes: what a bank is asked to release first."""
        lines = self.application_id.line_ids
        credited = self._dilutions().move_id
        disputed = (
            self.env["scf.confirmation"]
            .sudo()
            .search([("state", "=", "disputed"), ("company_id", "=", self.company_id.id)])
        )
        return lines.filtered(
            lambda line: (
                line.move_id & (credited | disputed.move_id)
                or line.sale_order_id & (credited.line_ids.sale_line_ids.order_id | disputed.sale_order_id)
            )
        )

    def _take_shortfall(self, content, is_news):
        before = self.shortfall
        result = super()._take_shortfall(content, is_news)
        if self.currency_id.compare_amounts(before, self.shortfall):
            self.waits_until = False  # another amount is another question
        return result
