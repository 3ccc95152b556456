"""Charges beside the terms: an officer posts a fee or a penalty, or takes it back."""

from __future__ import annotations

from decimal import Decimal

from openscf.money import decimals, round_money
from openscf.wire import EventType

from ..gateway import UnitOfWork
from ..kit.problems import ProblemError
from . import ledger, repository, service, settling
from .ledger import ChargedComponent
from .models import LedgerEntry
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


def take_back(uow: UnitOfWork, loan_id: str, sequence: int, reason: str) -> LedgerEntry:
    """Take a whole charge back, by its number in the ledger; what was paid for it is taken for what else is owed."""
    client, loan = service.of_officer(uow, loan_id)
    entries = repository.ledger(uow.session, loan.id)
    charge = next((entry for entry in entries if entry.sequence == sequence and entry.type == "charge"), None)
    if charge is None:
        raise ProblemError("not-found", f"The entry {sequence} of the loan {loan.number} is no charge.")
    if any(entry.reverses == charge.id for entry in entries):
        raise ProblemError("wrong-state", "The charge was taken back before. Load the page again.")
    on = max(uow.now.date(), charge.value_date)
    left_over = ledger.left_over_without(loan, entries, charge, on)
    if left_over > 0:
        rest = f"{round_money(left_over, loan.currency)} {loan.currency}"
        raise ProblemError("wrong-state", f"The charge is paid, and nothing is owed that {rest} of it could go to.")
    entry = ledger.book_charge_reversal(uow, loan, on, charge)
    shown = entry_as_wire(entry, loan.currency)
    service.notice(uow, client, loan, EventType.CHARGE_REVERSED, entry=shown, reason=reason)
    settling.bring_in_line(uow, client, loan)
    return entry


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
