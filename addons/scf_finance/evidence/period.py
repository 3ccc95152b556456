"""The days that the history of a package covers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

import pytz
from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class Month:
    """The part of a calendar month within a period: `start` ≤ t < `end`, as naive UTC like Odoo's times."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, both included; `end` is the day on which the package is built."""

    start: date
    end: date

    @classmethod
    def of_months(cls, history_months: int, today: date) -> Period:
        """`history_months` full months before the month of `today`, and the running month up to `today`."""
        return cls(today.replace(day=1) - relativedelta(months=history_months), today)

    def months(self, zone: tzinfo) -> Iterator[Month]:
        """The months of the period as they begin and end in a time zone (pytz)."""
        start = self.start
        while start <= self.end:
            following = min(start.replace(day=1) + relativedelta(months=1), self.end + timedelta(days=1))
            yield Month(start.strftime("%Y-%m"), _midnight(start, zone), _midnight(following, zone))
            start = following


def _midnight(day: date, zone: tzinfo) -> datetime:
    return zone.localize(datetime.combine(day, time())).astimezone(pytz.utc).replace(tzinfo=None)
