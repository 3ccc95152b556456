"""The financed documents: each with its picture and lines while they are few, a table of them when they are many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from openscf._internal.naming import naming
from openscf._internal.sections import (
    Confirmation,
    Contradiction,
    EvidenceDocument,
    EvidenceLine,
    FinancedDocument,
    Sections,
)
from openscf.pdf.book import aside, block, caption, chapter
from openscf.pdf.goods import pledged
from openscf.pdf.kinds import heading, is_bought, is_pledged
from openscf.pdf.palette import SENTENCE
from openscf.pdf.picture import document_picture, picture_of_all
from openscf.pdf.strokes import level_drawing
from openscf.pdf.tables import Cell, Column, table
from openscf.pdf.wording import amount, counted, day, listed, markup, moment, money, number, share, words

MOST_DRAWN: Final = 12
"""So many documents have a picture of their own; more are a table."""
_MOST_LINES: Final = 30
_MOST_ROWS: Final = 150
_MOST_CONTRADICTIONS: Final = 40

Numbered = list[tuple[int, Contradiction]]


def documents(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the financed documents, or of the pledged goods; none where no document is financed."""
    if not sections.transaction.documents:
        return
    contradictions = sections.evidence.contradictions if sections.evidence else ()
    numbered = list(enumerate(contradictions, start=1))
    if is_pledged(sections.transaction):
        yield from chapter("What is pledged", "Goods of the applicant's own, at the cost that its books keep.")
        yield from pledged(sections)
        yield from _contradictions(numbered)
        yield from _confirmations(sections)
        return
    rows = sections.transaction.documents
    yield from chapter(
        "What is financed",
        "Each box is a stream of the applicant's books; the bar and the percentage say how much of the document it "
        "carries. A red box contradicts; the numbered sentences below it say how.",
    )
    if not sections.evidence:
        yield aside("The evidence graph is not part of this package; the documents are shown as stated.")
    if len(rows) > MOST_DRAWN:
        yield from _summary(sections, numbered)
    else:
        for document in rows:
            yield from _one(document, sections, [pair for pair in numbered if pair[1].document == document.number])
    yield from _confirmations(sections)


def _one(document: FinancedDocument, sections: Sections, numbered: Numbered) -> Iterator[Flowable]:
    head: list[Flowable] = [block(heading(document, naming(sections.party)))]
    evidence = _evidence_of(sections).get(document.number)
    if evidence:
        head.append(document_picture(document, evidence, sections, numbered))
    yield KeepTogether([*head, *_sentences(numbered[:_MOST_CONTRADICTIONS])])
    yield Spacer(1, 4)
    yield _lines(document, sections)
    if len(document.lines) > _MOST_LINES:
        yield aside(f"{counted(len(document.lines) - _MOST_LINES, 'more line is', 'more lines are')} in the package.")
    yield _totals(document)


