"""Pledged goods, and how fast financed goods sell, against the documents' lines."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from openscf._internal.comparison import ZERO
from openscf._internal.finding import Finding
from openscf._internal.sections import DocumentLine, FinancedDocument, ResaleRow, Sections
from openscf.kinds import GOODS_KIND, SALES_KINDS
from openscf.package import Package

# A year of sales, and by how much a number of days may be rounded.
_DAYS: Final = Decimal(365)
_ROUNDED_DAYS: Final = Decimal(1)


def check_goods(package: Package) -> Iterator[Finding]:
    """Yield a finding for each document of goods that is not one line of goods at hand, and for each wrong resale."""
    sections = package.sections
    for at, document in enumerate(sections.transaction.documents):
        if document.kind == GOODS_KIND:
            yield from _pledged(document, f"/sections/transaction/documents/{at}")
    yield from _evidence(sections)
    yield from _resale(sections)


def _pledged(document: FinancedDocument, pointer: str) -> Iterator[Finding]:
    """One line, of which there is as much as is pledged; nobody taxed, paid or credited it."""
    if len(document.lines) != 1:
        message = f"{len(document.lines)} lines are stated; pledged goods have exactly one."
        yield Finding(code="goods-mismatch", pointer=f"{pointer}/lines", message=message)
    for number, line in enumerate(document.lines):
        if line.tax != ZERO:
            yield _not_on_goods(f"{pointer}/lines/{number}/tax", "tax")
        if line.quantity <= ZERO:
            message = f"{line.quantity:f} is pledged; a pledge has a quantity above 0."
            yield Finding(code="limit-exceeded", pointer=f"{pointer}/lines/{number}/quantity", message=message)
        if abs(line.net - line.quantity * line.unit_price) > _rounding(line):
            message = f"{line.net:f} is stated for {line.quantity:f} units worth {line.unit_price:f} each."
            yield Finding(code="total-mismatch", pointer=f"{pointer}/lines/{number}/net", message=message)
    for name in ("paid", "credited"):
        if getattr(document.totals, name) != ZERO:
            yield _not_on_goods(f"{pointer}/totals/{name}", name)
    pledged = sum((line.quantity for line in document.lines), ZERO)
    if document.goods is not None and document.goods.on_hand < pledged:
        message = f"{pledged:f} is pledged; {document.goods.on_hand:f} is at hand in {document.goods.place!r:.80}."
        yield Finding(code="limit-exceeded", pointer=f"{pointer}/goods/on_hand", message=message)


def _rounding(line: DocumentLine) -> Decimal:
    """By how much quantity times price may miss the value: half of a price's last decimal for each unit."""
    of_price, of_value = (Decimal((0, (5,), -_decimals(one) - 1)) for one in (line.unit_price, line.net))
    return abs(line.quantity) * of_price + of_value


def _decimals(value: Decimal) -> int:
    return len(f"{value:f}".partition(".")[2])


def _not_on_goods(pointer: str, name: str) -> Finding:
    message = f"Goods that are pledged have nothing {name}." if name != "tax" else "Goods that are pledged have no tax."
    return Finding(code="goods-mismatch", pointer=pointer, message=message)


def _evidence(sections: Sections) -> Iterator[Finding]:
    """No order and no delivery carries pledged goods: they are here, whatever brought them."""
    pledged = {document.number for document in sections.transaction.documents if document.kind == GOODS_KIND}
    for at, row in enumerate(sections.evidence.lines if sections.evidence and pledged else ()):
        if row.document in pledged:
            for name in ("orders", "deliveries", "needs_delivery"):
                if getattr(row, name):
                    pointer = f"/sections/evidence/lines/{at}/{name}"
                    message = f"{row.document!r:.80} is goods at hand; neither orders nor deliveries carry them."
                    yield Finding(code="evidence-mismatch", pointer=pointer, message=message)


def _resale(sections: Sections) -> Iterator[Finding]:
    """Each row is of a line of goods that were bought or pledged, once."""
    rows = sections.inventory.resale if sections.inventory else ()
    if not rows:
        return
    documents = {document.number: document for document in sections.transaction.documents}
    lines = {(number, line.line): line for number, document in documents.items() for line in document.lines}
    seen = set[tuple[str, int]]()
    for at, row in enumerate(rows):
        pointer, key = f"/sections/inventory/resale/{at}", (row.document, row.line)
        if key in seen:
            message = f"The line {row.line} of {row.document!r:.80} has a second row."
            yield Finding(code="repeated", pointer=f"{pointer}/line", message=message)
        seen.add(key)
        document = documents.get(row.document)
        if document is None:
            continue  # found as an unknown reference
        if document.kind in SALES_KINDS:
            message = f"{row.document!r:.80} is a {document.kind}: its goods are sold already."
            yield Finding(code="technique-mismatch", pointer=f"{pointer}/document", message=message)
        if key not in lines:
            message = f"The document {row.document!r:.80} has no line {row.line}."
            yield Finding(code="reference-unknown", pointer=f"{pointer}/line", message=message)
        else:
            yield from _of_line(row, lines[key], pointer)


def _of_line(row: ResaleRow, line: DocumentLine, pointer: str) -> Iterator[Finding]:
    """No more of a line is financed than it has, in the same unit; what is on hand does not sell faster than it did."""
    if row.uom == line.uom and row.quantity > line.quantity:
        message = f"{row.quantity:f} is called financed; the line has {line.quantity:f}."
        yield Finding(code="limit-exceeded", pointer=f"{pointer}/quantity", message=message)
    if row.days_to_sell is None:
        return
    # What is still to come is not stated: it can only make the time longer.
    least = max(row.on_hand, ZERO) * _DAYS - row.sold_quantity * _ROUNDED_DAYS
    if row.sold_quantity <= ZERO or row.days_to_sell < ZERO or row.days_to_sell * row.sold_quantity < least:
        message = (
            f"{row.days_to_sell:f} days to sell are stated; {row.sold_quantity:f} were sold within 12 months, "
            f"{row.on_hand:f} are on hand."
        )
        yield Finding(code="resale-mismatch", pointer=f"{pointer}/days_to_sell", message=message)
