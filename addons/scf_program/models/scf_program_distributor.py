from openscf.distributors import BuyBackCall, ProgramDrawing, ProgramRepayment

from odoo import models
from odoo.tools import format_amount, format_date


class ScfProgramMemberBank(models.Model):
    """What a bank tells of a distributor's loans for its purchases from us, and nothing else of its business."""

    _inherit = "scf.program.member.bank"

    def _take_trade(self, kind, wire):
        """Say on the member that the bank paid for its purchases, was paid back, or calls for the goods.

        :param str kind: the event's type
        :param dict wire: the event's data, as docs/protocol.md has it ("Distributor finance")
        :return: whether it is known what that means
        """
        self.ensure_one()
        takers = {
            "program.drawn": (ProgramDrawing, self._take_drawing),
            "program.repaid": (ProgramRepayment, self._take_repayment),
            "program.buy_back": (BuyBackCall, self._take_buy_back),
        }
        if kind not in takers:
            return False
        form, take = takers[kind]
        take(form.model_validate(wire))
        return True

    def _take_drawing(self, drawing):
        self.member_id._financed()
        self.member_id._tell(
            self.env._(
                "%(bank)s paid us %(amount)s on %(date)s for %(member)s: %(documents)s.",
                bank=self.bank_id.name,
                amount=self._shown(drawing.amount),
                date=format_date(self.env, drawing.paid_on),
                member=self.member_id.partner_id.name,
                documents=_numbers(drawing.documents),
            )
        )

    def _take_repayment(self, repayment):
        sentence = (
            self.env._("%(member)s paid %(amount)s back to %(bank)s.")
            if repayment.amount.amount >= 0
            else self.env._("A repayment of %(member)s to %(bank)s was taken back: %(amount)s.")
        )
        self.member_id._tell(
            sentence
            % {
                "member": self.member_id.partner_id.name,
                "bank": self.bank_id.name,
                "amount": self._shown(repayment.amount),
            }
        )

    def _take_buy_back(self, call):
        self.member_id._tell(
            self.env._(
                "%(bank)s calls for %(amount)s, as we promised to buy back: %(documents)s. %(message)s",
                bank=self.bank_id.name,
                amount=self._shown(call.amount),
                documents=_numbers(call.documents),
                message=call.message,
            ),
            act=True,
        )

    def _shown(self, money):
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", money.currency)])
        return format_amount(self.env, float(money.amount), currency or self.currency_id)


def _numbers(documents):
    """Our own numbers of the invoices, where the distributor's system knew them."""
    return ", ".join(document.issuer_number or document.number for document in documents)
