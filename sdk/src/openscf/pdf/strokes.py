"""Small drawings: text in its own fonts, and the marks of the lights, which differ in shape as well as in colour."""

from __future__ import annotations

import math
from typing import Final, Literal

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, Polygon, PolyLine, String
from reportlab.lib.colors import Color

from openscf.pdf.fonts import MEDIUM, REGULAR, runs, shortened, width
from openscf.pdf.palette import INK, LEVELS, WHITE
from openscf.pdf.wording import plain

Anchor = Literal["start", "middle", "end"]

LEVEL_WORDS: Final = {"green": "Green", "amber": "Amber", "red": "Red", "grey": "Not measured"}
_WORD_SIZE: Final = 7.5


def label(
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    font: str = REGULAR,
    colour: Color = INK,
    anchor: Anchor = "start",
    room: float | None = None,
) -> Group:
    """Return a text at its baseline, run by run in the fonts that have it, cut where it is wider than `room`."""
    shown = plain(text) if room is None else shortened(plain(text), font, size, room)
    start = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * width(shown, font, size)
    group = Group()
    for chosen, characters in runs(shown, font):
        group.add(String(start, y, characters, fontName=chosen, fontSize=size, fillColor=colour))
        start += width(characters, chosen, size)
    return group


def mark(level: str, x: float, y: float, size: float) -> Group:
    """Return the mark of a light, centred: a disc with a tick, a triangle, an octagon with a cross, a ring."""
    colour = LEVELS[level]
    half = size / 2
    group = Group()
    stroke = {"strokeColor": WHITE, "strokeWidth": size * 0.11, "strokeLineCap": 1, "strokeLineJoin": 1}
    if level == "green":
        group.add(Circle(x, y, half, fillColor=colour, strokeColor=None))
        tick = [x - half * 0.45, y - half * 0.02, x - half * 0.12, y - half * 0.36, x + half * 0.48, y + half * 0.36]
        group.add(PolyLine(tick, **stroke))
    elif level == "amber":
        corners = [x - half, y - half * 0.86, x + half, y - half * 0.86, x, y + half * 0.9]
        group.add(Polygon(corners, fillColor=colour, strokeColor=colour, strokeWidth=size * 0.06, strokeLineJoin=1))
        group.add(Line(x, y + half * 0.28, x, y - half * 0.28, **stroke))
        group.add(Circle(x, y - half * 0.58, size * 0.065, fillColor=WHITE, strokeColor=None))
    elif level == "red":
        corners = []
        for corner in range(8):
            angle = math.pi * (2 * corner + 1) / 8
            corners += [x + half * 1.05 * math.cos(angle), y + half * 1.05 * math.sin(angle)]
        group.add(Polygon(corners, fillColor=colour, strokeColor=None))
        arm = half * 0.4
        group.add(Line(x - arm, y - arm, x + arm, y + arm, **stroke))
        group.add(Line(x - arm, y + arm, x + arm, y - arm, **stroke))
    else:
        group.add(Circle(x, y, half * 0.88, fillColor=None, strokeColor=colour, strokeWidth=size * 0.1))
        group.add(Line(x - half * 0.4, y, x + half * 0.4, y, strokeColor=colour, strokeWidth=size * 0.1))
    return group


def level_drawing(level: str, *, word: str | None = None, worded: bool = True, size: float = 9) -> Drawing:
    """Return a light for a table's cell: its mark, and its word or another one."""
    text = word or LEVEL_WORDS[level]
    drawing = Drawing(size + 1 + (4 + width(text, MEDIUM, _WORD_SIZE) if worded else 0), size + 1)
    drawing.add(mark(level, size / 2 + 0.5, size / 2 + 0.5, size))
    if worded:
        drawing.add(label(size + 4.5, size / 2 - 2.1, text, size=_WORD_SIZE, font=MEDIUM, colour=LEVELS[level]))
    return drawing
