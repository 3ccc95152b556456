"""How what was ordered and delivered is shared out among the lines that draw on it. Pure arithmetic, no records.

The rule: the first invoice takes first, as much as it claims. What was credited on an invoice does not count as
claimed: it stands back behind every other invoice, and takes part again only where something is left. So nothing is
counted twice, and an invoice that was credited for good leaves its goods to the one that replaces it.

A delivery's goods that came back are taken off the transfer that they came from, then (where the return names none)
off the latest ones. Whoever takes the rest of a transfer carries its returns, as negative quantities.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one invoice line draws from a pool: `standing` for good, `credited` only if something is left."""

    line_id: int
    standing: Decimal
    credited: Decimal


@dataclass(frozen=True, slots=True)
class Movement:
    """Goods that went out (`returned_id` None) or came back, oldest first; `returned_id` is the way out they undo."""

    id: int
    quantity: Decimal
    comes_back: bool
    returned_id: int | None


def share_out(pool: Decimal, claims: Sequence[Claim]) -> dict[int, Decimal]:
    """What each claim gets of `pool`, by line id; claims come first invoice first."""
    left = max(pool, ZERO)
    shares = {}
    for claim in claims:
        shares[claim.line_id] = min(claim.standing, left)
        left -= shares[claim.line_id]
    for claim in claims:
        part = min(claim.credited, left)
        shares[claim.line_id] += part
        left -= part
    return shares


def delivered_net(movements: Iterable[Movement]) -> Decimal:
    """What stayed with the buyer."""
    return sum((-item.quantity if item.comes_back else item.quantity for item in movements), ZERO)


def carry(movements: Sequence[Movement], shares: dict[int, Decimal]) -> dict[int, list[tuple[int, Decimal]]]:
    """Which movements carry each share: (movement id, quantity) by line id, returns negative.

    :param shares: what each line gets of the net quantity, first invoice first (`share_out`)
    """
    transfers = _transfers(movements)
    carried: dict[int, list[tuple[int, Decimal]]] = {}
    at = 0
    for line_id, share in shares.items():
        pieces = carried[line_id] = []
        need = share
        while at < len(transfers) and (need > 0 or transfers[at].net == 0):
            transfer = transfers[at]
            part = min(need, transfer.net)
            need -= part
            transfer.net -= part
            if transfer.net > 0:
                transfer.out -= part
                pieces.append((transfer.id, part))
                break
            pieces.append((transfer.id, transfer.out))
            pieces.extend((return_id, -quantity) for return_id, quantity in transfer.returns)
            at += 1
    return carried


@dataclass(slots=True)
class _Transfer:
    """A way out while it is shared out: `out` is what left, `net` what of it stayed."""

    id: int
    out: Decimal
    net: Decimal
    returns: list[tuple[int, Decimal]]

    def take_back(self, return_id: int, quantity: Decimal) -> Decimal:
        """Undo up to `quantity`; gives what is left of it."""
        part = min(quantity, self.net)
        if part:
            self.net -= part
            self.returns.append((return_id, part))
        return quantity - part


def _transfers(movements: Sequence[Movement]) -> list[_Transfer]:
    transfers = {
        item.id: _Transfer(item.id, item.quantity, item.quantity, []) for item in movements if not item.comes_back
    }
    for item in movements:
        if item.comes_back:
            left = item.quantity
            if item.returned_id in transfers:
                left = transfers[item.returned_id].take_back(item.id, left)
            for transfer in reversed(transfers.values()):
                left = transfer.take_back(item.id, left)
    return list(transfers.values())
