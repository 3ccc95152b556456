from odoo import models
from odoo.tools import SQL

from ..amounts import exact
from ..eligibility.settlements import read_settlements


class ScfCollection(models.Model):
    """What customers pay on any invoice repays the company's line, as far as no other loan has a claim on it."""

    _inherit = "scf.collection"

    def _find(self, partials):
        result = super()._find(partials)
        companies = partials.company_id
        if companies and (lines := self._running_lines(companies)):
            self._find_for_lines(partials, lines)
        return result

    def _running_lines(self, companies):
        """Lines of these companies that were drawn: one look into an index that is empty where there is none."""
        self.env["scf.loan"].flush_model(["is_line", "state", "company_id"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM scf_loan WHERE is_line AND state IN ('active', 'overdue') AND company_id = ANY(%s)"
                " ORDER BY id",
                companies.ids,
            )
        )
        return self.env["scf.loan"].browse([loan_id for (loan_id,) in rows])

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
