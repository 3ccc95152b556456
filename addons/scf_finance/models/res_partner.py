from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.date_utils import relativedelta

from .scf_drawable import drawable_row, read_drawable

MONTHS_OF_PAYMENTS = 12


class ResPartner(models.Model):
    """A customer or vendor: what could be drawn on its documents, what is running, how it pays."""

    _name = "res.partner"
    _inherit = ["res.partner", "scf.overview"]

    def _scf_overview(self):
        company = self.commercial_partner_id
        drawable = read_drawable(self.env, company)
        found = [row for item in drawable if (row := drawable_row(self.env, item, company))]
        applications = self._scf_applications([("partner_id", "=", company.id)])
        if not found and not applications:
            return None
        rows = [
            self._scf_row(
                row["key"],
                self.env._("%(kind)s: %(count)s can be financed", kind=row["label"], count=row["count"]),
                row["amount"],
                row["detail"],
                action=row["list"],
            )
            for row in found
        ]
        rows += self._scf_application_rows(applications)
        if behaviour := self._scf_payment_row(company):
            rows.append(behaviour)
        return {
            "state": "eligible" if found else "financed",
            "headline": self._scf_headline([row["at_once"] for row in found], applications),
            "subline": self._scf_subline(applications) if found else "",
            "next_step": self.env._("Open a list, choose the documents, and ask the banks.") if found else "",
            "rows": rows,
        }

    def _scf_headline(self, amounts, applications):
        if amounts:
            # An order and its invoice are one sale: what two kinds carry does not add up.
            return self.env._("You could receive %s today", amounts[0])
        if len(applications) == 1:
            return applications._headline()
        return self.env._("%s financings are running", len(applications))

    def _scf_subline(self, applications):
        if not applications:
            return self.env._("on what is open with %s", self.commercial_partner_id.name)
        return self.env._(
            "on what is open with %(partner)s, beside %(count)s running",
            partner=self.commercial_partner_id.name,
            count=len(applications),
        )

    def _scf_payment_row(self, company):
        """How this buyer paid in the last months, by the invoices that the user may read: one query."""
        moves = self.env["account.move"]
        if not moves.has_access("read"):
            return None
        since = fields.Date.context_today(self) - relativedelta(months=MONTHS_OF_PAYMENTS)
        invoices = moves._search(
            [
                ("commercial_partner_id", "=", company.id),
                ("company_id", "in", self.env.companies.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("invoice_date", ">=", since),
            ]
        )
        self.env["account.move.line"].flush_model(["date_maturity", "date", "move_id", "display_type"])
        self.env["account.partial.reconcile"].flush_model(["debit_move_id", "credit_move_id", "amount"])
        # A credit note is no payment, and says nothing about how soon one comes.
        [(count, days)] = self.env.execute_query(
            SQL(
                """
            SELECT COUNT(DISTINCT ours.move_id),
                   SUM(partial.amount * (theirs.date - ours.date_maturity)) / NULLIF(SUM(partial.amount), 0)
              FROM account_move_line ours
              JOIN account_partial_reconcile partial ON partial.debit_move_id = ours.id
              JOIN account_move_line theirs ON theirs.id = partial.credit_move_id
              JOIN account_move payment ON payment.id = theirs.move_id
                                       AND payment.state = 'posted' AND payment.move_type = 'entry'
             WHERE ours.display_type = 'payment_term' AND ours.move_id IN %s
            """,
                invoices.subselect(),
            )
        )
        if not count:
            return None
        days = round(days)
        if days > 0:
            value = self.env._("%s days late on average", days)
        elif days < 0:
            value = self.env._("%s days early on average", -days)
        else:
            value = self.env._("On the due day on average")
        detail = self.env._(
            "weighted by amount, %(count)s invoices paid in %(months)s months", count=count, months=MONTHS_OF_PAYMENTS
        )
        return self._scf_row("payments", self.env._("How this buyer pays"), value, detail)
