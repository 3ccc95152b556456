from odoo import models
from odoo.tools import format_amount

from ..eligibility.facts import INVENTORY_LOAN


class StockWarehouse(models.Model):
    """A warehouse: what of its goods is pledged, and what could be lent on the rest."""

    _name = "stock.warehouse"
    _inherit = ["stock.warehouse", "scf.overview"]

    def _scf_overview(self):
        pledged = self._scf_pledged_rows()
        free = self._scf_lendable_rows() if self._scf_is_lent_on() else []
        rows = [*free, *pledged]
        if not rows:
            return None
        return {
            "state": "eligible" if free else "financed",
            "headline": rows[0]["value"],
            "subline": rows[0]["detail"],
            "rows": rows,
        }

    def _scf_is_lent_on(self):
        """Whether a connected bank of the company lends on goods at all."""
        banks = self.env["scf.bank"].sudo().search([("company_id", "=", self.company_id.id)])
        return any(bank._is_open() and bank._technique(INVENTORY_LOAN) for bank in banks)

    def _scf_lendable_rows(self):
        """Rows (`_scf_row`) on goods of the warehouse that nobody holds; for what lends on goods to extend."""
        return []

    def _scf_pledged_rows(self):
        groups = self.env["scf.pledge"]._read_group(
            [("state", "=", "active"), ("location_id", "child_of", self.view_location_id.id)],
            ["bank_id", "currency_id"],
            ["__count", "value:sum", "lending_value:sum"],
        )
        return [
            self._scf_row(
                f"pledged_{bank.id}_{currency.id}",
                self.env._("Pledged to %s", bank.sudo().name),
                self.env._("Goods worth %s are pledged", format_amount(self.env, value, currency)),
                self.env._(
                    "%(count)s pledges, lending value %(lending)s",
                    count=count,
                    lending=format_amount(self.env, lending, currency),
                ),
                action={
                    "type": "ir.actions.act_window",
                    "name": self.env._("Pledged goods"),
                    "res_model": "scf.pledge",
                    "views": [(False, "list"), (False, "form")],
                    "domain": [("state", "=", "active"), ("location_id", "child_of", self.view_location_id.id)],
                },
            )
            for bank, currency, count, value, lending in groups
        ]
