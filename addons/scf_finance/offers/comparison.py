"""Offers side by side: what each costs, on time and late, and how they differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from openscf.loan import CashFlow, LoanTerms, OfferCost, offer_cost

# "What if the buyer pays late": on time, and three habits of late buyers.
LATENESS_DAYS = (0, 15, 30, 60)
# What a line costs depends on what is drawn: this much for this long tells two lines apart.
EXAMPLE_AMOUNT = Decimal(1000)
EXAMPLE_DAYS = 30


@dataclass(frozen=True, slots=True)
class CostedOffer:
    """One offer with its cost by days of lateness; `costs[0]` is that of paying on time."""

    id: int
    bank: str
    terms: LoanTerms
    start: dt.date
    costs: Mapping[int, OfferCost]

    @property
    def in_hand(self) -> Decimal:
        return self.terms.in_hand


def cost_offer(
    offer_id: int, bank: str, terms: LoanTerms, start: dt.date, lateness: Sequence[int] = LATENESS_DAYS
) -> CostedOffer:
    """Cost an offer that is paid out on `start`, for payments so many days late (0 among them)."""
    costs = {days: offer_cost(terms, start, days_late=days) for days in lateness}
    return CostedOffer(id=offer_id, bank=bank, terms=terms, start=start, costs=costs)


def interest_of_example(terms: LoanTerms, start: dt.date) -> Decimal:
    """The interest on `EXAMPLE_AMOUNT` of a line, drawn on `start` and repaid `EXAMPLE_DAYS` later."""
    drawn = LoanTerms(
        principal=EXAMPLE_AMOUNT,
        currency=terms.currency,
        rate_pa=terms.rate_pa,
        day_count=terms.day_count,
        repayment="bullet",
        tenor_days=EXAMPLE_DAYS,
    )
    return offer_cost(drawn, start).interest


def by_total_cost(offers: Sequence[CostedOffer]) -> list[CostedOffer]:
    """The offers, the lowest total cost first; where it is the same, the lowest yearly cost."""
    return sorted(offers, key=lambda offer: (offer.costs[0].total_cost, offer.costs[0].apr, offer.id))


@dataclass(frozen=True, slots=True)
class Difference:
    """How an offer differs from another one: positive where it costs more, gives more, or runs longer."""

    than: CostedOffer
    cost: Decimal
    in_hand: Decimal
    days: int


def difference(offer: CostedOffer, choices: Sequence[CostedOffer], days_late: int) -> Difference | None:
    """What tells `offer` from the cheapest of the `choices`; for the cheapest, from the one that gives most in hand.

    None where there is nothing to compare with.
    """

    def cost(choice: CostedOffer) -> Decimal:
        return choice.costs[days_late].total_cost

    others = [choice for choice in choices if choice.id != offer.id]
    if not others:
        return None
    than = min(others, key=cost)
    if cost(offer) <= cost(than):
        than = max(others, key=lambda choice: (choice.in_hand, -cost(choice)))
    return Difference(
        than=than,
        cost=cost(offer) - cost(than),
        in_hand=offer.in_hand - than.in_hand,
        days=offer.terms.tenor_days - than.terms.tenor_days,
    )


def lowest(choices: Sequence[CostedOffer], days_late: int, figure: str) -> set[int]:
    """Ids of the choices with the lowest `figure` (an attribute of OfferCost); empty where there is no choice."""
    if len(choices) < 2:
        return set()
    figures = {choice.id: getattr(choice.costs[days_late], figure) for choice in choices}
    return {offer_id for offer_id, value in figures.items() if value == min(figures.values())}


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale for all pictures, so that they can be compared: the longest run of days, and the largest sum."""

    days: int
    amount: Decimal

    @classmethod
    def of(cls, offers: Sequence[CostedOffer]) -> Scale:
        flows = [(offer.start, flow) for offer in offers for cost in offer.costs.values() for flow in cost.flows]
        return cls(
            days=max(((flow.on - start).days for start, flow in flows), default=1),
            amount=max((abs(flow.amount) for _start, flow in flows), default=Decimal(1)),
        )

    def place(self, flow: CashFlow, start: dt.date) -> tuple[float, float]:
        """Where a flow is drawn: along the time and away from zero, both in percent of the picture."""
        return (
            round((flow.on - start).days * 100 / self.days, 1),
            round(float(abs(flow.amount) * 100 / self.amount), 1),
        )
