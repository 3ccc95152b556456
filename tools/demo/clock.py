"""A clock for replaying the past inside Odoo: Python's and the database's time move together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any
from unittest.mock import patch

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from odoo.sql_db import BaseCursor

OFFICE_OPENS = time(8, 0)


class ReplayClock:
    """What `fields.Date.today()`, `fields.Datetime.now()` and the log columns (`create_date`) see."""

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        self._frozen = frozen

    def move_to(self, day: date) -> None:
        self._frozen.move_to(datetime.combine(day, OFFICE_OPENS))

    def now(self) -> datetime:
        return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def replay_clock(start: date) -> Iterator[ReplayClock]:
    """Stops time at `start`, 08:00 UTC, for this process; `move_to` sets another day.

    freezegun is started once, as each start walks through every loaded module. It cannot reach PostgreSQL's `now()`,
    which Odoo reads through `cr.now()` for `create_date` and `write_date`; so that method answers from here too.
    """
    with freeze_time(datetime.combine(start, OFFICE_OPENS)) as frozen:
        clock = ReplayClock(frozen)

        def now(_cursor: Any) -> datetime:
            return clock.now()

        with patch.object(BaseCursor, "now", now):
            yield clock
