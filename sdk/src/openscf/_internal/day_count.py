"""Day counts: how many days lie between two dates, and how many make a year.

Source: 2006 ISDA Definitions, section 4.16 (d) Actual/365 (Fixed), (e) Actual/360, (g) 30E/360 (Eurobond basis).
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal

DayCount = Literal["ACT/360", "ACT/365", "30E/360"]

YEAR_DAYS: Final[dict[str, int]] = {"ACT/360": 360, "ACT/365": 365, "30E/360": 360}


def days_between(start: dt.date, end: dt.date, day_count: DayCount) -> int:
    """Return the days from `start` to `end`; additive over any date in between."""
    if day_count == "30E/360":
        return _eurobond_number(end) - _eurobond_number(start)
    return (end - start).days


def _eurobond_number(date: dt.date) -> int:
    return 360 * date.year + 30 * date.month + min(date.day, 30)
