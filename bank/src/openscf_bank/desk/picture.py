"""The buyer's behaviour as a small picture: lengths of bars, ready for the page to draw."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from openscf.package import BuyerHistoryRow

# Width of the bar in the picture's own units.
WIDTH = Decimal(600)


@dataclass(frozen=True)
class Segment:
    """A piece of the bar: its meaning, its style class, where it begins, how long it is, and its amount."""

    label: str
    kind: str
    start: Decimal
    length: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Picture:
    """What became of everything invoiced."""

    segments: tuple[Segment, ...]

    def sentence(self, currency: str) -> str:
        """The picture in words, for who cannot see it."""
        return ", ".join(f"{segment.label} {segment.amount} {currency}" for segment in self.segments)


def draw(row: BuyerHistoryRow) -> Picture | None:
    """Invoiced = paid in time + paid late + not yet due + overdue; None where nothing was invoiced."""
    if row.invoiced <= 0:
        return None
    late_share = row.late_share_percent or Decimal(0)
    late = (row.paid * late_share / 100).quantize(row.paid) if row.paid else Decimal(0)
    parts = [
        ("paid in time", "in-time", row.paid - late),
        ("paid late", "late", late),
        ("not yet due", "not-due", max(row.invoiced - row.paid - row.overdue, Decimal(0))),
        ("overdue", "overdue", row.overdue),
    ]
    whole = max(row.invoiced, sum((part[2] for part in parts), Decimal(0)))
    segments: list[Segment] = []
    start = Decimal(0)
    for label, kind, amount in parts:
        length = (amount / whole * WIDTH).quantize(Decimal("0.1"))
        if length > 0:
            segments.append(Segment(label, kind, start, length, amount))
            start += length
    return Picture(tuple(segments))
