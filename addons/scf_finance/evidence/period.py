"""The days that the history of a package covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, both included; `end` is the day on which the package is built."""

    start: date
    end: date

    @classmethod
    def of_months(cls, history_months: int, today: date) -> Period:
        """`history_months` full months before the month of `today`, and the running month up to `today`."""
        return cls(today.replace(day=1) - relativedelta(months=history_months), today)
