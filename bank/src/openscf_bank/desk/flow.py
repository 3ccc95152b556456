"""The evidence graph of one document, for the page: order → delivery → invoice → tax → payment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from openscf.kinds import ORDER_KINDS
from openscf.package import Contradiction, EvidenceDocument, EvidenceLine, FinancedDocument, Sections

# The box in which a contradiction is marked.
STREAM_OF = {
    "no-order": "order",
    "quantity-over-ordered": "order",
    "price-differs": "order",
    "currency-differs": "order",
    "buyer-differs": "order",
    "seller-differs": "order",
    "dates-out-of-order": "order",
    "quantity-over-delivered": "delivery",
    "received-over-ordered": "delivery",
    "returned": "delivery",
    "disputed": "invoice",
    "number-used-twice": "invoice",
    "paid-twice": "payment",
    "tax-differs": "tax",
}
REFERENCES_SHOWN = 3


@dataclass(frozen=True)
class Box:
    """One stream: what it is about, the amount that it carries of `whole`, and how it stands.

    `state` is `good` (carries all), `ask` (carries a part), `bad` (contradicts) or `done` (nothing to carry).
    """

    stream: str
    heading: str
    state: str
    word: str
    references: tuple[str, ...]
    amount: Decimal | None = None
    whole: Decimal | None = None

    @property
    def share(self) -> Decimal:
        """The part carried, in percent from 0 to 100."""
        if self.amount is None or not self.whole:
            return Decimal(0)
        return min(max(self.amount / self.whole * 100, Decimal(0)), Decimal(100)).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Flow:
    """The boxes of one document and what contradicts."""

    document: FinancedDocument
    boxes: tuple[Box, ...]
    contradictions: tuple[Contradiction, ...]


def flows(sections: Sections) -> list[Flow]:
    """One graph per financed document, those with contradictions first; nothing flows to goods that lie in stock."""
    evidence = sections.evidence
    if evidence is None:
        return []
    streams = {row.document: row for row in evidence.documents}
    lines: dict[str, list[EvidenceLine]] = {}
    for line in evidence.lines:
        lines.setdefault(line.document, []).append(line)
    invoiced_by = {order.number: order.documents for order in sections.order_flow.orders} if sections.order_flow else {}
    found = [
        _flow(
            document,
            streams[document.number],
            lines.get(document.number, []),
            tuple(one for one in evidence.contradictions if one.document == document.number),
            invoiced_by.get(document.number, ()),
        )
        for document in sections.transaction.documents
        if document.number in streams and document.goods is None
    ]
    return sorted(found, key=lambda flow: not flow.contradictions)


def _flow(
    document: FinancedDocument,
    carried: EvidenceDocument,
    lines: list[EvidenceLine],
    contradictions: tuple[Contradiction, ...],
    invoices: tuple[str, ...],
) -> Flow:
    wrong = {STREAM_OF[one.code] for one in contradictions}
    orders = _distinct(order.order for line in lines for order in line.orders)
    deliveries = _distinct(delivery.delivery for line in lines for delivery in line.deliveries)
    moved = "Receipt" if document.seller else "Delivery"
    boxes = (
        _carrying("order", "Order", wrong, orders, carried.ordered, carried.gross),
        _carrying("delivery", moved, wrong, deliveries, carried.delivered, carried.deliverable),
        _invoice(document, wrong, invoices),
        _tax(document, carried, wrong, _distinct(code for line in lines for code in line.tax_codes)),
        _payment(carried, wrong),
    )
    return Flow(document, boxes, contradictions)


def _carrying(
    stream: str, heading: str, wrong: set[str], references: tuple[str, ...], amount: Decimal, whole: Decimal
) -> Box:
    if whole <= 0:
        return Box(stream, heading, "done", "Not needed", references)
    if stream in wrong:
        state, word = "bad", "Contradicts"
    elif amount >= whole:
        state, word = "good", "Carries all"
    else:
        state, word = "ask", "Carries a part" if amount > 0 else "Carries nothing"
    return Box(stream, heading, state, word, references, amount, whole)


def _invoice(document: FinancedDocument, wrong: set[str], invoices: tuple[str, ...]) -> Box:
    heading = "Bill" if document.seller else "Invoice"
    if document.kind in ORDER_KINDS:
        word = "Invoiced" if invoices else "Not invoiced yet"
        return Box("invoice", heading, "bad" if "invoice" in wrong else "done", word, invoices)
    state, word = ("bad", "Contradicts") if "invoice" in wrong else ("good", "Financed")
    gross = document.totals.gross
    references = (document.number,) if document.issuer_number is None else (document.number, document.issuer_number)
    return Box("invoice", heading, state, word, references, gross, gross)


def _tax(document: FinancedDocument, carried: EvidenceDocument, wrong: set[str], codes: tuple[str, ...]) -> Box:
    agrees = "tax" not in wrong and carried.taxed == document.totals.tax
    state, word = ("good", "Agrees") if agrees else ("bad", "Contradicts")
    return Box("tax", "Tax", state, word, codes, carried.taxed, document.totals.tax)


def _payment(carried: EvidenceDocument, wrong: set[str]) -> Box:
    settled = carried.paid + carried.credited
    word = "Open" if settled == 0 else "Settled" if settled >= carried.gross else "Paid in part"
    state = "ask" if carried.credited else "done"
    if "payment" in wrong:
        state, word = "bad", "Contradicts"
    references = (f"credited {carried.credited}",) if carried.credited else ()
    return Box("payment", "Payment", state, word, references, settled, carried.gross)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(names))
    more = len(found) - REFERENCES_SHOWN
    return found if more <= 0 else (*found[:REFERENCES_SHOWN], f"and {more} more")
