"""The end of the book: the checks in full, the consent, the files that come with it, and how to verify all of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from reportlab.platypus import Flowable

from openscf._internal.sections import AttachmentRow, CheckRow, Sections, UnmadeFile
from openscf.package import Header
from openscf.pdf.book import aside, caption, chapter, command, said
from openscf.pdf.cover import LIGHTS
from openscf.pdf.sources import origin
from openscf.pdf.strokes import level_drawing
from openscf.pdf.tables import Column, facts, strong, table
from openscf.pdf.trade import left_out
from openscf.pdf.wording import LONGEST_NAME, NOTHING, clipped, counted, day, listed, moment, money, number, words

_MOST_FILES: Final = 120
_PURPOSES: Final = {"loan_application": "to decide on this application and to follow the loan"}
_KINDS: Final = {
    "ubl_invoice": "UBL invoice",
    "ubl_order": "UBL order",
    "ubl_despatch_advice": "UBL despatch advice",
}
SECTION_NAMES: Final = {
    "party": "parties",
    "transaction": "what is financed",
    "consent": "consent",
    "order_flow": "orders",
    "logistics_flow": "deliveries",
    "tax_flow": "tax",
    "cash_flow": "cash",
    "inventory": "stock",
    "exposure": "loans, applications and pledges",
    "evidence": "evidence graph",
    "checks": "checks",
    "forecast": "expected collections",
    "attachments": "files",
}


def checks(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the checks."""
    section = sections.checks
    if section is None:
        return
    yield from chapter("The checks in full", origin(section))
    columns = [
        Column("Result", 0.14), Column("Check", 0.17), Column("Figure", 0.14, right=True),
        Column("Threshold", 0.14, right=True), Column("What was found", 0.41),
    ]  # fmt: skip
    for code, (name, question) in LIGHTS.items():
        rows = [row for row in section.results if row.light == code]
        if rows:
            yield from caption(f"{name}: {question}")
            yield table(
                columns,
                [
                    [
                        level_drawing(row.level), strong(words(row.code)), _measured(row.figure, row),
                        _measured(row.threshold, row), _found(row),
                    ]
                    for row in rows
                ],
            )  # fmt: skip


def _found(row: CheckRow) -> str:
    if not row.documents:
        return row.sentence
    return f"{row.sentence} [{listed(list(row.documents), at_most=4)}]"


def _measured(value: Decimal | None, row: CheckRow) -> str:
    if value is None:
        return NOTHING
    if row.unit == "money" and row.currency:
        return money(value, row.currency)
    one, many = {"percent": (" %", " %"), "days": (" day", " days"), "documents": (" document", " documents")}.get(
        row.unit or "", ("", "")
    )
    return f"{number(value)}{one if value == 1 else many}"


def consent(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the consent."""
    given = sections.consent
    yield from chapter("Consent")
    named = (
        "All counterparties are named."
        if given.counterparties == "named"
        else "The buyers and sellers of the financed documents are named; other counterparties are under pseudonyms."
    )
    yield said(
        f"{clipped(sections.party.applicant.name, LONGEST_NAME)}, by {clipped(given.granted_by, LONGEST_NAME)}, allows "
        f"{clipped(given.recipient.name, LONGEST_NAME)} "
        f"to read this package {_PURPOSES[given.purpose]}, from {moment(given.granted_at)} until "
        f"{moment(given.expires_at)}. {named} "
        f"History reaches back {counted(given.history_months, 'month', 'months')}."
    )
    covered = [SECTION_NAMES.get(name, words(name)) for name in given.sections]
    yield facts(
        [
            ("Covers", ", ".join(covered) or NOTHING),
            ("Recipient", f"{given.recipient.name}, {given.recipient.issuer}"),
            ("Consent", given.consent_id),
            ("Words agreed to (SHA-256)", given.notice_sha256),
        ]
    )
    absent = [name for code, name in SECTION_NAMES.items() if getattr(sections, code) is None]
    if absent:
        yield aside(f"Not part of this package: {', '.join(absent)}.")


def files(sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter of the files that are embedded, and of those that could not be made."""
    section = sections.attachments
    if section is None or not (section.files or section.not_made):
        return
    yield from chapter("Files in this PDF", origin(section))
    if section.files:
        yield from _embedded(section.files)
    if section.not_made:
        yield from _not_made(section.not_made)


def _embedded(rows: tuple[AttachmentRow, ...]) -> Iterator[Flowable]:
    yield table(
        [
            Column("Name", 0.3), Column("Kind", 0.17), Column("Document", 0.17), Column("Bytes", 0.1, right=True),
            Column("SHA-256", 0.26),
        ],
        [
            [row.name, _KINDS[row.kind], row.document, number(Decimal(row.bytes)), row.sha256]
            for row in rows[:_MOST_FILES]
        ],
    )  # fmt: skip
    yield from left_out(len(rows), _MOST_FILES, "file")


def _not_made(rows: tuple[UnmadeFile, ...]) -> Iterator[Flowable]:
    yield from caption("Asked for, and could not be made")
    yield table(
        [Column("Kind", 0.17), Column("Document", 0.17), Column("Why", 0.66)],
        [[_KINDS[row.kind], row.document, row.reason] for row in rows[:_MOST_FILES]],
    )
    yield from left_out(len(rows), _MOST_FILES, "file")


def verification(header: Header, sections: Sections) -> Iterator[Flowable]:
    """Yield the chapter that says how to verify the package."""
    yield from chapter("How to verify")
    yield said(
        "These pages are drawn from the package that is embedded in this PDF as package.scf.json, and from nothing "
        "else. The PDF is signed with the key that sealed the package, so a changed byte of it is found. Offline, and "
        "without the applicant's ERP:"
    )
    yield command("pip install 'openscf[pdf]'", "openscf verify FILE.pdf --jwks KEYS.json")
    yield said(
        "Compare the thumbprint of the key below with the one that your bank registered for the applicant. The "
        "signature's certificate is made by the applicant itself: a PDF reader calls its signer unknown, and that is "
        "expected."
    )
    yield from caption("What to compare")
    yield facts(
        [
            ("Package", header.package_id),
            ("Sealed", f"{moment(header.created_at)} by {header.issuer.name}, {header.issuer.tax_id}"),
            ("Key (RFC 7638 thumbprint)", header.issuer.kid),
            ("Root of the tree", header.tree.root),
            ("Leaves of the tree", number(Decimal(header.tree.size))),
            ("Documents", _span(sections)),
        ]
    )


def _span(sections: Sections) -> str:
    days = [document.issue_date for document in sections.transaction.documents]
    if not days:
        return "None: the applicant's sales as a whole stand for the loan"
    count = counted(len(days), "document", "documents")
    return f"{count}, issued {day(min(days))}" + (f" to {day(max(days))}" if min(days) != max(days) else "")
