"""The evidence graph as a picture: what an order, a delivery, a tax and a payment carry of a document's amount."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from reportlab.graphics.shapes import Drawing, Group, Line, Polygon, Rect
from reportlab.lib.colors import Color

from openscf._internal.sections import Contradiction, EvidenceDocument, FinancedDocument, Sections
from openscf.pdf.fonts import MEDIUM
from openscf.pdf.kinds import BOX_TITLES, is_bought
from openscf.pdf.palette import (
    ACCENT,
    ACCENT_MIDDLE,
    ACCENT_PALE,
    INK,
    LEVELS,
    LEVELS_PALE,
    LINE,
    PALE,
    QUIET,
    WHITE,
    WIDTH,
)
from openscf.pdf.strokes import label, mark
from openscf.pdf.wording import amount, counted, day, listed, share

_GAP: Final = 26.0
_HEIGHT: Final = 88.0
_HEAD: Final = 17.0
_ZERO: Final = Decimal(0)

STREAM_OF: Final = {
    "no-order": "order",
    "quantity-over-ordered": "order",
    "price-differs": "order",
    "currency-differs": "order",
    "buyer-differs": "order",
    "seller-differs": "order",
    "quantity-over-delivered": "delivery",
    "received-over-ordered": "delivery",
    "returned": "delivery",
    "tax-differs": "tax",
    "paid-twice": "payment",
    "number-used-twice": "document",
    "dates-out-of-order": "document",
    "disputed": "document",
}
"""In which box of the picture each contradiction shows."""


@dataclass(frozen=True)
class Stream:
    """One box: its name, its amount, the amount that it should carry, and what stands in it."""

    name: str
    title: str
    carried: Decimal | None
    whole: Decimal
    notes: Sequence[str]
    share_says: str
    contradictions: Sequence[int] = field(default_factory=tuple)

    @property
    def level(self) -> str:
        """How far the stream carries the amount: red where it contradicts, amber where a part is missing."""
        if self.contradictions:
            return "red"
        if self.carried is None or not self.whole:
            return "grey"
        return "green" if self.carried >= self.whole else "amber"


def document_picture(
    document: FinancedDocument,
    evidence: EvidenceDocument,
    sections: Sections,
    contradictions: Sequence[tuple[int, Contradiction]],
) -> Drawing:
    """Return the picture of one document; `contradictions` carry the numbers under which the text names them."""
    found: dict[str, list[int]] = {}
    for index, contradiction in contradictions:
        found.setdefault(STREAM_OF[contradiction.code], []).append(index)
    notes = _notes(document, sections)
    titles = {**_titles(sections), "document": BOX_TITLES[document.kind]}
    return _draw(_streams(evidence, document.totals.tax, notes, titles, found), evidence.currency)


def picture_of_all(evidence: Sequence[EvidenceDocument], sections: Sections) -> Drawing:
    """Return one picture of documents of one currency, with how many contradictions each stream has."""
    sums = EvidenceDocument(
        document="all",
        currency=evidence[0].currency,
        **{
            name: sum((getattr(row, name) for row in evidence), _ZERO)
            for name in ("gross", "ordered", "delivered", "deliverable", "taxed", "paid", "credited")
        },
    )
    named = {row.document for row in evidence}
    tax = sum((one.totals.tax for one in sections.transaction.documents if one.number in named), _ZERO)
    found: dict[str, list[int]] = {}
    for contradiction in sections.evidence.contradictions if sections.evidence else ():
        if contradiction.document in named:
            found.setdefault(STREAM_OF[contradiction.code], []).append(0)
    notes = {name: [counted(len(rows), "contradiction", "contradictions")] for name, rows in found.items()}
    notes["document"] = [counted(len(evidence), "document", "documents"), *notes.get("document", [])]
    return _draw(_streams(sums, tax, notes, {**_titles(sections), "document": "Documents"}, found), sums.currency)


def _titles(sections: Sections) -> dict[str, str]:
    return {"delivery": "Receipt" if is_bought(sections.transaction) else "Delivery"}


def _streams(
    evidence: EvidenceDocument,
    tax: Decimal,
    notes: dict[str, list[str]],
    titles: dict[str, str],
    found: dict[str, list[int]],
) -> list[Stream]:
    settled = evidence.paid + evidence.credited
    money_notes = [f"{amount(evidence.gross - settled, evidence.currency)} open"]
    if evidence.credited:
        money_notes.append(f"{amount(evidence.credited, evidence.currency)} credited")
    if not evidence.deliverable:
        notes = {**notes, "delivery": ["nothing to deliver", *notes.get("delivery", [])]}
    streams = [
        ("order", "Order", evidence.ordered, evidence.gross, "ordered"),
        (
            "delivery",
            titles["delivery"],
            evidence.delivered if evidence.deliverable else None,
            evidence.deliverable,
            "delivered",
        ),
        ("document", titles["document"], evidence.gross, evidence.gross, ""),
        ("tax", "Tax", evidence.taxed, tax, "of its tax"),
        ("payment", "Payment", settled, evidence.gross, "settled"),
    ]
    return [
        Stream(
            name,
            title,
            carried,
            whole,
            money_notes if name == "payment" else notes.get(name, []),
            says,
            tuple(found.get(name, ())),
        )
        for name, title, carried, whole, says in streams
    ]


def _notes(document: FinancedDocument, sections: Sections) -> dict[str, list[str]]:
    """What stands in the boxes: the numbers and days of the orders and deliveries that carry the document's lines."""
    lines = [
        line for line in (sections.evidence.lines if sections.evidence else ()) if line.document == document.number
    ]
    orders = list(dict.fromkeys(row.order for line in lines for row in line.orders))
    deliveries = list(dict.fromkeys(row.delivery for line in lines for row in line.deliveries))
    ordered_on = {row.number: row.ordered_on for row in (sections.order_flow.orders if sections.order_flow else ())}
    done_on = {
        row.number: row.done_on for row in (sections.logistics_flow.deliveries if sections.logistics_flow else ())
    }
    codes = list(dict.fromkeys(code for line in lines for code in line.tax_codes))
    due = [f"due {day(document.due_date)}"] if document.due_date else []
    return {
        "order": [listed(orders, at_most=1), *_last_day(ordered_on, orders)] if orders else ["no order"],
        "delivery": [listed(deliveries, at_most=1), *_last_day(done_on, deliveries)] if deliveries else [],
        "document": [document.number, f"of {day(document.issue_date)}", *due],
        "tax": codes[:2],
    }


