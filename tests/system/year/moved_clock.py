"""The clock of the year: one business time for the ERP in this process and for both banks, moved by hand.

What protects the wire (signatures, tokens, TLS, time-outs) keeps the wall clock on both sides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from freezegun import freeze_time

# Modules that live in wall time: the SDK and the banks' own side of the tests, and whatever speaks on a socket.
IN_WALL_TIME = ["openscf", "jwt", "requests", "urllib3", "http", "socket", "socketserver", "selectors", "subprocess"]
IN_WALL_TIME += ["psycopg2", "logging", "sqlalchemy", "tests.parts.cut_wire"]
OPENS_AT = dt.time(8, 0)
A_STEP = dt.timedelta(minutes=1)


class MovedClock:
    """Business time that only moves forward, a step at a time within a day.

    :param listeners: told of each new time (aware, UTC), as the banks are
    """

    def __init__(self, frozen: Callable[[dt.datetime], None], first: dt.date) -> None:
        self._frozen = frozen
        self._listeners: list[Callable[[dt.datetime], None]] = []
        self.now = dt.datetime.combine(first, OPENS_AT, tzinfo=dt.timezone.utc)

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def tell(self, listener: Callable[[dt.datetime], None]) -> None:
        """Have somebody follow this clock from now on."""
        self._listeners.append(listener)
        listener(self.now)

    def open(self, day: dt.date) -> None:
        """Begin a later day."""
        self._move(dt.datetime.combine(day, OPENS_AT, tzinfo=dt.timezone.utc))

    def step(self, by: dt.timedelta = A_STEP) -> None:
        """Go on within the day."""
        self._move(self.now + by)

    def _move(self, moment: dt.datetime) -> None:
        if moment <= self.now:
            raise ValueError(f"it is {self.now} already: the clock does not go back to {moment}")
        self.now = moment
        self._frozen(moment.replace(tzinfo=None))
        for listener in self._listeners:
            listener(moment)


@contextmanager
def moved_clock(first: dt.date) -> Iterator[MovedClock]:
    """Stop this process's clock on the morning of `first`. Import everything that is used before."""
    start = dt.datetime.combine(first, OPENS_AT)
    with freeze_time(start, ignore=IN_WALL_TIME) as frozen:
        yield MovedClock(frozen.move_to, first)
