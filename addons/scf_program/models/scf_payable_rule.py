from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.scf_finance.models.on_its_own import on_its_own

from ..payables.three_way import BilledLine, why_no_match

# So many bills are looked at in one run for each program; the others wait for the next run.
BILLS_A_RUN = 1000


class ScfPayable(models.Model):
    """What the rules do by themselves: of the anchor, that bills are approved; of suppliers, that offers are taken."""

    _inherit = "scf.payable"

    # -- jobs -------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_approve_by_rule(self):
        """Approve the bills that match their orders and receipts, in the programs that say so."""
        for program in self.env["scf.program"].search(
            [
                ("state", "=", "active"),
                ("approval_rule", "=", "three_way"),
                ("kind", "in", ("payables_finance", "dynamic_discounting")),
            ]
        ):
            for bill in self._bills_to_match(program):
                if not bill._scf_why_no_match(program):
                    on_its_own(bill, lambda bill=bill: self._approve(bill, by_rule=True))
                if not self.env["ir.cron"]._commit_progress(1):
                    return

    @api.model
    def _bills_to_match(self, program):
        """Open bills of a program's members that were never approved; one that a person withdrew is left to persons."""
        members = program.member_ids.filtered(lambda member: member.state in ("approved", "financed"))
        return self.env["account.move"].search(
            [
                ("company_id", "=", program.company_id.id),
                ("commercial_partner_id", "in", members.partner_id.ids),
                ("currency_id", "=", program.currency_id.id),
                ("move_type", "=", "in_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("invoice_date_due", ">", fields.Date.context_today(self)),
                ("scf_payable_ids", "=", False),
                ("invoice_line_ids.purchase_line_id", "!=", False),
            ],
            order="invoice_date_due, id",
            limit=BILLS_A_RUN,
        )

    @api.model
    def _cron_accept_by_rule(self):
        """Take the offers that suppliers said they always take; one payable a transaction."""
        payables = self.search([("state", "=", "approved")])
        for position, payable in enumerate(payables, start=1):
            on_its_own(payable, payable._accept_by_rule)
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(payables) - position):
                return

    def _accept_by_rule(self):
        """Ask for the early payment that the supplier's own rule takes, if it takes one.

        :return: the early payment; empty where the rule takes none
        """
        self.ensure_one()
        if not (chosen := self.member_id._choose_by_rule(self._quotes())):
            return self.env["scf.payable.request"]
        quote, accepted_by = chosen
        return self._request_early_payment(quote, quote.pay_on, accepted_by, "rule")


class ScfProgramMember(models.Model):
    _inherit = "scf.program.member"

    def _choose_by_rule(self, quotes):
        """The quote that this supplier's rule takes, and who made the rule; to be extended by the rule's owner.

        :param list[Quote] quotes: of one payable, on the first day of each payer, the cheapest first
        :rtype: tuple[Quote, dict] | None
        :return: the quote and the `accepted_by` of `_request_early_payment`; None where there is no rule, or it takes
            none of them
        """
        return None


class AccountMove(models.Model):
    _inherit = "account.move"

    def _scf_why_no_match(self, program):
        """Where the bill differs from its orders and receipts, as a sentence; empty where all three match."""
        self.ensure_one()
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        tolerance = Decimal(f"{program.price_tolerance_percent:.2f}")
        return why_no_match((line._scf_billed_line() for line in lines), tolerance, self.env)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _scf_billed_line(self):
        """The line beside its order's line (`payables.three_way.BilledLine`), in the order's unit and currency."""
        ordered = self.purchase_line_id
        is_ordered = ordered.order_id.state in ("purchase", "done") and ordered.currency_id == self.currency_id
        price = self.price_unit * (1 - (self.discount or 0.0) / 100)
        if ordered and self.product_uom_id and self.product_uom_id != ordered.product_uom_id:
            price = self.product_uom_id._compute_price(price, ordered.product_uom_id)
        by_receipt = ordered.product_id.purchase_method == "receive"
        return BilledLine(
            product=self.product_id.display_name or self.name or "",
            price=_exact(price),
            ordered_price=_exact(ordered.price_unit * (1 - (ordered.discount or 0.0) / 100)) if is_ordered else None,
            ordered=_exact(ordered.product_qty),
            billed=_exact(ordered.qty_invoiced),
            received=_exact(ordered.qty_received) if by_receipt else None,
        )


def _exact(value):
    """A quantity or a price as Odoo shows it, without what binary fractions add."""
    return Decimal(f"{value:.6f}")
