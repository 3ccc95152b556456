"""The end of a consent: revoked by its client, or expired by the bank's clock. What it covered is erased."""

from __future__ import annotations

from openscf import wire
from openscf.wire import LoanApplicationStatus, RejectionReason

from ..applications import repository as applications
from ..applications import service as application_service
from ..applications import states
from ..applications.models import Application
from ..clients import repository as clients
from ..clients.models import Client
from ..documents import repository as documents
from ..gateway import Gateway, UnitOfWork
from ..loans import repository as loans
from ..loans import waiting
from ..packages import repository as packages
from ..packages.models import ReceivedPackage
from . import repository
from .models import Consent

# Stands where the words of a rejection stood.
ERASED_WORDS = "The bank's words were erased with the evidence that they were about, when its consent ended."


def revoke(uow: UnitOfWork, client_id: str, consent_id: str, revocation: wire.ConsentRevocation) -> wire.ConsentStatus:
    """Take a consent back: close what it covered, cancel what has no loan. The first revocation is the one that counts.

    A consent that never came is remembered as revoked, so that a package under it is refused when it arrives.
    """
    client = clients.lock(uow.session, client_id)
    consent = repository.of_client(uow.session, client_id, consent_id)
    if consent is None:
        consent = Consent(client_id=client_id, consent_id=consent_id, received_at=uow.now)
        uow.session.add(consent)
    if consent.revoked_at is None:
        consent.revoked_at = revocation.revoked_at
        consent.revocation_reason = revocation.reason
        words = f"Consent revoked: {revocation.reason}"
        for application in _resting_on(uow, client_id, consent_id):
            _forget_words(uow, application)
            if LoanApplicationStatus.CANCELLED in states.NEXT[LoanApplicationStatus(application.status)]:
                application_service.give_up(uow, client, application, words)
        _end_substitutions(uow, client, consent, words)
        _erase(uow, consent)
    return wire.ConsentStatus(consent_id=consent_id, status="REVOKED", revoked_at=consent.revoked_at)


def expire(gateway: Gateway, identity: tuple[str, str]) -> None:
    """Close a consent whose time is over; what is not decided yet ends, because nobody may look at it any more."""
    client_id, consent_id = identity
    with gateway.unit_of_work() as uow:
        client = clients.lock(uow.session, client_id)
        consent = repository.of_client(uow.session, client_id, consent_id)
        if consent is None or consent.closed_at is not None or consent.expires_at is None:
            return
        if consent.expires_at > uow.now:
            return
        for application in _resting_on(uow, client_id, consent_id):
            _forget_words(uow, application)
            _reject_undecided(uow, client, application, consent)
        _end_substitutions(uow, client, consent, "The consent expired before the bank decided.")
        _erase(uow, consent)


def _forget_words(uow: UnitOfWork, application: Application) -> None:
    """Erase what was said about the evidence, which quotes it: why the bank said no, what it asked, what was replied.

    What is said after this, of the end of the consent, stays. So do the words around a granted loan, and the signed
    events: what the bank told the applicant is on record with both.
    """
    if loans.of_application(uow.session, application.id) is not None:
        return
    if application.rejection_message is not None:
        application.rejection_message = ERASED_WORDS
    application.action_message = None
    for message in applications.messages(uow.session, application.id):
        uow.session.delete(message)
    uow.session.flush()


def _reject_undecided(uow: UnitOfWork, client: Client, application: Application, consent: Consent) -> None:
    if LoanApplicationStatus.REJECTED in states.NEXT[LoanApplicationStatus(application.status)]:
        sentence = (
            f"The consent expired on {consent.expires_at:%Y-%m-%d %H:%M} UTC before the bank decided. "
            "Apply again with a new one."
        )
        application_service.reject(uow, client, application, RejectionReason.AA_FAILED, sentence)


def _end_substitutions(uow: UnitOfWork, client: Client, consent: Consent, why: str) -> None:
    """Decline the substitutions that wait for an officer, who may not look at their packages any more."""
    for received in packages.under_consent(uow.session, consent.client_id, consent.consent_id):
        loan = loans.of_application(uow.session, received.application_id)
        substitution = loans.waiting_substitution(uow.session, loan.id) if loan is not None else None
        if loan is not None and substitution is not None and substitution.package_row_id == received.id:
            waiting.decline_substitution(uow, client, loan, substitution, why, decided_by=None)


def _resting_on(uow: UnitOfWork, client_id: str, consent_id: str) -> list[Application]:
    """The applications whose present package came under a consent."""
    found: list[Application] = []
    for received in packages.under_consent(uow.session, client_id, consent_id):
        application = applications.of_client(uow.session, client_id, received.application_id)
        if application is not None and application.package_sha256 == received.sha256 and application not in found:
            found.append(application)
    return found


def _erase(uow: UnitOfWork, consent: Consent) -> None:
    """Erase what came under a consent; of a granted loan, its documents' numbers, their other party and the goods that
    are pledged stay."""
    for application in _resting_on(uow, consent.client_id, consent.consent_id):
        if loans.of_application(uow.session, application.id) is None:
            application.counterparty_name = ""
            for document in applications.financed_documents(uow.session, application.id):
                if not document.is_open:
                    uow.session.delete(document)
    for received in packages.under_consent(uow.session, consent.client_id, consent.consent_id):
        for sha256 in (received.sha256, *_attached(received)):
            documents.erase(uow.session, consent.client_id, sha256)
        received.sections = None
        received.report = {**received.report, "findings": []}
    consent.closed_at = uow.now
    uow.session.flush()


def _attached(received: ReceivedPackage) -> list[str]:
    """The digests of the files that came beside a package in JSON."""
    attachments = (received.sections or {}).get("attachments") or {"files": []}
    return [file["sha256"] for file in attachments["files"]]
