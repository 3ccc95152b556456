"""Tables: a quiet head, thin lines, amounts to the right, and the head again on each page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from openscf.pdf.fonts import MEDIUM
from openscf.pdf.palette import (
    ACCENT,
    HEAD_CELL,
    HEAD_CELL_RIGHT,
    LINE,
    PALE,
    SMALL,
    SMALL_QUIET,
    SMALL_RIGHT,
    SMALL_STRONG,
    WIDTH,
)
from openscf.pdf.wording import markup

Cell: TypeAlias = "str | Flowable"
_PADDING: Final = 3.2


@dataclass(frozen=True)
class Column:
    """A column: its title, its part of the table's width, and whether it is read from the right as figures are."""

    title: str
    part: float
    right: bool = False


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    total: Sequence[Cell] | None = None,
    width: float = WIDTH,
) -> Table:
    """Return a table as wide as the text; texts are of others and escaped here, `total` is set apart below."""
    parts = sum(column.part for column in columns)
    head = [
        Paragraph(markup(column.title, MEDIUM), HEAD_CELL_RIGHT if column.right else HEAD_CELL) for column in columns
    ]
    body = [[_cell(value, column) for value, column in zip(row, columns, strict=True)] for row in rows]
    if total:
        body.append([_cell(value, column) for value, column in zip(total, columns, strict=True)])
    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), _PADDING),
        ("BOTTOMPADDING", (0, 0), (-1, -1), _PADDING),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, ACCENT),
        ("LINEBELOW", (0, 1), (-1, -1), 0.35, LINE),
    ]
    for index in range(1, len(columns)):
        if columns[index - 1].right and not columns[index].right:
            style.append(("LEFTPADDING", (index, 0), (index, -1), 4 * _PADDING))
    if total:
        style += [("BACKGROUND", (0, -1), (-1, -1), PALE), ("LINEABOVE", (0, -1), (-1, -1), 0.6, ACCENT)]
    return Table(
        [head, *body],
        colWidths=[width * column.part / parts for column in columns],
        repeatRows=1,
        style=TableStyle(style),
        hAlign="LEFT",
        spaceBefore=2,
        spaceAfter=6,
    )


def facts(pairs: Iterable[tuple[str, Cell]], *, width: float = WIDTH, name_part: float = 0.26) -> Table:
    """Return names and values side by side, one pair a row."""
    rows = [
        [
            Paragraph(markup(name), SMALL_QUIET),
            value if isinstance(value, Flowable) else Paragraph(markup(value), SMALL),
        ]
        for name, value in pairs
    ]
    return Table(
        rows,
        colWidths=[width * name_part, width * (1 - name_part)],
        hAlign="LEFT",
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 2.4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
                ("LINEBELOW", (0, 0), (-1, -2), 0.35, LINE),
            ]
        ),
    )


def side_by_side(cells: Sequence[Flowable | list[Flowable]], *, gap: float = 14, width: float = WIDTH) -> Table:
    """Return flowables in columns of equal width, aligned at the top."""
    column = (width - gap * (len(cells) - 1)) / len(cells)
    row: list[object] = []
    widths: list[float] = []
    for index, cell in enumerate(cells):
        if index:
            row.append("")
            widths.append(gap)
        row.append(cell)
        widths.append(column)
    return Table(
        [row],
        colWidths=widths,
        hAlign="LEFT",
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *((padding, (0, 0), (-1, -1), 0) for padding in ("LEFTPADDING", "RIGHTPADDING")),
                *((padding, (0, 0), (-1, -1), 0) for padding in ("TOPPADDING", "BOTTOMPADDING")),
            ]
        ),
    )


def strong(text: str) -> Paragraph:
    """Return a cell that stands out."""
    return Paragraph(markup(text, MEDIUM), SMALL_STRONG)


def _cell(value: Cell, column: Column) -> Flowable:
    if isinstance(value, Flowable):
        return value
    return Paragraph(markup(value), SMALL_RIGHT if column.right else SMALL)
