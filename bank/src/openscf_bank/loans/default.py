"""Default: the bank calls a loan, so that all of it is due, or gives up what it owes, which takes two officers."""

from __future__ import annotations

from openscf.wire import EventType

from ..clients.models import Client
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import ledger, proposals, repository, service, settling, waiting
from .models import LedgerEntry, Loan
from .proposals import Act, Proposed
from .views import entry_as_wire


def call(uow: UnitOfWork, loan_id: str, reason: str) -> LedgerEntry:
    """An officer calls a loan: everything is due today. What was asked about later due dates ends."""
    client, loan = service.of_officer(uow, loan_id)
    service.require_active(loan)
    if any(entry.type == "call" for entry in repository.ledger(uow.session, loan.id)):
        raise ProblemError("wrong-state", f"The loan {loan.number} was called before.")
    entry = ledger.book_call(uow, loan, uow.now.date())
    service.notice(uow, client, loan, EventType.LOAN_CALLED, entry=entry_as_wire(entry, loan.currency), reason=reason)
    waiting.end_extensions(uow, client, loan, "The loan was called: all of it is due.")
    return entry


def propose_write_off(uow: UnitOfWork, loan_id: str, officer: str, reason: str) -> Proposed:
    """An officer (by user name) proposes to give up all that the loan owes; nothing happens until another approves."""
    _client, loan = service.of_officer(uow, loan_id)
    service.require_active(loan)
    return proposals.propose(uow, loan, Act.WRITE_OFF, officer, reason=reason)


def write_off(uow: UnitOfWork, client: Client, loan: Loan, reason: str) -> LedgerEntry:
    """Two officers gave up what the loan owes today; the loan closes."""
    service.require_active(loan)
    if ledger.state(loan, repository.ledger(uow.session, loan.id), uow.now.date()).is_settled:
        raise ProblemError("wrong-state", f"The loan {loan.number} owes nothing today; there is nothing to give up.")
    entry = ledger.book_write_off(uow, loan, uow.now.date())
    entries = (entry_as_wire(entry, loan.currency),)
    service.notice(uow, client, loan, EventType.LOAN_WRITTEN_OFF, entries=entries, reason=reason)
    settling.bring_in_line(uow, client, loan)
    return entry
