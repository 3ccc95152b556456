"""Paying a loan out: told to the core system, followed until it is done, booked when it is.

Each step is a transaction of its own and is found again by the worker after a crash.
"""

from __future__ import annotations

from openscf.wire import EventType, LoanApplicationStatus, LoanStatus

from ..applications import states
from ..applications.models import Application
from ..clients import repository as clients
from ..clients.models import Client
from ..collateral import releases
from ..gateway import Gateway, UnitOfWork
from ..kit.core_banking import PaymentInstruction
from . import collecting, ledger, service
from .models import Loan
from .views import entry_as_wire


def advance(gateway: Gateway, loan_id: str) -> None:
    """Take a granted loan as far towards ACTIVE as the core system allows now; a line waits for its first drawdown."""
    _initiate(gateway, loan_id)
    _complete(gateway, loan_id)


def _initiate(gateway: Gateway, loan_id: str) -> None:
    with gateway.unit_of_work() as uow:
        loan, _ = _locked(uow, loan_id)
        if loan.status != LoanStatus.GRANTED.value or ledger.is_revolving(loan):
            return
        application = uow.session.get_one(Application, loan.application_id)
        instruction = PaymentInstruction(
            reference=loan.id,
            amount=ledger.terms_of(loan).in_hand,
            currency=loan.currency,
            account_number=application.account_number,
            holder=application.account_holder,
        )
        gateway.core_banking.pay(uow.session, instruction, uow.now)
        service.move(loan, LoanStatus.DISBURSEMENT_INITIATED)
        states.move(uow, application, LoanApplicationStatus.DISBURSEMENT_INITIATED)


def _complete(gateway: Gateway, loan_id: str) -> None:
    with gateway.unit_of_work() as uow:
        loan, client = _locked(uow, loan_id)
        if loan.status != LoanStatus.DISBURSEMENT_INITIATED.value:
            return
        result = gateway.core_banking.result(uow.session, loan.id, uow.now)
        if result.status == "COMPLETED":
            _activate(uow, client, loan)
        elif result.status == "FAILED":
            _fail(uow, client, loan, result.reason or "The payment could not be made.")


def _activate(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    loan.start_date = uow.now.date()
    booked = ledger.book_disbursement(uow, loan, loan.start_date)
    service.move(loan, LoanStatus.ACTIVE)
    states.move(
        uow, uow.session.get_one(Application, loan.application_id), LoanApplicationStatus.DISBURSEMENT_COMPLETED
    )
    details = {
        "loan": service.snapshot(uow, loan).to_wire(),
        "entries": [entry_as_wire(entry, loan.currency).to_wire() for entry in booked],
    }
    service.tell(uow, client, loan, EventType.LOAN_DISBURSED, details)
    collecting.settle_waiting(uow, client, loan)


def _fail(uow: UnitOfWork, client: Client, loan: Loan, reason: str) -> None:
    loan.failure_reason = reason
    service.move(loan, LoanStatus.DISBURSED_FAILED)
    application = uow.session.get_one(Application, loan.application_id)
    states.move(uow, application, LoanApplicationStatus.DISBURSED_FAILED)
    states.release_documents(uow, application.id)
    releases.release_all(uow, client, loan, "The loan was not paid out.")
    details = {"loan": service.snapshot(uow, loan).to_wire(), "reason": reason}
    service.tell(uow, client, loan, EventType.LOAN_DISBURSEMENT_FAILED, details)


def _locked(uow: UnitOfWork, loan_id: str) -> tuple[Loan, Client]:
    loan = uow.session.get_one(Loan, loan_id)
    client = clients.lock(uow.session, loan.client_id)
    uow.session.refresh(loan)
    return loan, client
