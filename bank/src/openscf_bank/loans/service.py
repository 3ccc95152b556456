"""The states of a loan, and telling the applicant about them."""

from __future__ import annotations

from typing import Any

from openscf import wire
from openscf.wire import EventType, LoanApplicationStatus, LoanStatus

from ..applications import states
from ..applications.models import Application
from ..clients import repository as clients
from ..clients.models import Client
from ..events.service import emit
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.number_series import next_number
from ..kit.problems import ProblemError, not_found
from ..offers.models import Offer
from . import repository
from .models import Loan
from .views import as_wire

# docs/protocol.md, "Loans".
NEXT: dict[LoanStatus, tuple[LoanStatus, ...]] = {
    LoanStatus.GRANTED: (LoanStatus.DISBURSEMENT_INITIATED, LoanStatus.CLOSED),
    LoanStatus.DISBURSEMENT_INITIATED: (LoanStatus.ACTIVE, LoanStatus.DISBURSED_FAILED),
    LoanStatus.ACTIVE: (LoanStatus.CLOSED,),
    LoanStatus.CLOSED: (LoanStatus.ACTIVE,),
    LoanStatus.DISBURSED_FAILED: (),
}


def grant(uow: UnitOfWork, client: Client, application: Application, offer: Offer) -> wire.Loan:
    """The loan of an accepted offer; its money follows."""
    terms = wire.OfferTerms.model_validate(offer.terms)
    prefix = uow.gateway.profile.bank.loan_number_prefix
    loan = Loan(
        id=new_id("loan"),
        client_id=client.id,
        application_id=application.id,
        offer_id=offer.id,
        number=f"{prefix}-{uow.now.year}-{next_number(uow.session, f'loan-{uow.now.year}'):06d}",
        status=LoanStatus.GRANTED.value,
        terms=offer.terms,
        currency=terms.principal.currency,
        principal=terms.principal.amount,
        granted_at=uow.now,
    )
    uow.session.add(loan)
    states.move(uow, application, LoanApplicationStatus.GRANTED)
    uow.session.flush()
    tell(uow, client, loan, EventType.LOAN_GRANTED, snapshot(uow, loan).to_wire())
    return snapshot(uow, loan)


def own(uow: UnitOfWork, client_id: str, loan_id: str) -> tuple[Client, Loan]:
    """A client, locked, and its own loan; ProblemError `not-found` for another's."""
    client = clients.lock(uow.session, client_id)
    loan = repository.of_client(uow.session, client_id, loan_id)
    if loan is None:
        raise not_found("loan", loan_id)
    return client, loan


def of_officer(uow: UnitOfWork, loan_id: str) -> tuple[Client, Loan]:
    """A loan for an officer, read afresh, and its client, locked."""
    loan = uow.session.get_one(Loan, loan_id)
    client = clients.lock(uow.session, loan.client_id)
    uow.session.refresh(loan)
    return client, loan


def require_active(loan: Loan) -> None:
    """ProblemError `wrong-state` for a loan that is not paid out yet, or repaid."""
    if loan.status != LoanStatus.ACTIVE.value:
        raise ProblemError("wrong-state", f"The loan {loan.number} is {loan.status}; that is for an ACTIVE one.")


def move(loan: Loan, status: LoanStatus) -> None:
    """Take the next step; asking for one that is none is a defect of this program."""
    present = LoanStatus(loan.status)
    if status not in NEXT[present]:
        raise AssertionError(f"loan {loan.number} is {present.value}; it cannot become {status.value}")
    loan.status = status.value


def snapshot(uow: UnitOfWork, loan: Loan) -> wire.Loan:
    """The loan as it stands in this transaction, on this business day."""
    return as_wire(loan, repository.ledger(uow.session, loan.id), uow.now.date())


def notice(uow: UnitOfWork, client: Client, loan: Loan, kind: EventType, **about: Any) -> None:
    """Tell what happened to a loan: `about` are the members of a `wire.LoanNotice` beside the loan."""
    uow.session.flush()
    tell(uow, client, loan, kind, wire.LoanNotice(loan=snapshot(uow, loan), **about).to_wire())


def tell(uow: UnitOfWork, client: Client, loan: Loan, kind: EventType, details: dict[str, Any]) -> None:
    """Emit an event about a loan."""
    application = uow.session.get_one(Application, loan.application_id)
    emit(
        uow,
        client,
        kind,
        details,
        loan_application_id=loan.application_id,
        reference=application.reference,
        offer_id=loan.offer_id,
        loan_id=loan.id,
    )
