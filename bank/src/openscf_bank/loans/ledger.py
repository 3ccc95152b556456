"""The append-only ledger, and the loan's state replayed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from openscf import loan as arithmetic
from openscf.money import round_money
from openscf.wire import EntryType

from ..gateway import UnitOfWork
from ..kit.ids import new_id
from . import repository
from .models import LedgerEntry, Loan

ONE_DAY = timedelta(days=1)
# Entries whose money was spread over what was owed on their day.
_MONEY = ("repayment", "repayment_reversal", "write_off")

ChargedComponent = Literal["fee", "penalty"]
# Events of which an entry tells what they were taken for, charged or gave up.
Allocated = (
    arithmetic.Repayment
    | arithmetic.RepaymentReversal
    | arithmetic.Charge
    | arithmetic.ChargeReversal
    | arithmetic.WriteOff
)


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


def is_revolving(loan: Loan) -> bool:
    """Whether the loan is a line: drawn in parts, open until its tenor ends."""
    return terms_of(loan).repayment == "revolving"


def schedule_of(loan: Loan, entries: Sequence[LedgerEntry]) -> tuple[arithmetic.Instalment, ...]:
    """What is due when of a loan that started, extended and called as its ledger says; nothing before."""
    return arithmetic.schedule(terms_of(loan), loan.start_date, dated_events(entries)) if loan.start_date else ()


def dated_events(entries: Sequence[LedgerEntry]) -> list[arithmetic.LoanEvent]:
    """The ledger as dated events. A deducted fee is part of the disbursement, so that its entry is none; a surplus was
    never the loan's money, however the rest of the ledger is corrected later.
    """
    return [_event(entry) for entry in entries if entry.type not in ("fee", "surplus")]


def _event(entry: LedgerEntry) -> arithmetic.LoanEvent:
    match entry.type:
        case "disbursement":
            return arithmetic.Disbursement(id=entry.id, on=entry.value_date, amount=entry.amount)
        case "repayment":
            return arithmetic.Repayment(id=entry.id, on=entry.value_date, amount=entry.amount)
        case "repayment_reversal":
            return arithmetic.RepaymentReversal(id=entry.id, on=entry.value_date, reverses=entry.reverses or "")
        case "charge":
            component: ChargedComponent = "penalty" if entry.penalty else "fee"
            return arithmetic.Charge(id=entry.id, on=entry.value_date, amount=entry.amount, component=component)
        case "charge_reversal":
            return arithmetic.ChargeReversal(id=entry.id, on=entry.value_date, reverses=entry.reverses or "")
        case "extension":
            return arithmetic.Extension(id=entry.id, on=entry.value_date, days=entry.days or 0)
        case "call":
            return arithmetic.Call(id=entry.id, on=entry.value_date)
        case "write_off":
            return arithmetic.WriteOff(id=entry.id, on=entry.value_date, amount=entry.amount)
    raise AssertionError(f"entry {entry.id} of loan {entry.loan_id} has the type {entry.type!r}")


def state(loan: Loan, entries: Sequence[LedgerEntry], as_of: date) -> arithmetic.LoanState:
    """What is owed at the end of `as_of`."""
    return arithmetic.replay(terms_of(loan), dated_events(entries), as_of)


def is_over(loan: Loan, entries: Sequence[LedgerEntry], today: date) -> bool:
    """Whether nothing is owed, nor will be by what is booked for a coming day, and nothing can be drawn any more.

    A line that ended before anything was drawn is over, too.
    """
    last = max([today, *(entry.value_date for entry in entries)])
    then = state(loan, entries, last)
    return then.is_settled and (not entries or available(loan, entries, last) == 0)


def available(loan: Loan, entries: Sequence[LedgerEntry], today: date) -> Decimal:
    """What of a line's limit can be drawn; 0 of any other loan, and once the line has ended or was given up."""
    if any(entry.type == "write_off" for entry in entries):
        return Decimal(0)
    if not entries:
        return loan.principal if is_revolving(loan) else Decimal(0)
    return state(loan, entries, today).available


