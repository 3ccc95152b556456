"""The states of an application: the one place that writes them."""

from __future__ import annotations

from openscf.kinds import GOODS_KIND
from openscf.wire import EventType
from openscf.wire import LoanApplicationStatus as Status

from ..clients.models import Client
from ..collateral import repository as collateral
from ..events.service import emit
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import repository
from .models import Application
from .views import as_wire

# docs/protocol.md, "Loan applications".
NEXT: dict[Status, tuple[Status, ...]] = {
    Status.PROCESSING: (Status.OFFERED, Status.REJECTED, Status.ACTION_REQUIRED, Status.CANCELLED),
    Status.ACTION_REQUIRED: (Status.PROCESSING, Status.REJECTED, Status.CANCELLED),
    Status.OFFERED: (Status.OFFERED, Status.PROCESSING, Status.OFFER_ACCEPTED, Status.CANCELLED),
    Status.OFFER_ACCEPTED: (Status.GRANTED,),
    Status.GRANTED: (Status.DISBURSEMENT_INITIATED, Status.CLOSED),
    Status.DISBURSEMENT_INITIATED: (Status.DISBURSEMENT_COMPLETED, Status.DISBURSED_FAILED),
    Status.DISBURSEMENT_COMPLETED: (Status.CLOSED,),
    Status.CLOSED: (Status.DISBURSEMENT_COMPLETED,),
    Status.REJECTED: (),
    Status.DISBURSED_FAILED: (),
    Status.CANCELLED: (),
}


def move(uow: UnitOfWork, application: Application, status: Status) -> None:
    """Take the next step; a ProblemError `wrong-state` where it is not one. Nobody waits for an officer afterwards."""
    present = Status(application.status)
    if status not in NEXT[present]:
        raise ProblemError("wrong-state", f"The application is {present.value}; it cannot become {status.value}.")
    application.status = status.value
    application.updated_at = uow.now
    application.waiting_since = None
    application.needs_decision = False
    if status is not Status.ACTION_REQUIRED:
        application.action_message = None


def wait_for_officer(uow: UnitOfWork, application: Application) -> None:
    """Put the application on the officers' list."""
    application.needs_decision = False
    application.waiting_since = uow.now
    application.updated_at = uow.now


def tell(uow: UnitOfWork, client: Client, application: Application, kind: EventType) -> None:
    """Emit an event that shows the application as it is now."""
    uow.session.flush()
    emit(
        uow,
        client,
        kind,
        as_wire(uow.session, application).to_wire(),
        loan_application_id=application.id,
        reference=application.reference,
    )


def end(uow: UnitOfWork, client: Client, application: Application, status: Status, kind: EventType) -> None:
    """End an application without a loan: its documents and goods are free again, and the applicant is told."""
    move(uow, application, status)
    release_documents(uow, application.id)
    collateral.forget(uow.session, application.id)
    tell(uow, client, application, kind)


def release_documents(uow: UnitOfWork, application_id: str) -> None:
    """Let other applications finance these documents."""
    for document in repository.financed_documents(uow.session, application_id):
        document.is_open = False
    uow.session.flush()


def hold_documents_again(uow: UnitOfWork, application_id: str) -> None:
    """Hold the documents of a loan that re-opened, except those that another loan finances by now.

    Goods went back for good when the loan closed.
    """
    for document in repository.financed_documents(uow.session, application_id):
        elsewhere = repository.open_elsewhere(uow.session, document.fingerprint, application_id)
        if document.kind != GOODS_KIND and elsewhere is None:
            document.is_open = True
    uow.session.flush()
