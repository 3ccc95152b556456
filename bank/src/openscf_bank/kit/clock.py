"""The bank's business clock, and the wall clock that signatures and tokens are checked against.

Offers expire and interest accrues by the business clock. A test may move it by writing a date or a time into a file
that the server was told to watch; nothing on the network can.
"""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path


def wall_time() -> datetime:
    """The real time, for what protects the wire: signatures, tokens, sessions."""
    return datetime.now(timezone.utc)


class BusinessClock:
    """Business time: the wall clock, or what a test wrote into `override_file`.

    The file holds an ISO date (today's time of day is kept) or an ISO time with zone; empty or absent: the wall clock.
    """

    def __init__(self, override_file: Path | None = None) -> None:
        self._override_file = override_file

    def now(self) -> datetime:
        """Business time in UTC, to the second, as the wire shows it."""
        real = wall_time().replace(microsecond=0)
        if self._override_file is None:
            return real
        try:
            text = self._override_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return real
        if not text:
            return real
        if "T" in text:
            return datetime.fromisoformat(text).astimezone(timezone.utc).replace(microsecond=0)
        return datetime.combine(date.fromisoformat(text), real.time(), tzinfo=timezone.utc)

    def today(self) -> date:
        """The business date (UTC)."""
        return self.now().date()
