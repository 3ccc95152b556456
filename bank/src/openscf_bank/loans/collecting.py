"""Collections and repayments: what the applicant reports and pays, and what the bank draws for it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from openscf import wire
from openscf.money import round_money
from openscf.wire import EventType, LoanStatus

from ..clients import repository as clients
from ..clients.models import Client
from ..gateway import UnitOfWork
from ..kit.problems import ProblemError, not_found
from . import ledger, repository, service, settling, shortfall
from .ledger import Source
from .models import Collection, DirectRepayment, LedgerEntry, Loan
from .views import entry_as_wire

# The applicant's calendar may be a day ahead of UTC.
DAYS_AHEAD = 1

_TAKES_MONEY = (LoanStatus.ACTIVE.value, LoanStatus.CLOSED.value)
_WAITS_FOR_MONEY = (LoanStatus.GRANTED.value, LoanStatus.DISBURSEMENT_INITIATED.value)


def collect(uow: UnitOfWork, client_id: str, loan_id: str, report: wire.Collection) -> wire.CollectionReceipt:
    """Take note of a payment, an undone payment or a dilution, and draw or give back what follows from it.

    The same collection reported twice (under another Idempotency-Key) has its effect once.
    """
    client = clients.lock(uow.session, client_id)
    loan = _own(uow, client_id, loan_id)
    known = uow.session.get(Collection, (loan.id, report.collection_id))
    if known is not None:
        _require_same(known, report)
        return _receipt(uow, loan, known)
    _check(uow, loan, report)
    collection = Collection(
        loan_id=loan.id,
        collection_id=report.collection_id,
        sequence=len(repository.collections(uow.session, loan.id)) + 1,
        kind=report.kind,
        document_kind=report.document.kind,
        document_number=report.document.number,
        amount=report.amount.amount,
        collected_on=min(report.collected_on, uow.now.date()),
        reverses=report.reverses,
        settled=False,
        received_at=uow.now,
    )
    uow.session.add(collection)
    uow.session.flush()
    # What came before anything was drawn of a line does not repay it.
    if loan.status in _TAKES_MONEY or ledger.is_revolving(loan):
        _settle(uow, client, loan, collection)
    return _receipt(uow, loan, collection)


def settle_waiting(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    """Work through what was reported before the loan was paid out."""
    for collection in repository.collections(uow.session, loan.id):
        if not collection.settled:
            _settle(uow, client, loan, collection)


def repay(uow: UnitOfWork, client_id: str, loan_id: str, payment: wire.Repayment) -> wire.RepaymentReceipt:
    """The applicant pays from its own money, at most what is owed on `paid_on`."""
    client = clients.lock(uow.session, client_id)
    loan = _own(uow, client_id, loan_id)
    source = Source("repayment", payment.repayment_id)
    known = uow.session.get(DirectRepayment, (loan.id, payment.repayment_id))
    if known is not None:
        if (known.amount, known.paid_on) != (payment.amount.amount, min(payment.paid_on, known.received_at.date())):
            raise _invalid("/repayment_id", "This repayment_id came before with another amount or date. Use a new one.")
        return _repayment_receipt(loan, source, ledger.repayment_of(repository.ledger(uow.session, loan.id), source))
    if loan.status not in _TAKES_MONEY:
        raise ProblemError("wrong-state", f"The loan is {loan.status}; it can be repaid once it is paid out.")
    _check_amount(loan, payment.amount)
    on = _value_date(uow, loan, payment.paid_on, "/paid_on")
    owed = ledger.drawable(loan, repository.ledger(uow.session, loan.id), on, payment.amount.amount)
    if owed < payment.amount.amount:
        raise _invalid(
            "/amount", f"Only {round_money(owed, loan.currency)} {loan.currency} is owed on {on}. Pay at most that."
        )
    uow.session.add(
        DirectRepayment(
            loan_id=loan.id,
            repayment_id=payment.repayment_id,
            amount=payment.amount.amount,
            paid_on=min(payment.paid_on, uow.now.date()),
            reason=payment.reason,
            received_at=uow.now,
        )
    )
    entry = _post(uow, client, loan, on, payment.amount.amount, source)
    return _repayment_receipt(loan, source, entry)


def _settle(uow: UnitOfWork, client: Client, loan: Loan, collection: Collection) -> None:
    collection.settled = True
    if collection.kind == "payment":
        _draw(uow, client, loan, collection)
    elif collection.kind == "dilution":
        _tell_shortfall(uow, client, loan)
    elif uow.session.get_one(Collection, (loan.id, collection.reverses)).kind == "dilution":
        _tell_what_is_left_of_shortfall(uow, client, loan)
    else:
        _give_back(uow, client, loan, collection)


def _draw(uow: UnitOfWork, client: Client, loan: Loan, collection: Collection) -> None:
    entries = repository.ledger(uow.session, loan.id)
    own_day = _countable_day(uow, loan, collection.collected_on)
    on, amount = ledger.best_draw(loan, entries, own_day, uow.now.date(), ledger.swept(loan, collection.amount))
    if amount > 0:
        _post(uow, client, loan, on, amount, Source("collection", collection.collection_id))


def _post(uow: UnitOfWork, client: Client, loan: Loan, on: date, amount: Decimal, source: Source) -> LedgerEntry:
    entry = ledger.book_repayment(uow, loan, on, amount, source)
    _tell_entry(uow, client, loan, entry, EventType.REPAYMENT_POSTED)
    settling.bring_in_line(uow, client, loan)
    return entry


def _give_back(uow: UnitOfWork, client: Client, loan: Loan, collection: Collection) -> None:
    source = Source("collection", collection.reverses or "")
    drawn = ledger.repayment_of(repository.ledger(uow.session, loan.id), source)
    if drawn is None:
        return
    on = max(_countable_day(uow, loan, collection.collected_on), drawn.value_date)
    entry = ledger.book_reversal(uow, loan, on, drawn, Source("collection", collection.collection_id))
    _tell_entry(uow, client, loan, entry, EventType.REPAYMENT_REVERSED)
    settling.bring_in_line(uow, client, loan)


def _tell_shortfall(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    missing = wire.Money(amount=shortfall.shortfall(uow, loan), currency=loan.currency)
    if missing.amount > 0:
        message = f"After the credit note the advance is {missing} above what the documents carry. "
        shortfall.tell(uow, client, loan, message + f"Please repay {missing} from your own money.")


def _tell_what_is_left_of_shortfall(uow: UnitOfWork, client: Client, loan: Loan) -> None:
    """After a credit note was taken back: what is missing now, and 0 once to an applicant who knows of more."""
    missing = wire.Money(amount=shortfall.shortfall(uow, loan), currency=loan.currency)
    if missing.amount > 0:
        message = f"The credit note was taken back; the advance is still {missing} above what the documents carry. "
        shortfall.tell(uow, client, loan, message + f"Please repay {missing} from your own money.")
    elif shortfall.last_told(uow, loan) > 0:
        message = "The credit note was taken back; the documents carry the advance again. Nothing is to be repaid now."
        shortfall.tell(uow, client, loan, message)


def _tell_entry(uow: UnitOfWork, client: Client, loan: Loan, entry: LedgerEntry, kind: EventType) -> None:
    details = {
        "loan": service.snapshot(uow, loan).to_wire(),
        "entry": entry_as_wire(entry, loan.currency).to_wire(),
    }
    service.tell(uow, client, loan, kind, details)


def _check(uow: UnitOfWork, loan: Loan, report: wire.Collection) -> None:
    if loan.status not in _TAKES_MONEY + _WAITS_FOR_MONEY:
        raise ProblemError("wrong-state", f"The loan is {loan.status}; nothing is collected for it.")
    _check_amount(loan, report.amount)
    _value_date(uow, loan, report.collected_on, "/collected_on")
    if report.kind != "undone":
        if report.reverses is not None:
            raise _invalid("/reverses", "Only a collection of kind 'undone' reverses another. Leave it out.")
        return
    undone = uow.session.get(Collection, (loan.id, report.reverses)) if report.reverses else None
    if undone is None or undone.kind == "undone":
        raise _invalid("/reverses", "Name the collection_id of a payment or dilution reported for this loan before.")
    if undone.amount != report.amount.amount:
        raise _invalid("/amount", f"A collection is undone in full: {round_money(undone.amount, loan.currency)}.")
    already = [one for one in repository.collections(uow.session, loan.id) if one.reverses == report.reverses]
    if already:
        raise _invalid("/reverses", f"{report.reverses!r} was undone by {already[0].collection_id!r} before.")


def _check_amount(loan: Loan, amount: wire.Money) -> None:
    if amount.currency != loan.currency:
        raise _invalid("/amount/currency", f"The loan is in {loan.currency}. Report in {loan.currency}.")
    if amount.amount <= 0:
        raise _invalid("/amount/amount", "The amount must be above zero.")


def _value_date(uow: UnitOfWork, loan: Loan, on: date, pointer: str) -> date:
    today = uow.now.date()
    if on > today + timedelta(days=DAYS_AHEAD):
        raise _invalid(pointer, f"{on} lies in the future; the bank's day is {today}. Report it when it happened.")
    return _countable_day(uow, loan, min(on, today))


def _countable_day(uow: UnitOfWork, loan: Loan, on: date) -> date:
    """The day from which money counts: the applicant's word, not before the loan, and not further back than agreed.

    Without the bound, somebody could date the repayment of an old loan to its first day and owe no interest.
    """
    earliest = uow.now.date() - timedelta(days=uow.gateway.profile.repayments.back_dating_days)
    return max(on, earliest, loan.start_date or earliest)


def _require_same(known: Collection, report: wire.Collection) -> None:
    same = (known.kind, known.amount, known.document_number, known.reverses) == (
        report.kind,
        report.amount.amount,
        report.document.number,
        report.reverses,
    )
    if not same:
        raise _invalid("/collection_id", "This collection_id came before with another content. Use a new one.")


def _receipt(uow: UnitOfWork, loan: Loan, collection: Collection) -> wire.CollectionReceipt:
    source = Source("collection", collection.collection_id)
    entry = ledger.repayment_of(repository.ledger(uow.session, loan.id), source)
    return wire.CollectionReceipt(
        collection_id=collection.collection_id,
        status="RECEIVED",
        repayment=_repayment_receipt(loan, source, entry) if entry else None,
    )


def _repayment_receipt(loan: Loan, source: Source, entry: LedgerEntry | None) -> wire.RepaymentReceipt:
    return wire.RepaymentReceipt(
        repayment_id=source.id,
        status="POSTED" if entry else "RECEIVED",
        entry=entry_as_wire(entry, loan.currency) if entry else None,
    )


def _own(uow: UnitOfWork, client_id: str, loan_id: str) -> Loan:
    loan = repository.of_client(uow.session, client_id, loan_id)
    if loan is None:
        raise not_found("loan", loan_id)
    return loan


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
