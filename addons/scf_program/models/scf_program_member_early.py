from datetime import date
from decimal import Decimal

from odoo import fields, models

from odoo.addons.scf_finance.amounts import exact

# Who may be paid early.
SERVED = ("approved", "financed")


class ScfProgramMember(models.Model):
    """Early payment as the supplier has it: what is offered now, what was agreed, and what it takes by itself."""

    _inherit = "scf.program.member"

    takes_offers = fields.Boolean(
        string="Takes Offers by Itself", readonly=True, copy=False, help="The supplier said so on its pages."
    )
    takes_from_amount = fields.Monetary(string="Bills From", readonly=True, copy=False, help="Smaller ones are left.")
    takes_up_to_rate = fields.Float(
        string="Up To (% a Year)", digits=(8, 2), readonly=True, copy=False, help="Without a bound where it is 0."
    )
    rule_made_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    rule_made_at = fields.Datetime(string="Rule Made On", readonly=True, copy=False)
    rule_made_from = fields.Char(readonly=True, copy=False, help="The network address.")

    # -- business: what is offered ----------------------------------------------------------------------------------

    def _payables(self, *states):
        """The member's own approved bills in these states, the first due first, with full rights."""
        self.ensure_one()
        return (
            self.env["scf.payable"]
            .sudo()
            .search([("member_id", "=", self.id), ("state", "in", states)], order="due_date, id")
        )

    def _offers(self, payables, days=None):
        """What these payables bring, by payable: the quotes of each, the cheapest of the first day first.

        :param payables: some of `_payables`
        :param days: days of payment; None for the first one of each payer
        :rtype: dict[int, list]
        """
        offers = {}
        if self.state in SERVED:
            for quote in payables._quotes(days):
                offers.setdefault(quote.payable_id, []).append(quote)
        return offers

    def _find_offers(self, keys):
        """The offers that the supplier chose, as they are now.

        :param keys: what `offer_key` gave when they were shown
        :return: the quotes, and how many of those that were chosen are not offered on the same figures any more
        :rtype: tuple[list, int]
        """
        wanted = [key for key in map(_parts, keys) if key]
        payables = self._payables("approved").filtered(lambda item: item.id in {one["payable_id"] for one in wanted})
        days = sorted({one["pay_on"] for one in wanted})
        current = {offer_key(quote): quote for quotes in self._offers(payables, days).values() for quote in quotes}
        found = {quote.payable_id: quote for key in keys if (quote := current.get(key))}
        return list(found.values()), len(set(keys)) - len(found)

    # -- business: the rule -----------------------------------------------------------------------------------------

    def _set_rule(self, takes, *, from_amount=0.0, up_to_rate=0.0, address=""):
        """Keep which offers the supplier takes by itself, as the current user says.

        :param bool takes: whether it takes any
        :param float from_amount: the smallest bill, in the program's currency
        :param float up_to_rate: the highest cost in percent a year; 0 for any
        :param str address: the network address that the request came from
        """
        self.ensure_one()
        self.sudo().write(
            {
                "takes_offers": takes,
                "takes_from_amount": from_amount if takes else 0.0,
                "takes_up_to_rate": up_to_rate if takes else 0.0,
                "rule_made_by_id": self.env.user.id,
                "rule_made_at": fields.Datetime.now(),
                "rule_made_from": address,
            }
        )
        who = self.env.user.name
        self._tell(
            self.env._("%s switched on that offers of early payment are taken by themselves.", who)
            if takes
            else self.env._("%s switched off that offers of early payment are taken by themselves.", who)
        )

    def _choose_by_rule(self, quotes):
        self.ensure_one()
        quote = next(iter(sorted(quotes, key=lambda one: (one.discount, one.source))), None)
        if not (quote and self.takes_offers and self.state in SERVED):
            return super()._choose_by_rule(quotes)
        is_small = quote.amount < exact(self.takes_from_amount, quote.currency)
        is_dear = self.takes_up_to_rate and quote.rate_pa > Decimal(f"{self.takes_up_to_rate:.2f}")
        if is_small or is_dear:
            return None
        maker = self.rule_made_by_id
        accepted_by = {"name": maker.name, "at": self.rule_made_at, "address": self.rule_made_from}
        return quote, {**accepted_by, **({"email": maker.email_normalized} if maker.email_normalized else {})}


def offer_key(quote):
    """An offer with its figures, as a form carries it: what was shown is what is agreed to."""
    return f"{quote.payable_id}|{quote.source}|{quote.pay_on}|{quote.discount}|{quote.payout}"


def _parts(key):
    """Which payable and day a key is of; None where it is none."""
    number, _source, day, *rest = [*key.split("|"), "", "", ""]
    try:
        return {"payable_id": int(number), "pay_on": date.fromisoformat(day)} if rest else None
    except ValueError:
        return None
