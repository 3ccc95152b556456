"""How the story is printed: chapters, lines, tables. Plain ANSI on a terminal, plain text elsewhere or by NO_COLOR."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

BOLD, DIM, GREEN = "1", "2", "32"
CENT = Decimal("0.01")


def money(amount: object, currency: str = "") -> str:
    """1234.5, "EUR" → "1,234.50 EUR"."""
    return f"{exact(amount):,.2f} {currency}".strip()


def exact(amount: object) -> Decimal:
    """An amount as JSON gave it, to the cent."""
    return Decimal(str(amount)).quantize(CENT, rounding=ROUND_HALF_UP)


class Telling:
    """Prints to standard output and knows how long each chapter took."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._began = self._chapter_began = time.monotonic()
        self._number = 0

    def chapter(self, title: str) -> None:
        self._number += 1
        self._chapter_began = time.monotonic()
        print(f"\n{self._paint(BOLD, f'{self._number}. {title}')}", flush=True)

    def line(self, text: str) -> None:
        print(f"   {text}", flush=True)

    def good(self, text: str) -> None:
        """A line that says that an expectation held."""
        print(f"   {self._paint(GREEN, '✓')} {text}", flush=True)

    def chapter_done(self) -> None:
        print(self._paint(DIM, f"   ({time.monotonic() - self._chapter_began:.1f} s)"), flush=True)

    def the_end(self, text: str) -> None:
        print(
            f"\n{self._paint(BOLD, text)} {self._paint(DIM, f'({time.monotonic() - self._began:.0f} s)')}", flush=True
        )

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
        """Columns as wide as they need to be; those whose number is in `right` are aligned to the right."""
        widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]

        def laid_out(row: Sequence[str]) -> str:
            columns = enumerate(zip(row, widths, strict=True))
            cells = [text.rjust(width) if i in right else text.ljust(width) for i, (text, width) in columns]
            return "  ".join(cells).rstrip()

        self.line(self._paint(DIM, laid_out(heads)))
        for row in rows:
            self.line(laid_out(row))

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text