def _last_day(days: Mapping[str, dt.date | None], numbers: list[str]) -> list[str]:
    known = [found for found in (days.get(number) for number in numbers) if found]
    return [day(max(known))] if known else []


def _draw(streams: list[Stream], currency: str) -> Drawing:
    drawing = Drawing(WIDTH, _HEIGHT + 4)
    box = (WIDTH - _GAP * (len(streams) - 1)) / len(streams)
    for index, stream in enumerate(streams):
        x = index * (box + _GAP)
        if index:
            drawing.add(_link(x - _GAP, stream, streams[index - 1]))
        drawing.add(_box(x, box, stream, currency))
    return drawing


def _box(x: float, wide: float, stream: Stream, currency: str) -> Group:
    group = Group()
    centre = stream.name == "document"
    edge = _edge(stream)
    group.add(
        Rect(
            x, 2, wide, _HEIGHT, rx=3, ry=3,
            fillColor=LEVELS_PALE["red"] if stream.contradictions else ACCENT_PALE if centre else WHITE,
            strokeColor=edge, strokeWidth=1.4 if centre or stream.contradictions else 0.9,
            strokeDashArray=[3, 2] if stream.level == "grey" else None,
        )
    )  # fmt: skip
    top = _HEIGHT + 2
    group.add(label(x + 6, top - 12.5, stream.title, size=7.5, font=MEDIUM, colour=QUIET, room=wide - 22))
    # That money is still to come is what is financed: no warning.
    if stream.contradictions or stream.name not in {"document", "payment"}:
        group.add(mark(stream.level, x + wide - 10, top - 10, 9))
    shown = amount(stream.carried, currency) if stream.carried is not None else "–"
    size = 9.5 if len(shown) <= 12 else 8 if len(shown) <= 15 else 6.5
    group.add(label(x + 6, top - _HEAD - 12, shown, size=size, font=MEDIUM, room=wide - 10))
    group.add(label(x + 6, top - _HEAD - 21, currency, size=6.2, colour=QUIET))
    if not centre:
        group.add(_carried_bar(x + 6, top - _HEAD - 31, wide - 12, stream))
    below = top - _HEAD - (43 if not centre else 34)
    for index, note in enumerate(stream.notes[:3]):
        group.add(label(x + 6, below - 9 * index, note, size=6.8, colour=INK if index == 0 else QUIET, room=wide - 10))
    numbers = [str(number) for number in stream.contradictions if number]
    if numbers:
        text = f"see {', '.join(numbers[:3])}{' …' if len(numbers) > 3 else ''}"
        group.add(label(x + 6, 7, text, size=6.8, font=MEDIUM, colour=LEVELS["red"], room=wide - 10))
    return group


def _edge(stream: Stream) -> Color:
    if stream.contradictions:
        return LEVELS["red"]
    if stream.name == "document":
        return ACCENT
    if stream.name == "payment":
        return ACCENT_MIDDLE
    return {"green": ACCENT, "amber": LEVELS["amber"]}.get(stream.level, LINE)


def _carried_bar(x: float, y: float, wide: float, stream: Stream) -> Group:
    """A thin bar: how much of the whole the stream carries, with the percentage in words."""
    group = Group()
    group.add(Rect(x, y, wide, 3.2, rx=1.6, ry=1.6, fillColor=PALE, strokeColor=LINE, strokeWidth=0.4))
    if stream.carried is not None and stream.whole:
        part = float(min(max(stream.carried / stream.whole, _ZERO), Decimal(1)))
        if part > 0:
            group.add(
                Rect(
                    x, y, max(wide * part, 3.2), 3.2, rx=1.6, ry=1.6,
                    fillColor=LEVELS["red"] if stream.contradictions else ACCENT, strokeColor=None,
                )
            )  # fmt: skip
    return group


def _link(x: float, stream: Stream, before: Stream) -> Group:
    """An arrow between two boxes, with what part the box beside it carries; broken where streams contradict."""
    group = Group()
    y = _HEIGHT / 2 + 12
    evidence = before if before.name in {"order", "delivery"} else stream
    broken = bool(evidence.contradictions) or (before.name == "delivery" and bool(stream.contradictions))
    missing = not evidence.carried
    colour = LEVELS["red"] if broken else LINE if missing else ACCENT
    group.add(
        Line(
            x + 3, y, x + _GAP - 7, y,
            strokeColor=colour, strokeWidth=1.2, strokeDashArray=[2, 2] if broken or missing else None,
        )
    )  # fmt: skip
    tip = x + _GAP - 3
    group.add(Polygon([tip, y, tip - 5, y + 2.8, tip - 5, y - 2.8], fillColor=colour, strokeColor=None))
    if evidence.carried is not None and evidence.whole:
        text = share(evidence.carried, evidence.whole).replace(" ", "")
        group.add(label(x + _GAP / 2, y + 5, text, size=6.2, colour=QUIET, anchor="middle"))
    return group
