"""A package on its way in: found among the documents, verified, let in by its consent, kept."""

from __future__ import annotations

from openscf.package import FinancedDocument as Document
from sqlalchemy.exc import IntegrityError

from ..clients.models import Client
from ..consents.admission import admit
from ..documents import repository as documents
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError
from ..packages import reading
from ..packages.models import ReceivedPackage
from .models import Application, FinancedDocument, Part
from .verification import Claim, Demand, Verification, verify


def verified(uow: UnitOfWork, client: Client, sha256: str, claim: Claim) -> Verification:
    """Verify the file; ProblemError `consent-invalid` where its consent does not let this bank read it."""
    file = documents.content(uow.session, client.id, sha256)
    if file is None:
        sentence = f"Put the package first: PUT /v1/documents/{sha256}."
        raise ProblemError("validation-failed", sentence, errors=[("/package_sha256", sentence)])
    demand = Demand(
        technique=uow.gateway.profile.technique(claim.technique),
        was_put=lambda attached: documents.exists(uow.session, client.id, attached),
    )
    verification = verify(file, client, claim, demand)
    if verification.package is not None:
        admit(uow, client.id, verification.package.sections.consent, verified=verification.ok)
    return verification


def keep(
    uow: UnitOfWork,
    client: Client,
    application: Application,
    verification: Verification,
    *,
    sha256: str,
    package_id: str,
) -> ReceivedPackage:
    """Keep a package that came for an application, verified or not; its reading is told to the applicant.

    A file that cannot be read is erased: whatever it may hold, no consent says that it may be kept.
    """
    package = verification.package
    received = ReceivedPackage(
        id=new_id("pkg"),
        application_id=application.id,
        client_id=client.id,
        consent_id=package.sections.consent.consent_id if package else None,
        sha256=sha256,
        package_id=package_id,
        root=package.header.tree.root if package else None,
        ok=verification.ok,
        report=verification.report,
        sections=package.sections.model_dump(mode="json", by_alias=True, exclude_none=True) if package else None,
        received_at=uow.now,
    )
    uow.session.add(received)
    if package is None:
        documents.erase(uow.session, client.id, sha256)
    else:
        reading.note_read(uow, client, application, package_id, reader=reading.SYSTEM, action="verified")
    return received


def hold(uow: UnitOfWork, application: Application, document: Document, part: Part) -> None:
    """Claim a document; the unique index refuses one that another open application or loan holds.

    Whoever claims several takes them in the order of their fingerprints, so that two clients with the same documents
    cannot wait for each other.
    """
    uow.session.add(
        FinancedDocument(
            id=new_id("fdoc"),
            application_id=application.id,
            fingerprint=document.fingerprints.f1,
            kind=document.kind,
            number=document.number[:255],
            currency=document.currency,
            outstanding=document.totals.outstanding,
            is_open=True,
            part=part.value,
        )
    )
    try:
        uow.session.flush()
    except IntegrityError as error:
        sentence = f"{document.number} is in an open application or loan, or was paid early, at this bank already."
        raise ProblemError(
            "duplicate-document",
            f"{sentence} Wait until that one has ended, or finance another document.",
            errors=[("/documents_fingerprints", sentence)],
        ) from error
