"""A batch for one bank: rows in pieces of canonical lines, and the sums that bind the pieces together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from openscf.canonical import sha256_hex
from openscf.money import to_amount
from openscf.programs import MAX_CHUNK_ROWS, write_chunk


@dataclass(frozen=True)
class Piece:
    """So many rows as the bytes of one document."""

    content: bytes
    rows: int

    @property
    def sha256(self) -> str:
        return sha256_hex(self.content)


@dataclass(frozen=True)
class Batch:
    """What one bank gets: the pieces in the order of `member_ref`, how many rows they have, and their sums."""

    pieces: tuple[Piece, ...]
    totals: dict[str, str]

    @property
    def rows(self) -> int:
        return sum(piece.rows for piece in self.pieces)


def batch_of(rows: Iterable[dict], currency: str) -> Batch:
    """Cut rows into pieces; the same rows give the same bytes, in whatever order they come.

    Their order is that of `member_ref`, so that a place in it tells nothing.

    :param rows: rows of docs/protocol.md, "Prequalification"
    :raise InputInvalid: where there is none, or one has no canonical form
    """
    ordered = sorted(rows, key=lambda row: row["member_ref"])
    pieces = tuple(
        Piece(write_chunk(part), len(part))
        for start in range(0, max(len(ordered), 1), MAX_CHUNK_ROWS)
        for part in [ordered[start : start + MAX_CHUNK_ROWS]]
    )
    sums = {name: sum((Decimal(row[name]) for row in ordered), Decimal(0)) for name in ("ordered", "invoiced")}
    return Batch(pieces, {name: to_amount(value, currency) for name, value in sums.items()})
