"""Charts: bars, stacked bars, bars with a line, each with a legend in words and shapes of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import Circle, Drawing, Line, Rect
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import Color

from openscf.pdf.fonts import REGULAR
from openscf.pdf.palette import INK, LINE, QUIET, WHITE, WIDTH
from openscf.pdf.strokes import label
from openscf.pdf.wording import brief

HEIGHT: Final = 118.0
_LEFT, _RIGHT, _BOTTOM, _LEGEND = 34.0, 4.0, 20.0, 16.0
_TEXT: Final = 6.6
_MOST_LABELS: Final = 14


@dataclass(frozen=True)
class Series:
    """A row of values, one per category, under a name and in a colour."""

    name: str
    values: Sequence[float]
    colour: Color


def bar_chart(
    categories: Sequence[str],
    bars: Sequence[Series],
    *,
    line: Series | None = None,
    stacked: bool = False,
    width: float = WIDTH,
    height: float = HEIGHT,
) -> Drawing:
    """Return bars per category, side by side or stacked, with an optional line over them on the same scale."""
    drawing = Drawing(width, height)
    lowest, highest, step = _scale(bars, line, stacked)
    area = (_LEFT, _BOTTOM, width - _LEFT - _RIGHT, height - _BOTTOM - _LEGEND)
    drawing.add(_bars(categories, bars, area, (lowest, highest, step), stacked))
    if line:
        drawing.add(_line(categories, line, area, (lowest, highest, step)))
    _legend(drawing, bars, line, width, height)
    return drawing


def _bars(
    categories: Sequence[str],
    series: Sequence[Series],
    area: tuple[float, float, float, float],
    scale: tuple[float, float, float],
    stacked: bool,
) -> VerticalBarChart:
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = area
    chart.data = [list(one.values) for one in series]
    for index, one in enumerate(series):
        chart.bars[index].fillColor = one.colour
        chart.bars[index].strokeColor = WHITE if stacked else None
        chart.bars[index].strokeWidth = 0.4
    chart.barWidth, chart.barSpacing, chart.groupSpacing = 10, 0.8, 6 if len(categories) > 6 else 14
    axis = chart.valueAxis
    axis.valueMin, axis.valueMax, axis.valueStep = scale
    axis.labelTextFormat = brief
    axis.visibleGrid, axis.gridStrokeColor, axis.gridStrokeWidth = 1, LINE, 0.35
    axis.visibleAxis = axis.visibleTicks = 0
    axis.labels.fontName, axis.labels.fontSize, axis.labels.fillColor = REGULAR, _TEXT, QUIET
    below = chart.categoryAxis
    below.style = "stacked" if stacked else "parallel"
    below.categoryNames = _thinned(categories)
    below.visibleTicks, below.strokeColor, below.strokeWidth = 0, QUIET, 0.5
    below.labels.fontName, below.labels.fontSize, below.labels.fillColor = REGULAR, _TEXT, QUIET
    below.labels.dy = -3
    # Below the axis's lowest value and not at zero, so that negative bars do not run over the names.
    below.labelAxisMode = "low"
    return chart


def _line(
    categories: Sequence[str],
    line: Series,
    area: tuple[float, float, float, float],
    scale: tuple[float, float, float],
) -> HorizontalLineChart:
    chart = HorizontalLineChart()
    chart.x, chart.y, chart.width, chart.height = area
    chart.data = [list(line.values)]
    chart.lines[0].strokeColor, chart.lines[0].strokeWidth = line.colour, 1.5
    chart.lines[0].symbol = makeMarker("FilledCircle", size=3.4, fillColor=line.colour, strokeColor=WHITE)
    chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = scale
    chart.valueAxis.visible = chart.categoryAxis.visible = 0
    chart.categoryAxis.categoryNames = list(categories)
    return chart


def _legend(drawing: Drawing, bars: Sequence[Series], line: Series | None, width: float, height: float) -> None:
    x, y = _LEFT, height - 8
    for one in bars:
        drawing.add(Rect(x, y, 7, 6, fillColor=one.colour, strokeColor=None))
        x = _named(drawing, one.name, x + 10, y, width)
    if line:
        drawing.add(Line(x, y + 3, x + 12, y + 3, strokeColor=line.colour, strokeWidth=1.5))
        drawing.add(Circle(x + 6, y + 3, 2, fillColor=line.colour, strokeColor=WHITE, strokeWidth=0.5))
        _named(drawing, line.name, x + 15, y, width)


def _named(drawing: Drawing, name: str, x: float, y: float, width: float) -> float:
    text = label(x, y + 0.6, name, size=7, colour=INK, room=max(width - x, 20))
    drawing.add(text)
    return float(text.getBounds()[2]) + 12


def _thinned(categories: Sequence[str]) -> list[str]:
    """Names on every category, or on every second, third, … where they would run into each other."""
    every = -(-len(categories) // _MOST_LABELS) or 1
    return [name if index % every == 0 else "" for index, name in enumerate(categories)]


def _scale(bars: Sequence[Series], line: Series | None, stacked: bool) -> tuple[float, float, float]:
    """The lowest and highest value of the axis and its step: a round number that gives some four lines."""
    columns = list(zip(*(one.values for one in bars), strict=True))
    if stacked:
        ends = [sum(max(value, 0) for value in column) for column in columns]
        ends += [sum(min(value, 0) for value in column) for column in columns]
    else:
        ends = [value for column in columns for value in column]
    ends += list(line.values) if line else []
    lowest, highest = min([0.0, *ends]), max([0.0, *ends])
    reach = (highest - lowest) or 1.0
    magnitude = 10.0
    while magnitude > reach / 4:
        magnitude /= 10
    while magnitude * 10 <= reach / 4:
        magnitude *= 10
    step = next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= reach / 4)
    # The tiny part keeps a value that lies on a line from being pushed a step further.
    steps_below, steps_above = math.ceil(-lowest / step - 1e-9), math.ceil(highest / step - 1e-9)
    return -step * steps_below, step * (steps_above or 1), step
