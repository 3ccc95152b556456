"""Column charts as geometry: the page draws them as SVG, without a script and without a style attribute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

# The picture's own units; at this width the letters are readable on a telephone too.
WIDTH, HEIGHT = 460, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 10, 26
GRID_LINES = 4
LABELS_AT_MOST = 7
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Series:
    """One kind of figure over all columns; `kind` is its style class."""

    label: str
    kind: str
    values: tuple[Decimal, ...]


@dataclass(frozen=True)
class Bar:
    """A rectangle."""

    kind: str
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal


@dataclass(frozen=True)
class Mark:
    """A word at a place of an axis."""

    at: Decimal
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart, the same in words (`summary`), and the same as a table."""

    code: str
    title: str
    unit: str
    summary: str
    series: tuple[Series, ...]
    names: tuple[str, ...]
    bars: tuple[Bar, ...]
    grid: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    write: Callable[[Decimal], str]


def columns(
    code: str,
    title: str,
    names: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str,
    write: Callable[[Decimal], str],
    stacked: bool = False,
) -> Chart | None:
    """A chart with a column (or a group of columns) per name; None where every value is zero."""
    heights = [[max(one.values[at], Decimal(0)) for one in series] for at in range(len(names))]
    highest = max((sum(column, Decimal(0)) if stacked else max(column) for column in heights), default=Decimal(0))
    if highest <= 0:
        return None
    top = _round_number_above(highest)
    scale = (HEIGHT - TOP - BOTTOM) / top
    slot = Decimal(WIDTH - LEFT - RIGHT) / len(names)
    bars: list[Bar] = []
    for at, column in enumerate(heights):
        bars += _column(series, column, LEFT + slot * at, slot, scale, stacked=stacked)
    every = -(-len(names) // LABELS_AT_MOST)
    return Chart(
        code=code,
        title=title,
        unit=unit,
        summary=" ".join(_in_words(one, names, unit, write) for one in series),
        series=tuple(series),
        names=tuple(names),
        bars=tuple(bars),
        grid=tuple(
            Mark(_tenths(HEIGHT - BOTTOM - top * line / GRID_LINES * scale), _short(top * line / GRID_LINES))
            for line in range(GRID_LINES + 1)
        ),
        labels=tuple(
            Mark(_tenths(LEFT + slot * at + slot / 2), name) for at, name in enumerate(names) if at % every == 0
        ),
        write=write,
    )


def _column(
    series: Sequence[Series], column: Sequence[Decimal], x: Decimal, slot: Decimal, scale: Decimal, *, stacked: bool
) -> list[Bar]:
    gap = slot * Decimal("0.15")
    width = slot - 2 * gap if stacked else (slot - 2 * gap) / len(series)
    base = Decimal(HEIGHT - BOTTOM)
    bars = []
    for place, (one, value) in enumerate(zip(series, column, strict=True)):
        height = value * scale
        left = x + gap + (0 if stacked else width * place)
        if height > 0:
            bars.append(Bar(one.kind, _tenths(left), _tenths(base - height), _tenths(width), _tenths(height)))
        if stacked:
            base -= height
    return bars


def _in_words(series: Series, names: Sequence[str], unit: str, write: Callable[[Decimal], str]) -> str:
    highest = max(range(len(names)), key=lambda at: series.values[at])
    total = sum(series.values, Decimal(0))
    return f"{series.label}: {write(total)} {unit} in all, most in {names[highest]} ({write(series.values[highest])})."


def _round_number_above(value: Decimal) -> Decimal:
    """The next of 1, 2, 4, 6, 8 × 10ⁿ, which four grid lines divide well."""
    power = Decimal(1).scaleb(value.adjusted())
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value)


def _short(value: Decimal) -> str:
    """12500 → 12.5k."""
    for size, letter in ((Decimal(1_000_000), "M"), (Decimal(1_000), "k")):
        if value >= size:
            return f"{_trimmed(value / size)}{letter}"
    return _trimmed(value)


def _trimmed(value: Decimal) -> str:
    return f"{value.quantize(TENTH, rounding=ROUND_CEILING):f}".removesuffix(".0")


def _tenths(value: Decimal | int) -> Decimal:
    return Decimal(value).quantize(TENTH)
