"""The rows of the section `evidence`: how much of each financed line an order and a delivery carry."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from openscf.money import round_money

from ..eligibility.settlements import CREDIT_NOTE
from .allocation import ZERO
from .graph import Carried, Link
from .wire_text import amount_text, plain


def line_rows(sale) -> list[dict]:
    """Rows of EvidenceLine, one for each line of the financed documents."""
    numbers = {header.id: header.number for header in sale.scope.headers}
    moves = {move.id: (transfer.number, move.line) for transfer in sale.deliveries for move in transfer.lines}
    return [_line_row(sale, carried, numbers[carried.document_id], moves) for carried in sale.graph]


def sum_rows(sale) -> list[dict]:
    """Rows of EvidenceDocument: the four streams of each document, in its currency."""
    sums = {header.id: defaultdict(Decimal, gross=header.gross) for header in sale.scope.headers}
    for carried in sale.graph:
        total = sums[carried.document_id]
        total["ordered"] += _ordered(sale, carried)
        total["delivered"] += _delivered(sale, carried)
        total["deliverable"] += carried.line.gross if carried.needs_delivery else ZERO
    for item in sale.scope.reductions:
        sums[item.document_id]["credited" if item.settlement.kind == CREDIT_NOTE else "paid"] += item.amount
    for document_id, priced in sale.priced.items():
        sums[document_id]["taxed"] = sum((tax.amount for tax in priced.taxes), ZERO)
    return [_sum_row(header, sums[header.id]) for header in sale.scope.headers]


def _sum_row(header, total: dict[str, Decimal]) -> dict:
    streams = ("gross", "ordered", "delivered", "deliverable", "taxed", "paid", "credited")
    amounts = {name: amount_text(total[name], header.currency) for name in streams}
    return {"document": header.number, "currency": header.currency, **amounts}


def _line_row(sale, carried: Carried, document: str, moves: dict[int, tuple[str, int]]) -> dict:
    currency = sale.scope.currency
    return {
        "document": document,
        "line": carried.number,
        "quantity": plain(carried.line.quantity),
        "gross": amount_text(carried.line.gross, currency),
        "ordered": amount_text(_ordered(sale, carried), currency),
        "delivered": amount_text(_delivered(sale, carried), currency),
        "needs_delivery": carried.needs_delivery,
        "orders": [_order_row(sale, carried, link) for link in _carrying(sale, carried)],
        "deliveries": _delivery_rows(carried, moves) if carried.needs_delivery else [],
        "tax_codes": list(carried.line.tax_codes),
    }


def _carrying(sale, carried: Carried) -> list[Link]:
    """The links that carry an amount of the line."""
    return [
        link
        for link in carried.links
        if (link.ordered or not carried.is_shared) and sale.order_of(link).currency == sale.scope.currency
    ]


def _ordered(sale, carried: Carried) -> Decimal:
    links = _carrying(sale, carried)
    if not carried.is_shared:
        return carried.line.gross if links else ZERO
    return _part(sale, carried, sum((carried.in_own_unit(link, link.ordered) for link in links), ZERO))


def _delivered(sale, carried: Carried) -> Decimal:
    if not carried.needs_delivery:
        return ZERO
    return _part(sale, carried, carried.delivered)


def _part(sale, carried: Carried, quantity: Decimal) -> Decimal:
    """The part of the line's gross amount that `quantity` of it makes."""
    if quantity >= carried.line.quantity:  # conversions between units may leave a millionth too many
        return carried.line.gross
    return round_money(carried.line.gross * quantity / carried.line.quantity, sale.scope.currency)


def _order_row(sale, carried: Carried, link: Link) -> dict:
    currency, order_line = sale.scope.currency, link.order_line
    if carried.is_shared:
        quantity = carried.in_own_unit(link, link.ordered)
        net = round_money(order_line.net * link.ordered / order_line.ordered, currency)
    else:
        quantity, net = carried.line.quantity, carried.line.net
    return {
        "order": sale.order_of(link).number,
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
