"""What follows for a loan when its balance has changed: goods that can be released, its end, its new beginning."""

from __future__ import annotations

from openscf.wire import EventType, LoanApplicationStatus, LoanStatus

from ..applications import states
from ..applications.models import Application
from ..clients.models import Client
from ..collateral import releases
from ..gateway import UnitOfWork
from . import ledger, lines, repository, service, waiting
from .models import Loan
from .shortfall import tell_of_goods


def bring_in_line(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    """Look again at releases that wait, tell a margin call that changed, and close or reopen the loan."""
    releases.look_again(uow, client, loan)
    if loan.status == LoanStatus.ACTIVE.value:
        tell_of_goods(uow, client, loan)
    _close_or_reopen(uow, client, loan)


def _close_or_reopen(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    """Bring the status in line with the balance: a loan that owes nothing is CLOSED, one that owes again is ACTIVE.

    A line is CLOSED once it has ended, too, and nothing of it is on its way.

    Goods go back before the end; a loan that re-opens has none any more, and is short of all that it owes.
    """
    entries = repository.ledger(uow.session, loan.id)
    settled = ledger.is_over(loan, entries, uow.now.date()) and not lines.is_being_drawn(uow.session, loan.id)
    application = uow.session.get_one(Application, loan.application_id)
    if settled and loan.status == LoanStatus.ACTIVE.value:
        given_up = any(entry.type == "write_off" for entry in entries)
        why = "The loan is written off." if given_up else "The loan is repaid."
        releases.release_all(uow, client, loan, why)
        waiting.end_all(uow, client, loan, why)
        service.move(loan, LoanStatus.CLOSED)
        states.move(uow, application, LoanApplicationStatus.CLOSED)
        states.release_documents(uow, application.id)
        service.tell(uow, client, loan, EventType.LOAN_CLOSED, {"loan": service.snapshot(uow, loan).to_wire()})
    elif not settled and loan.status == LoanStatus.CLOSED.value:
        service.move(loan, LoanStatus.ACTIVE)
        states.move(uow, application, LoanApplicationStatus.DISBURSEMENT_COMPLETED)
        states.hold_documents_again(uow, application.id)
        service.tell(uow, client, loan, EventType.LOAN_REOPENED, {"loan": service.snapshot(uow, loan).to_wire()})
        tell_of_goods(uow, client, loan)
