"""The waterfall: in which order money is taken for what is owed.

What is owed has four components and three times, as in Apache Fineract's advanced payment allocation: past due, due,
and in advance (owed already or still to come, but due on a later day).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from openscf._internal.loan_balance import Allocation
from openscf.errors import InputInvalid

Component = Literal["penalty", "fee", "interest", "principal"]
COMPONENTS: Final[tuple[Component, ...]] = ("penalty", "fee", "interest", "principal")
TIMES: Final = ("past_due", "due", "in_advance")


@lru_cache(maxsize=256)
def expanded(waterfall: tuple[str, ...]) -> tuple[str, ...]:
    """Return the twelve steps `TIME.COMPONENT` of a waterfall in which a component stands for its three times.

    Raises InputInvalid where one is unknown, missing, or named twice.
    """
    steps = [step for item in waterfall for step in (_of_component(item) if item in COMPONENTS else (item,))]
    if sorted(steps) != sorted(step for component in COMPONENTS for step in _of_component(component)):
        raise InputInvalid(
            f"The waterfall {waterfall} must name each of {COMPONENTS} once, or each of their times "
            "(past_due.interest, due.interest, in_advance.interest, …) once."
        )
    return tuple(steps)


def ignores_time(waterfall: tuple[str, ...]) -> bool:
    """Whether the order is one of components alone, so that nobody needs to know when a sum is due."""
    return len(waterfall) == len(COMPONENTS)


def spread(amount: Decimal, owed: Mapping[str, Decimal], order: tuple[str, ...]) -> Allocation:
    """Return what `amount` is taken for, when the sums `owed` are served in `order`; what is left over is in none."""
    taken = dict.fromkeys(COMPONENTS, Decimal(0))
    for step in order:
        part = min(amount, owed[step])
        if part:
            taken[step.rpartition(".")[2]] += part  # type: ignore[index]
            amount -= part
    return Allocation(**taken)


def _of_component(component: str) -> tuple[str, ...]:
    return tuple(f"{time}.{component}" for time in TIMES)
