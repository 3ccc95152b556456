"""The append-only ledger, and the loan's state replayed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openscf import loan as arithmetic
from openscf.wire import EntryType

from ..gateway import UnitOfWork
from ..kit.ids import new_id
from . import repository
from .models import LedgerEntry, Loan


@dataclass(frozen=True)
class Source:
    """What caused an entry: a `collection`, `repayment`, `drawdown` or `extension` by the ERP's id, a `buyer_payment`
    by the bank's.
    """

    kind: str
    id: str


def terms_of(loan: Loan) -> arithmetic.LoanTerms:
    """The terms as the arithmetic needs them."""
    return arithmetic.LoanTerms.from_wire(loan.terms)


def schedule_of(loan: Loan) -> tuple[arithmetic.Instalment, ...]:
    """The instalments of a loan that started; none before."""
    return arithmetic.schedule(terms_of(loan), loan.start_date) if loan.start_date else ()


def dated_events(entries: Sequence[LedgerEntry]) -> list[arithmetic.LoanEvent]:
    """The ledger as dated events. A deducted fee is part of the disbursement, so that its entry is none."""
    events: list[arithmetic.LoanEvent] = []
    for entry in entries:
        if entry.type == "disbursement":
            events.append(arithmetic.Disbursement(id=entry.id, on=entry.value_date, amount=entry.amount))
        elif entry.type == "repayment":
            events.append(arithmetic.Repayment(id=entry.id, on=entry.value_date, amount=entry.amount))
        elif entry.type == "repayment_reversal":
            events.append(arithmetic.RepaymentReversal(id=entry.id, on=entry.value_date, reverses=entry.reverses or ""))
    return events


def state(loan: Loan, entries: Sequence[LedgerEntry], as_of: date) -> arithmetic.LoanState:
    """What is owed at the end of `as_of`."""
    return arithmetic.replay(terms_of(loan), dated_events(entries), as_of)


def book_disbursement(uow: UnitOfWork, loan: Loan, on: date) -> list[LedgerEntry]:
    """The full principal, and the fee where it is deducted from what is paid out."""
    terms = terms_of(loan)
    booked = [_append(uow, loan, "disbursement", on, terms.principal)]
    if terms.fee and terms.fee_timing == "deducted":
        booked.append(_append(uow, loan, "fee", on, terms.fee))
    return booked


def book_repayment(uow: UnitOfWork, loan: Loan, on: date, amount: Decimal, source: Source) -> LedgerEntry:
    """A repayment with what it was taken for. A back-dated one also carries the correction of the entries after it."""
    known = dated_events(repository.ledger(uow.session, loan.id))
    event = arithmetic.Repayment(id=new_id("ent"), on=on, amount=amount)
    allocation = arithmetic.posting(terms_of(loan), known, event)
    return _append(uow, loan, "repayment", on, amount, entry_id=event.id, allocation=allocation, source=source)


def book_reversal(uow: UnitOfWork, loan: Loan, on: date, reversed_entry: LedgerEntry, source: Source) -> LedgerEntry:
    """Give a repayment back."""
    known = dated_events(repository.ledger(uow.session, loan.id))
    event = arithmetic.RepaymentReversal(id=new_id("ent"), on=on, reverses=reversed_entry.id)
    allocation = arithmetic.posting(terms_of(loan), known, event)
    return _append(
        uow,
        loan,
        "repayment_reversal",
        on,
        reversed_entry.amount,
        entry_id=event.id,
        allocation=allocation,
        source=source,
        reverses=reversed_entry.id,
    )


def drawable(loan: Loan, entries: Sequence[LedgerEntry], on: date, amount: Decimal) -> Decimal:
    """How much of `amount` can be drawn with value date `on`: at most the payoff of that day, and never so much that
    what was paid later becomes too much.
    """
    terms, known = terms_of(loan), dated_events(entries)
    draw = min(amount, arithmetic.payoff_amount(terms, known, on))
    latest = max([on, *(event.on for event in known)])
    while draw > 0:
        trial = arithmetic.Repayment(id="trial", on=on, amount=draw)
        excess = arithmetic.replay(terms, [*known, trial], latest).unallocated
        if excess <= 0:
            return draw
        draw -= excess
    return Decimal(0)


def settles(loan: Loan, entries: Sequence[LedgerEntry], on: date, amount: Decimal, as_of: date) -> bool:
    """Whether a repayment of `amount` with value date `on` would leave nothing owed on `as_of`."""
    trial = arithmetic.Repayment(id="trial", on=on, amount=amount)
    return arithmetic.replay(terms_of(loan), [*dated_events(entries), trial], as_of).is_settled


def repayment_of(entries: Sequence[LedgerEntry], source: Source) -> LedgerEntry | None:
    """The repayment that a source caused and that was not reversed."""
    reversed_ids = {entry.reverses for entry in entries if entry.reverses}
    return next(
        (
            entry
            for entry in entries
            if entry.type == "repayment"
            and (entry.source_kind, entry.source_id) == (source.kind, source.id)
            and entry.id not in reversed_ids
        ),
        None,
    )


def _append(
    uow: UnitOfWork,
    loan: Loan,
    kind: EntryType,
    on: date,
    amount: Decimal,
    *,
    entry_id: str | None = None,
    days: int | None = None,
    allocation: arithmetic.Allocation | None = None,
    source: Source | None = None,
    reverses: str | None = None,
) -> LedgerEntry:
    if allocation is not None and allocation.total != amount:
        raise ArithmeticError(f"loan {loan.number}: an allocation of {allocation.total} for an entry of {amount}")
    entry = LedgerEntry(
        id=entry_id or new_id("ent"),
        loan_id=loan.id,
        sequence=len(repository.ledger(uow.session, loan.id)) + 1,
        type=kind,
        value_date=on,
        booked_at=uow.now,
        amount=amount,
        days=days,
        penalty=allocation.penalty if allocation else None,
        fee=allocation.fee if allocation else None,
        interest=allocation.interest if allocation else None,
        principal=allocation.principal if allocation else None,
        source_kind=source.kind if source else None,
        source_id=source.id if source else None,
        reverses=reverses,
    )
    uow.session.add(entry)
    uow.session.flush()
    return entry
