"""What the bank asks of a package beyond its being true: sections and files, by its profile's technique."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from openscf.package import AttachmentsSection, Package, Sections, UnmadeFile

from ..profile import TechniqueSection

ADVICE: Final = "ubl_despatch_advice"


def missing(package: Package, technique: TechniqueSection, came: Collection[str]) -> Iterator[tuple[str, str]]:
    """(pointer, sentence) for each section and each kind of file that the technique asks for and that is not there.

    A file that the package says could not be made, and why, is not missing: an officer looks at it (`not_made`).
    `came` are the names of the files whose bytes are here: embedded in the PDF, or put beside a package in JSON.
    """
    for name in technique.sections:
        if getattr(package.sections, name, None) is None:
            yield (
                f"/sections/{name}",
                f"this bank asks for the section {name}; send a package whose consent covers it",
            )
    attachments = package.sections.attachments
    files = attachments.files if attachments is not None else ()
    for index, file in enumerate(files):
        if file.kind in technique.embedded and file.name not in came:
            yield (
                f"/sections/attachments/files/{index}",
                f"the file {file.name} did not come; embed it in the PDF, or put it under its digest beforehand",
            )
    accounted = _accounted(attachments)
    for kind, number in _wanted(package.sections, technique):
        if (kind, number) not in accounted:
            yield "/sections/attachments/files", f"this bank asks for a file of kind {kind} for {number}"
    if _asks_for_advice(package.sections, technique) and ADVICE not in {kind for kind, _number in accounted}:
        yield "/sections/attachments/files", f"this bank asks for the despatch advice ({ADVICE}) of the goods"


def not_made(sections: Sections, technique: TechniqueSection) -> tuple[UnmadeFile, ...]:
    """The files of the kinds that the technique asks for that the applicant says it could not make, and why."""
    rows = sections.attachments.not_made if sections.attachments is not None else ()
    return tuple(row for row in rows if row.kind in technique.embedded)


def _accounted(attachments: AttachmentsSection | None) -> set[tuple[str, str]]:
    """(kind, document) of the files that are listed, and of those of which it is said why they could not be made."""
    if attachments is None:
        return set()
    listed = {(row.kind, row.document) for row in attachments.files}
    return listed.union((row.kind, row.document) for row in attachments.not_made)


def _wanted(sections: Sections, technique: TechniqueSection) -> Iterator[tuple[str, str]]:
    kinds = {"customer_invoice": "ubl_invoice", "sales_order": "ubl_order"}
    for document in sections.transaction.documents:
        kind = kinds.get(document.kind)  # a supplier's bill is the supplier's to make, and pledged goods have no file
        if kind is not None and kind in technique.embedded:
            yield kind, document.number


def _asks_for_advice(sections: Sections, technique: TechniqueSection) -> bool:
    """Whether the technique asks for the despatch advice, and goods went out."""
    logistics = sections.logistics_flow
    went_out = logistics is not None and any(
        delivery.direction == "out" and delivery.done_on is not None for delivery in logistics.deliveries
    )
    return went_out and ADVICE in technique.embedded
