from decimal import Decimal

from odoo import fields, models
from odoo.tools import format_date

from odoo.addons.scf_finance.amounts import exact

from ..payables.caps import tightest
from ..payables.quotes import Quote, cost_a_year
from .row_hold import hold


class ScfPayable(models.Model):
    """An early payment that the supplier asked for at its bank, from its own ERP."""

    _inherit = "scf.payable"

    # -- business ---------------------------------------------------------------------------------------------------

    def _take_member_request(self, row, wire):
        """Agree to what the supplier asked one bank for, or refuse it: one bill has one payer.

        The bank is told to go ahead once all other banks have forgotten the payable (`_keep_one_financier`).

        :param row: `scf.payable.bank`
        :param openscf.payables.Payable wire: as the bank has it, with the request
        """
        self.ensure_one()
        hold(self.program_id)
        hold(self)
        if why_not := self._why_no_member_request(row, wire):
            row._enqueue("refuse", {"request_id": wire.request.request_id, "reason": why_not})
            self.message_post(
                body=self.env._(
                    "The supplier's request at %(bank)s was refused: %(why)s",
                    bank=row.bank_id.sudo().name,
                    why=why_not,
                )
            )
            return
        self._open_request(
            self._quote_of_member(row, wire),
            {"name": self.partner_id.name, "at": fields.Datetime.now()},
            "erp",
            wire_ref=wire.request.request_id,
        )

    def _why_no_member_request(self, row, wire):
        """Why the company does not stand by an early payment at this bank, in words that the supplier reads, too."""
        if self._live_request():
            return self.env._("An early payment of this bill is agreed with somebody else already.")
        if self.state != "approved":
            return self.env._("This bill is no longer approved for early payment.")
        if held := self._why_held():
            return held
        if wire.amount.amount != exact(self.amount, self.currency_id.name):
            return self.env._("Less is owed of this bill now: %s.", self._money(self.amount))
        if ended := row._limit_over_since():
            return self.env._(
                "The limit at %(bank)s ended on %(day)s.",
                bank=row.bank_id.sudo().name,
                day=format_date(self.env, ended),
            )
        if cap := tightest(self._caps(row, self._read_used()), wire.amount.amount):
            return self.env._("The limit of %(whose)s leaves %(free)s.", whose=cap.whose, free=self._money(cap.free))
        return ""

    def _quote_of_member(self, row, wire):
        """What the supplier and its bank agreed to, as a quote."""
        asked = wire.request
        days = (self.due_date - asked.pay_on).days
        discount, payout = Decimal(asked.discount.amount), Decimal(asked.payout.amount)
        return Quote(
            payable_id=self.id,
            source=row._source(),
            payer=row.bank_id.sudo().name,
            pay_on=asked.pay_on,
            due_on=self.due_date,
            currency=self.currency_id.name,
            amount=wire.amount.amount,
            discount=discount,
            payout=payout,
            days=days,
            rate_pa=cost_a_year(discount, payout, days),
        )
