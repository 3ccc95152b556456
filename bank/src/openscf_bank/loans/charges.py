"""Charges beside the terms: an officer posts a fee or a penalty, or takes it back."""

from __future__ import annotations

from decimal import Decimal

from openscf.money import decimals, round_money
from openscf.wire import EventType

from ..clients.models import Client
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import ledger, proposals, repository, service, settling
from .ledger import ChargedComponent
from .models import LedgerEntry, Loan, Proposal
from .proposals import Act, Officer, Proposed
from .views import entry_as_wire


def post(uow: UnitOfWork, loan_id: str, component: ChargedComponent, amount: Decimal, reason: str) -> LedgerEntry:
    """Charge `amount` (in the loan's currency) as a fee or a penalty, owed and due at once; `reason` is told."""
    client, loan = service.of_officer(uow, loan_id)
    service.require_active(loan)
    if not 0 < amount <= loan.principal:
        most = f"{round_money(loan.principal, loan.currency)} {loan.currency}"
        raise _invalid("/amount", f"Above zero, and at most the loan's principal of {most}.")
    if amount != round_money(amount, loan.currency):
        raise _invalid("/amount", f"{loan.currency} has {decimals(loan.currency)} decimals. Write no more of them.")
    entry = ledger.book_charge(uow, loan, uow.now.date(), amount, component)
    shown = entry_as_wire(entry, loan.currency)
    service.notice(uow, client, loan, EventType.CHARGE_POSTED, entry=shown, reason=reason)
    return entry


def take_back(uow: UnitOfWork, loan_id: str, sequence: int, officer: Officer, reason: str) -> LedgerEntry | Proposed:
    """Take a whole charge back, by its number in the ledger; what was paid for it is taken for what else is owed.

    Above what one officer gives back alone it is proposed, and a second officer's word takes it back.
    """
    client, loan = service.of_officer(uow, loan_id)
    charge = _standing(uow, loan, sequence)
    if proposals.takes_two(uow, charge.amount):
        return proposals.propose(uow, loan, Act.CHARGE_REVERSAL, officer.username, subject=str(sequence), reason=reason)
    return _reverse(uow, client, loan, charge, reason)


def take_back_proposed(uow: UnitOfWork, client: Client, loan: Loan, proposal: Proposal) -> LedgerEntry:
    """Take back the charge that two officers agreed about."""
    return _reverse(uow, client, loan, _standing(uow, loan, int(proposal.subject)), proposal.reason)


def _standing(uow: UnitOfWork, loan: Loan, sequence: int) -> LedgerEntry:
    """The charge with this number, which can be taken back today; else a ProblemError."""
    entries = repository.ledger(uow.session, loan.id)
    charge = next((entry for entry in entries if entry.sequence == sequence and entry.type == "charge"), None)
    if charge is None:
        raise ProblemError("not-found", f"The entry {sequence} of the loan {loan.number} is no charge.")
    if any(entry.reverses == charge.id for entry in entries):
        raise ProblemError("wrong-state", "The charge was taken back before. Load the page again.")
    left_over = ledger.left_over_without(loan, entries, charge, max(uow.now.date(), charge.value_date))
    if left_over > 0:
        rest = f"{round_money(left_over, loan.currency)} {loan.currency}"
        raise ProblemError("wrong-state", f"The charge is paid, and nothing is owed that {rest} of it could go to.")
    return charge


def _reverse(uow: UnitOfWork, client: Client, loan: Loan, charge: LedgerEntry, reason: str) -> LedgerEntry:
    entry = ledger.book_charge_reversal(uow, loan, max(uow.now.date(), charge.value_date), charge)
    shown = entry_as_wire(entry, loan.currency)
    service.notice(uow, client, loan, EventType.CHARGE_REVERSED, entry=shown, reason=reason)
    settling.bring_in_line(uow, client, loan)
    return entry


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