def _lines(document: FinancedDocument, sections: Sections) -> Flowable:
    carried = {
        line.line: line
        for line in (sections.evidence.lines if sections.evidence else ())
        if line.document == document.number
    }
    columns = [
        Column("#", 0.035), Column("Goods or service", 0.28), Column("Quantity", 0.09, right=True),
        Column("Unit price", 0.10, right=True), Column("Net", 0.11, right=True), Column("Tax", 0.09, right=True),
        Column("Order", 0.135), Column("Receipt" if is_bought(sections.transaction) else "Delivery", 0.16),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for line in document.lines[:_MOST_LINES]:
        product = f"{line.product_code} · " if line.product_code else ""
        discount = f" (−{number(line.discount_percent)} %)" if line.discount_percent else ""
        orders, deliveries = _carriers(carried.get(line.line))
        rows.append(
            [
                str(line.line), f"{product}{line.description}", f"{number(line.quantity)} {line.uom or ''}".strip(),
                f"{number(line.unit_price)}{discount}", amount(line.net, document.currency),
                amount(line.tax, document.currency), orders, deliveries,
            ]
        )  # fmt: skip
    return table(columns, rows)


def _carriers(line: EvidenceLine | None) -> tuple[str, str]:
    """What carries a line: the orders and deliveries with their quantities."""
    if line is None:
        return "", ""
    orders = [f"{row.order}: {number(row.quantity)}" for row in line.orders]
    deliveries = [f"{row.delivery}: {number(row.quantity)}" for row in line.deliveries]
    nothing = "none" if line.needs_delivery else "needs none"
    return listed(orders, at_most=2) if orders else "none", listed(deliveries, at_most=2) if deliveries else nothing


def _totals(document: FinancedDocument) -> Flowable:
    names = ("net", "tax", "gross", "paid", "credited", "outstanding")
    columns = [Column(words(name), 1, right=True) for name in names]
    figures = [amount(getattr(document.totals, name), document.currency) for name in names]
    return table([Column("Currency", 0.6), *columns], [], total=[document.currency, *figures])


def _sentences(numbered: Numbered) -> Iterator[Flowable]:
    for index, row in numbered:
        place = f"{row.document}, line {row.line}" if row.line is not None else row.document
        figures = ""
        if row.figure is not None and row.expected is not None:
            figures = f" ({number(row.figure)} where {number(row.expected)} was expected)"
        yield Paragraph(markup(f"{index}.  {place}: {row.sentence}{figures}"), SENTENCE)


def _summary(sections: Sections, numbered: Numbered) -> Iterator[Flowable]:
    rows = sections.transaction.documents
    evidence = _evidence_of(sections)
    for currency in dict.fromkeys(document.currency for document in rows):
        mine = [document for document in rows if document.currency == currency]
        graph = [evidence[document.number] for document in mine if document.number in evidence]
        head: list[Flowable] = [block(f"{counted(len(mine), 'document', 'documents')} in {currency}, together")]
        yield KeepTogether([*head, picture_of_all(graph, sections)] if graph else head)
    marked = {row.document for _, row in numbered}
    # Contradictions first, then the largest: the eye falls on what matters, and the cut takes the least.
    ordered = sorted(rows, key=lambda one: (one.number not in marked, -one.totals.outstanding, one.number))
    shown = ordered[:_MOST_ROWS]
    yield from caption("The documents, those with contradictions first, then the largest")
    yield _summary_table(shown, sections, marked)
    if len(ordered) > len(shown):
        yield aside(f"{counted(len(ordered) - len(shown), 'more document is', 'more documents are')} in the package.")
    yield from _contradictions(numbered)


def _contradictions(numbered: Numbered) -> Iterator[Flowable]:
    if not numbered:
        return
    yield from caption("Contradictions")
    yield from _sentences(numbered[:_MOST_CONTRADICTIONS])
    if len(numbered) > _MOST_CONTRADICTIONS:
        left = len(numbered) - _MOST_CONTRADICTIONS
        yield aside(f"{counted(left, 'more contradiction is', 'more contradictions are')} in the package.")


def _summary_table(rows: list[FinancedDocument], sections: Sections, marked: set[str]) -> Flowable:
    named, evidence = naming(sections.party), _evidence_of(sections)
    other = "Seller" if is_bought(sections.transaction) else "Buyer"
    columns = [
        Column("Number", 0.17), Column(other, 0.25), Column("Due", 0.11), Column("Gross", 0.15, right=True),
        Column("Open", 0.15, right=True), Column("Ordered", 0.075, right=True), Column("Delivered", 0.085, right=True),
        Column("", 0.05),
    ]  # fmt: skip
    cells: list[list[Cell]] = []
    for document in rows:
        row = evidence.get(document.number)
        totals, currency = document.totals, document.currency
        cells.append(
            [
                document.number, named(document.counterparty), day(document.due_date),
                money(totals.gross, currency), money(totals.outstanding, currency),
                share(row.ordered, row.gross) if row else "", share(row.delivered, row.deliverable) if row else "",
                _flag(document.number in marked, row),
            ]
        )  # fmt: skip
    return table(columns, cells)


def _flag(contradicted: bool, row: EvidenceDocument | None) -> Cell:
    if row is None:
        return ""
    covered = row.ordered >= row.gross and row.delivered >= row.deliverable
    level = "red" if contradicted else "green" if covered else "amber"
    return level_drawing(level, worded=False)


def _confirmations(sections: Sections) -> Iterator[Flowable]:
    rows: tuple[Confirmation, ...] = sections.transaction.confirmations
    if not rows:
        return
    yield from caption("What the buyers answered through their own link")
    columns = [
        Column("Document", 0.16), Column("Answer", 0.14), Column("Amount", 0.17, right=True), Column("By", 0.23),
        Column("When", 0.16), Column("Words", 0.2),
    ]  # fmt: skip
    yield table(
        columns,
        [
            [
                row.document, level_drawing("green" if row.answer == "confirmed" else "red", word=words(row.answer)),
                money(row.amount, row.currency), " · ".join(filter(None, [row.confirmed_by, row.role])),
                moment(row.confirmed_at), row.comment or "",
            ]
            for row in rows[:_MOST_ROWS]
        ],
    )  # fmt: skip


def _evidence_of(sections: Sections) -> dict[str, EvidenceDocument]:
    return {row.document: row for row in sections.evidence.documents} if sections.evidence else {}
