"""Day counts: how much of a year lies between two dates, in whole units so that spans add up exactly.

Source: 2006 ISDA Definitions, section 4.16 (b) Actual/Actual, (d) Actual/365 (Fixed), (e) Actual/360, (g) 30E/360
(Eurobond basis). A unit is a day, except for ACT/ACT: there a day of a leap year is 1/366 and one of another year
1/365, so that a year is divided into 365 × 366 units.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Final, Literal

DayCount = Literal["ACT/360", "ACT/365", "30E/360", "ACT/ACT"]

UNITS_A_YEAR: Final[dict[str, int]] = {"ACT/360": 360, "ACT/365": 365, "30E/360": 360, "ACT/ACT": 365 * 366}


def units_between(start: dt.date, end: dt.date, day_count: DayCount) -> int:
    """Return the units from `start` (included) to `end` (excluded); additive over any date in between."""
    if day_count == "30E/360":
        return _eurobond_number(end) - _eurobond_number(start)
    if day_count == "ACT/ACT":
        return _actual_number(end) - _actual_number(start)
    return (end - start).days


def _eurobond_number(date: dt.date) -> int:
    return 360 * date.year + 30 * date.month + min(date.day, 30)


def _actual_number(date: dt.date) -> int:
    days_before = date.timetuple().tm_yday - 1
    return 365 * 366 * date.year + days_before * (365 if calendar.isleap(date.year) else 366)
