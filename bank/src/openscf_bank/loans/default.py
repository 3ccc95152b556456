"""Default: the bank calls a loan, so that all of it is due, or gives up what it owes, which takes two officers."""

from __future__ import annotations

from openscf.wire import EventType

from ..clients.models import Client
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import ledger, repository, service, settling, waiting
from .models import LedgerEntry, Loan, WriteOffProposal
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


def propose_write_off(uow: UnitOfWork, loan_id: str, officer: str, reason: str) -> WriteOffProposal:
    """An officer (by user name) proposes to give up all that the loan owes; nothing happens until another approves."""
    _client, loan = service.of_officer(uow, loan_id)
    service.require_active(loan)
    if repository.proposed_write_off(uow.session, loan.id) is not None:
        raise ProblemError("wrong-state", "A write-off is proposed already. Load the page again.")
    proposal = WriteOffProposal(
        loan_id=loan.id,
        sequence=len(repository.write_off_proposals(uow.session, loan.id)) + 1,
        reason=reason,
        status="PROPOSED",
        proposed_by=officer,
        proposed_at=uow.now,
    )
    uow.session.add(proposal)
    uow.session.flush()
    return proposal


def approve_write_off(uow: UnitOfWork, loan_id: str, number: int, officer: str) -> LedgerEntry:
    """Another officer than the one who proposed it gives up what the loan owes today; the loan closes."""
    client, loan, proposal = _proposed(uow, loan_id, number)
    if proposal.proposed_by == officer:
        raise ProblemError("wrong-state", "You proposed this write-off. Another officer has to approve it.")
    service.require_active(loan)
    if ledger.state(loan, repository.ledger(uow.session, loan.id), uow.now.date()).is_settled:
        raise ProblemError("wrong-state", f"The loan {loan.number} owes nothing today; there is nothing to give up.")
    _decide(uow, proposal, "APPROVED", officer)
    entry = ledger.book_write_off(uow, loan, uow.now.date())
    entries = (entry_as_wire(entry, loan.currency),)
    service.notice(uow, client, loan, EventType.LOAN_WRITTEN_OFF, entries=entries, reason=proposal.reason)
    settling.bring_in_line(uow, client, loan)
    return entry


def drop_write_off(uow: UnitOfWork, loan_id: str, number: int, officer: str) -> WriteOffProposal:
    """An officer, also the one who proposed it, drops a write-off; the loan goes on."""
    _client, _loan, proposal = _proposed(uow, loan_id, number)
    _decide(uow, proposal, "DROPPED", officer)
    return proposal


def _decide(uow: UnitOfWork, proposal: WriteOffProposal, status: str, officer: str) -> None:
    proposal.status = status
    proposal.decided_by = officer
    proposal.decided_at = uow.now
    uow.session.flush()


def _proposed(uow: UnitOfWork, loan_id: str, number: int) -> tuple[Client, Loan, WriteOffProposal]:
    client, loan = service.of_officer(uow, loan_id)
    proposal = next(
        (one for one in repository.write_off_proposals(uow.session, loan.id) if one.sequence == number), None
    )
    if proposal is None:
        raise ProblemError("not-found", f"Nobody proposed a write-off {number} of the loan {loan.number}.")
    if proposal.status != "PROPOSED":
        raise ProblemError("wrong-state", f"The write-off is {proposal.status}. Load the page again.")
    return client, loan, proposal
