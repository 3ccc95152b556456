"""Other documents in the place of disputed ones: asked for with a package, decided by an officer who has seen it.

From the asking on the new documents are held, so that nobody else finances them while the officer looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from openscf import wire
from openscf.kinds import GOODS_KIND
from openscf.package import FinancedDocument as Document
from openscf.package import Package, Sections
from openscf.wire import EventType, SubstitutionStatus
from sqlalchemy.orm import undefer

from ..applications import arrival, counterparties
from ..applications import repository as applications
from ..applications.models import Application, FinancedDocument, Part
from ..applications.verification import Claim
from ..clients.models import Client
from ..distributors import admission
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from ..packages import reading
from ..packages.models import ReceivedPackage
from . import repository, service, shortfall, waiting
from .models import Loan, Substitution
from .request_views import substitution_as_wire


def ask(uow: UnitOfWork, client_id: str, loan_id: str, request: wire.SubstitutionRequest) -> wire.Substitution:
    """The applicant asks for other documents; a package that does not verify is the bank's no at once.

    The same substitution asked for twice (under another Idempotency-Key) has its effect once; the answer shows it as it
    stands.
    """
    client, loan = service.own(uow, client_id, loan_id)
    known = uow.session.get(Substitution, (loan.id, request.substitution_id))
    if known is not None:
        return _same(uow, known, request)
    service.require_active(loan)
    waits = repository.waiting_substitution(uow.session, loan.id)
    if waits is not None:
        raise ProblemError(
            "wrong-state", f"The substitution {waits.substitution_id!r} waits. The bank answers it first."
        )
    financed = applications.financed_documents(uow.session, loan.application_id)
    released = _released(loan, financed, request.released)
    application = uow.session.get_one(Application, loan.application_id)
    membership = admission.of_application(uow.session, application.id)
    claim = Claim(
        package_id=request.package_id,
        technique=application.technique,
        currency=loan.currency,
        requested=None,
        tenor_days=None,
        fingerprints=None,
        account=application.account_number,
        seller_tax_id=membership.seller_tax_id if membership else None,
    )
    verification = arrival.verified(uow, client, request.package_sha256, claim)
    package = verification.package if verification.ok else None
    added = _added(package, financed, released) if package is not None else []
    received = arrival.keep(
        uow, client, application, verification, sha256=request.package_sha256, package_id=request.package_id[:255]
    )
    substitution = _append(uow, loan, request, received)
    for document in sorted(added, key=lambda one: one.fingerprints.f1):
        arrival.hold(uow, application, document, Part.PROPOSED)
    if package is None:
        waiting.decline_substitution(uow, client, loan, substitution, verification.sentence(), decided_by=None)
    return substitution_as_wire(substitution)


def grant(uow: UnitOfWork, loan_id: str, number: int, officer: str) -> Substitution:
    """An officer grants it: the released documents are free, the package's are financed, the cover is told anew."""
    client, loan, substitution = _waiting(uow, loan_id, number)
    received = package_of(uow, substitution)
    sections = readable_sections(uow, received)
    application = uow.session.get_one(Application, loan.application_id)
    _exchange(uow, loan, sections)
    application.package_sha256 = received.sha256
    application.package_id = received.package_id
    application.counterparty_name = counterparties.names(sections)
    substitution.status = SubstitutionStatus.GRANTED.value
    substitution.decided_by = officer
    about = substitution_as_wire(substitution)
    service.notice(uow, client, loan, EventType.SUBSTITUTION_GRANTED, substitution=about)
    _tell_cover(uow, client, loan)
    return substitution


def decline(uow: UnitOfWork, loan_id: str, number: int, officer: str, reason: str) -> Substitution:
    """An officer declines it, with a sentence for the applicant; the documents that were proposed are free again."""
    client, loan, substitution = _waiting(uow, loan_id, number)
    waiting.decline_substitution(uow, client, loan, substitution, reason, decided_by=officer)
    return substitution


def package_of(uow: UnitOfWork, substitution: Substitution) -> ReceivedPackage:
    """The package that came with a substitution, with its sections."""
    return uow.session.get_one(
        ReceivedPackage,
        substitution.package_row_id,
        options=[undefer(ReceivedPackage.sections)],
        populate_existing=True,
    )


def readable_sections(uow: UnitOfWork, received: ReceivedPackage) -> Sections:
    """What a package says; ProblemError `wrong-state` once its consent has ended."""
    ended = reading.closing(uow.session, received, uow.now)
    sections = reading.sections_of(received) if ended is None else None
    if sections is None:
        why = ended.sentence() if ended is not None else "The package can't be read."
        raise ProblemError("wrong-state", f"{why} Decline the substitution.")
    return sections


def outstanding(sections: Sections) -> Decimal:
    """What the documents of a package carry together."""
    return sum((document.totals.outstanding for document in sections.transaction.documents), Decimal(0))


