"""The comparison as the screens show it: plain JSON, in the reader's language, every amount formatted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from openscf.loan import CashFlow, OfferCost

from odoo.tools import format_amount, format_date, formatLang
from odoo.tools.translate import LazyTranslate

from .comparison import (
    EXAMPLE_AMOUNT,
    EXAMPLE_DAYS,
    LATENESS_DAYS,
    CostedOffer,
    Difference,
    Scale,
    difference,
    interest_of_example,
    lowest,
)
from .margin import Margin

_lt = LazyTranslate(__name__)
LATENESS = {
    0: _lt("on time"),
    15: _lt("15 days late"),
    30: _lt("30 days late"),
    60: _lt("60 days late"),
}
MARKS = {"total_cost": _lt("Lowest total cost"), "apr": _lt("Lowest yearly cost")}
# By the signs of the differences in cost and in what is in hand.
DIFFERENCES = {
    (-1, -1): _lt("Costs %(cost)s less than %(bank)s, but gives %(in_hand)s less in hand."),
    (-1, 0): _lt("Costs %(cost)s less than %(bank)s."),
    (-1, 1): _lt("Costs %(cost)s less than %(bank)s, and gives %(in_hand)s more in hand."),
    (0, -1): _lt("Costs the same as %(bank)s, but gives %(in_hand)s less in hand."),
    (0, 0): _lt("Costs the same as %(bank)s."),
    (0, 1): _lt("Costs the same as %(bank)s, and gives %(in_hand)s more in hand."),
    (1, -1): _lt("Costs %(cost)s more than %(bank)s, and gives %(in_hand)s less in hand."),
    (1, 0): _lt("Costs %(cost)s more than %(bank)s."),
    (1, 1): _lt("Costs %(cost)s more than %(bank)s, but gives %(in_hand)s more in hand."),
}
# The same where a supplier gets the money.
DIFFERENCES_FOR_SUPPLIER = {
    (-1, -1): _lt("Costs %(cost)s less than %(bank)s, but pays the supplier %(in_hand)s less."),
    (-1, 0): _lt("Costs %(cost)s less than %(bank)s."),
    (-1, 1): _lt("Costs %(cost)s less than %(bank)s, and pays the supplier %(in_hand)s more."),
    (0, -1): _lt("Costs the same as %(bank)s, but pays the supplier %(in_hand)s less."),
    (0, 0): _lt("Costs the same as %(bank)s."),
    (0, 1): _lt("Costs the same as %(bank)s, and pays the supplier %(in_hand)s more."),
    (1, -1): _lt("Costs %(cost)s more than %(bank)s, and pays the supplier %(in_hand)s less."),
    (1, 0): _lt("Costs %(cost)s more than %(bank)s."),
    (1, 1): _lt("Costs %(cost)s more than %(bank)s, but pays the supplier %(in_hand)s more."),
}
LATER = _lt("Is repaid %(days)s days later than the offer of %(bank)s.")
EARLIER = _lt("Is repaid %(days)s days earlier than the offer of %(bank)s.")
RECOURSE = {
    True: _lt("With recourse: if the buyer does not pay, you pay the bank."),
    False: _lt("Without recourse: if the buyer does not pay, the bank bears the loss."),
}
RECOURSE_OF_PURCHASE = {
    True: _lt("With recourse: if the goods do not sell, you pay the bank all the same."),
    False: _lt("Without recourse: if the buyers of the goods do not pay, the bank bears the loss."),
}
PENALTY = _lt("On what is late, %s %% a year is added to the interest.")
NO_PENALTY = _lt("What is late costs its interest, and no penalty.")
REPAID_IN_ONE_SUM = _lt("In one sum")
REPAID_IN_INSTALMENTS = _lt("In %s monthly instalments")
REPAID_AND_DRAWN = _lt(
    "As customers pay, and drawn again. The costs shown are as if all were drawn at once and owed to the end."
)
DRAWN_FOR_A_WHILE = _lt("What you really pay depends on what you draw: %(drawn)s for %(days)s days cost %(interest)s.")
YEARLY = _lt("%s %% a year")
PERCENT = _lt("%(amount)s (%(percent)s %%)")
MORE_THAN_ON_TIME = _lt("%(amount)s more than on time")
MONEY_IN = _lt("%(amount)s in on %(date)s")
MONEY_OUT = _lt("%(amount)s out on %(date)s")
FEE_DEDUCTED = _lt("kept back from the payout")
FEE_LATER = _lt("paid with the first repayment")
FEE_UP_FRONT = _lt("paid on the day of the payout")
FEE_PERIODIC = _lt("owed every month, whatever is drawn")
FEES = {
    "deducted": FEE_DEDUCTED,
    "on_repayment": FEE_LATER,
    "up_front": FEE_UP_FRONT,
    "periodic": FEE_PERIODIC,
}
MARGIN_BEFORE = _lt("Margin of the sale before financing: %(margin)s of %(net)s net.")
MARGIN_UNKNOWN = _lt(
    "The margin of the sale is not known: lines without a cost in Odoo: %(unknown)s of %(lines)s. "
    "Enter the cost on the products."
)
NOTHING_SOLD = _lt("The margin of the sale is not known: it has no line that sells something.")


class OffersScreen:
    """Words, amounts and pictures for offers of one currency, on one scale.

    `offers` are all that are drawn; `choices` those of them among which somebody still decides. `pays_supplier`: the
    money goes to the company's supplier, and what he gets stands in place of what is in hand.
    """

    def __init__(
        self,
        env,
        currency,
        offers: Sequence[CostedOffer],
        choices: Sequence[CostedOffer],
        margin: Margin | None,
        *,
        pays_supplier: bool = False,
    ) -> None:
        self._env = env
        self._currency = currency
        self._choices = choices
        self._margin = margin
        self._pays_supplier = pays_supplier
        self._scale = Scale.of(offers)

    def lateness(self) -> list[dict]:
        """What may be asked of a late buyer."""
        return [{"days": days, "label": self._word(LATENESS[days])} for days in LATENESS_DAYS]

    def margin_sentence(self) -> str:
        """The margin before financing, or why it is not known; empty for a user who may not know it."""
        margin = self._margin
        if not margin:
            return ""
        if margin.amount is None:
            if not margin.lines:
                return self._word(NOTHING_SOLD)
            return self._word(MARGIN_UNKNOWN, unknown=margin.unknown_lines, lines=margin.lines)
        return self._word(MARGIN_BEFORE, margin=self._of_net(margin.amount), net=self.money(margin.net))

    def terms(self, offer: CostedOffer, *, recourse: bool, conditions: str) -> dict:
        """What does not depend on when the buyer pays."""
        terms = offer.terms
        penalty = self._word(PENALTY, self._number(terms.penalty_rate_pa)) if terms.penalty_rate_pa else None
        return {
            "in_hand": self.money(offer.in_hand),
            "principal": self.money(terms.principal),
            "rate": self._word(YEARLY, self._number(terms.rate_pa)),
            "fee_timing": self._word(FEES[terms.fee_timing]) if terms.fee else "",
            "repayment": self._repayment(offer),
            "recourse": self._word((RECOURSE_OF_PURCHASE if self._pays_supplier else RECOURSE)[recourse]),
            "lateness": penalty or self._word(NO_PENALTY),
            "conditions": conditions.splitlines(),
        }

    def _repayment(self, offer: CostedOffer) -> str:
        terms = offer.terms
        if terms.repayment == "revolving":
            example = self._word(
                DRAWN_FOR_A_WHILE,
                drawn=self.money(EXAMPLE_AMOUNT),
                days=EXAMPLE_DAYS,
                interest=self.money(interest_of_example(terms, offer.start)),
            )
            return f"{self._word(REPAID_AND_DRAWN)} {example}"
        if terms.instalments > 1:
            return self._word(REPAID_IN_INSTALMENTS, terms.instalments)
        return self._word(REPAID_IN_ONE_SUM)

    def scenario(self, offer: CostedOffer, days_late: int) -> dict:
        """What the offer costs, and how it stands beside the others, for payments so many days late."""
        cost = offer.costs[days_late]
        return {
            "days": days_late,
            "total_cost": self.money(cost.total_cost),
            "interest": self.money(cost.interest),
            "fee": self.money(cost.fee),
            "penalty": self.money(cost.penalty) if cost.penalty else "",
            "apr": self._word(YEARLY, self._number(cost.apr)),
            "paid_off_on": self.date(cost.paid_off_on),
            "change": self._change(offer, cost),
            "marks": self.marks(offer, days_late),
            "notes": self.notes(offer, days_late),
            "margin": self._margin_after(cost),
            "flows": [self._flow(flow, offer.start) for flow in cost.flows],
            "picture": ", ".join(self._flow_text(flow) for flow in cost.flows),
        }

    def brief(self, offer: CostedOffer) -> dict:
        """The offer in one row of the panel."""
        cost = offer.costs[0]
        return {
            "in_hand": self.money(offer.in_hand),
            "total_cost": self.money(cost.total_cost),
            "apr_text": self._word(YEARLY, self._number(cost.apr)),
            "due_date": self.date(cost.paid_off_on),
            "marks": self.marks(offer),
            "notes": self.notes(offer),
        }

    def brief_of_ended(self, offer) -> dict:
        """The same of an offer (`scf.offer`) that can't be taken any more, with the figures of the day it came."""
        return {
            "in_hand": self.money(offer.in_hand),
            "total_cost": self.money(offer.total_cost),
            "apr_text": self._word(YEARLY, self._number(offer.apr)),
            "due_date": "",
            "marks": [],
            "notes": [],
        }

    def marks(self, offer: CostedOffer, days_late: int = 0) -> list[dict]:
        """What the offer is best in, in words."""
        return [
            {"code": figure, "label": self._word(label)}
            for figure, label in MARKS.items()
            if offer.id in lowest(self._choices, days_late, figure)
        ]

    def notes(self, offer: CostedOffer, days_late: int = 0) -> list[str]:
        """How the offer differs from the cheapest one, as sentences; the cheapest from the one that gives most."""
        if offer not in self._choices:
            return []
        differs = difference(offer, self._choices, days_late)
        if not differs:
            return []
        sentences = DIFFERENCES_FOR_SUPPLIER if self._pays_supplier else DIFFERENCES
        money = self._word(
            sentences[_sign(differs.cost), _sign(differs.in_hand)],
            cost=self.money(abs(differs.cost)),
            in_hand=self.money(abs(differs.in_hand)),
            bank=differs.than.bank,
        )
        return [money, *self._term_note(differs)]

    def money(self, amount: Decimal | float) -> str:
        return format_amount(self._env, float(amount), self._currency)

    def date(self, day: dt.date) -> str:
        return format_date(self._env, day)

    def _term_note(self, differs: Difference) -> list[str]:
        if not differs.days:
            return []
        sentence = LATER if differs.days > 0 else EARLIER
        return [self._word(sentence, days=abs(differs.days), bank=differs.than.bank)]

    def _change(self, offer: CostedOffer, cost: OfferCost) -> str:
        added = cost.total_cost - offer.costs[0].total_cost
        return self._word(MORE_THAN_ON_TIME, amount=self.money(added)) if added else ""

    def _margin_after(self, cost: OfferCost) -> str:
        if not self._margin or self._margin.amount is None:
            return ""
        return self._of_net(self._margin.amount - cost.total_cost)

    def _of_net(self, amount: Decimal) -> str:
        percent = self._margin.percent_of_net(amount)
        if percent is None:
            return self.money(amount)
        return self._word(PERCENT, amount=self.money(amount), percent=formatLang(self._env, float(percent), digits=1))

    def _flow(self, flow: CashFlow, start: dt.date) -> dict:
        """One movement: its text for the table, and its place in the picture in percent of it."""
        along, size = self._scale.place(flow, start)
        is_in = flow.amount > 0
        return {
            "date": self.date(flow.on),
            "money_in": self.money(flow.amount) if is_in else "",
            "money_out": "" if is_in else self.money(-flow.amount),
            "is_in": is_in,
            "along": along,
            "size": size,
        }

    def _flow_text(self, flow: CashFlow) -> str:
        sentence = MONEY_IN if flow.amount > 0 else MONEY_OUT
        return self._word(sentence, amount=self.money(abs(flow.amount)), date=self.date(flow.on))

    def _number(self, value: Decimal | float) -> str:
        """A rate as the reader writes it, with two decimals."""
        return formatLang(self._env, float(value), digits=2)

    def _word(self, term, *args, **kwargs) -> str:
        """A term in the reader's language; its words are filled in here, since a lazy term takes none later."""
        translate = self._env._
        words = kwargs or args
        return translate(term) % words if words else translate(term)


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)
