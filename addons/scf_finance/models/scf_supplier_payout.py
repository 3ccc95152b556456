"""The books of a loan that pays a supplier: what the bank paid him is taken up by the bills that it is for."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from openscf.money import round_money

from odoo import fields, models
from odoo.tools import format_amount

from ..amounts import exact


class ScfApplicationDocument(models.Model):
    _inherit = "scf.application.document"

    payout_item_ids = fields.Many2many(
        "account.move.line",
        "scf_document_payout_rel",
        "document_id",
        "item_id",
        string="Paid to the Supplier",
        readonly=True,
        copy=False,
        groups="account.group_account_readonly,account.group_account_invoice",
        help="Journal items of what the bank paid the supplier for this document.",
    )

    # -- business ---------------------------------------------------------------------------------------------------

    def _payable_account(self):
        """The account on which the document is owed to its supplier."""
        self.ensure_one()
        if bill_items := self.move_id._scf_payable_items():
            return bill_items[:1].account_id
        return self.partner_id.with_company(self.company_id).property_account_payable_id

    def _bills(self):
        """The posted bills that may take up what was paid for the document, the oldest first."""
        bills = self.move_id or self.purchase_order_id.order_line.invoice_lines.move_id
        return bills.filtered(lambda move: move.move_type == "in_invoice" and move.state == "posted").sorted(
            lambda move: (move.invoice_date, move.id)
        )

    def _still_to_bill(self):
        """What of a purchase order no posted bill is for yet, in its currency; 0 for a bill."""
        order = self.purchase_order_id
        billed = 0.0
        for line in order.order_line.invoice_lines.filtered(lambda line: line.parent_state == "posted"):
            amount = line.currency_id._convert(
                line.price_total, order.currency_id, order.company_id, line.move_id.invoice_date or line.date
            )
            billed += -amount if line.move_id.move_type == "in_refund" else amount
        return max(order.amount_total - billed, 0.0)

    def _take_up_payouts(self):
        """Match what was paid to suppliers, and is open, with the bills that it was paid for."""
        for document in self:
            for bill in document._bills():
                open_items = document.payout_item_ids.filtered(lambda item: not item.reconciled)
                owed = bill._scf_payable_items().filtered(
                    lambda item, paid=open_items: (
                        not item.reconciled
                        and item.account_id in paid.account_id
                        and item.currency_id in paid.currency_id
                    )
                )
                if open_items and owed:
                    (open_items + owed).reconcile()


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        if bills := posted.filtered(lambda move: move.move_type == "in_invoice"):
            bills._scf_take_up_advances()
        return posted

    def _scf_take_up_advances(self):
        """Match the bills of financed purchase orders with what a bank has paid the supplier for them."""
        # Whoever posts a bill need not see loans.
        orders = self.sudo().line_ids.purchase_line_id.order_id
        if not orders:
            return
        documents = self.env["scf.application.document"].sudo()
        documents.search(
            [("purchase_order_id", "in", orders.ids), ("payout_item_ids.reconciled", "=", False)], order="id"
        )._take_up_payouts()

    def _scf_payable_items(self):
        return self.line_ids.filtered(
            lambda item: item.account_id.account_type == "liability_payable" and item.parent_state == "posted"
        )


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    def _book(self, entries):
        """Book as for any loan; what the bank paid a supplier is owed to him no more (see `_payout_lines`)."""
        move = super()._book(entries)
        if self._pays_supplier() and any(entry.type == "disbursement" for entry in entries):
            items = move.line_ids.filtered("partner_id").sorted("id")
            for document, item in zip(self.application_id.line_ids, items, strict=True):
                document.payout_item_ids += item
        return move

    def _payout_lines(self, entries, amount, balance, on):
        """Debit the supplier with what came to him, by document: Dr payable, Cr loan.

        The documents share it by what was open of each when the money was asked for; the last takes the rounding, of
        the shares and of the conversion into the company's currency.
        """
        if not self._pays_supplier() or not any(entry.type == "disbursement" for entry in entries):
            return super()._payout_lines(entries, amount, balance, on)
        company_currency = self.company_id.currency_id
        currency = self.currency_id.name
        documents, lines = self.application_id.line_ids, []
        weights = [exact(document.amount, currency) for document in documents]
        for document, part in zip(documents, _shares(amount, weights, currency), strict=True):
            lines.append(
                {
                    **self._line(document._payable_account(), part, on),
                    "name": self.env._("%(loan)s: %(document)s", loan=self.name, document=document.document_name),
                    "partner_id": self.partner_id.id,
                }
            )
        lines[-1]["balance"] = company_currency.round(balance - sum(line["balance"] for line in lines[:-1]))
        return lines

    def _reconcile_books(self):
        result = super()._reconcile_books()
        if self._pays_supplier():
            self.application_id.line_ids._take_up_payouts()
        return result

    def _take_event(self, kind, content, cursor):
        result = super()._take_event(kind, content, cursor)
        if kind == "loan.disbursed" and self._pays_supplier():
            self._tell_overpaid()
        return result

    def _tell_overpaid(self):
        """Say where less was owed by the time the bank paid: the supplier has too much."""
        for document in self.application_id.line_ids:
            advance = sum(document.payout_item_ids.mapped("amount_residual_currency"))
            too_much = advance - document._still_to_bill()
            if self.currency_id.compare_amounts(too_much, 0) > 0:
                self._warn(
                    self.env._(
                        "The bank paid the supplier %(amount)s more than was still owed for %(document)s: he owes you "
                        "that. Match it with another bill, or ask for it back.",
                        amount=format_amount(self.env, too_much, self.currency_id),
                        document=document.document_name,
                    )
                )


def _shares(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`amount` split by `weights`, each part at the currency's decimals, so that the parts add up."""
    total, reached, parts = sum(weights), Decimal(0), []
    for weight in accumulate(weights):
        parts.append(round_money(amount * weight / total, currency) - reached)
        reached += parts[-1]
    return parts
