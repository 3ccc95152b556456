"""When a loan is due, and with how much."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, localcontext

from openscf._internal.day_count import days_between
from openscf._internal.loan_terms import LoanTerms
from openscf.money import EXACT, round_money


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """One sum due: `amount` = `principal` + `interest`, in the loan's currency."""

    number: int
    due_date: dt.date
    principal: Decimal
    interest: Decimal
    amount: Decimal


def due_dates(terms: LoanTerms, start: dt.date) -> tuple[dt.date, ...]:
    """Return the due dates: monthly from `start`, the last when the tenor ends."""
    monthly = tuple(_months_later(start, number) for number in range(1, terms.instalments))
    return (*monthly, start + dt.timedelta(days=terms.tenor_days))


def schedule(terms: LoanTerms, start: dt.date) -> tuple[Instalment, ...]:
    """Return the instalments of a loan disbursed on `start`, paid on time.

    Annuities are equal, rounded to the currency; the last takes the remainder, so that the principal adds up exactly
    and paying the schedule closes the loan to zero. Fees are not in it.
    """
    with localcontext(EXACT):
        dates = due_dates(terms, start)
        spans = [days_between(begin, end, terms.day_count) for begin, end in zip((start, *dates), dates, strict=False)]
        annuity = _annuity(terms, spans)
        rows: list[Instalment] = []
        outstanding, principal_days, interest_before = terms.principal, Decimal(0), Decimal(0)
        for number, (due_date, span) in enumerate(zip(dates, spans, strict=True), start=1):
            principal_days += outstanding * span
            interest_total = terms.interest_on(principal_days, terms.rate_pa)
            interest = interest_total - interest_before
            principal = outstanding if number == len(dates) else min(max(annuity - interest, Decimal(0)), outstanding)
            rows.append(
                Instalment(
                    number=number,
                    due_date=due_date,
                    principal=principal,
                    interest=interest,
                    amount=principal + interest,
                )
            )
            outstanding, interest_before = outstanding - principal, interest_total
        return tuple(rows)


def _annuity(terms: LoanTerms, spans: list[int]) -> Decimal:
    """Return the equal payment A for which P·Π(1+iₖ) = Σ A·Π(1+iⱼ, j>k), iₖ being the rate of the k-th span."""
    growth, growths_after = Decimal(1), Decimal(0)
    for span in reversed(spans):
        growths_after += growth
        growth *= 1 + terms.exact_interest_on(Decimal(span), terms.rate_pa)
    return round_money(terms.principal * growth / growths_after, terms.currency)


def _months_later(date: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or that month's last day where it is shorter."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(date.day, last_day))
