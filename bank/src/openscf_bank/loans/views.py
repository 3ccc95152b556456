"""Loans, entries and balances as the protocol shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from openscf import wire
from openscf.money import round_money

from . import ledger
from .models import LedgerEntry, Loan


def as_wire(loan: Loan, entries: Sequence[LedgerEntry], as_of: date) -> wire.Loan:
    """A loan with its balance on `as_of` and, once it started, its schedule."""
    paid_out = sum((entry.amount for entry in entries if entry.type == "disbursement"), Decimal(0))
    kept_back = sum((entry.amount for entry in entries if entry.type == "fee"), Decimal(0))
    return wire.Loan(
        id=loan.id,
        loan_application_id=loan.application_id,
        offer_id=loan.offer_id,
        number=loan.number,
        status=wire.LoanStatus(loan.status),
        terms=wire.OfferTerms.model_validate(loan.terms),
        start_date=loan.start_date,
        due_date=loan.due_date,
        disbursed=wire.Money(amount=paid_out - kept_back, currency=loan.currency) if loan.start_date else None,
        balance=balance(loan, entries, as_of),
        schedule=tuple(
            wire.ScheduleRow(
                number=row.number,
                due_date=row.due_date,
                principal=round_money(row.principal, loan.currency),
                interest=round_money(row.interest, loan.currency),
                amount=round_money(row.amount, loan.currency),
            )
            for row in ledger.schedule_of(loan, entries)
        ),
    )


def balance(loan: Loan, entries: Sequence[LedgerEntry], as_of: date) -> wire.Balance:
    """What is owed at the end of `as_of`; nothing before the disbursement."""
    disbursed = any(entry.type == "disbursement" and entry.value_date <= as_of for entry in entries)
    if not disbursed:
        zero = round_money(loan.principal * 0, loan.currency)
        return wire.Balance(
            as_of=as_of, currency=loan.currency, principal=zero, interest=zero, fee=zero, penalty=zero, total=zero
        )
    return wire.Balance.model_validate(ledger.state(loan, entries, as_of).balance.to_wire())


def entry_as_wire(entry: LedgerEntry, currency: str) -> wire.Entry:
    """One line of the ledger."""
    allocation = None
    if entry.principal is not None:
        parts = {name: getattr(entry, name) or entry.amount * 0 for name in ("penalty", "fee", "interest", "principal")}
        allocation = wire.Allocation(**{name: round_money(part, currency) for name, part in parts.items()})
    return wire.Entry(
        id=entry.id,
        sequence=entry.sequence,
        type=entry.type,  # type: ignore[arg-type]  # the ledger appends no other types
        value_date=entry.value_date,
        booked_at=entry.booked_at,
        amount=round_money(entry.amount, currency),
        days=entry.days,
        allocation=allocation,
        source_id=entry.source_id,
        reverses=entry.reverses,
    )