def book_disbursement(uow: UnitOfWork, loan: Loan, on: date) -> list[LedgerEntry]:
    """The full principal, and the fee where it is deducted from what is paid out. The loan has started by then."""
    return _book_payout(uow, loan, on, terms_of(loan).principal, None)


def book_drawdown(uow: UnitOfWork, loan: Loan, on: date, amount: Decimal, source: Source) -> list[LedgerEntry]:
    """A part of the limit that was paid out; a deducted fee comes out of the first one."""
    return _book_payout(uow, loan, on, amount, source)


def _book_payout(uow: UnitOfWork, loan: Loan, on: date, amount: Decimal, source: Source | None) -> list[LedgerEntry]:
    fee = deducted_fee(loan, repository.ledger(uow.session, loan.id))
    booked = [_append(uow, loan, "disbursement", on, amount, source=source)]
    if fee:
        booked.append(_append(uow, loan, "fee", on, fee))
    _keep_due_date(uow, loan)
    return booked


def deducted_fee(loan: Loan, entries: Sequence[LedgerEntry]) -> Decimal:
    """What is kept back of the next payout: the fee that the terms deduct, once."""
    terms = terms_of(loan)
    paid_out = any(entry.type == "disbursement" for entry in entries)
    return terms.fee if terms.fee_timing == "deducted" and not paid_out else Decimal(0)


def book_repayment(uow: UnitOfWork, loan: Loan, on: date, amount: Decimal, source: Source) -> LedgerEntry:
    """A repayment with what it was taken for, at most what is owed. A back-dated one also carries the correction of the
    entries after it.
    """
    event = arithmetic.Repayment(id=new_id("ent"), on=on, amount=amount)
    return _book(uow, loan, "repayment", event, amount, source=source)


def book_reversal(uow: UnitOfWork, loan: Loan, on: date, reversed_entry: LedgerEntry, source: Source) -> LedgerEntry:
    """Give a repayment back."""
    event = arithmetic.RepaymentReversal(id=new_id("ent"), on=on, reverses=reversed_entry.id)
    amount, reverses = reversed_entry.amount, reversed_entry.id
    return _book(uow, loan, "repayment_reversal", event, amount, source=source, reverses=reverses)


def book_charge(
    uow: UnitOfWork,
    loan: Loan,
    on: date,
    amount: Decimal,
    component: ChargedComponent = "fee",
    source: Source | None = None,
) -> LedgerEntry:
    """A fee or a penalty beside the terms, owed and due on its day; its allocation says which of the two.

    Where money was spread on `on` or later, the charge is of the day after: it would have come before that money, and
    what was told about it would have to be corrected.
    """
    day = _day_after_money(repository.ledger(uow.session, loan.id), on)
    event = arithmetic.Charge(id=new_id("ent"), on=day, amount=amount, component=component)
    return _book(uow, loan, "charge", event, amount, source=source)


def book_charge_reversal(uow: UnitOfWork, loan: Loan, on: date, charge: LedgerEntry) -> LedgerEntry:
    """Take a whole charge back; what was paid for it is taken for something else that is owed."""
    event = arithmetic.ChargeReversal(id=new_id("ent"), on=on, reverses=charge.id)
    return _book(uow, loan, "charge_reversal", event, charge.amount, reverses=charge.id)


def left_over_without(loan: Loan, entries: Sequence[LedgerEntry], charge: LedgerEntry, on: date) -> Decimal:
    """How much of what was paid would be taken for nothing if a charge were taken back on `on`."""
    trial = arithmetic.ChargeReversal(id="trial", on=on, reverses=charge.id)
    known = dated_events(entries)
    return arithmetic.replay(terms_of(loan), [*known, trial], max([on, *(event.on for event in known)])).unallocated


def book_extension(uow: UnitOfWork, loan: Loan, on: date, days: int, source: Source) -> LedgerEntry:
    """Move the due dates from `on` on by `days`, the loan's own with them; from the day after on where money that was
    spread would be spread otherwise.
    """
    event = arithmetic.Extension(id=new_id("ent"), on=on, days=days)
    day = _day_that_corrects_nothing(uow, loan, event)
    entry = _append(uow, loan, "extension", day, Decimal(0), entry_id=event.id, days=days, source=source)
    _keep_due_date(uow, loan)
    return entry


