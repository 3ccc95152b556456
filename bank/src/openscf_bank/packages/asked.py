"""What the bank asks of a package beyond its being true: sections and files, by its profile's technique."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from openscf.package import Package

from ..profile import TechniqueSection


def missing(package: Package, technique: TechniqueSection, came: Collection[str]) -> Iterator[tuple[str, str]]:
    """(pointer, sentence) for each section and each kind of file that the technique asks for and that is not there.

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
    have = {(file.kind, file.document) for file in files}
    for kind, number in _wanted(package, technique):
        if (kind, number) not in have:
            yield "/sections/attachments/files", f"this bank asks for a file of kind {kind} for {number}"
    kinds = {file.kind for file in files}
    if "ubl_despatch_advice" in technique.embedded and _goods_went_out(package) and "ubl_despatch_advice" not in kinds:
        yield "/sections/attachments/files", "this bank asks for the despatch advice (ubl_despatch_advice) of the goods"


def _wanted(package: Package, technique: TechniqueSection) -> Iterator[tuple[str, str]]:
    kinds = {"customer_invoice": "ubl_invoice", "sales_order": "ubl_order"}
    for document in package.sections.transaction.documents:
        if kinds[document.kind] in technique.embedded:
            yield kinds[document.kind], document.number


def _goods_went_out(package: Package) -> bool:
    logistics = package.sections.logistics_flow
    return logistics is not None and any(
        delivery.direction == "out" and delivery.done_on is not None for delivery in logistics.deliveries
    )
