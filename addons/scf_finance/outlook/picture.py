"""A loan drawn along the time: what was to be paid, what came in, what is expected, what is owed. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .expected import Expected

# What is expected long after the last due date is no longer drawn: the rest would have no room.
LONGEST_AFTER = timedelta(days=60)
# More rows than these nobody reads; what happens within a week is then one row.
MOST_ROWS = 30
# Lines of the scale, at round sums.
SCALE_STEPS = 4
MOST_MARKS = 6

Step = tuple[date, Decimal]


@dataclass(frozen=True, slots=True)
class Course:
    """What became of a loan, and what is expected, day by day. Amounts in its currency.

    :ivar due: sums to be paid, by due date
    :ivar came_in: payments of buyers; what was undone is negative
    :ivar owed: the principal owed at the end of each day on which it changed
    :ivar expected: what is expected from today on
    """

    start: date
    today: date
    due: tuple[Step, ...]
    came_in: tuple[Step, ...]
    owed: tuple[Step, ...]
    expected: tuple[Expected, ...]

    @property
    def end(self) -> date:
        """The last day that is drawn."""
        last_due = max((day for day, _amount in self.due), default=self.today)
        longest = max(last_due, self.today) + LONGEST_AFTER
        latest = max((item.late for item in self.expected), default=last_due)
        return max(self.start + timedelta(days=1), self.today, last_due, min(latest, longest))

    @property
    def collected(self) -> Decimal:
        """What came in so far."""
        return sum((amount for _day, amount in self.came_in), Decimal(0))

    def expected_by(self, day: date, end: str = "on") -> Decimal:
        """What will have come in by the day: as expected (`on`), at the earliest (`due`) or at the latest (`late`)."""
        return self.collected + sum((item.amount for item in self.expected if getattr(item, end) <= day), Decimal(0))

    def due_by(self, day: date) -> Decimal:
        """What is to be paid by the day in all."""
        return sum((amount for due_on, amount in self.due if due_on <= day), Decimal(0))

    def came_in_by(self, day: date) -> Decimal:
        """What came in by the day."""
        return sum((amount for on, amount in self.came_in if on <= day), Decimal(0))

    def owed_on(self, day: date) -> Decimal:
        """The principal owed at the end of the day."""
        return next((amount for on, amount in sorted(self.owed, reverse=True) if on <= day), Decimal(0))


@dataclass(frozen=True, slots=True)
class Frame:
    """The paper: days and amounts as places in percent, from the start and from the bottom."""

    start: date
    end: date
    top: Decimal

    @classmethod
    def around(cls, course: Course) -> Frame:
        """A frame into which all of the course fits, its top at a round sum."""
        end = course.end
        highest = max(course.due_by(end), course.expected_by(end, "due"), *(amount for _day, amount in course.owed), 1)
        return cls(course.start, end, _round_top(Decimal(highest)))

    def x(self, day: date) -> float:
        """Place of a day along the time; days outside are at the edge."""
        whole = (self.end - self.start).days
        return round(100 * min(max((day - self.start).days, 0), whole) / whole, 2)

    def y(self, amount: Decimal) -> float:
        """Place of an amount upwards."""
        return round(float(100 * max(amount, Decimal(0)) / self.top), 2)

    def scale(self) -> list[Decimal]:
        """The amounts that the scale names."""
        return [self.top * step / SCALE_STEPS for step in range(SCALE_STEPS + 1)]

    def marks(self) -> list[date]:
        """The days that the axis names: at most `MOST_MARKS`, evenly."""
        whole = (self.end - self.start).days
        count = min(MOST_MARKS, whole + 1)
        return [self.start + timedelta(days=round(whole * number / (count - 1))) for number in range(count)]


def steps(frame: Frame, first: Step, changes: Iterable[Step], until: date) -> list[list[float]]:
    """A line that stays level between the days on which a total changes, from `first` to the day `until`.

    :param changes: day and new total, in the order of days
    """
    day, total = first
    points = [[frame.x(day), frame.y(total)]]
    for day, new_total in changes:
        if day > until:
            break
        points += [[frame.x(day), frame.y(total)], [frame.x(day), frame.y(new_total)]]
        total = new_total
    points.append([frame.x(until), frame.y(total)])
    return [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]


def lines(course: Course, frame: Frame) -> dict[str, list[list[float]]]:
    """The points of each line: due, real, expected, early, late, owed."""
    today, now = course.today, course.collected
    due_days = sorted({day for day, _amount in course.due})
    real_days = sorted({day for day, _amount in course.came_in if day <= today})

    def ahead(end):
        days = sorted({getattr(item, end) for item in course.expected})
        return steps(frame, (today, now), [(day, course.expected_by(day, end)) for day in days], frame.end)

    return {
        "due": steps(frame, (frame.start, Decimal(0)), [(day, course.due_by(day)) for day in due_days], frame.end),
        "real": steps(
            frame,
            (frame.start, Decimal(0)),
            [(day, course.came_in_by(day)) for day in real_days],
            min(today, frame.end),
        ),
        "expected": ahead("on") if course.expected else [],
        "early": ahead("due") if course.expected else [],
        "late": ahead("late") if course.expected else [],
        "owed": steps(frame, (frame.start, Decimal(0)), sorted(course.owed), min(today, frame.end)),
    }


def days_told(course: Course) -> Sequence[date]:
    """The days that the table tells of: those on which something changes, by the week where they are many."""
    days = {day for day, _amount in (*course.due, *course.came_in, *course.owed)}
    days |= {course.today, *(item.on for item in course.expected if item.on <= course.end)}
    if len(days) <= MOST_ROWS:
        return sorted(days)
    return sorted({min(day + timedelta(days=6 - day.weekday()), course.end) for day in days} | {course.today})


def _round_top(highest: Decimal) -> Decimal:
    """The next amount of 1, 2, 4, 5, 6, 8 or 10 times a power of ten: a quarter of it is round, too."""
    power = Decimal(10) ** highest.adjusted()
    return next(power * factor for factor in (1, 2, 4, 5, 6, 8, 10) if power * factor >= highest)
