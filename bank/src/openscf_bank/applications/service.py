"""What happens to an application: received, decided, asked about, replied to, cancelled, rejected."""

from __future__ import annotations

from dataclasses import replace

from openscf import wire
from openscf.package import FinancedDocument as Document
from openscf.package import Package, Sections
from openscf.package import PledgedGoods as Goods
from openscf.wire import EventType, LoanApplicationStatus, RejectionReason

from ..clients import repository as clients
from ..clients.models import Client
from ..collateral import repository as collateral
from ..collateral.models import PledgedGoods
from ..decisions.engine import Evaluation, Request, evaluate
from ..decisions.models import Decision
from ..distributors import admission
from ..gateway import Gateway, UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..offers import service as offers
from ..packages import reading
from ..packages import repository as packages
from . import arrival, counterparties, repository, states
from .models import Application, ApplicationMessage, Part
from .verification import Claim, Verification
from .views import as_wire

ENGINE = "decision engine"


def receive(uow: UnitOfWork, client_id: str, request: wire.LoanApplicationRequest) -> wire.LoanApplication:
    """Take an application in and verify its package. The decision follows after the commit."""
    client = clients.lock(uow.session, client_id)
    if repository.with_reference(uow.session, client_id, request.reference) is not None:
        raise ProblemError("wrong-state", f"The reference {request.reference!r} was used before. Use a new one.")
    account = request.disbursement_account.iban or request.disbursement_account.account
    if not account:
        raise _invalid("/disbursement_account", "Name the account to pay to, by `iban` or `account`.")
    membership = admission.of_request(uow, client_id, request)
    claim = Claim(
        package_id=request.package_id,
        technique=request.technique,
        currency=request.requested.currency,
        requested=request.requested,
        tenor_days=request.tenor_days,
        fingerprints=frozenset(request.documents_fingerprints),
        account=account,
        seller_tax_id=membership.seller_tax_id if membership else None,
    )
    verification = arrival.verified(uow, client, request.package_sha256, claim)
    application = Application(
        id=new_id("app"),
        client_id=client_id,
        reference=request.reference,
        technique=request.technique[:32],
        requested_amount=request.requested.amount,
        currency=request.requested.currency,
        tenor_days=request.tenor_days,
        repayment=request.repayment,
        recourse=request.recourse,
        account_number=account[:255],
        account_holder=request.disbursement_account.holder[:255],
        applicant_name=client.party_name,
        counterparty_name=counterparties.names(verification.sections),
        package_sha256=request.package_sha256,
        package_id=request.package_id[:255],
        status=LoanApplicationStatus.PROCESSING.value,
        needs_decision=False,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(application)
    uow.session.flush()
    if membership is not None:
        admission.note(uow, application.id, membership)
    _take_package(uow, client, application, verification)
    if verification.ok:
        application.needs_decision = True
        gateway, application_id = uow.gateway, application.id
        uow.after_commit(lambda: decide(gateway, application_id))
    return as_wire(uow.session, application)


def decide(gateway: Gateway, application_id: str) -> None:
    """Let the engine judge an application that it has not judged; anything else is left alone."""
    with gateway.unit_of_work() as uow:
        application = uow.session.get_one(Application, application_id)
        client = clients.lock(uow.session, application.client_id)
        uow.session.refresh(application)
        if not application.needs_decision:
            return
        sections = _readable_sections(uow, application)
        if sections is None:  # the consent ended in between; closing it ends the application too
            return
        evaluation = _evaluate(uow, application, sections)
        if evaluation.verdict == "refer":
            states.wait_for_officer(uow, application)
        elif evaluation.verdict == "decline":
            refusal = evaluation.first_refusal()
            reject(uow, client, application, RejectionReason(refusal.reason), refusal.message)
        elif evaluation.price is not None:
            offers.make(uow, application, client, evaluation.price.terms, ENGINE)


def reply(uow: UnitOfWork, client_id: str, application_id: str, answer: wire.Reply) -> wire.LoanApplication:
    """The applicant's answer to ACTION_REQUIRED, with a corrected package or without; an officer goes on from there."""
    client = clients.lock(uow.session, client_id)
    application = _own(uow, client_id, application_id)
    if application.status != LoanApplicationStatus.ACTION_REQUIRED.value:
        raise ProblemError("wrong-state", f"The application is {application.status}; the bank has asked nothing.")
    say(uow, application, "applicant", client.party_name, answer.message)
    states.move(uow, application, LoanApplicationStatus.PROCESSING)
    if answer.package_sha256 is None:
        states.tell(uow, client, application, EventType.LOAN_APPLICATION_PROCESSING)
        reading.note_read(uow, client, application, application.package_id, reader=reading.SYSTEM, action="verified")
    else:
        _take_corrected_package(uow, client, application, answer.package_sha256, answer.package_id)
    if application.status == LoanApplicationStatus.PROCESSING.value:
        sections = _readable_sections(uow, application)
        if sections is None:
            raise ProblemError("consent-invalid", "The consent has ended. Reply with a package that carries a new one.")
        _evaluate(uow, application, sections)
        states.wait_for_officer(uow, application)
    return as_wire(uow.session, application)


def cancel(uow: UnitOfWork, client_id: str, application_id: str, reason: str) -> wire.LoanApplication:
    """The applicant gives the application up. Doing so again changes nothing."""
    client = clients.lock(uow.session, client_id)
    application = _own(uow, client_id, application_id)
    if application.status != LoanApplicationStatus.CANCELLED.value:
        if LoanApplicationStatus.CANCELLED not in states.NEXT[LoanApplicationStatus(application.status)]:
            raise ProblemError(
                "wrong-state", f"The application is {application.status}; it can no longer be cancelled."
            )
        give_up(uow, client, application, reason)
    return as_wire(uow.session, application)


def give_up(uow: UnitOfWork, client: Client, application: Application, reason: str) -> None:
    """End an application in the applicant's name: open offers are declined, its documents are free again."""
    say(uow, application, "applicant", client.party_name, reason)
    offers.close_all(uow, client, application, reason)
    states.end(uow, client, application, LoanApplicationStatus.CANCELLED, EventType.LOAN_APPLICATION_CANCELLED)


def ask(uow: UnitOfWork, client: Client, application: Application, officer: str, message: str) -> None:
    """An officer needs to know more."""
    states.move(uow, application, LoanApplicationStatus.ACTION_REQUIRED)
    application.action_message = message
    say(uow, application, "bank", officer, message)
    states.tell(uow, client, application, EventType.LOAN_APPLICATION_ACTION_REQUIRED)


def reject(uow: UnitOfWork, client: Client, application: Application, reason: RejectionReason, message: str) -> None:
    """The bank's no, with OCEN's reason and a sentence."""
    application.rejection_reason = reason.value
    application.rejection_message = message
    states.end(uow, client, application, LoanApplicationStatus.REJECTED, EventType.LOAN_APPLICATION_REJECTED)


def say(uow: UnitOfWork, application: Application, sender: str, author: str, message: str) -> None:
    """Keep a word of the conversation."""
    uow.session.add(
        ApplicationMessage(
            id=new_id("msg"),
            application_id=application.id,
            sender=sender,
            author=author,
            message=message,
            sent_at=uow.now,
        )
    )


def request_of(application: Application) -> Request:
    """What was asked, as the engine takes it."""
    return Request(
        technique=application.technique,
        requested=wire.Money(amount=application.requested_amount, currency=application.currency),
        tenor_days=application.tenor_days,
        repayment=application.repayment,
        recourse=application.recourse,
    )


def _take_package(uow: UnitOfWork, client: Client, application: Application, verification: Verification) -> None:
    arrival.keep(
        uow,
        client,
        application,
        verification,
        sha256=application.package_sha256,
        package_id=application.package_id,
    )
    package = verification.package
    if verification.ok and package is not None:
        _hold_documents(uow, application, package)
        admission.note_documents(uow, application.id, package.sections)
        states.tell(uow, client, application, EventType.LOAN_APPLICATION_PROCESSING)
    else:
        reject(uow, client, application, RejectionReason.DOC_IRREGULARITIES, verification.sentence())


def _take_corrected_package(
    uow: UnitOfWork, client: Client, application: Application, sha256: str, package_id: str | None
) -> None:
    if package_id is None:
        raise _invalid("/package_id", "Name the package_id of the corrected package too.")
    application.package_sha256 = sha256
    application.package_id = package_id[:255]
    asked, membership = request_of(application), admission.of_application(uow.session, application.id)
    claim = Claim(
        package_id,
        asked.technique,
        application.currency,
        asked.requested,
        asked.tenor_days,
        fingerprints=None,
        account=application.account_number,
        seller_tax_id=membership.seller_tax_id if membership else None,
    )
    verification = arrival.verified(uow, client, sha256, claim)
    for document in repository.financed_documents(uow.session, application.id):
        uow.session.delete(document)
    collateral.forget(uow.session, application.id)
    uow.session.flush()
    if verification.package is not None:
        application.counterparty_name = counterparties.names(verification.sections)
    _take_package(uow, client, application, verification)


def _hold_documents(uow: UnitOfWork, application: Application, package: Package) -> None:
    for document in sorted(package.sections.transaction.documents, key=lambda one: one.fingerprints.f1):
        arrival.hold(uow, application, document, Part.FINANCED)
        if document.goods is not None:
            uow.session.add(_pledged(application, document, document.goods))


def _pledged(application: Application, document: Document, goods: Goods) -> PledgedGoods:
    line = document.lines[0]
    return PledgedGoods(
        id=new_id("goods"),
        application_id=application.id,
        number=document.number,
        description=line.description,
        product_code=line.product_code,
        lot=goods.lot,
        place=goods.place,
        quantity=line.quantity,
        uom=line.uom,
        value=document.totals.outstanding,
    )


def _readable_sections(uow: UnitOfWork, application: Application) -> Sections | None:
    """What the application rests on; None once the consent has ended."""
    received = packages.current(uow.session, application)
    if received is None or reading.closing(uow.session, received, uow.now) is not None:
        return None
    return reading.sections_of(received)


def _evaluate(uow: UnitOfWork, application: Application, sections: Sections) -> Evaluation:
    evaluation = evaluate(uow.gateway.profile, request_of(application), sections, uow.now.date())
    membership = admission.of_application(uow.session, application.id)
    if membership is not None and evaluation.price is not None:
        evaluation = replace(evaluation, price=admission.priced(evaluation.price, membership))
    uow.session.add(
        Decision(
            id=new_id("dec"),
            application_id=application.id,
            package_sha256=application.package_sha256,
            outcome=evaluation.verdict,
            decided_by=ENGINE,
            rules=evaluation.results_as_json(),
            pricing=evaluation.price.as_json() if evaluation.price else None,
            decided_at=uow.now,
        )
    )
    return evaluation


def _own(uow: UnitOfWork, client_id: str, application_id: str) -> Application:
    application = repository.of_client(uow.session, client_id, application_id)
    if application is None:
        raise not_found("loan application", application_id)
    return application


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
