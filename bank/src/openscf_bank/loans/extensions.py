"""Later due dates: asked for by the applicant, offered at a price by an officer, granted as they were accepted.

Whoever comes here has locked the client's row, so that an offer is accepted, withdrawn or expires, and no two of these.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from openscf import wire
from openscf.errors import OpenSCFError
from openscf.money import to_amount
from openscf.wire import EventType, ExtensionStatus

from ..clients.models import Client
from ..gateway import Gateway, UnitOfWork
from ..kit.problems import ProblemError, not_found
from . import ledger, repository, service, settling, waiting
from .ledger import Source
from .models import Extension, Loan
from .request_views import extension_as_wire
from .views import entry_as_wire

# An offered extension moves due dates by at most a year, as one that is asked for does.
MOST_DAYS = 366


def ask(uow: UnitOfWork, client_id: str, loan_id: str, request: wire.ExtensionRequest) -> wire.Extension:
    """The applicant asks for later due dates; an officer answers.

    The same extension asked for twice (under another Idempotency-Key) has its effect once; the answer shows it as it
    stands.
    """
    _client, loan = service.own(uow, client_id, loan_id)
    known = uow.session.get(Extension, (loan.id, request.extension_id))
    if known is not None:
        if (known.asked_days, known.reason) != (request.days, request.reason):
            raise _invalid("/extension_id", "This extension_id came before with another content. Use a new one.")
        return extension_as_wire(known, loan)
    service.require_active(loan)
    _require_not_called(uow, loan)
    open_one = repository.open_extension(uow.session, loan.id)
    if open_one is not None:
        raise ProblemError(
            "wrong-state",
            f"The extension {open_one.extension_id!r} is {open_one.status}. Accept or withdraw it before another one.",
        )
    extension = Extension(
        loan_id=loan.id,
        extension_id=request.extension_id,
        sequence=len(repository.extensions(uow.session, loan.id)) + 1,
        asked_days=request.days,
        reason=request.reason,
        status=ExtensionStatus.REQUESTED.value,
        received_at=uow.now,
    )
    uow.session.add(extension)
    uow.session.flush()
    return extension_as_wire(extension, loan)


def offer(
    uow: UnitOfWork, loan_id: str, number: int, officer: str, *, fee: Decimal, due_date: date, message: str | None
) -> Extension:
    """An officer offers the extension with this number: a fee in the loan's currency, and the new last due date.

    ProblemError `validation-failed` with the places `/fee` and `/due_date` for what cannot be offered.
    """
    client, loan, extension = _asked(uow, loan_id, number)
    _check_offer(uow, loan, fee, due_date)
    extension.status = ExtensionStatus.OFFERED.value
    extension.days = (due_date - last_due_date(loan)).days
    extension.fee = fee
    extension.due_date = due_date
    extension.expires_at = uow.now + timedelta(days=uow.gateway.profile.extensions.valid_days)
    extension.message = message
    extension.decided_by = officer
    service.notice(uow, client, loan, EventType.EXTENSION_OFFERED, extension=extension_as_wire(extension, loan))
    return extension


def decline(uow: UnitOfWork, loan_id: str, number: int, officer: str, reason: str) -> Extension:
    """An officer declines the extension with this number, with a sentence for the applicant."""
    client, loan, extension = _asked(uow, loan_id, number)
    waiting.decline_extension(uow, client, loan, extension, reason, decided_by=officer)
    return extension


def accept(
    uow: UnitOfWork,
    client_id: str,
    loan_id: str,
    extension_id: str,
    acceptance: wire.ExtensionAcceptance,
    body: bytes,
    signature: str,
) -> wire.Extension:
    """The applicant's binding yes to exactly what was offered: the due dates move, the fee is charged, both today."""
    client, loan = service.own(uow, client_id, loan_id)
    extension = _own(uow, loan, extension_id)
    _require_not_expired(uow, extension)
    if extension.fee is None or extension.due_date is None or extension.days is None:
        raise ProblemError("wrong-state", f"The extension is {extension.status}; only an OFFERED one can be accepted.")
    offered = wire.Money(amount=extension.fee, currency=loan.currency)
    same_fee = (acceptance.fee.amount, acceptance.fee.currency) == (offered.amount, offered.currency)
    if not same_fee or acceptance.due_date != extension.due_date:
        raise ProblemError(
            "terms-mismatch",
            f"The bank offers {extension.due_date} for a fee of {offered}. Accept exactly that, or withdraw.",
        )
    if extension.status == ExtensionStatus.GRANTED.value:
        return extension_as_wire(extension, loan)
    if extension.status != ExtensionStatus.OFFERED.value:
        raise ProblemError("wrong-state", f"The extension is {extension.status}; only an OFFERED one can be accepted.")
    extension.approved_by = acceptance.approved_by[:255]
    extension.acceptance = body
    extension.signature = signature
    _grant(uow, client, loan, extension, days=extension.days, fee=extension.fee)
    return extension_as_wire(extension, loan)


