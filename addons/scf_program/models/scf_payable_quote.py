from collections import defaultdict
from datetime import date
from decimal import Decimal

from openscf.money import Money

from odoo import fields, models

from odoo.addons.scf_finance.amounts import exact

from ..discounting.offer import cash_figures
from ..payables.caps import Cap, tightest
from ..payables.quotes import OWN_CASH, Quote, bank_figures, cost_a_year
from .bank_day import bank_day


class ScfPayable(models.Model):
    """What a supplier would get for an approved payable on an earlier day, from each bank and from own cash."""

    _inherit = "scf.payable"

    # -- business ---------------------------------------------------------------------------------------------------

    def _quotes(self, days=None):
        """What these payables bring on each of these days, from each bank and from own cash.

        What nobody pays early any more, what a dispute holds up, and what a limit or a budget leaves no room for has
        no quote. The number of queries does not depend on how many payables there are.

        :param days: days of payment; where none are given, the first one of each payer
        :rtype: list[Quote]
        :return: by payable, day and cost, the cheapest first
        """
        today = fields.Date.context_today(self)
        open_payables = self.filtered(lambda payable: payable.state == "approved" and not payable._why_held())
        room = open_payables._read_used()
        quotes = [
            quote
            for payable in open_payables
            for source, payer, first in payable._payers(today)
            for day in (days or [first])
            if (quote := payable._quote(source, payer, day, today, room))
        ]
        return sorted(quotes, key=lambda quote: (quote.payable_id, quote.pay_on, quote.discount, quote.source))

    def _quote_of(self, source, pay_on):
        """The quote of one payer on one day.

        :param str source: `Quote.source`
        :rtype: Quote | None
        """
        self.ensure_one()
        return next((quote for quote in self._quotes([pay_on]) if quote.source == source), None)

    def _payers(self, today):
        """Who may pay this payable early: (source, payer, first day), where `source` is the quote's."""
        self.ensure_one()
        for row in self.bank_ids:
            if row.status == "registered" and row.terms and not row.is_changing and row._may_be_asked():
                first = max(date.fromisoformat(row.terms["first_on"]), today, bank_day())
                yield row._source(), row.bank_id.sudo().name, first
        if self.program_id._pays_itself():
            terms = self.program_id._cash_terms()
            yield OWN_CASH, self.company_id.name, terms.first_day(today)

    def _quote(self, source, payer, day, today, room):
        """The quote of a payer on a day; None where it pays nothing on that day."""
        if day < today:
            return None
        currency = self.currency_id.name
        amount = Money(amount=exact(self.amount, currency), currency=currency)
        if source == OWN_CASH:
            figures = cash_figures(amount, self.program_id._cash_terms(), day, self.due_date, today)
        elif day < bank_day():  # over at the bank, as in the evening of the Americas
            return None
        else:
            row = self.bank_ids.filtered(lambda row: row._source() == source)
            figures = bank_figures(amount, row.terms, day, self.due_date)
            if tightest(self._caps(row, room), amount.amount):
                return None
        if not figures:
            return None
        days = (self.due_date - day).days
        return Quote(
            payable_id=self.id,
            source=source,
            payer=payer,
            pay_on=day,
            due_on=self.due_date,
            currency=currency,
            amount=amount.amount,
            discount=figures.discount.amount,
            payout=figures.payout.amount,
            days=days,
            rate_pa=cost_a_year(figures.discount.amount, figures.payout.amount, days),
        )

    # -- business: limits -------------------------------------------------------------------------------------------

    def _caps(self, row, used):
        """The limits that an early payment by a bank has to keep to (`payables.caps.Cap`).

        :param row: `scf.payable.bank`
        :param used: what `_read_used` gave
        """
        program, member = self.program_id, self.member_id
        program_bank, member_bank = row.program_bank_id, row.member_bank_id
        limits = [
            (program.name, program.anchor_limit, used["program", program.id]),
            (self.partner_id.name, program.member_limit, used["member", member.id]),
            (program_bank.bank_id.sudo().name, program_bank.limit_amount, used["bank", program_bank.id]),
            (
                self.env._(
                    "%(supplier)s at %(bank)s", supplier=self.partner_id.name, bank=program_bank.bank_id.sudo().name
                ),
                member_bank.limit_amount,
                used["pair", member_bank.id],
            ),
        ]
        currency = self.currency_id.name
        return [Cap(whose, exact(limit, currency), in_use) for whose, limit, in_use in limits if limit]

    def _read_used(self):
        """What of each limit banks have paid early, or are to pay, and is not settled: two queries.

        :return: {("program" | "member" | "bank" | "pair", id): amount}
        """
        used = defaultdict(Decimal)
        counted = [
            ("program_id", "in", self.program_id.ids),
            ("bank_row_id", "!=", False),
            ("is_live", "=", True),
            ("payable_id.state", "in", ("agreed", "paid", "overdue")),
        ]
        requests = self.env["scf.payable.request"].sudo()
        groups = requests._read_group(
            counted,
            ["program_id", "member_id", "bank_row_id.program_bank_id", "bank_row_id.member_bank_id"],
            ["amount:sum"],
        )
        # Few at a time are settled in part; what is settled in full is not counted any more.
        settled = (
            self.env["scf.payable.entry"]
            .sudo()
            ._read_group([("kind", "=", "settled"), ("request_id", "any", counted)], ["request_id"], ["amount:sum"])
        )
        groups += [
            (one.program_id, one.member_id, one.bank_row_id.program_bank_id, one.bank_row_id.member_bank_id, -amount)
            for one, amount in settled
        ]
        for program, member, program_bank, member_bank, amount in groups:
            exactly = exact(amount, program.currency_id.name)
            for key in (
                ("program", program.id),
                ("member", member.id),
                ("bank", program_bank.id),
                ("pair", member_bank.id),
            ):
                used[key] += exactly
        return used


class ScfPayableBank(models.Model):
    _inherit = "scf.payable.bank"

    def _source(self):
        """The row as the source of a quote."""
        return f"bank-{self.id}"

    def _may_be_asked(self):
        """Whether the bank still serves this member: neither is suspended there, and both limits stand today."""
        return self.member_bank_id._takes_payables() and not self._limit_over_since()

    def _limit_over_since(self):
        """The last day of a limit at the bank that is over, the program's or the supplier's; None while both stand."""
        today = bank_day()
        ends = (self.program_bank_id.valid_until, self.member_bank_id.valid_until)
        return min((end for end in ends if end and end < today), default=None)
