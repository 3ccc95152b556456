"""Which documents to finance so that an amount is reached at the least cost, and how much dearer the obvious choice is.

A bullet loan costs principal times time, so for one amount the cheapest documents are those whose last payment comes
first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from .assessment import indicative_cost
from .bank_limits import advance, takes
from .facts import BankTerms, DocumentFacts

# The least surplus is a knapsack. So many steps take less than a second; a search that would take more, or go deeper,
# stays with the best that it has: the day and the number of documents are the least all the same.
MAX_STEPS = 50_000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that can be financed: what it adds to a loan, and when its buyer is expected to pay."""

    document_id: int
    amount: Decimal
    paid_on: date


@dataclass(frozen=True, slots=True)
class Mix:
    """Documents that reach an amount together."""

    candidates: tuple[Candidate, ...]

    @property
    def document_ids(self) -> list[int]:
        return [item.document_id for item in self.candidates]

    @property
    def amount(self) -> Decimal:
        return sum((item.amount for item in self.candidates), Decimal(0))

    @property
    def last_payment(self) -> date:
        return max(item.paid_on for item in self.candidates)


def cheapest_mix(candidates: Iterable[Candidate], wanted: Decimal, *, not_before: date) -> Mix | None:
    """The mix that reaches `wanted` with the earliest last payment; of those the fewest documents, then least surplus.

    :param wanted: more than zero, in the candidates' currency
    :param not_before: the end of the shortest loan: who pays earlier makes it no cheaper
    :return: None where all together do not reach the amount
    """
    by_day = sorted((item for item in candidates if item.amount > 0), key=lambda item: item.paid_on)
    for end, total in enumerate(accumulate(item.amount for item in by_day), start=1):
        if total >= wanted:
            last_day = max(by_day[end - 1].paid_on, not_before)
            in_time = [item for item in by_day if item.paid_on <= last_day]
            return Mix(_fewest(in_time, wanted))
    return None


def largest_mix(candidates: Iterable[Candidate], wanted: Decimal) -> Mix | None:
    """What one would take by hand: the largest documents, until they reach `wanted`."""
    largest = sorted(candidates, key=lambda item: (-item.amount, item.paid_on))
    for end, total in enumerate(accumulate(item.amount for item in largest), start=1):
        if total >= wanted:
            return Mix(tuple(largest[:end]))
    return None


def _fewest(candidates: Sequence[Candidate], wanted: Decimal) -> tuple[Candidate, ...]:
    """The fewest of the candidates that reach `wanted`, and of those the ones with the least surplus."""
    largest = sorted(candidates, key=lambda item: (-item.amount, item.paid_on, item.document_id))
    sums = [Decimal(0), *accumulate(item.amount for item in largest)]
    count = next(index for index, total in enumerate(sums) if total >= wanted)
    return tuple(largest[index] for index in _LeastSurplus([item.amount for item in largest], sums, wanted).of(count))


class _LeastSurplus:
    """Branch and bound over amounts in falling order: `count` of them with the least sum that reaches `wanted`."""

    def __init__(self, amounts: list[Decimal], sums: list[Decimal], wanted: Decimal):
        self._amounts, self._sums, self._wanted = amounts, sums, wanted
        self._steps = MAX_STEPS

    def of(self, count: int) -> list[int]:
        self._best, self._best_sum = list(range(count)), self._sums[count]
        if count <= MAX_DEPTH:
            self._search([], 0, Decimal(0), count)
        return self._best

    def _search(self, chosen: list[int], start: int, total: Decimal, left: int) -> None:
        """Choose `left` more from the amounts at `start` and after."""
        amounts, sums, end = self._amounts, self._sums, len(self._amounts)
        smallest = total + sums[end] - sums[end - left]
        if smallest >= self._wanted:
            self._keep([*chosen, *range(end - left, end)], smallest)
            return
        if left == 1:
            # The last amount that is still enough: they fall, so it is the least of them.
            last = bisect_right(amounts, total - self._wanted, lo=start, key=lambda amount: -amount) - 1
            if last >= start:
                self._keep([*chosen, last], total + amounts[last])
            return
        for index in range(start, end - left + 1):
            if total + sums[index + left] - sums[index] < self._wanted or self._steps <= 0:
                return
            if self._best_sum == self._wanted:
                return
            if index > start and amounts[index] == amounts[index - 1]:
                continue
            self._steps -= 1
            self._search([*chosen, index], index + 1, total + amounts[index], left - 1)

    def _keep(self, chosen: list[int], total: Decimal) -> None:
        if total < self._best_sum:
            self._best, self._best_sum = chosen, total


@dataclass(frozen=True, slots=True)
class Reached:
    """An amount reached at the bank where it is cheapest, by what it publishes. Costs in the documents' currency.

    `cost` is None where no bank that lends the amount publishes a rate; `dearer_by` is what the largest documents would
    cost more, None where that is nothing or unknown.
    """

    mix: Mix
    tenor_days: int
    cost: Decimal | None
    largest: Mix
    dearer_by: Decimal | None


def reach(documents: dict[int, DocumentFacts], wanted: Decimal, today: date) -> Reached | None:
    """Find the cheapest mix for `wanted` at each bank, and take the cheapest of these.

    :param documents: what can be financed, by id: one company, kind and currency
    :return: None where no bank lends the amount on what there is
    """
    banks = next(iter(documents.values())).banks if documents else ()
    found = [reached for bank in banks if (reached := _reach_at(bank, documents, wanted, today))]
    return min(found, key=_price, default=None)


def _price(reached: Reached) -> tuple:
    """What is cheaper comes first; without a published rate what is repaid sooner, and only where nobody has one."""
    has_no_rate = reached.cost is None
    return has_no_rate, reached.tenor_days if has_no_rate else reached.cost, len(reached.mix.candidates)


def most(documents: dict[int, DocumentFacts]) -> Decimal:
    """The most that one bank lends on the documents together."""
    banks = next(iter(documents.values())).banks if documents else ()
    sums = ((bank, sum((item.amount for item in _candidates(bank, documents)), Decimal(0))) for bank in banks)
    return max((min(total, bank.max_amount) for bank, total in sums if total >= bank.min_amount), default=Decimal(0))


def _candidates(bank: BankTerms, documents: dict[int, DocumentFacts]) -> list[Candidate]:
    return [
        Candidate(document_id, advance(facts, bank), facts.expected_payment or facts.today)
        for document_id, facts in documents.items()
        if takes(facts, bank)
    ]


def _reach_at(bank: BankTerms, documents: dict[int, DocumentFacts], wanted: Decimal, today: date) -> Reached | None:
    if not bank.min_amount <= wanted <= bank.max_amount:
        return None
    candidates = _candidates(bank, documents)
    mix = cheapest_mix(candidates, wanted, not_before=today + timedelta(days=bank.min_tenor_days))
    if not mix:
        return None
    largest = largest_mix(candidates, wanted)
    days, days_of_largest = (max((item.last_payment - today).days, bank.min_tenor_days) for item in (mix, largest))
    if bank.rate_pa is None:
        return Reached(mix, days, None, largest, None)
    currency = next(iter(documents.values())).currency
    cost, cost_of_largest = (
        indicative_cost(bank, wanted, currency, tenor, today).total_cost for tenor in (days, days_of_largest)
    )
    return Reached(mix, days, cost, largest, cost_of_largest - cost if cost_of_largest > cost else None)
