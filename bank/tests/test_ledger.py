"""Every kind of entry: booked, replayed, and added up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from erp import Erp
from openscf import wire
from openscf_bank.clients import repository as clients
from openscf_bank.gateway import UnitOfWork
from openscf_bank.loans import ledger, repository
from openscf_bank.loans.ledger import Source
from openscf_bank.loans.models import LedgerEntry, Loan
from plain_loans import granted
from server import Bank

TEN = Decimal("10.00")


def booked(bank: Bank, loan: wire.Loan, book: Callable[[UnitOfWork, Loan], Any]) -> Any:
    """What `book` does to the loan's ledger, in a transaction."""
    with bank.gateway.unit_of_work() as uow:
        row = uow.session.get_one(Loan, loan.id)
        clients.lock(uow.session, row.client_id)
        return book(uow, row)


def of_type(bank: Bank, loan: wire.Loan, kind: str) -> LedgerEntry:
    with bank.gateway.db.read() as session:
        return next(entry for entry in repository.ledger(session, loan.id) if entry.type == kind)


def test_a_charge_is_owed_from_its_day_on_and_can_be_taken_back(bank: Bank, erp: Erp) -> None:
    loan, today = granted(erp), bank.today()
    charge = booked(bank, loan, lambda uow, row: ledger.book_charge(uow, row, today, TEN, "penalty"))
    assert (charge.penalty, charge.fee, charge.value_date) == (TEN, 0, today)
    assert erp.http.loan(loan.id).balance.penalty == TEN
    back = booked(bank, loan, lambda uow, row: ledger.book_charge_reversal(uow, row, today, charge))
    assert (back.amount, back.reverses) == (TEN, charge.id)
    assert erp.http.loan(loan.id).balance.total == loan.terms.principal.amount


def test_a_charge_after_the_days_money_is_of_the_next_day_and_corrects_nothing(bank: Bank, erp: Erp) -> None:
    loan, today = granted(erp), bank.today()
    erp.repay(loan, "7999.00")
    charge = booked(bank, loan, lambda uow, row: ledger.book_charge(uow, row, today, TEN))
    assert (charge.fee, charge.principal, charge.value_date) == (TEN, 0, today + timedelta(days=1))
    erp.repay(loan, "1.00")
    assert erp.http.loan(loan.id).status == "ACTIVE", "what is charged for tomorrow is owed still"
    bank.days_pass(1)
    erp.repay(loan, TEN)
    assert erp.http.loan(loan.id).status == "CLOSED"


def test_an_extension_moves_what_is_due_and_a_call_makes_it_due(bank: Bank, erp: Erp) -> None:
    loan = granted(erp, repayment="equal_principal", instalments=2)
    source = Source("extension", "EXT/1")
    first = loan.schedule[0].due_date
    extended = booked(bank, loan, lambda uow, row: ledger.book_extension(uow, row, bank.today(), 14, source))
    assert (extended.days, extended.amount, extended.source_id) == (14, 0, "EXT/1")
    shown = erp.http.loan(loan.id)
    assert [row.due_date for row in shown.schedule] == [first + timedelta(days=14), loan.due_date + timedelta(days=14)]
    assert shown.due_date == shown.schedule[-1].due_date
    [*_, told] = erp.entries(loan)
    assert (told.type, told.days, told.amount) == ("extension", 14, 0)
    today = bank.days_pass(3)
    booked(bank, loan, lambda uow, row: ledger.book_call(uow, row, today))
    called = erp.http.loan(loan.id)
    assert called.due_date == today
    assert [row.due_date for row in called.schedule] == [today]


def test_a_surplus_is_none_of_the_loans_money_whatever_is_corrected_later(bank: Bank, erp: Erp) -> None:
    """The buyer paid 8,000.00 when 5,000.00 were owed; then the 3,000.00 before are undone, and owed again."""
    loan, today, source = granted(erp), bank.today(), Source("buyer_payment", "BP/1")
    erp.collect(loan, "3000.00", collection_id="PAY/1")

    def receive(uow: UnitOfWork, row: Loan) -> tuple[LedgerEntry, LedgerEntry]:
        repayment = ledger.book_repayment(uow, row, today, Decimal("5000.00"), source)
        return repayment, ledger.book_surplus(uow, row, today, Decimal("3000.00"), source)

    repayment, surplus = booked(bank, loan, receive)
    assert (repayment.amount, repayment.principal) == (Decimal("5000.00"), Decimal("5000.00"))
    assert (surplus.type, surplus.source_id, surplus.principal) == ("surplus", "BP/1", None)
    assert erp.http.loan(loan.id).balance.total == 0
    erp.collect(loan, "3000.00", kind="undone", reverses="PAY/1")
    assert erp.http.loan(loan.id).balance.total == Decimal("3000.00")
    assert erp.repay(loan, "3000.00").status == "POSTED"


def test_a_write_off_gives_up_all_that_is_owed(bank: Bank, erp: Erp) -> None:
    loan = granted(erp)
    today = bank.days_pass(30)
    owed = erp.http.loan(loan.id).balance
    entry = booked(bank, loan, lambda uow, row: ledger.book_write_off(uow, row, today))
    assert (entry.amount, entry.interest, entry.principal) == (owed.total, owed.interest, owed.principal)
    bank.days_pass(30)
    assert erp.http.loan(loan.id).balance.total == 0


def test_what_bounces_after_a_write_off_is_owed_again(bank: Bank, erp: Erp) -> None:
    loan, today = granted(erp), bank.today()
    erp.collect(loan, "3000.00", collection_id="PAY/1")
    booked(bank, loan, lambda uow, row: ledger.book_write_off(uow, row, today))
    erp.collect(loan, "3000.00", kind="undone", reverses="PAY/1")
    assert erp.http.loan(loan.id).balance.total == Decimal("3000.00")
