"""Kits: only their parts move. Which transfers completed the whole kits that the ERP counts as delivered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby


@dataclass(frozen=True, slots=True)
class PartMoved:
    """A part that left with a transfer; `quantity` in reference units of the part."""

    move_id: int
    delivery_id: int
    product_id: int
    quantity: Decimal


def kits_by_transfer(delivered: Decimal, moved: Sequence[PartMoved]) -> list[tuple[int, Decimal]]:
    """(one of its moves, kits completed) of each transfer that completed any; together they are `delivered`.

    How many parts a kit has is not read: all that left make all that was delivered, and kits are complete as far as
    the same share of every part has left.

    :param delivered: the kits that the ERP counts as delivered, returns taken off
    :param moved: what left, oldest transfer first, the moves of one transfer together
    """
    total: defaultdict[int, Decimal] = defaultdict(Decimal)
    for part in moved:
        total[part.product_id] += part.quantity
    left: defaultdict[int, Decimal] = defaultdict(Decimal)
    completed, found = Decimal(0), []
    for _delivery_id, moves in groupby(moved, key=lambda part: part.delivery_id):
        for part in moves:
            left[part.product_id] += part.quantity
        complete = min(delivered * left[product_id] / quantity for product_id, quantity in total.items())
        if delivered == delivered.to_integral_value():
            complete //= 1
        if complete > completed:
            found.append((part.move_id, complete - completed))
            completed = complete
    return found
