from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

from openscf.errors import InputInvalid
from openscf.money import Money
from openscf.payables import early_payment

from odoo import fields, models
from odoo.tools import format_amount, format_date

from odoo.addons.scf_finance.amounts import exact

from ..payables.quotes import cost_a_year

# A bill that is due sooner shows nobody what early payment is worth.
DAYS_OF_EXAMPLE = 14
# The example where the anchor owes the company nothing yet.
USUAL_AMOUNT, USUAL_DAYS = Decimal(10000), 60


class ScfProgram(models.Model):
    """What the page behind an invitation says of the price."""

    _inherit = "scf.program"

    def _landing_values(self, member=None):
        """Prices, and what one bill would bring: the member's own where the anchor owes it one.

        :param member: the ``scf.program.member``; None to show the page without a company
        :return: ``words``, sentences by what they say; ``prices``, a sentence each; ``example``, a dict of texts, or
            None where nothing is known of the price yet
        """
        self.ensure_one()
        prices = self._landing_prices()
        return {
            "words": self._landing_words(member),
            "prices": [self._price_in_words(price) for price in prices],
            "example": self._landing_example(prices, member),
        }

    def _landing_words(self, member):
        """Sentences with names in them, whole, as each language puts a name elsewhere."""
        anchor = self.company_id.name
        if member:
            company = member.partner_id.commercial_partner_id.name
            invites = self.env._("%(anchor)s invites %(company)s", anchor=anchor, company=company)
        else:
            invites = self.env._("%s invites your company", anchor)
        if self.kind == "distributor_finance":
            title = self.env._("Buy from %s on a bank's credit", anchor)
        else:
            title = self.env._("Get your invoices to %s paid early", anchor)
        return {
            "invites": invites,
            "title": title,
            "signed_in": self.env._(
                "You are signed in as a user of %s: only the invited company can answer here.", anchor
            ),
            "approves": self.env._("%s approves your invoices, as always.", anchor),
            "bank_pays": self.env._(
                "When you buy, the bank pays %s; you pay the bank when you have sold the goods.", anchor
            ),
            "sees": self.env._(
                "%s and the banks see what you give here, and nothing of your other customers. No other supplier sees "
                "anything of you.",
                anchor,
            ),
            "questions": self.env._(
                "Questions? Ask %(user)s of %(anchor)s", user=self.user_id.name or "", anchor=anchor
            ),
            "call": self.env._("If you did not expect this, call %s under a number that you know.", anchor),
        }

    def _price_in_words(self, price):
        words = {"payer": price["payer"], "rate": _percent(price["rate"]), "fee": _percent(price["fee"])}
        if price["fee"]:
            return self.env._("%(payer)s: %(rate)s %% a year, and %(fee)s %% of the amount each time", **words)
        return self.env._("%(payer)s: %(rate)s %% a year", **words)

    def _landing_prices(self):
        prices = [
            {
                "payer": bank.bank_id.name,
                "rate": Decimal(bank.bank_terms["rate_pa"]),
                "fee": Decimal(bank.bank_terms["fee_percent"]),
                "day_count": bank.bank_terms["day_count"],
            }
            for bank in self.bank_ids
            if bank.status == "active" and bank.bank_terms
        ]
        if self._pays_itself():
            prices.append(
                {
                    "payer": self.company_id.name,
                    "rate": Decimal(f"{self.target_return_pa:.4f}"),
                    "fee": Decimal(0),
                    "day_count": self.discount_day_count,
                }
            )
        return sorted(prices, key=lambda price: (price["rate"] + price["fee"], price["payer"]))

    def _landing_example(self, prices, member):
        if not prices or self.kind == "distributor_finance":
            return None
        today = fields.Date.context_today(self)
        bill = self._bill_for_example(member, today) if member else self.env["account.move"]
        currency = self.currency_id
        amount = exact(bill.amount_residual, currency.name) if bill else USUAL_AMOUNT
        due_on = bill.invoice_date_due if bill else today + timedelta(days=USUAL_DAYS)
        pay_on = today + timedelta(days=2)
        best = prices[0]
        terms = SimpleNamespace(rate_pa=best["rate"], fee_percent=best["fee"], day_count=best["day_count"])
        try:
            figures = early_payment(Money(amount=amount, currency=currency.name), terms, pay_on, due_on)
        except InputInvalid:  # nothing would be left to pay
            return None
        discount, payout = figures.discount.amount, figures.payout.amount
        number = bill.ref or bill.name if bill else ""
        return {
            "title": self.env._("Your invoice %s, for example", number)
            if number
            else self.env._("For example, an invoice"),
            "payout": format_amount(self.env, float(payout), currency),
            "instead": self.env._(
                "on %(pay_on)s instead of %(amount)s on %(due_on)s",
                pay_on=format_date(self.env, pay_on),
                amount=format_amount(self.env, float(amount), currency),
                due_on=format_date(self.env, due_on),
            ),
            "costs": self.env._(
                "It costs %(discount)s: %(rate)s %% a year, paid by %(payer)s.",
                discount=format_amount(self.env, float(discount), currency),
                rate=cost_a_year(discount, payout, (due_on - pay_on).days),
                payer=best["payer"],
            ),
        }

    def _bill_for_example(self, member, today):
        """The largest bill of the member that is posted, open, and due late enough."""
        return (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("commercial_partner_id", "=", member.partner_id.commercial_partner_id.id),
                    ("move_type", "=", "in_invoice"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                    ("currency_id", "=", self.currency_id.id),
                    ("invoice_date_due", ">=", today + timedelta(days=DAYS_OF_EXAMPLE)),
                    ("amount_residual", ">", 0),
                ],
                order="amount_residual desc, id",
                limit=1,
            )
        )


def _percent(number):
    """A rate without the zeros that a database adds."""
    return f"{number.normalize():f}"
