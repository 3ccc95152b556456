"""Whether what is expected pays what falls due, and when the loan will have been repaid by it. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from openscf.loan import LoanEvent, LoanTerms, Repayment, replay
from openscf.money import round_money

from .expected import Expected
from .standing import Standing

GOOD, THIN, SHORT = "good", "thin", "short"
# What is expected on more days than these is looked at by the week: nobody knows a buyer's day that well.
MOST_DAYS = 60
# Far more than enough; a percentage beyond it says nothing.
MOST_PERCENT = Decimal(999)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the expected collections make of a loan. Amounts in its currency, of what the bank draws.

    :ivar level: `short` where less is expected than falls due, `thin` where less than wanted, else `good`
    :ivar on: the first due date that is not covered as wanted; None where all are
    :ivar needed: what is to be paid by that day (by the last one where all are covered)
    :ivar expected: what is expected to be drawn by then, with what was collected and is on its way
    :ivar percent: expected by needed on the worst of the due dates
    :ivar payoff_on: the day on which the expected collections will have repaid all; None where they don't
    """

    level: str
    on: date | None
    needed: Decimal
    expected: Decimal
    percent: Decimal
    payoff_on: date | None

    @property
    def missing(self) -> Decimal:
        """By how much the expected collections fall short of what is needed."""
        return max(self.needed - self.expected, Decimal(0))


def outlook(
    terms: LoanTerms,
    events: Iterable[LoanEvent],
    now: Standing,
    expected: Sequence[Expected],
    *,
    on_its_way: Decimal,
    wanted_percent: Decimal,
) -> Outlook:
    """Set what is expected against what falls due.

    :param expected: in the order of `on`
    :param on_its_way: collected, and not in the bank's ledger yet; drawn as the rest is
    :param wanted_percent: what should be expected, in percent of what falls due
    """
    drawn = [(item.on, item.amount * terms.sweep_percent / 100) for item in expected]
    arriving = on_its_way * terms.sweep_percent / 100
    level, first, worst = GOOD, None, MOST_PERCENT
    needed, in_time = Decimal(0), arriving
    for due in now.dues:
        if first:
            break
        day = max(due.on, now.as_of)
        needed = now.to_pay_by(day)
        in_time = arriving + sum((amount for on, amount in drawn if on <= day), Decimal(0))
        percent = 100 * in_time / needed
        worst = min(worst, percent)
        if percent < wanted_percent:
            first, level = due.on, THIN if percent >= 100 else SHORT
    currency = terms.currency
    return Outlook(
        level=level,
        on=first,
        needed=round_money(needed, currency),
        expected=round_money(in_time, currency),
        percent=worst.quantize(Decimal("0.1"), rounding=ROUND_DOWN),
        payoff_on=_payoff(terms, list(events), now, arriving, drawn),
    )


def _payoff(terms, events: list[LoanEvent], now: Standing, arriving: Decimal, drawn) -> date | None:
    """Draw the expected collections one after the other, and see when nothing is owed any more."""
    if now.owed <= 0:
        return now.as_of
    total = Decimal(0)
    for number, (day, amount) in enumerate(_by_day(now.as_of, arriving, drawn)):
        amount = round_money(amount, terms.currency)
        if amount <= 0:
            continue
        total += amount
        # What is owed today has to come at the least, so until then there is nothing to replay for.
        if total >= now.owed and amount >= replay(terms, events, day).balance.total:
            return day
        events.append(Repayment(id=f"expected-{number}", on=day, amount=amount))
    return None


def _by_day(today: date, arriving: Decimal, drawn) -> list[tuple[date, Decimal]]:
    days: dict[date, Decimal] = {today: arriving} if arriving > 0 else {}
    by_week = len(drawn) > MOST_DAYS
    for day, amount in drawn:
        if by_week:
            day += timedelta(days=6 - day.weekday())
        days[day] = days.get(day, Decimal(0)) + amount
    return sorted(days.items())
