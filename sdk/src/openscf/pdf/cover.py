"""The cover: what is asked, the three lights with their reasons, and the way of the money in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reportlab.graphics.shapes import Drawing
from reportlab.platypus import Flowable, HRFlowable, Paragraph, Spacer, Table, TableStyle

from openscf._internal.sections import CheckRow, Sections
from openscf.package import Header
from openscf.pdf.book import aside, block, said
from openscf.pdf.fonts import MEDIUM
from openscf.pdf.kinds import is_pledged
from openscf.pdf.money_path import money_path
from openscf.pdf.palette import (
    ACCENT,
    ACCENT_PALE,
    FACT,
    FIGURE,
    LEVELS,
    LEVELS_PALE,
    OVERLINE,
    QUIET_TEXT,
    SMALL,
    SMALL_QUIET,
    TITLE,
    WIDTH,
)
from openscf.pdf.parties import parties
from openscf.pdf.picture import picture_of_all
from openscf.pdf.strokes import LEVEL_WORDS, label, mark
from openscf.pdf.tables import facts
from openscf.pdf.wording import counted, markup, moment, money, words

LIGHTS: Final = {
    "authenticity": ("Authenticity", "Is the trade real?"),
    "self_liquidation": ("Self-liquidation", "Will it repay itself?"),
    "control": ("Control", "Does the money come our way?"),
}
_SEVERITY: Final = ("red", "amber", "grey", "green")
_MOST_REASONS: Final = 3
_MOST_PICTURES: Final = 2
_GAP: Final = 10.0


def cover(header: Header, sections: Sections) -> list[Flowable]:
    """Return the first page."""
    return [
        Paragraph(markup("Evidence package", MEDIUM), OVERLINE),
        Spacer(1, 3),
        Paragraph(markup(words(sections.transaction.technique), MEDIUM), TITLE),
        Spacer(1, 3),
        Paragraph(
            markup(f"{header.issuer.name} asks {sections.consent.recipient.name}, {moment(header.created_at)}"),
            QUIET_TEXT,
        ),
        HRFlowable(width="100%", thickness=1.6, color=ACCENT, spaceBefore=7, spaceAfter=9),
        _ask(sections),
        Spacer(1, 8),
        parties(sections),
        block("The applicant's own checks"),
        *_lights(sections),
        block("The way of the money"),
        said(money_path(sections)),
        *_pictures(sections),
        block("This package"),
        facts(_identity(header)),
    ]


def _ask(sections: Sections) -> Flowable:
    asked = sections.transaction
    cells = [
        ("Asked", money(asked.requested.amount, asked.requested.currency), FIGURE),
        ("For", counted(asked.tenor_days, "day", "days"), FACT),
        ("Eligible", money(asked.eligible.amount, asked.eligible.currency), FACT),
        ("Documents", counted(len(asked.documents), "document", "documents"), FACT),
    ]
    row = [
        [Paragraph(markup(name), SMALL_QUIET), Paragraph(markup(value, MEDIUM), style)] for name, value, style in cells
    ]
    return Table(
        [row],
        colWidths=[WIDTH * part for part in (0.38, 0.14, 0.28, 0.20)],
        hAlign="LEFT",
        style=TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), ACCENT_PALE),
                ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
                ("LEFTPADDING", (0, 0), (-1, -1), 10),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
            ]
        ),
    )


def _lights(sections: Sections) -> Iterator[Flowable]:
    if not sections.checks:
        yield aside("The checks are not part of this package.")
        return
    levels: dict[str, str] = {row.light: row.level for row in sections.checks.lights}
    width = (WIDTH - 2 * _GAP) / 3
    cards: list[list[Flowable]] = []
    style: list[tuple[object, ...]] = []
    for index, (code, (name, question)) in enumerate(LIGHTS.items()):
        level = levels.get(code, "grey")
        results = [row for row in sections.checks.results if row.light == code]
        cards.append(_card(name, question, level, results, width))
        column = 2 * index
        style.append(("BACKGROUND", (column, 0), (column, 0), LEVELS_PALE[level]))
        style.append(("LINEABOVE", (column, 0), (column, 0), 2, LEVELS[level]))
    yield Table(
        [[cards[0], "", cards[1], "", cards[2]]],
        colWidths=[width, _GAP, width, _GAP, width],
        hAlign="LEFT",
        style=TableStyle(
            [
                *style,
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 8),
                ("RIGHTPADDING", (0, 0), (-1, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
            ]
        ),
    )


def _card(name: str, question: str, level: str, results: list[CheckRow], width: float) -> list[Flowable]:
    room = width - 16
    head = Drawing(room, 30)
    head.add(mark(level, 12, 15, 22))
    head.add(label(31, 18.5, name, size=10, font=MEDIUM, room=room - 31))
    head.add(label(31, 7, LEVEL_WORDS[level], size=8.5, font=MEDIUM, colour=LEVELS[level]))
    card: list[Flowable] = [head, Paragraph(markup(question), SMALL_QUIET)]
    for row in _reasons(level, results):
        word = "" if row.level == level else f"{LEVEL_WORDS[row.level]}: "
        card += [Spacer(1, 3), Paragraph(markup(f"{word}{row.sentence}"), SMALL)]
    counts = [(one, sum(row.level == one for row in results)) for one in _SEVERITY]
    tally = ", ".join(f"{count} {LEVEL_WORDS[one].lower()}" for one, count in counts if count)
    card += [
        Spacer(1, 4),
        Paragraph(markup(f"{counted(len(results), 'check', 'checks')}: {tally or 'none'}"), SMALL_QUIET),
    ]
    return card


def _reasons(level: str, results: list[CheckRow]) -> list[CheckRow]:
    """The checks that make the light what it is: the worst first, and those that pass only where all do."""
    telling = [row for row in results if row.level != "green" or level == "green"]
    return sorted(telling, key=lambda row: (row.level != level, _SEVERITY.index(row.level)))[:_MOST_REASONS]


def _pictures(sections: Sections) -> Iterator[Flowable]:
    """One picture of all documents, for the currency asked for and at most one more; pledged goods have no streams."""
    if not sections.evidence or is_pledged(sections.transaction):
        return
    asked = sections.transaction
    currencies = dict.fromkeys([asked.requested.currency, *(document.currency for document in asked.documents)])
    for currency in list(currencies)[:_MOST_PICTURES]:
        rows = [row for row in sections.evidence.documents if row.currency == currency]
        if rows:
            yield Spacer(1, 7)
            yield picture_of_all(rows, sections)


def _identity(header: Header) -> Iterator[tuple[str, str]]:
    yield "Package", header.package_id
    if header.supersedes:
        yield "Corrects", header.supersedes
    yield "Sealed by", f"{header.issuer.name}, {header.issuer.tax_id}, {moment(header.created_at)}"
    yield "Key (RFC 7638 thumbprint)", header.issuer.kid
    yield "Root of the tree", header.tree.root