def withdraw(uow: UnitOfWork, client_id: str, loan_id: str, extension_id: str, reason: str) -> wire.Extension:
    """The applicant does not want it any more. Doing so again changes nothing."""
    _client, loan = service.own(uow, client_id, loan_id)
    extension = _own(uow, loan, extension_id)
    if extension.status != ExtensionStatus.WITHDRAWN.value:
        _require_not_expired(uow, extension)
        if extension.status not in repository.OPEN_EXTENSIONS:
            raise ProblemError("wrong-state", f"The extension is {extension.status}; it can't be withdrawn any more.")
        extension.status = ExtensionStatus.WITHDRAWN.value
        extension.message = reason
    return extension_as_wire(extension, loan)


def expire(gateway: Gateway, identity: tuple[str, str]) -> None:
    """End an offered extension whose time is over; one that was answered meanwhile is left alone."""
    loan_id, extension_id = identity
    with gateway.unit_of_work() as uow:
        client, loan = service.of_officer(uow, loan_id)
        extension = uow.session.get_one(Extension, (loan_id, extension_id), populate_existing=True)
        if extension.status == ExtensionStatus.OFFERED.value and _time_is_over(uow, extension):
            waiting.expire_extension(uow, client, loan, extension, None)


def last_due_date(loan: Loan) -> date:
    """When the last of an active loan is due, as it stands."""
    if loan.due_date is None:
        raise AssertionError(f"loan {loan.number} is active and has no due date")
    return loan.due_date


def _grant(uow: UnitOfWork, client: Client, loan: Loan, extension: Extension, *, days: int, fee: Decimal) -> None:
    today, source = uow.now.date(), Source("extension", extension.extension_id)
    entries = [ledger.book_extension(uow, loan, today, days, source)]
    if fee > 0:
        entries.append(ledger.book_charge(uow, loan, today, fee, "fee", source))
    loan.due_date = extension.due_date
    extension.status = ExtensionStatus.GRANTED.value
    service.notice(
        uow,
        client,
        loan,
        EventType.EXTENSION_GRANTED,
        extension=extension_as_wire(extension, loan),
        entries=tuple(entry_as_wire(entry, loan.currency) for entry in entries),
    )
    settling.bring_in_line(uow, client, loan)


def _check_offer(uow: UnitOfWork, loan: Loan, fee: Decimal, due_date: date) -> None:
    errors: list[tuple[str, str]] = []
    try:
        to_amount(fee, loan.currency)
    except OpenSCFError as error:
        errors.append(("/fee", str(error)))
    if not 0 <= fee < loan.principal:
        errors.append(("/fee", "Between 0 and the principal."))
    today, present = uow.now.date(), last_due_date(loan)
    earliest, latest = max(today, present) + timedelta(days=1), present + timedelta(days=MOST_DAYS)
    if not earliest <= due_date <= latest:
        errors.append(("/due_date", f"Between {earliest} and {latest}: after today and after the present {present}."))
    if errors:
        raise ProblemError("validation-failed", " ".join(sentence for _, sentence in errors), errors=errors)


def _asked(uow: UnitOfWork, loan_id: str, number: int) -> tuple[Client, Loan, Extension]:
    client, loan = service.of_officer(uow, loan_id)
    extension = next((one for one in repository.extensions(uow.session, loan.id) if one.sequence == number), None)
    if extension is None:
        raise ProblemError("not-found", f"The loan {loan.number} has no extension {number}.")
    if extension.status != ExtensionStatus.REQUESTED.value:
        raise ProblemError("wrong-state", "The extension does not wait for an officer any more. Load the page again.")
    return client, loan, extension


def _own(uow: UnitOfWork, loan: Loan, extension_id: str) -> Extension:
    extension = uow.session.get(Extension, (loan.id, extension_id), populate_existing=True)
    if extension is None:
        raise not_found("extension", extension_id)
    return extension


def _require_not_called(uow: UnitOfWork, loan: Loan) -> None:
    if any(entry.type == "call" for entry in repository.ledger(uow.session, loan.id)):
        raise ProblemError("wrong-state", f"The loan {loan.number} was called: all of it is due, none of it later.")


def _time_is_over(uow: UnitOfWork, extension: Extension) -> bool:
    """From the second of `expires_at` on the offer binds nobody, as for offers of loans."""
    return extension.expires_at is not None and extension.expires_at <= uow.now


def _require_not_expired(uow: UnitOfWork, extension: Extension) -> None:
    """It expires by the clock; whether the worker has written it down already makes no difference."""
    if extension.status == ExtensionStatus.EXPIRED.value or (
        extension.status == ExtensionStatus.OFFERED.value and _time_is_over(uow, extension)
    ):
        raise ProblemError("offer-expired", "The bank's offer of later due dates has ended. Ask for another extension.")


def _invalid(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
