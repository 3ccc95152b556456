from odoo import models
from odoo.tools import format_amount

from ..eligibility.facts import REVOLVING_LINE
from ..eligibility.line_facts import HISTORY_MONTHS


class ScfApplication(models.Model):
    """What is asked for as a line: no document goes to the bank, and what is granted is a limit."""

    _inherit = "scf.application"

    # -- business ---------------------------------------------------------------------------------------------------

    def _proposed_to(self, bank):
        values = super()._proposed_to(bank)
        # The bank takes the average of all that it gets to read, as the limit here does.
        return {**values, "history_months": HISTORY_MONTHS} if self.technique == REVOLVING_LINE else values

    def _sent_fingerprints(self):
        return [] if self.technique == REVOLVING_LINE else super()._sent_fingerprints()

    # -- what the panel says ----------------------------------------------------------------------------------------

    def _headline(self):
        loan = self.loan_ids[:1]
        if self.technique != REVOLVING_LINE or self.state not in ("accepted", "financed", "repaid"):
            return super()._headline()
        if self.state == "repaid":
            return self.env._("The line has ended, and nothing is owed")
        if not loan:
            return self.env._("Offer accepted: the bank sets up the line")
        return loan._limit_sentence()

    def _next_step(self):
        if self.technique == REVOLVING_LINE and self.state == "accepted" and not self.loan_ids:
            return self.env._("The bank grants the line; then you draw what you need.")
        return super()._next_step()


class ScfOffer(models.Model):
    """A line on offer, in words."""

    _inherit = "scf.offer"

    def _in_words(self):
        if self.repayment != "revolving":
            return super()._in_words()
        return self.env._(
            "%(bank)s offers a line of %(limit)s at %(rate)s %% a year, valid until %(expiry)s.",
            bank=self.bank_id.name,
            limit=format_amount(self.env, self.principal, self.currency_id),
            rate=f"{self.rate_pa:g}",
            expiry=self._expiry(),
        )
