"""The book: pages with header, footer and "page x of y", chapters with bookmarks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfbase._fontdata import standardFonts
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, HRFlowable, PageTemplate, Paragraph

from openscf.pdf.fonts import MEDIUM, REGULAR, width
from openscf.pdf.palette import (
    ACCENT,
    BLOCK,
    BODY,
    BOTTOM,
    CAPTION,
    CHAPTER,
    COMMAND,
    LINE,
    MARGIN,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    QUIET,
    QUIET_TEXT,
    TOP,
)
from openscf.pdf.strokes import label
from openscf.pdf.wording import markup, plain

_PAGES: Final = "pages"
_FRAME_SIZE: Final = 7.5
# Points that a title needs below it for what it names: a chapter's first table or picture, a chart, some rows.
_ROOM_FOR_CHAPTER: Final = 190
_ROOM_FOR_PICTURE: Final = 150
_ROOM_FOR_ROWS: Final = 80
_LONGEST_PARAGRAPH: Final = 3000


class Chapter(Paragraph):  # type: ignore[misc]  # ReportLab has no types
    """A chapter's title, which is also a bookmark."""

    def __init__(self, title: str) -> None:
        super().__init__(markup(title, MEDIUM), CHAPTER)
        self.title = plain(title)


def chapter(title: str, lead: str = "") -> list[Flowable]:
    """Return the head of a chapter: its title, a rule, and a sentence that says what it shows."""
    flowables = [
        CondPageBreak(_ROOM_FOR_CHAPTER),
        Chapter(title),
        HRFlowable(width="100%", thickness=0.8, color=ACCENT, spaceAfter=5),
    ]
    return [*flowables, aside(lead)] if lead else flowables


def block(title: str) -> Paragraph:
    """Return the title of a part of a chapter."""
    return Paragraph(markup(title, MEDIUM), BLOCK)


def caption(title: str, *, of_picture: bool = False) -> list[Flowable]:
    """Return the title of a table or picture, on the page where that begins.

    A table begins with its first rows, however long it is, so the title is not bound to the whole of it.
    """
    room = _ROOM_FOR_PICTURE if of_picture else _ROOM_FOR_ROWS
    return [CondPageBreak(room), under(title)]


def under(title: str) -> Paragraph:
    """Return such a title alone, where something else sees to the page."""
    return Paragraph(markup(title, MEDIUM), CAPTION)


def said(text: str) -> Paragraph:
    """Return a text as a paragraph."""
    return Paragraph(markup(text, at_most=_LONGEST_PARAGRAPH), BODY)


def aside(text: str) -> Paragraph:
    """Return a remark."""
    return Paragraph(markup(text, at_most=_LONGEST_PARAGRAPH), QUIET_TEXT)


def command(*lines: str) -> Paragraph:
    """Return lines to type."""
    return Paragraph("<br/>".join(markup(line, MEDIUM) for line in lines), COMMAND)


def bind(story: Sequence[Flowable], *, header: str, package_id: str, title: str, author: str) -> bytes:
    """Lay the story out on pages and return the PDF; the same story gives the same bytes."""
    buffer = io.BytesIO()
    book = _Book(
        buffer,
        pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=TOP,
        bottomMargin=BOTTOM,
        title=plain(title),
        author=plain(author),
        invariant=1,
        lang="en",
        initialFontName=REGULAR,
    )
    frame = Frame(MARGIN, BOTTOM, PAGE_WIDTH - 2 * MARGIN, PAGE_HEIGHT - TOP - BOTTOM, 0, 0, 0, 0, id="text")

    def draw_frame(canvas: Canvas, _: BaseDocTemplate) -> None:
        _draw_frame(canvas, header=header, package_id=package_id)

    book.addPageTemplates(PageTemplate(id="page", frames=[frame], onPage=draw_frame))
    book.build(list(story), canvasmaker=_BookCanvas)
    return buffer.getvalue()


class _Book(BaseDocTemplate):  # type: ignore[misc]
    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - ReportLab's name
        if isinstance(flowable, Chapter):
            key = f"chapter-{self.seq.nextf('chapter')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.title, key, 0)


class _BookCanvas(Canvas):  # type: ignore[misc]
    """A canvas that knows embedded fonts only, and draws the number of pages last, into a form that all pages show."""

    def setFont(self, psfontname: str, size: float, leading: float | None = None) -> None:  # noqa: N802 - its name
        # Tables and drawings begin with a standard font before they set theirs; no archive may refer to one.
        name = REGULAR if psfontname in standardFonts else psfontname
        super().setFont(name, size, leading)

    def save(self) -> None:
        pages = str(self.getPageNumber() - 1)
        self.beginForm(_PAGES)
        self.setFont(REGULAR, _FRAME_SIZE)
        self.setFillColor(QUIET)
        self.drawString(0, 0, pages)
        self.endForm()
        super().save()


def _draw_frame(canvas: Canvas, *, header: str, package_id: str) -> None:
    right, top, bottom = PAGE_WIDTH - MARGIN, PAGE_HEIGHT - 13 * mm, 11 * mm
    canvas.saveState()
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    drawing = Drawing(PAGE_WIDTH, PAGE_HEIGHT)
    if canvas.getPageNumber() > 1:
        canvas.line(MARGIN, top - 4, right, top - 4)
        drawing.add(label(MARGIN, top, header, size=_FRAME_SIZE, colour=QUIET, room=right - MARGIN - 90))
        drawing.add(label(right, top, "Evidence package", size=_FRAME_SIZE, colour=QUIET, anchor="end"))
    canvas.line(MARGIN, bottom + 10, right, bottom + 10)
    page = f"Page {canvas.getPageNumber()} of "
    drawing.add(label(right, bottom, package_id, size=_FRAME_SIZE, colour=QUIET, anchor="end"))
    drawing.add(label(MARGIN, bottom, page, size=_FRAME_SIZE, colour=QUIET))
    renderPDF.draw(drawing, canvas, 0, 0)
    canvas.translate(MARGIN + width(page, REGULAR, _FRAME_SIZE), bottom)
    canvas.doForm(_PAGES)
    canvas.restoreState()