def _exchange(uow: UnitOfWork, loan: Loan, sections: Sections) -> None:
    """The package says what is financed from now on, and how much each of it carries."""
    present = {document.fingerprints.f1: document for document in sections.transaction.documents}
    for held in applications.financed_documents(uow.session, loan.application_id):
        document = present.get(held.fingerprint)
        if document is None:
            held.part = Part.REPLACED.value
            held.is_open = False
        else:
            held.outstanding = document.totals.outstanding
    for held in applications.financed_documents(uow.session, loan.application_id, Part.PROPOSED):
        held.part = Part.FINANCED.value
    uow.session.flush()


def _tell_cover(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    """What is missing with the new documents, and 0 once to an applicant who knows of more."""
    missing = wire.Money(amount=shortfall.shortfall(uow, loan), currency=loan.currency)
    if missing.amount > 0:
        message = f"With the other documents the advance is {missing} above what they carry. "
        shortfall.tell(uow, client, loan, message + f"Please repay {missing} from your own money.")
    elif shortfall.last_told(uow, loan) > 0:
        message = "The other documents carry the advance again. Nothing is to be repaid now."
        shortfall.tell(uow, client, loan, message)


def _released(
    loan: Loan, financed: Sequence[FinancedDocument], asked: Sequence[wire.DocumentRef]
) -> list[FinancedDocument]:
    """The documents to be released; ProblemError where one is not financed, or is goods."""
    by_name = {(document.kind, document.number): document for document in financed}
    errors = [
        (f"/released/{index}", f"{ref.number!r} is no document of the loan {loan.number}.")
        for index, ref in enumerate(asked)
        if (ref.kind, ref.number) not in by_name
    ] or [
        (f"/released/{index}", "Goods are given back by a release; a substitution is for documents.")
        for index, ref in enumerate(asked)
        if ref.kind == GOODS_KIND
    ]
    if errors:
        raise _refused(errors)
    return [by_name[ref.kind, ref.number] for ref in dict.fromkeys(asked)]


def _added(
    package: Package, financed: Sequence[FinancedDocument], released: Sequence[FinancedDocument]
) -> list[Document]:
    """The package's documents that are not financed yet; ProblemError where it keeps others than it should."""
    documents = package.sections.transaction.documents
    present = {document.fingerprints.f1 for document in documents}
    leaving = {held.fingerprint for held in released}
    errors = [
        ("/package_sha256", f"The package has {held.number} still, which is to be released.")
        for held in released
        if held.fingerprint in present
    ] + [
        ("/package_sha256", f"The package lacks {held.number}, which stays financed.")
        for held in financed
        if held.fingerprint not in present | leaving
    ]
    if errors:
        raise _refused(errors)
    known = {held.fingerprint for held in financed}
    return [document for document in documents if document.fingerprints.f1 not in known]


def _append(uow: UnitOfWork, loan: Loan, request: wire.SubstitutionRequest, received: ReceivedPackage) -> Substitution:
    uow.session.flush()
    leaving = {(ref.kind, ref.number) for ref in request.released}
    substitution = Substitution(
        loan_id=loan.id,
        substitution_id=request.substitution_id,
        sequence=len(repository.substitutions(uow.session, loan.id)) + 1,
        released=[ref.to_wire() for ref in request.released],
        reason=request.reason,
        package_row_id=received.id,
        known={name: str(amount) for name, amount in shortfall.standing(uow, loan, without=leaving).items()},
        status=SubstitutionStatus.REQUESTED.value,
        received_at=uow.now,
    )
    uow.session.add(substitution)
    uow.session.flush()
    return substitution


def _same(uow: UnitOfWork, known: Substitution, request: wire.SubstitutionRequest) -> wire.Substitution:
    received = package_of(uow, known)
    before = (known.released, known.reason, received.sha256, received.package_id)
    asked = ([ref.to_wire() for ref in request.released], request.reason, request.package_sha256, request.package_id)
    if before != asked:
        raise _refused([("/substitution_id", "This substitution_id came before with another content. Use a new one.")])
    return substitution_as_wire(known)


def _waiting(uow: UnitOfWork, loan_id: str, number: int) -> tuple[Client, Loan, Substitution]:
    client, loan = service.of_officer(uow, loan_id)
    substitution = next((one for one in repository.substitutions(uow.session, loan.id) if one.sequence == number), None)
    if substitution is None:
        raise ProblemError("not-found", f"The loan {loan.number} has no substitution {number}.")
    if substitution.status != SubstitutionStatus.REQUESTED.value:
        raise ProblemError(
            "wrong-state", "The substitution does not wait for an officer any more. Load the page again."
        )
    return client, loan, substitution


def _refused(errors: Sequence[tuple[str, str]]) -> ProblemError:
    return ProblemError("validation-failed", " ".join(sentence for _, sentence in errors[:3]), errors=errors)
