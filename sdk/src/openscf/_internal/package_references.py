"""Every buyer, seller, order, delivery and document that a package names is in it, and only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from openscf._internal.finding import Finding
from openscf._internal.pointer import pointer_of
from openscf._internal.sections import Sections
from openscf.package import Package

_Place = tuple[str | int, ...]
"""The steps of a pointer below the sections: written out for what is wrong only."""
_Named = Iterable[tuple[_Place, str]]
"""Names with the places where they stand."""


def check_references(package: Package) -> list[Finding]:
    """Return a finding for each name that leads nowhere, and for each identity given twice."""
    sections = package.sections
    buyers = {buyer.key for buyer in sections.party.buyers}
    sellers = {seller.key for seller in sections.party.sellers}
    orders = {order.number for order in _rows(sections, "order_flow", "orders")}
    deliveries = {delivery.number for delivery in _rows(sections, "logistics_flow", "deliveries")}
    financed = {document.number for document in sections.transaction.documents}
    # An order also names invoices that are not financed here: they are known by the order, not by themselves.
    documents = financed | orders | {name for _, name in _order_documents(sections)}
    return [
        *_repeated_identities(sections),
        *_unknown("buyer", _buyer_references(sections), buyers),
        *_unknown("seller", _seller_references(sections), sellers),
        *(_unknown("order", _order_references(sections), orders) if sections.order_flow else ()),
        *(_unknown("delivery", _delivery_references(sections), deliveries) if sections.logistics_flow else ()),
        *_unknown("document", _document_references(sections), documents),
        *_unknown("financed document", _financed_references(sections), financed),
        *_unknown("document", _attachment_references(sections), financed | orders | deliveries),
        *_unknown_lines(sections),
        *_foreign_currency(sections),
        *_not_financed(sections, financed | orders),
    ]


def _rows(sections: Sections, section: str, member: str) -> tuple[Any, ...]:
    """Return the rows of a list, none where the package has not the section."""
    rows: tuple[Any, ...] = getattr(getattr(sections, section), member, ())
    return rows


def _names(sections: Sections, section: str, lists: str, member: str) -> _Named:
    """Yield what each row of a list names, where it names something."""
    for at, row in enumerate(_rows(sections, section, lists)):
        name = getattr(row, member)
        if name is not None:
            yield (section, lists, at, member), name


def _repeated_identities(sections: Sections) -> Iterator[Finding]:
    applicant: tuple[_Place, str] = ("party", "applicant", "key"), sections.party.applicant.key
    others = (*_names(sections, "party", "buyers", "key"), *_names(sections, "party", "sellers", "key"))
    yield from _repeated("party", (applicant, *others))
    yield from _repeated("document", _names(sections, "transaction", "documents", "number"))
    yield from _repeated("order", _names(sections, "order_flow", "orders", "number"))
    yield from _repeated("delivery", _names(sections, "logistics_flow", "deliveries", "number"))
    yield from _repeated("file", _names(sections, "attachments", "files", "name"))
    yield from _repeated(
        "history of the buyer",
        (
            (("cash_flow", "buyer_history", at), f"{row.buyer or 'others'} {row.currency}")
            for at, row in enumerate(_rows(sections, "cash_flow", "buyer_history"))
        ),
    )
    for section, lists in (("transaction", "documents"), ("order_flow", "orders"), ("logistics_flow", "deliveries")):
        for at, row in enumerate(_rows(sections, section, lists)):
            if len({line.line for line in row.lines}) < len(row.lines):
                place = (section, lists, at, "lines")
                numbers = (((*place, number, "line"), str(line.line)) for number, line in enumerate(row.lines))
                yield from _repeated("line", numbers)


def _buyer_references(sections: Sections) -> _Named:
    yield from _names(sections, "transaction", "documents", "buyer")
    yield from _names(sections, "order_flow", "orders", "buyer")
    yield from _names(sections, "cash_flow", "buyer_history", "buyer")


def _seller_references(sections: Sections) -> _Named:
    yield from _names(sections, "transaction", "documents", "seller")
    yield from _names(sections, "order_flow", "orders", "seller")


def _order_references(sections: Sections) -> _Named:
    yield from _names(sections, "logistics_flow", "deliveries", "order")
    for at, line in enumerate(_rows(sections, "evidence", "lines")):
        for number, carrier in enumerate(line.orders):
            yield ("evidence", "lines", at, "orders", number, "order"), carrier.order


def _delivery_references(sections: Sections) -> _Named:
    for at, line in enumerate(_rows(sections, "evidence", "lines")):
        for number, carrier in enumerate(line.deliveries):
            yield ("evidence", "lines", at, "deliveries", number, "delivery"), carrier.delivery


def _order_documents(sections: Sections) -> _Named:
    for at, order in enumerate(_rows(sections, "order_flow", "orders")):
        for number, document in enumerate(order.documents):
            yield ("order_flow", "orders", at, "documents", number), document


def _document_references(sections: Sections) -> _Named:
    yield from _names(sections, "tax_flow", "taxes", "document")
    yield from _names(sections, "tax_flow", "e_invoices", "document")
    yield from _names(sections, "cash_flow", "payments", "document")
    for at, check in enumerate(_rows(sections, "checks", "results")):
        for number, document in enumerate(check.documents):
            yield ("checks", "results", at, "documents", number), document


def _financed_references(sections: Sections) -> _Named:
    yield from _names(sections, "transaction", "confirmations", "document")
    for lists in ("lines", "documents", "contradictions"):
        yield from _names(sections, "evidence", lists, "document")
    yield from _names(sections, "inventory", "resale", "document")


def _attachment_references(sections: Sections) -> _Named:
    yield from _names(sections, "attachments", "files", "document")
    yield from _names(sections, "attachments", "not_made", "document")


def _unknown_lines(sections: Sections) -> Iterator[Finding]:
    """Yield a finding for each line of the evidence whose order or delivery has not the line that it names."""
    carriers = (("orders", "order", "order_flow", "orders"), ("deliveries", "delivery", "logistics_flow", "deliveries"))
    for member, name, section, lists in carriers:
        lines = {row.number: {line.line for line in row.lines} for row in _rows(sections, section, lists)}
        for at, row in enumerate(_rows(sections, "evidence", "lines")):
            for number, carrier in enumerate(getattr(row, member)):
                known = lines.get(getattr(carrier, name))
                if known is not None and carrier.line not in known:
                    message = f"The {name} {getattr(carrier, name)!r:.80} has no line {carrier.line}."
                    pointer = f"/sections/evidence/lines/{at}/{member}/{number}/line"
                    yield Finding(code="reference-unknown", pointer=pointer, message=message)


def _foreign_currency(sections: Sections) -> Iterator[Finding]:
    """Yield a finding for each row about a document in another currency than the document's."""
    currencies = {document.number: document.currency for document in sections.transaction.documents}
    for section, lists in (
        ("transaction", "confirmations"),
        ("tax_flow", "taxes"),
        ("cash_flow", "payments"),
        ("evidence", "documents"),
    ):
        for at, row in enumerate(_rows(sections, section, lists)):
            currency = currencies.get(row.document, row.currency)
            if row.currency != currency:
                message = f"The currency is {row.currency}; the document {row.document!r:.80} is in {currency}."
                pointer = f"/sections/{section}/{lists}/{at}/currency"
                yield Finding(code="currency-mismatch", pointer=pointer, message=message)


def _not_financed(sections: Sections, known: set[str]) -> Iterator[Finding]:
    for place, name in _order_documents(sections):
        if name not in known:
            message = f"The order's document {name!r:.80} is not among the financed ones; ask for it where it matters."
            yield Finding(code="document-elsewhere", pointer=_pointer(place), message=message, level="warning")


def _repeated(what: str, names: _Named) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, name in names:
        if name in seen:
            message = f"The {what} {name!r:.80} is in the package twice."
            yield Finding(code="repeated", pointer=_pointer(place), message=message)
        seen.add(name)


def _unknown(what: str, names: _Named, known: set[str]) -> Iterator[Finding]:
    for place, name in names:
        if name not in known:
            message = f"The {what} {name!r:.80} is not in the package."
            yield Finding(code="reference-unknown", pointer=_pointer(place), message=message)


def _pointer(place: _Place) -> str:
    return pointer_of(("sections", *place))
