"""Comparing what a package states with what its rows give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from openscf._internal.finding import Finding
from openscf._internal.sections import CurrencyTotal

ZERO = Decimal(0)


def compare(pointer: str, stated: Decimal, computed: Decimal, source: str) -> list[Finding]:
    """Return a finding with both figures where they differ; `source` says, in the plural, where `computed` is from."""
    if stated == computed:
        return []
    message = f"{stated:f} is stated; {source} give {computed:f}."
    return [Finding(code="total-mismatch", pointer=pointer, message=message)]


def sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Return the sum of the amounts of each currency."""
    by_currency: defaultdict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        by_currency[currency] += amount
    return dict(by_currency)


def compare_totals(
    pointer: str, totals: Iterable[CurrencyTotal], amounts: Iterable[tuple[str, Decimal]], source: str
) -> Iterator[Finding]:
    """Yield a finding for each currency whose total is wrong, stated twice, or missing."""
    computed, seen = sums(amounts), set[str]()
    for at, total in enumerate(totals):
        if total.currency in seen:
            message = f"The total in {total.currency} is stated twice."
            yield Finding(code="repeated", pointer=f"{pointer}/{at}/currency", message=message)
        seen.add(total.currency)
        yield from compare(f"{pointer}/{at}/amount", total.amount, computed.get(total.currency, ZERO), source)
    for currency in sorted(computed.keys() - seen):
        message = f"No total in {currency} is stated; {source} give {computed[currency]:f}."
        yield Finding(code="total-missing", pointer=pointer, message=message)
