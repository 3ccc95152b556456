"""Every buyer, order and document that a package names is in it, and only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openscf._internal.finding import Finding
from openscf._internal.sections import PaymentRow, Sections, TaxRow
from openscf.package import Package

_Named = Iterable[tuple[str, str]]
"""Names with the pointers where they stand."""


def check_references(package: Package) -> list[Finding]:
    """Return a finding for each name that leads nowhere, and for each identity given twice."""
    sections = package.sections
    buyers = {buyer.key for buyer in sections.party.buyers}
    orders = {order.number for order in sections.order_flow.orders} if sections.order_flow else set()
    financed = {document.number for document in sections.transaction.documents}
    # An order also names invoices that are not financed here: they are known by the order, not by themselves.
    documents = financed | orders | {name for _, name in _order_documents(sections)}
    return [
        *_repeated("buyer", _buyers(sections)),
        *_repeated("document", _documents(sections)),
        *_repeated("order", _orders(sections)),
        *_repeated("delivery", _deliveries(sections)),
        *_unknown("buyer", _buyer_references(sections), buyers),
        *(_unknown("order", _order_references(sections), orders) if sections.order_flow else ()),
        *_unknown("document", _document_references(sections), documents),
        *_foreign_currency(sections),
        *_not_financed(sections, financed | orders),
    ]


def _buyers(sections: Sections) -> Iterator[tuple[str, str]]:
    yield "/sections/party/applicant/key", sections.party.applicant.key
    for at, buyer in enumerate(sections.party.buyers):
        yield f"/sections/party/buyers/{at}/key", buyer.key


def _documents(sections: Sections) -> Iterator[tuple[str, str]]:
    for at, document in enumerate(sections.transaction.documents):
        yield f"/sections/transaction/documents/{at}/number", document.number


def _orders(sections: Sections) -> Iterator[tuple[str, str]]:
    for at, order in enumerate(sections.order_flow.orders if sections.order_flow else ()):
        yield f"/sections/order_flow/orders/{at}/number", order.number


def _deliveries(sections: Sections) -> Iterator[tuple[str, str]]:
    for at, delivery in enumerate(sections.logistics_flow.deliveries if sections.logistics_flow else ()):
        yield f"/sections/logistics_flow/deliveries/{at}/number", delivery.number


def _buyer_references(sections: Sections) -> Iterator[tuple[str, str]]:
    for at, document in enumerate(sections.transaction.documents):
        yield f"/sections/transaction/documents/{at}/buyer", document.buyer
    for at, order in enumerate(sections.order_flow.orders if sections.order_flow else ()):
        yield f"/sections/order_flow/orders/{at}/buyer", order.buyer
    for at, history in enumerate(sections.cash_flow.buyer_history if sections.cash_flow else ()):
        if history.buyer is not None:
            yield f"/sections/cash_flow/buyer_history/{at}/buyer", history.buyer


def _order_references(sections: Sections) -> Iterator[tuple[str, str]]:
    for at, delivery in enumerate(sections.logistics_flow.deliveries if sections.logistics_flow else ()):
        if delivery.order is not None:
            yield f"/sections/logistics_flow/deliveries/{at}/order", delivery.order


def _order_documents(sections: Sections) -> Iterator[tuple[str, str]]:
    for at, order in enumerate(sections.order_flow.orders if sections.order_flow else ()):
        for number, document in enumerate(order.documents):
            yield f"/sections/order_flow/orders/{at}/documents/{number}", document


def _document_references(sections: Sections) -> Iterator[tuple[str, str]]:
    for at, tax in enumerate(_taxes(sections)):
        yield f"/sections/tax_flow/taxes/{at}/document", tax.document
    for at, payment in enumerate(_payments(sections)):
        yield f"/sections/cash_flow/payments/{at}/document", payment.document


def _foreign_currency(sections: Sections) -> Iterator[Finding]:
    """Yield a finding for each tax and payment in another currency than its document."""
    currencies = {document.number: document.currency for document in sections.transaction.documents}
    rows: list[tuple[str, TaxRow | PaymentRow]] = []
    rows += [(f"/sections/tax_flow/taxes/{at}", tax) for at, tax in enumerate(_taxes(sections))]
    rows += [(f"/sections/cash_flow/payments/{at}", payment) for at, payment in enumerate(_payments(sections))]
    for pointer, row in rows:
        currency = currencies.get(row.document, row.currency)
        if row.currency != currency:
            message = f"The currency is {row.currency}; the document {row.document} is in {currency}."
            yield Finding(code="currency-mismatch", pointer=f"{pointer}/currency", message=message)


def _not_financed(sections: Sections, known: set[str]) -> Iterator[Finding]:
    for pointer, name in _order_documents(sections):
        if name not in known:
            message = f"The order's document {name!r:.80} is not among the financed ones; ask for it where it matters."
            yield Finding(code="document-elsewhere", pointer=pointer, message=message, level="warning")


def _repeated(what: str, names: _Named) -> Iterator[Finding]:
    seen: set[str] = set()
    for pointer, name in names:
        if name in seen:
            yield Finding(code="repeated", pointer=pointer, message=f"The {what} {name!r:.80} is in the package twice.")
        seen.add(name)


def _unknown(what: str, names: _Named, known: set[str]) -> Iterator[Finding]:
    for pointer, name in names:
        if name not in known:
            message = f"The {what} {name!r:.80} is not in the package."
            yield Finding(code="reference-unknown", pointer=pointer, message=message)


def _taxes(sections: Sections) -> tuple[TaxRow, ...]:
    return sections.tax_flow.taxes if sections.tax_flow else ()


def _payments(sections: Sections) -> tuple[PaymentRow, ...]:
    return sections.cash_flow.payments if sections.cash_flow else ()
