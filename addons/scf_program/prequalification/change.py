"""Whether the trade with a supplier is still what a bank was told."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .trade import ZERO, percent


@dataclass(frozen=True)
class Change:
    """A figure that moved: `late_percent`, `returned_percent`, or `ordered` (of the whole period)."""

    code: str
    before: Decimal
    after: Decimal


def changes(before: dict, after: dict, *, threshold: Decimal) -> list[Change]:
    """What moved by more than `threshold`: shares by so many points, purchases by so many percent of what they were.

    :param before: figures that were sent, as `trade.Trade.figures` gives them
    :param after: the same of today; empty where there is no trade any more
    """
    moved = []
    for code, part, whole in (
        ("late_percent", "deliveries_late", "deliveries"),
        ("returned_percent", "returned", "received"),
    ):
        was, now = (percent(_number(figures, part), _number(figures, whole)) for figures in (before, after))
        if abs(now - was) > threshold:
            moved.append(Change(code, was, now))
    was, now = _number(before, "ordered"), _number(after, "ordered")
    if abs(now - was) * 100 > threshold * was:
        moved.append(Change("ordered", was, now))
    return moved


def _number(figures: dict, name: str) -> Decimal:
    return Decimal(figures.get(name, ZERO))
