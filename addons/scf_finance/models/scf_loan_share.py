from odoo import api, fields, models
from odoo.tools import format_amount

from .scf_loan_substitution import TECHNIQUES


class ScfLoan(models.Model):
    """What of each collection goes to the bank, and what is left over when the documents are paid."""

    _inherit = "scf.loan"

    sweep_words = fields.Char(string="Share of Each Payment", compute="_compute_sweep_words")
    rest_words = fields.Char(string="What Is Left", compute="_compute_rest_words")

    @api.depends("terms")
    def _compute_sweep_words(self):
        for loan in self:
            percent = (loan.terms or {}).get("sweep_percent")
            loan.sweep_words = (
                self.env._(
                    "The bank draws %s %% of each payment of the buyers; the rest is yours.",
                    f"{float(percent):g}",
                )
                if percent and float(percent) < 100
                else False
            )

    @api.depends("balance_total", "state", "application_id.technique")
    def _compute_rest_words(self):
        for loan in self:
            own = loan.sudo()  # who may see the loan need not see what it finances
            loan.rest_words = own._rest_sentence() if own._has_only_a_rest() else False

    def _has_only_a_rest(self):
        """Whether nobody owes anything on the documents any more, and the loan is still not repaid."""
        if self.state not in ("active", "overdue") or not self.balance_total or not self.collection_ids:
            return False
        if self.application_id.technique not in TECHNIQUES:
            return False
        self.env.flush_all()
        facts = self.application_id._documents()._scf_facts(self.env["scf.bank"], fields.Date.context_today(self))
        return not any(document.open_amount for document in facts)

    def _rest_sentence(self):
        return self.env._(
            "Everything is paid on the documents, but %s is still owed: the payments were short of it, by bank "
            "charges, a discount, credit notes or interest. Repay it from own money, or the loan stays open.",
            format_amount(self.env, self.balance_total, self.currency_id),
        )

    def _next_step(self):
        if self.state in ("active", "overdue") and self.rest_words:
            return self.rest_words
        step = super()._next_step()
        return f"{step} {self.sweep_words}" if self.state == "active" and self.sweep_words else step
