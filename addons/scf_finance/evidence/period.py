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

    def days_by_month(self) -> Iterator[tuple[date, date]]:
        """First and last day of each month, as far as they lie in the period."""
        first = self.start
        while first <= self.end:
            following = first.replace(day=1) + relativedelta(months=1)
            yield first, min(following - timedelta(days=1), self.end)
            first = following

    def months(self, zone: tzinfo) -> Iterator[Month]:
        """The months of the period as they begin and end in a time zone (pytz)."""
        for first, last in self.days_by_month():
            yield Month(first.strftime("%Y-%m"), _midnight(first, zone), _midnight(last + timedelta(days=1), zone))


def _midnight(day: date, zone: tzinfo) -> datetime:
    return zone.localize(datetime.combine(day, time())).astimezone(pytz.utc).replace(tzinfo=None)
