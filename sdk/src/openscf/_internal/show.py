"""What a package says, for somebody who reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from openscf._internal.naming import naming
from openscf._internal.sections import Section, Sections, SellerRow, Sum
from openscf._internal.text_table import printable, shown, table
from openscf.package import Package

_LABEL_WIDTH = 14


def summary(package: Package) -> Iterator[str]:
    """Yield the lines of an overview: who asks for what, on which documents, and what speaks for and against it."""
    sections = package.sections
    yield from _facts(_identity(package))
    yield from _titled("Documents", _documents(sections))
    yield from _titled("Pledged goods", _goods(sections))
    if sections.inventory:
        yield from _titled("How fast the goods sell", _rows(sections.inventory.resale))
    yield from _titled("Streams", _streams(sections))
    yield from _titled("Contradictions", _contradictions(sections))
    yield from _titled("Lights", _lights(sections))
    yield from _titled("Forecast", _rows(sections.forecast.weeks) if sections.forecast else [])
    yield from _titled("Confirmations by buyers", _rows(sections.transaction.confirmations))
    yield ""
    disclosed = ", ".join(name for name in Sections.model_fields if getattr(sections, name) is not None)
    yield f"Sections: {disclosed}. Read one with --section NAME."


def whole_section(name: str, section: Section) -> Iterator[str]:
    """Yield the lines of one section: its members, its objects, and a table of each list."""
    yield name
    members = {member: getattr(section, member) for member in type(section).model_fields}
    facts = [(_words(member), value) for member, value in members.items() if _is_fact(value)]
    yield from _facts(facts)
    for member, value in members.items():
        if isinstance(value, BaseModel) and not isinstance(value, Sum):
            yield from _titled(
                _words(member), list(_facts([(_words(one), part) for one, part in value if _is_fact(part)]))
            )
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            yield from _titled(f"{_words(member)} ({len(value)})", _rows(value))
            yield from _lines_below(member, value)


def _identity(package: Package) -> list[tuple[str, Any]]:
    header, sections = package.header, package.sections
    transaction, consent = sections.transaction, sections.consent
    return [
        ("package", header.package_id),
        ("issuer", f"{header.issuer.name} ({header.issuer.tax_id})"),
        ("created", header.created_at),
        ("supersedes", header.supersedes or "nothing"),
        ("for", f"{consent.recipient.name} ({consent.recipient.issuer})"),
        ("consent", f"by {consent.granted_by}, until {shown(consent.expires_at)}; others are {consent.counterparties}"),
        ("asks for", f"{_money(transaction.requested)} for {transaction.tenor_days} days"),
        ("eligible", _money(transaction.eligible)),
        ("technique", transaction.technique),
        *(("to be paid", _account(seller)) for seller in sections.party.sellers),
    ]


def _account(seller: SellerRow) -> str:
    account = seller.account
    if account is None:
        return f"{seller.name}; no account is named"
    trusted = "vouched for" if account.trusted else "nobody vouches for it"
    return f"{account.holder} on {account.iban or account.account or 'no number'} ({trusted})"


def _documents(sections: Sections) -> list[str]:
    if not sections.transaction.documents:
        return []
    named = naming(sections.party)
    headings = ["number", "its number", "kind", "issued", "due", "buyer", "seller", "gross", "paid", "credited"]
    headings += ["outstanding", ""]
    return table(
        headings,
        (
            (
                document.number,
                document.issuer_number,
                document.kind.replace("_", " "),
                document.issue_date,
                document.due_date,
                named(document.buyer),
                named(document.seller),
                document.totals.gross,
                document.totals.paid,
                document.totals.credited,
                document.totals.outstanding,
                document.currency,
            )
            for document in sections.transaction.documents
        ),
    )


def _goods(sections: Sections) -> list[str]:
    """What is pledged, and where it lies."""
    headings = ["number", "code", "description", "lot", "place", "pledged", "on hand", "", "oldest"]
    rows = [
        (document.number, line.product_code, line.description, goods.lot, goods.place, line.quantity, goods.on_hand,
         line.uom, goods.oldest_on)
        for document in sections.transaction.documents
        if (goods := document.goods) is not None
        for line in document.lines
    ]  # fmt: skip
    return table(headings, rows) if rows else []


def _streams(sections: Sections) -> list[str]:
    """What orders, deliveries, taxes and payments carry of each document; they carry nothing of goods at hand."""
    if sections.evidence is None or _goods(sections):
        return []
    headings = ["document", "gross", "ordered", "delivered", "of goods", "taxed", "paid", "credited", ""]
    names = ("document", "gross", "ordered", "delivered", "deliverable", "taxed", "paid", "credited", "currency")
    return table(headings, ([getattr(row, name) for name in names] for row in sections.evidence.documents))


def _contradictions(sections: Sections) -> list[str]:
    if sections.evidence is None:
        return []
    return [
        printable(f"{row.document}{f' line {row.line}' if row.line is not None else ''}  {row.code}: {row.sentence}")
        for row in sections.evidence.contradictions
    ] or ["none named"]


def _lights(sections: Sections) -> list[str]:
    if sections.checks is None:
        return []
    lines = []
    for light in sections.checks.lights:
        lines.append(f"{light.level.upper():<6} {_words(light.light)}")
        lines += [
            printable(f"       {check.level:<6} {check.code}: {check.sentence}")
            for check in sections.checks.results
            if check.light == light.light
        ]
    return lines


def _rows(rows: tuple[Any, ...]) -> list[str]:
    """Return a table of all members of rows."""
    if not rows:
        return []
    objects = {name: value for row in rows for name, value in row if isinstance(value, BaseModel)}
    members = [name for name in type(rows[0]).model_fields if name not in objects]
    parts = [(name, part) for name, value in objects.items() for part in type(value).model_fields]
    headings = [_words(name) for name in members] + [_words(part) for _, part in parts]
    return table(
        headings,
        (
            [getattr(row, name) for name in members] + [getattr(getattr(row, name), part, None) for name, part in parts]
            for row in rows
        ),
    )


def _lines_below(member: str, rows: tuple[Any, ...]) -> Iterator[str]:
    """Yield the lines of documents, orders and deliveries, below a heading each."""
    for row in rows:
        lines = getattr(row, "lines", ())
        if lines:
            yield from _titled(f"{_words(member)} {row.number}", _rows(lines))


def _is_fact(value: Any) -> bool:
    """Tell whether a member is said in a word, not in a table."""
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(item, str) for item in value)
    return value is not None and (not isinstance(value, BaseModel) or isinstance(value, Sum))


def _facts(facts: list[tuple[str, Any]]) -> Iterator[str]:
    for label, value in facts:
        text = _money(value) if isinstance(value, Sum) else shown(value)
        yield printable(f"{label:<{_LABEL_WIDTH}}{text}" if len(label) < _LABEL_WIDTH else f"{label} {text}")


def _titled(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield printable(title)
        yield from (f"  {line}" for line in lines)


def _words(name: str) -> str:
    return name.strip("_").replace("_", " ")


def _money(value: Sum) -> str:
    return f"{shown(value.amount)} {value.currency}"
