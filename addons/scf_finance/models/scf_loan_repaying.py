import json

from openscf.loan import replay

from odoo import Command, models
from odoo.exceptions import UserError

from .labels import label_of


class ScfLoan(models.Model):
    """Repayments from own money: what is on its way to the bank, and one payment over several loans."""

    _inherit = "scf.loan"

    def action_repay_together(self):
        """Open the dialog that spreads one payment over these loans."""
        self.check_access("read")
        self._check_together()
        joint = self.env["scf.joint.repayment"].create({"loan_ids": [Command.set(self.ids)]})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Repay %s loans", len(self)),
            "res_model": joint._name,
            "res_id": joint.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_together(self):
        """Refuse loans that one payment can't repay: ended ones, and those of several currencies or companies."""
        ended = self.filtered(lambda loan: loan.state not in ("active", "overdue"))
        if ended:
            raise UserError(
                self.env._(
                    "Only running loans are repaid: %(loan)s is “%(state)s”. Leave it out.",
                    loan=ended[0].name,
                    state=label_of(ended[0], "state"),
                )
            )
        if len(self.currency_id) != 1 or len(self.company_id) != 1:
            raise UserError(self.env._("One payment is in one currency, of one company. Choose loans accordingly."))

    def _due_first(self, on):
        """The day on which something of the loan was due first and is not paid, or will be due next."""
        state = replay(self._terms(), self._events(), on)
        days = [self.called_on, state.past_due_since, state.next_due and state.next_due.due_date]
        return min((day for day in days if day), default=self.due_date or None)

    def _repayments_on_the_way(self):
        """The sum of repayments that were queued, sent or given to a bank, and that the ledger does not show yet."""
        self.ensure_one()
        messages = self.env["scf.message"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("verb", "=", "repay"),
                ("state", "in", ("queued", "sent", "dead")),
            ]
        )
        booked = set(self.entry_ids.mapped("source_ref"))
        bodies = (json.loads(message.payload) for message in messages)
        drawn = sum(float(body["amount"]["amount"]) for body in bodies if body["repayment_id"] not in booked)
        return drawn + sum(self._transfers_on_the_way().mapped("amount"))
