from collections import defaultdict
from decimal import Decimal

from openscf.money import round_money

from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.scf_finance.amounts import exact

from ..discounting.offer import Budget, CashTerms, Period


class ScfProgram(models.Model):
    _inherit = "scf.program"

    def _cash_terms(self):
        """On which terms the program pays early from own cash (`discounting.offer.CashTerms`)."""
        self.ensure_one()
        currency = self.currency_id.name
        return CashTerms(
            target_return_pa=Decimal(f"{self.target_return_pa:.4f}"),
            day_count=self.discount_day_count,
            earliest_days=self.earliest_days,
            blackouts=tuple(Period(one.date_from, one.date_to) for one in self.blackout_ids),
            budgets=tuple(
                Budget(Period(one.date_from, one.date_to), exact(one.amount, currency), exact(one.used, currency))
                for one in self.budget_ids
            ),
        )


class ScfPayableRequest(models.Model):
    """An early payment from own cash: a credit note over the discount, and an earlier due date of the rest."""

    _inherit = "scf.payable.request"

    credit_note_id = fields.Many2one("account.move", readonly=True, index="btree_not_null", ondelete="restrict")

    item_ids = fields.Many2many(
        "account.move.line",
        "scf_payable_request_item_rel",
        readonly=True,
        help="Items of the bill that were brought forward to the agreed day.",
    )

    # -- business ---------------------------------------------------------------------------------------------------

    def _pay_from_own_cash(self):
        """Book the discount as the supplier's credit, and bring the rest of the bill forward to the agreed day."""
        self.ensure_one()
        payable = self.payable_id
        self._confirm()
        payable._keep_one_financier()
        items = payable._payable_items().filtered(lambda item: not item.reconciled)
        if not items:
            raise UserError(self.env._("Nothing is open of %s.", payable.display_name))
        if self.discount:
            self.credit_note_id = self._credit_discount()
            credited = self.credit_note_id._scf_payable_items().with_context(scf_payable_booking=True)
            credited.remove_move_reconcile()  # posting matches it with what is due first, not with this instalment
            (items + credited).with_context(scf_payable_booking=True).reconcile()
        # The day on which the company pays; when the bill was due stays on the payable and on this record.
        self.item_ids = items
        items.date_maturity = self.pay_on
        payable.move_id.message_post(
            body=self.env._(
                "%(amount)s are to be paid on %(day)s instead of %(due)s, for a discount of %(discount)s.",
                amount=payable._money(self.payout),
                day=format_date(self.env, self.pay_on),
                due=format_date(self.env, self.due_date),
                discount=payable._money(self.discount),
            )
        )

    def _credit_discount(self):
        """Post the vendor credit note over the discount: the bill's taxes in proportion, its total to the cent."""
        bill = self.payable_id.move_id
        today = fields.Date.context_today(self)
        note = (
            self.env["account.move"]
            .with_company(bill.company_id)
            .create(
                {
                    "move_type": "in_refund",
                    "partner_id": bill.partner_id.id,
                    "journal_id": bill.journal_id.id,
                    "currency_id": bill.currency_id.id,
                    "invoice_date": today,
                    "date": today,
                    "invoice_date_due": today,
                    "fiscal_position_id": bill.fiscal_position_id.id,
                    "invoice_payment_term_id": False,
                    "ref": self.env._("Discount for early payment of %s", bill.ref or bill.name),
                    "reversed_entry_id": bill.id,
                    "invoice_line_ids": [Command.create(line) for line in self._discount_lines(bill)],
                }
            )
        )
        note._scf_meet_total(exact(self.discount, self.currency_id.name))
        note.with_context(scf_payable_booking=True).action_post()
        return note

    def _discount_lines(self, bill):
        """A line for each account, set of taxes and analytic distribution of the bill, with its part of the discount.

        Parts are without tax. What roundings leave goes to a line of its own (`_scf_meet_total`).
        """
        account = self.program_id.discount_account_id or (
            bill.company_id.account_journal_early_pay_discount_gain_account_id
        )
        currency = self.currency_id.name
        groups = defaultdict(Decimal)
        for line in bill.invoice_line_ids.filtered(lambda line: line.display_type == "product"):
            analytic = tuple(sorted((line.analytic_distribution or {}).items()))
            key = (account or line.account_id, line.tax_ids, analytic)
            # A price includes the taxes that are included in prices; the new line is priced in the same way.
            is_included = any(line.tax_ids.mapped("price_include"))
            groups[key] += exact(line.price_total if is_included else line.price_subtotal, currency)
        share = exact(self.discount, currency) / exact(bill.amount_total, currency)
        label = self.env._(
            "Discount: %(bill)s paid %(days)s days earlier", bill=bill.ref or bill.name, days=self.days_early
        )
        return [
            {
                "name": label,
                "account_id": account.id,
                "quantity": 1.0,
                "price_unit": float(round_money(amount * share, currency)),
                "tax_ids": [Command.set(taxes.ids)],
                "analytic_distribution": dict(analytic) or False,
            }
            for (account, taxes, analytic), amount in groups.items()
            if amount
        ]


class AccountMove(models.Model):
    _inherit = "account.move"

    def _scf_meet_total(self, total):
        """Have the draft's total be `total`: what roundings of its lines leave goes to a line of its own, untaxed.

        :param Decimal total: in the move's currency
        """
        self.ensure_one()
        left = total - exact(self.amount_total, self.currency_id.name)
        if left:
            self.write(
                {
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": self.env._("Rounding"),
                                "account_id": self.invoice_line_ids[:1].account_id.id,
                                "analytic_distribution": self.invoice_line_ids[:1].analytic_distribution,
                                "quantity": 1.0,
                                "price_unit": float(left),
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ]
                }
            )


class ScfPayable(models.Model):
    _inherit = "scf.payable"

    # -- business: own cash -----------------------------------------------------------------------------------------

    def _payable_items(self):
        """Of an early payment from own cash, what is due on the agreed day instead; to the others it is not theirs."""
        agreed = self.env["scf.payable.request"].search(
            [("payable_id.move_id", "=", self.move_id.id), ("is_live", "=", True), ("item_ids", "!=", False)]
        )
        ours = agreed.filtered(lambda request: request.payable_id == self).item_ids
        return ours or super()._payable_items() - agreed.item_ids

    def _reconsider(self):
        result = super()._reconsider()
        for payable in self.filtered(lambda payable: payable.state == "agreed"):
            payable._follow_own_cash()
        return result

    def _follow_own_cash(self):
        """Note that the company paid what it had agreed to pay early."""
        request = self._live_request().filtered(lambda request: not request.bank_row_id)
        items = self._payable_items()
        if not request or not items or not all(item.reconciled for item in items):
            return
        request.paid_on = fields.Date.context_today(self)
        request._set_state("paid")
        self._set_state("settled")
        self.member_id._set_state("financed")

    def _reopen_own_cash(self):
        """A payment from own cash was undone: what was agreed is to be paid still."""
        for payable in self:
            request = payable._live_request().filtered(lambda request: not request.bank_row_id)
            if not request or all(item.reconciled for item in payable._payable_items()):
                continue
            request._set_state("confirmed")
            request.paid_on = False
            payable._set_state("agreed")
            payable._warn(
                payable.env._(
                    "The early payment of %(bill)s was undone: %(amount)s are still to be paid on %(day)s.",
                    bill=payable.display_name,
                    amount=payable._money(-sum(payable._payable_items().mapped("amount_residual_currency"))),
                    day=format_date(payable.env, request.pay_on),
                )
            )
