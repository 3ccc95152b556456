"""Checking a package on arrival: the SDK's verification, whether it says what the application says, and whether all
that the bank asks for is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from openscf import wire
from openscf.fingerprint import OPEN_KEY, OPEN_KEY_VERSION
from openscf.package import AttachmentRow, Package, Sections
from openscf.verify import verify_package

from ..clients.models import Client
from ..clients.service import key_set
from ..packages.asked import missing
from ..profile import TechniqueSection

# The bank pays the supplier itself, so that the account must be the supplier's.
DISTRIBUTOR_FINANCE = "distributor_finance"

# So many findings go into the rejection's message; the desk shows all.
FINDINGS_IN_MESSAGE = 5


@dataclass(frozen=True)
class Verification:
    """The report as stored and shown, and the package where it could be read."""

    report: dict[str, Any]
    package: Package | None

    @property
    def sections(self) -> Sections | None:
        """What the package discloses, where it could be read."""
        return self.package.sections if self.package is not None else None

    @property
    def ok(self) -> bool:
        """Whether the bank may rely on the package."""
        return bool(self.report["ok"]) and self.package is not None

    def sentence(self) -> str:
        """The findings in words, for the applicant."""
        errors = [finding for finding in self.report["findings"] if finding["level"] == "error"]
        shown = "; ".join(
            f"{finding['pointer'] or '/'}: {finding['message'].rstrip('.')}" for finding in errors[:FINDINGS_IN_MESSAGE]
        )
        more = len(errors) - FINDINGS_IN_MESSAGE
        return f"The package does not verify: {shown}{f'; and {more} more' if more > 0 else ''}."


@dataclass(frozen=True)
class Claim:
    """What the application says about its package. `account` is the number (or IBAN) that it asks to pay to.

    `requested`, `tenor_days` and `fingerprints` are None where the package may say what it likes: of a loan that was
    granted, what is asked is past. `seller_tax_id` is the anchor's, of whose program the applicant is a member.
    """

    package_id: str
    technique: str
    currency: str
    requested: wire.Money | None
    tenor_days: int | None
    fingerprints: frozenset[str] | None
    account: str
    seller_tax_id: str | None = None


@dataclass(frozen=True)
class Demand:
    """What the bank asks for, and whether the file with a digest was put beside the package."""

    technique: TechniqueSection | None
    was_put: Callable[[str], bool]


def verify(file: bytes, client: Client, claim: Claim, demand: Demand) -> Verification:
    """Check a package file (PDF or JSON) by itself, then compare with client, application and what is asked for."""
    report = verify_package(file, keys=key_set(client), fingerprint_keys={OPEN_KEY_VERSION: OPEN_KEY})
    shown = report.as_dict()
    if report.package is None:
        return Verification(shown, None)
    came = {
        row.name
        for row in _files(report.package)
        if row.name in report.embedded or demand.was_put(row.sha256)  # put under its digest: checked on arrival
    }
    if came.issuperset(row.name for row in _files(report.package)):
        shown["findings"] = [one for one in shown["findings"] if not _says_files_unchecked(one)]
    found = [("mismatch", *place) for place in _mismatches(report.package, client, claim)]
    if demand.technique is not None:
        found += [("missing", *place) for place in missing(report.package, demand.technique, came)]
    shown["findings"] += [
        {"code": code, "pointer": pointer, "message": message, "level": "error"} for code, pointer, message in found
    ]
    shown["findings"] += [
        {"code": "file-not-made", "pointer": pointer, "message": message, "level": "warning"}
        for pointer, message in _not_made(report.package)
    ]
    shown["ok"] = bool(shown["ok"]) and not found
    return Verification(shown, report.package)


def _files(package: Package) -> tuple[AttachmentRow, ...]:
    return package.sections.attachments.files if package.sections.attachments is not None else ()


def _not_made(package: Package) -> Iterator[tuple[str, str]]:
    """What the applicant says about each file that it could not make, for the officer who looks instead."""
    attachments = package.sections.attachments
    for index, row in enumerate(attachments.not_made if attachments is not None else ()):
        pointer = f"/sections/attachments/not_made/{index}"
        yield pointer, f"The applicant could not make {row.kind} for {row.document}: {row.reason}"


def _says_files_unchecked(finding: dict[str, Any]) -> bool:
    return (finding["code"], finding["pointer"]) == ("not-checked", "/sections/attachments/files")


def _mismatches(package: Package, client: Client, claim: Claim) -> Iterator[tuple[str, str]]:
    transaction, applicant = package.sections.transaction, package.sections.party.applicant
    if package.header.package_id != claim.package_id:
        yield "/header/package_id", f"the application names the package {claim.package_id}"
    if transaction.technique != claim.technique:
        yield "/sections/transaction/technique", f"the application asks for {claim.technique}"
    asked = (transaction.requested.amount, transaction.requested.currency)
    if claim.requested is not None and asked != (claim.requested.amount, claim.requested.currency):
        yield "/sections/transaction/requested", f"the application asks for {claim.requested}"
    if claim.tenor_days is not None and transaction.tenor_days != claim.tenor_days:
        yield "/sections/transaction/tenor_days", f"the application asks for {claim.tenor_days} days"
    registered_tax_id = _letters_and_digits(client.party_tax_id or "")
    # A client without a tax id speaks for nobody, nor for an applicant whose tax id has no letter or digit either.
    if not registered_tax_id or _letters_and_digits(applicant.tax_id) != registered_tax_id:
        yield "/sections/party/applicant/tax_id", "the registered client has another tax id, or none"
    if claim.technique == DISTRIBUTOR_FINANCE and not _sellers_account(package, claim.account):
        yield "/sections/party/sellers/0/account", "the account that the application names is not the supplier's here"
    if claim.seller_tax_id is not None and not _sold_by(package, claim.seller_tax_id):
        yield "/sections/party/sellers", "only what the program's anchor sells is financed in it"
    present = frozenset(document.fingerprints.f1 for document in transaction.documents)
    if claim.fingerprints is not None and present != claim.fingerprints:
        yield "/sections/transaction/documents", "the application names other documents_fingerprints"
    for index, document in enumerate(transaction.documents):
        if document.currency != claim.currency:
            yield f"/sections/transaction/documents/{index}/currency", f"the loan is asked in {claim.currency}"
        if document.fingerprints.key_version != OPEN_KEY_VERSION:
            yield (
                f"/sections/transaction/documents/{index}/fingerprints/key_version",
                f"this bank compares fingerprints of version {OPEN_KEY_VERSION}",
            )


def _sellers_account(package: Package, account: str) -> bool:
    """Whether an account is the one on which the package says that the supplier is paid."""
    sellers = package.sections.party.sellers
    named = sellers[0].account if sellers else None
    number = _letters_and_digits(named.iban or named.account or "") if named is not None else ""
    return bool(number) and number == _letters_and_digits(account)


def _sold_by(package: Package, tax_id: str) -> bool:
    """Whether the company with this tax id, and nobody else, sells what the package is about."""
    expected = _letters_and_digits(tax_id)
    sold_by = {_letters_and_digits(seller.tax_id or "") for seller in package.sections.party.sellers}
    return bool(expected) and sold_by == {expected}


def _letters_and_digits(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())
