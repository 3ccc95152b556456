"""The books of receivables that were sold without recourse: they leave the balance sheet (decision 0015)."""

from decimal import Decimal

from odoo import api, fields, models

from ..amounts import exact
from ..eligibility.facts import RECEIVABLES_DISCOUNTING

# What stands for the receivables of a sale, and what the bank keeps of their price until it is repaid.
ACCOUNTS_OF_A_SALE = ("scf_assigned_account_id", "scf_holdback_account_id")


class ScfLoan(models.Model):
    _inherit = "scf.loan"

    holdback = fields.Monetary(
        readonly=True, help="What the invoices sold to the bank are worth above its payout: it is due once they repaid."
    )
    sells_receivables = fields.Boolean(
        string="Invoices Sold",
        readonly=True,
        help="Without recourse: the invoices are the bank's now, and no debt is in the books. A loan without recourse "
        "on anything else is a debt all the same, as is one that was paid out before sales were told apart.",
    )

    def _grant(self, submission, message, wire):
        loan = super()._grant(submission, message, wire)
        is_discounted = loan.terms.get("technique") == RECEIVABLES_DISCOUNTING
        loan.sells_receivables = is_discounted and loan.terms.get("recourse") is False
        return loan

    # -- business: entries ------------------------------------------------------------------------------------------

    def _debt_account(self):
        if self.sells_receivables:
            return self.company_id._scf_require("scf_assigned_account_id")
        return super()._debt_account()

    def _matched_accounts(self):
        if self.sells_receivables:
            return self.company_id.scf_assigned_account_id | self.company_id.scf_holdback_account_id
        return super()._matched_accounts()

    def _drawn(self, principal):
        """Dr holdback, Cr receivables sold: what is open of the invoices; the customer's account stays as it is."""
        if not self.sells_receivables:
            return super()._drawn(principal)
        open_amount = sum(self._sold_items().mapped("amount_residual_currency"))
        carried = exact(open_amount, self.currency_id.name)
        holdback = max(carried - principal, Decimal(0))
        self.holdback = float(holdback)
        return [
            (self._debt_account(), -principal - holdback),
            (self.company_id._scf_require("scf_holdback_account_id"), holdback),
        ]

    def _given_up(self, principal):
        """The bank bears the loss: the customers owe the company that much less (see `_lines_of_documents`)."""
        if not self.sells_receivables:
            return super()._given_up(principal)
        uncovered = principal - sum(part for _item, part in self._parts_given_up(principal))
        gain = [(self.company_id._scf_require("scf_write_off_account_id"), -uncovered)] if uncovered else []
        return [(self._debt_account(), principal), *gain]

    def _lines_of_documents(self, entries, on):
        lines = super()._lines_of_documents(entries, on)
        if not self.sells_receivables:
            return lines
        principal = sum((self._parts(entry).principal for entry in entries if entry.type == "write_off"), Decimal(0))
        for item, part in self._parts_given_up(principal):
            lines.append(
                {
                    **self._line(item.account_id, -part, on),
                    "name": self.env._(
                        "%(loan)s: %(invoice)s, borne by the bank", loan=self.name, invoice=item.move_id.name
                    ),
                    "partner_id": item.partner_id.id,
                }
            )
        return lines

    def _parts_given_up(self, principal):
        """What the bank bears of each open receivable, the oldest first.

        :return: list of (journal item, amount in the loan's currency)
        """
        parts, left = [], principal
        for item in self._sold_items():
            part = min(left, exact(item.amount_residual_currency, self.currency_id.name))
            if part > 0:
                parts.append((item, part))
                left -= part
        return parts

    def _sold_items(self):
        """Open receivables of the invoices that were sold, in the loan's currency, the oldest first."""
        return self.application_id.line_ids.move_id.line_ids.filtered(
            lambda item: (
                item.account_id.account_type == "asset_receivable"
                and item.parent_state == "posted"
                and item.currency_id == self.currency_id
                and item.amount_residual_currency > 0
            )
        ).sorted(lambda item: (item.date_maturity or item.date, item.id))

    # -- business: what is left at the end, and matching ------------------------------------------------------------

    def _settling_lines(self, on):
        """What is left of holdback and receivables sold leave the books together: the rest of the price has come."""
        lines = super()._settling_lines(on)
        if not self.sells_receivables:
            return lines
        holdback = self.company_id.scf_holdback_account_id
        booked = sum(self._booked_items().filtered(lambda item: item.account_id == holdback).mapped("amount_currency"))
        change = (0 if self._is_over() else self.holdback) - booked
        if not self.currency_id.is_zero(change):
            amount = exact(change, self.currency_id.name)
            lines += [self._line(holdback, amount, on), self._line(self._debt_account(), -amount, on)]
        return lines

    def _reconcile_books(self):
        result = super()._reconcile_books()
        given_up = self.entry_ids.filtered(lambda entry: entry.type == "write_off").move_id.line_ids.filtered(
            lambda item: item.account_id.account_type == "asset_receivable" and not item.reconciled
        )
        for account in given_up.account_id:
            of_account = (given_up | self._sold_items()).filtered(
                lambda item, account=account: item.account_id == account
            )
            of_account.reconcile()
        return result


class ScfOffer(models.Model):
    _inherit = "scf.offer"

    def _why_not_pay_out(self):
        """A sale without recourse is not accepted before it can be booked."""
        return super()._why_not_pay_out() or self.sudo()._why_not_sold()

    def _why_not_sold(self):
        company = self.company_id
        if self.recourse or self.application_id.technique != RECEIVABLES_DISCOUNTING:
            return ""
        missing = [
            company._fields[field]._description_string(self.env) for field in ACCOUNTS_OF_A_SALE if not company[field]
        ]
        if not missing:
            return ""
        return self.env._(
            "Without recourse the invoices are sold, and %(company)s has no account for “%(accounts)s”: an "
            "administrator of accounting sets up the books first.",
            company=company.name,
            accounts=", ".join(missing),
        )


class ScfCollection(models.Model):
    _inherit = "scf.collection"

    @api.model
    def _find(self, partials):
        """What a loan's own entry settles, the bank knows already: it is no collection to report."""
        return super()._find(partials.filtered(lambda partial: not partial.credit_move_id.scf_loan_id))
