"""How much room the limits of a program leave: altogether, at a bank, for a member, for a member at a bank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit and what of it is in use, in the program's currency; `whose` says it in a sentence."""

    whose: str
    limit: Decimal
    used: Decimal

    @property
    def free(self) -> Decimal:
        return max(self.limit - self.used, Decimal(0))


def tightest(caps: Iterable[Cap], amount: Decimal) -> Cap | None:
    """The cap that leaves the least room, where that is too little for `amount`; None where all leave enough."""
    short = [cap for cap in caps if cap.free < amount]
    return min(short, key=lambda cap: cap.free, default=None)
