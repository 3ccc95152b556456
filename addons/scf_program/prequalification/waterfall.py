"""How a limit came about, as steps of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Step:
    """One reason: what it did to the limit, and where its bar begins and how long it is, in percent of the picture."""

    message: str
    effect: Decimal
    begins_percent: float
    width_percent: float


def steps_of(reasons: Sequence[dict]) -> list[Step]:
    """The steps from nothing to the limit, in the bank's order; each bar hangs on the one before it.

    :param reasons: of docs/protocol.md, "Prequalification": each with `effect` (decimal string) and `message`
    """
    heights = [Decimal(0)]
    for reason in reasons:
        heights.append(heights[-1] + Decimal(reason["effect"]))
    top = max(map(abs, heights)) or Decimal(1)
    return [
        Step(
            message=reason["message"],
            effect=after - before,
            begins_percent=float(round(100 * max(min(before, after), Decimal(0)) / top, 2)),
            width_percent=float(round(100 * abs(after - before) / top, 2)),
        )
        for reason, before, after in zip(reasons, heights, heights[1:], strict=False)
    ]
