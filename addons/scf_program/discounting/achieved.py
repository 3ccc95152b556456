"""The return that early payments from own cash brought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ..payables.quotes import DAYS_A_YEAR


@dataclass(frozen=True, slots=True)
class Placed:
    """Cash that went out `days` earlier than it had to, for a discount."""

    payout: Decimal
    discount: Decimal
    days: int


def achieved_return(placed: Iterable[Placed]) -> Decimal | None:
    """Percent a year (simple, 365 days) over all of it, weighted by amount and days; None where nothing was placed."""
    discount = weight = Decimal(0)
    for one in placed:
        discount += one.discount
        weight += one.payout * one.days
    if not weight:
        return None
    return (discount * 100 * DAYS_A_YEAR / weight).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