def book_call(uow: UnitOfWork, loan: Loan, on: date) -> LedgerEntry:
    """Everything is due on `on`; on the day after where money that was spread would be spread otherwise."""
    event = arithmetic.Call(id=new_id("ent"), on=on)
    entry = _append(uow, loan, "call", _day_that_corrects_nothing(uow, loan, event), Decimal(0), entry_id=event.id)
    _keep_due_date(uow, loan)
    return entry


def _day_that_corrects_nothing(uow: UnitOfWork, loan: Loan, event: arithmetic.Extension | arithmetic.Call) -> date:
    """An entry without an amount can't carry what earlier ones must be corrected by, as where a periodic fee was paid
    on the due date that moves.
    """
    entries = repository.ledger(uow.session, loan.id)
    correction = arithmetic.posting(terms_of(loan), dated_events(entries), event)
    return event.on if correction == arithmetic.Allocation() else _day_after_money(entries, event.on)


def _day_after_money(entries: Sequence[LedgerEntry], on: date) -> date:
    """`on`, or the day after the last on which money was spread."""
    last = max((entry.value_date for entry in entries if entry.type in _MONEY), default=on - ONE_DAY)
    return max(on, last + ONE_DAY)


def _keep_due_date(uow: UnitOfWork, loan: Loan) -> None:
    loan.due_date = schedule_of(loan, repository.ledger(uow.session, loan.id))[-1].due_date


def book_surplus(uow: UnitOfWork, loan: Loan, on: date, amount: Decimal, source: Source) -> LedgerEntry:
    """What a buyer paid beside the repayment, above what was owed, is paid on to the applicant."""
    return _append(uow, loan, "surplus", on, amount, source=source)


def book_write_off(uow: UnitOfWork, loan: Loan, on: date) -> LedgerEntry:
    """The bank gives up all that is owed at the end of `on`."""
    event = arithmetic.WriteOff(id=new_id("ent"), on=on)
    return _book(uow, loan, "write_off", event, None)


def swept(loan: Loan, collected: Decimal) -> Decimal:
    """The part of a collection that the bank draws, if so much is owed."""
    return round_money(collected * terms_of(loan).sweep_percent / 100, loan.currency)


def drawable(loan: Loan, entries: Sequence[LedgerEntry], on: date, amount: Decimal) -> Decimal:
    """How much of `amount` can be drawn with value date `on`: at most the payoff of that day, and never so much that
    what was paid later becomes too much. Nothing on a day whose debt the bank has given up.
    """
    if any(entry.type == "write_off" and entry.value_date >= on for entry in entries):
        return Decimal(0)
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


def best_draw(
    loan: Loan, entries: Sequence[LedgerEntry], own_day: date, today: date, amount: Decimal
) -> tuple[date, Decimal]:
    """The value date and how much of `amount` to draw: on the day the money came; today, where that draws more and the
    loan would stay open otherwise.

    What was drawn on a day and given back later still lowers what is owed on that day, so that the same payment
    reported again may find little or nothing to draw there. A draw that settles the loan keeps its own day: today's
    would be larger only by interest that an early payment saves.
    """
    drawn = drawable(loan, entries, own_day, amount)
    drawn_today = drawable(loan, entries, today, amount)
    if drawn_today > drawn and not (drawn > 0 and settles(loan, entries, own_day, drawn, today)):
        return today, drawn_today
    return own_day, drawn


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


def _book(
    uow: UnitOfWork,
    loan: Loan,
    kind: EntryType,
    event: Allocated,
    amount: Decimal | None,
    *,
    source: Source | None = None,
    reverses: str | None = None,
) -> LedgerEntry:
    """Append the entry of an event with its allocation; `amount` None: whatever is allocated."""
    known = dated_events(repository.ledger(uow.session, loan.id))
    allocation = arithmetic.posting(terms_of(loan), known, event)
    return _append(
        uow,
        loan,
        kind,
        event.on,
        allocation.total if amount is None else amount,
        entry_id=event.id,
        allocation=allocation,
        source=source,
        reverses=reverses,
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
