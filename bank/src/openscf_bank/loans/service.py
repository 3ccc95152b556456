"""The states of a loan, and telling the applicant about them."""

from __future__ import annotations

from typing import Any

from openscf import wire
from openscf.wire import EventType, LoanApplicationStatus, LoanStatus

from ..applications import states
from ..applications.models import Application
from ..clients.models import Client
from ..events.service import emit
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.number_series import next_number
from ..offers.models import Offer
from . import repository
from .models import Loan
from .views import as_wire

# docs/protocol.md, "Loans".
NEXT: dict[LoanStatus, tuple[LoanStatus, ...]] = {
    LoanStatus.GRANTED: (LoanStatus.DISBURSEMENT_INITIATED,),
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


def move(loan: Loan, status: LoanStatus) -> None:
    """Take the next step; asking for one that is none is a defect of this program."""
    present = LoanStatus(loan.status)
    if status not in NEXT[present]:
        raise AssertionError(f"loan {loan.number} is {present.value}; it cannot become {status.value}")
    loan.status = status.value


def snapshot(uow: UnitOfWork, loan: Loan) -> wire.Loan:
    """The loan as it stands in this transaction, on this business day."""
    return as_wire(loan, repository.ledger(uow.session, loan.id), uow.now.date())


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
