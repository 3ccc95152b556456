"""The look of the drawing: one accent colour, greys, the lights' colours, sizes, and the styles of paragraphs."""

from __future__ import annotations

from typing import Final

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from openscf.pdf.fonts import MEDIUM, REGULAR

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN: Final = 18 * mm
TOP: Final = 24 * mm
BOTTOM: Final = 20 * mm
WIDTH: Final = PAGE_WIDTH - 2 * MARGIN
"""The width of the text, in points."""

ACCENT: Final = HexColor("#14566B")
ACCENT_MIDDLE: Final = HexColor("#6FA3B3")
ACCENT_PALE: Final = HexColor("#E8F0F3")
INK: Final = HexColor("#1F2933")
QUIET: Final = HexColor("#5B6872")
LINE: Final = HexColor("#CBD3D9")
PALE: Final = HexColor("#F5F7F8")
WHITE: Final = HexColor("#FFFFFF")

LEVELS: Final[dict[str, Color]] = {
    "green": HexColor("#2E7D4F"),
    "amber": HexColor("#B7710A"),
    "red": HexColor("#B3261E"),
    "grey": HexColor("#77838C"),
}
LEVELS_PALE: Final[dict[str, Color]] = {
    "green": HexColor("#EAF4EE"),
    "amber": HexColor("#FBF2E2"),
    "red": HexColor("#FAEBEA"),
    "grey": HexColor("#F1F3F4"),
}


def _style(
    name: str, size: float, *, font: str = REGULAR, colour: Color = INK, leading: float = 1.38, **more: object
) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=font, fontSize=size, leading=size * leading, textColor=colour, splitLongWords=1, **more
    )


BODY: Final = _style("body", 9)
QUIET_TEXT: Final = _style("quiet", 8, colour=QUIET)
SMALL: Final = _style("small", 7.5, leading=1.3)
SMALL_QUIET: Final = _style("small-quiet", 7.5, colour=QUIET, leading=1.3)
SMALL_STRONG: Final = _style("small-strong", 7.5, font=MEDIUM, leading=1.3)
SMALL_RIGHT: Final = _style("small-right", 7.5, leading=1.3, alignment=TA_RIGHT)
HEAD_CELL: Final = _style("head-cell", 7, font=MEDIUM, colour=QUIET, leading=1.25)
HEAD_CELL_RIGHT: Final = _style("head-cell-right", 7, font=MEDIUM, colour=QUIET, leading=1.25, alignment=TA_RIGHT)
SENTENCE: Final = _style("sentence", 8, colour=LEVELS["red"], leftIndent=12, firstLineIndent=-9, spaceBefore=1.5)
COMMAND: Final = _style(
    "command",
    8.5,
    font=MEDIUM,
    backColor=PALE,
    borderPadding=6,
    leftIndent=6,
    rightIndent=6,
    spaceBefore=11,
    spaceAfter=12,
)
CAPTION: Final = _style("caption", 8.5, font=MEDIUM, colour=ACCENT, spaceBefore=8, spaceAfter=4)
CHAPTER: Final = _style("chapter", 15, font=MEDIUM, colour=ACCENT, leading=1.2, spaceBefore=4, spaceAfter=3)
BLOCK: Final = _style("block", 10.5, font=MEDIUM, leading=1.25, spaceBefore=9, spaceAfter=4)
TITLE: Final = _style("title", 22, font=MEDIUM, leading=1.15)
OVERLINE: Final = _style("overline", 8.5, font=MEDIUM, colour=ACCENT)
FIGURE: Final = _style("figure", 19, font=MEDIUM, colour=ACCENT, leading=1.2)
FACT: Final = _style("fact", 10.5, font=MEDIUM, leading=1.3)
