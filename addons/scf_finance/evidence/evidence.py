"""The rows of the section `evidence`: how much of each financed line an order and a delivery carry."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from openscf.money import round_money

from ..eligibility.settlements import CREDIT_NOTE
from .allocation import ZERO
from .graph import Carried, Link
from .wire_text import amount_text, plain


@dataclass(frozen=True, slots=True)
class Backed:
    """One line with the links that carry an amount of it, and how much of its gross amount is ordered and delivered."""

    carried: Carried
    links: list[Link]
    ordered: Decimal
    delivered: Decimal


def evidence_rows(trade) -> dict[str, list[dict]]:
    """Rows of EvidenceLine, one for each line of the financed documents, and of EvidenceDocument, their sums."""
    backed = [_backed(trade, carried) for carried in trade.graph]
    numbers = {header.id: header.number for header in trade.scope.headers}
    moves = {move.id: (transfer.number, move.line) for transfer in trade.deliveries for move in transfer.lines}
    return {
        "lines": [_line_row(trade, line, numbers[line.carried.document_id], moves) for line in backed],
        "documents": _sum_rows(trade, backed),
    }


def _backed(trade, carried: Carried) -> Backed:
    links = [
        link
        for link in carried.links
        if (link.ordered or not carried.is_shared) and trade.order_of(link).currency == trade.scope.currency
    ]
    if carried.is_shared:
        ordered = _part(trade, carried, sum((carried.in_own_unit(link, link.ordered) for link in links), ZERO))
    else:
        ordered = carried.line.gross if links else ZERO
    delivered = _part(trade, carried, carried.delivered) if carried.needs_delivery else ZERO
    return Backed(carried, links, ordered, delivered)


def _sum_rows(trade, backed: list[Backed]) -> list[dict]:
    """The four streams of each document, in its currency."""
    sums = {header.id: defaultdict(Decimal, gross=header.gross) for header in trade.scope.headers}
    for line in backed:
        total = sums[line.carried.document_id]
        total["ordered"] += line.ordered
        total["delivered"] += line.delivered
        total["deliverable"] += line.carried.line.gross if line.carried.needs_delivery else ZERO
    for item in trade.scope.reductions:
        sums[item.document_id]["credited" if item.settlement.kind == CREDIT_NOTE else "paid"] += item.amount
    for document_id, priced in trade.priced.items():
        sums[document_id]["taxed"] = sum((tax.amount for tax in priced.taxes), ZERO)
    return [_sum_row(header, sums[header.id]) for header in trade.scope.headers]


def _sum_row(header, total: dict[str, Decimal]) -> dict:
    streams = ("gross", "ordered", "delivered", "deliverable", "taxed", "paid", "credited")
    amounts = {name: amount_text(total[name], header.currency) for name in streams}
    return {"document": header.number, "currency": header.currency, **amounts}


def _line_row(trade, backed: Backed, document: str, moves: dict[int, tuple[str, int]]) -> dict:
    currency, carried = trade.scope.currency, backed.carried
    return {
        "document": document,
        "line": carried.number,
        "quantity": plain(carried.line.quantity),
        "gross": amount_text(carried.line.gross, currency),
        "ordered": amount_text(backed.ordered, currency),
        "delivered": amount_text(backed.delivered, currency),
        "needs_delivery": carried.needs_delivery,
        "orders": [_order_row(trade, carried, link) for link in backed.links],
        "deliveries": _delivery_rows(carried, moves) if carried.needs_delivery else [],
        "tax_codes": list(carried.line.tax_codes),
    }


def _part(trade, carried: Carried, quantity: Decimal) -> Decimal:
    """The part of the line's gross amount that `quantity` of it makes."""
    if quantity >= carried.line.quantity:  # conversions between units may leave a millionth too many
        return carried.line.gross
    return round_money(carried.line.gross * quantity / carried.line.quantity, trade.scope.currency)


def _order_row(trade, carried: Carried, link: Link) -> dict:
    currency, order_line = trade.scope.currency, link.order_line
    if carried.is_shared:
        quantity = carried.in_own_unit(link, link.ordered)
        net = round_money(order_line.net * link.ordered / order_line.ordered, currency)
    else:
        quantity, net = carried.line.quantity, carried.line.net
    return {
        "order": trade.order_of(link).number,
        "line": order_line.line,
        "quantity": plain(quantity),
        "net": amount_text(net, currency),
    }


def _delivery_rows(carried: Carried, moves: dict[int, tuple[str, int]]) -> list[dict]:
    rows = []
    for link in carried.links:
        for move_id, quantity in link.pieces:
            number, line = moves[move_id]
            rows.append({"delivery": number, "line": line, "quantity": plain(carried.in_own_unit(link, quantity))})
    return rows
