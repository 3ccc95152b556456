"""Tables for a terminal: aligned by the width that characters have there, with nothing that steers the terminal."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

# A longer text would push the next column off most screens.
MAX_CELL = 52

_DIGEST = re.compile("[0-9a-f]{64}")


def printable(text: str) -> str:
    """Return the text with control characters escaped: a hostile file must not steer the reader's terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(value: Any) -> str:
    """Return a value as people read it: digests by their start, lists of objects by how many they are."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        texts = all(isinstance(item, str) for item in value)
        return ", ".join(value) if texts else str(len(value))
    return f"{value[:12]}…" if isinstance(value, str) and _DIGEST.fullmatch(value) else str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the lines of a table; numbers stand to the right. Columns without any value are left out."""
    values = [list(row) for row in rows]
    columns = [at for at in range(len(headings)) if any(shown(row[at]) for row in values)]
    cells = [[headings[at] for at in columns]] + [[_cut(printable(shown(row[at]))) for at in columns] for row in values]
    right = [all(isinstance(row[at], (Decimal, int, type(None))) for row in values) for at in columns]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            " " * (width - _width(cell)) + cell if to_right else cell + " " * (width - _width(cell))
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]


def _cut(text: str) -> str:
    if _width(text) <= MAX_CELL:
        return text
    kept = text
    while _width(kept) > MAX_CELL - 1:
        kept = kept[: -max(1, (_width(kept) - MAX_CELL) // 2)]
    return kept + "…"


def _width(text: str) -> int:
    """Return the columns that a text takes: two for a wide character, none for a mark on the one before."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
