from odoo import models

from ..amounts import exact
from ..eligibility.settlements import read_settlements


class ScfCollection(models.Model):
    """What customers pay on any invoice repays the company's line, as far as no other loan has a claim on it."""

    _inherit = "scf.collection"

    def _find_for_lines(self, partials, lines):
        """Record what these reconciliations brought for the lines: a fixed number of queries to find it."""
        invoices = partials.debit_move_id.move_id.filtered(
            lambda move: move.move_type == "out_invoice" and move.company_id in lines.company_id
        )
        if not invoices:
            return
        self._flush_for_settlements()
        settlements = read_settlements(self.env, invoices.ids, partial_ids=partials.ids)
        left = self._left_of(settlements)
        company_of = {move.id: move.company_id for move in invoices}
        for line in lines:
            for settlement in settlements:
                if company_of[settlement.move_id] == line.company_id and left[settlement.partial_id] > 0:
                    if self._is_for_line(line, settlement):
                        self._add(line, settlement, "payment", left[settlement.partial_id])
                        left[settlement.partial_id] = 0
            line.application_id._notify_panel()
        self._trigger_report()

    def _left_of(self, settlements):
        """The cash of each settlement less what repays a loan on what was paid, by reconciliation."""
        left = {item.partial_id: item.cash for item in settlements}
        known = self.search([("partial_id", "in", list(left)), ("kind", "=", "payment"), ("state", "!=", "refused")])
        for row in known:
            left[row.partial_id] -= exact(row.amount, row.currency_id.name)
        return left

    def _is_for_line(self, line, settlement):
        """Whether the bank draws its share of it: in the line's currency, and not from before the first drawdown."""
        return (
            settlement.currency == line.currency_id.name
            and not settlement.paid_to_bank
            and bool(line.start_date)
            and settlement.settled_on >= line.start_date
        )
