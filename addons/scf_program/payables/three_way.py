"""The three-way match: a bill asks for what was ordered, at the price that was ordered, and what has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of a bill beside its line of the order; quantities in the order's unit, prices in its currency.

    :ivar product: for the sentence
    :ivar price: of the bill, after the line's own discount
    :ivar ordered_price: None where the line belongs to no confirmed order
    :ivar billed: of the order's line, by all of its bills together
    :ivar received: None where nothing has to be received (services that are billed as ordered)
    """

    product: str
    price: Decimal
    ordered_price: Decimal | None
    ordered: Decimal
    billed: Decimal
    received: Decimal | None


def why_no_match(lines: Iterable[BilledLine], tolerance_percent: Decimal, env) -> str:
    """Where order, receipt and bill differ, as a sentence about the first line that does; empty where they match.

    :param tolerance_percent: by how much a price may be above the order's
    """
    lines = list(lines)
    if not lines:
        return env._("The bill has no line of an order.")
    return next(filter(None, (_why(line, tolerance_percent, env) for line in lines)), "")


def _why(line, tolerance_percent, env):
    if line.ordered_price is None:
        return env._("%s was not ordered.", line.product)
    if line.price > line.ordered_price * (1 + tolerance_percent / 100):
        return env._(
            "%(product)s is billed at %(price)s, and was ordered at %(ordered)s.",
            product=line.product,
            price=f"{line.price.normalize():f}",
            ordered=f"{line.ordered_price.normalize():f}",
        )
    expected = line.ordered if line.received is None else min(line.ordered, line.received)
    if line.billed > expected:
        return env._(
            "%(product)s: %(billed)s billed, %(expected)s ordered and received.",
            product=line.product,
            billed=f"{line.billed.normalize():f}",
            expected=f"{expected.normalize():f}",
        )
    return ""
