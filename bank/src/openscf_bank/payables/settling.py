"""The anchor pays the bank for what was paid early, in full or in parts; what is not paid in time is overdue."""

from __future__ import annotations

from decimal import Decimal

from openscf import payables as wire
from openscf.money import Money
from openscf.payables import PayableStatus
from openscf.wire import EventType

from ..access import SignedPost
from ..clients import repository as clients
from ..clients.models import Client
from ..gateway import Gateway, UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError
from ..programs.models import Program
from . import repository, states
from .models import Settlement, SettlementLine, SettlementReversal
from .registering import invalid, own_program, require_payables
from .repository import OWED, Found
from .views import money, tell


def settle(uow: UnitOfWork, post: SignedPost, program_id: str, request: wire.SettlementRequest) -> wire.Settlement:
    """Book what the anchor paid; all of it, or nothing where one payable does not fit.

    The same settlement again has its effect once.
    """
    program = own_program(uow, post.client_id, program_id)
    require_payables(program)
    rows = _rows(uow, program, request)
    held = clients.lock_all(uow.session, post.client_id, *(seen.member.client_id for seen in rows))
    known = repository.settlement(uow.session, program.id, request.settlement_id)
    if known is not None:
        return _same(uow, known, request)
    rows = _rows(uow, program, request)
    for index, (seen, part) in enumerate(zip(rows, request.payables, strict=True)):
        _check(uow, program, seen, part, request, pointer=f"/payables/{index}")
    settlement = _book(uow, post, program, request)
    booked = ((seen, part.amount.amount) for seen, part in zip(rows, request.payables, strict=True))
    for seen, amount in sorted(booked, key=_company):
        _take(uow, held, settlement, seen, amount)
    return _as_wire(settlement)


def take_back(uow: UnitOfWork, payable_id: str, settlement_id: str, officer: str, reason: str) -> Settlement:
    """Take a settlement of a payable back as a whole, by the bank's id of it: all that it paid is owed again, above
    limits, too. ProblemError `not-found` where it is no settlement of this payable.
    """
    settlement = uow.session.get_one(Settlement, settlement_id)
    lines = repository.settlement_lines(uow.session, settlement_id)
    if all(line.payable_id != payable_id for line in lines):
        raise ProblemError("not-found", "The settlement is not one of this payable. Start from the payable's page.")
    concerned = [repository.found_one(uow.session, line.payable_id) for line in lines]
    held = clients.lock_all(uow.session, *(one for seen in concerned for one in _clients_of(seen)))
    known = repository.reversal(uow.session, settlement_id)
    if known is not None:
        raise ProblemError("wrong-state", f"It was taken back on {known.reversed_on}: {known.reason}")
    today = uow.now.date()
    uow.session.add(SettlementReversal(settlement=settlement.id, reversed_on=today, reversed_by=officer, reason=reason))
    booked = ((repository.found_one(uow.session, line.payable_id), line.amount) for line in lines)
    for seen, amount in sorted(booked, key=_company):
        _owe_again(uow, held, seen, amount, reason)
    return settlement


def _company(booked: tuple[Found, Decimal]) -> str:
    """The order of booking. Each payable locks the limit of its member's company until the commit, and companies are
    members with more than one anchor: two that book in different orders would wait for each other.
    """
    return booked[0].member.tax_key


def _clients_of(seen: Found) -> tuple[str | None, str | None]:
    return seen.payable.client_id, seen.member.client_id


def _owe_again(uow: UnitOfWork, held: dict[str, Client], seen: Found, amount: Decimal, reason: str) -> None:
    payable = seen.payable
    payable.settled -= amount
    if payable.status == PayableStatus.SETTLED.value:
        is_late = payable.due_date < uow.now.date()
        states.move(uow, seen, PayableStatus.OVERDUE if is_late else PayableStatus.PAID)
    else:
        states.count(uow, seen)
    tell(uow, held, payable, EventType.PAYABLE_SETTLEMENT_REVERSED, reason=reason)


def mark_overdue(gateway: Gateway, payable_id: str) -> None:
    """Mark what the anchor should have settled before today; what was settled meanwhile is left alone."""
    with gateway.unit_of_work() as uow:
        seen, held = states.locked(uow, payable_id)
        payable = seen.payable
        if payable.status != PayableStatus.PAID.value or payable.due_date >= uow.now.date():
            return
        states.move(uow, seen, PayableStatus.OVERDUE)
        reason = f"{money(payable, payable.open_amount)} was due on {payable.due_date}."
        tell(uow, held, payable, EventType.PAYABLE_OVERDUE, reason=reason)


def _rows(uow: UnitOfWork, program: Program, request: wire.SettlementRequest) -> list[Found]:
    rows, errors = [], []
    for index, part in enumerate(request.payables):
        seen = repository.found(uow.session, part.id)
        if seen is None or seen.program.id != program.id:
            errors.append((f"/payables/{index}/id", f"There is no payable {part.id!r} in this program."))
        else:
            rows.append(seen)
    ids = [part.id for part in request.payables]
    if not errors and len(set(ids)) < len(ids):
        errors.append(("/payables", "A payable is here twice. Name each once, with its whole amount."))
    if errors:
        raise ProblemError("validation-failed", "Name payables by the ids that the bank gave them.", errors=errors)
    return rows


def _check(
    uow: UnitOfWork,
    program: Program,
    seen: Found,
    part: wire.SettledPayable,
    request: wire.SettlementRequest,
    *,
    pointer: str,
) -> None:
    payable, early = seen.payable, repository.present(uow.session, seen.payable)
    if payable.status not in OWED or early is None or early.paid_on is None:
        raise ProblemError("wrong-state", f"{payable.reference} is {payable.status}; the bank is owed nothing for it.")
    if part.amount.currency != program.currency:
        raise invalid(f"{pointer}/amount/currency", f"The program is in {program.currency}.")
    if part.amount.amount > payable.open_amount:
        left = money(payable, payable.open_amount)
        raise invalid(f"{pointer}/amount/amount", f"Only {left} is open of {payable.reference}.")
    if not early.paid_on <= request.paid_on <= uow.now.date():
        sentence = f"{payable.reference} was paid early on {early.paid_on}; settle it from then on, and up to today."
        raise invalid("/paid_on", sentence)


def _book(uow: UnitOfWork, post: SignedPost, program: Program, request: wire.SettlementRequest) -> Settlement:
    settlement = Settlement(
        id=new_id("stl"),
        program_id=program.id,
        settlement_id=request.settlement_id,
        paid_on=request.paid_on,
        currency=program.currency,
        amount=sum((part.amount.amount for part in request.payables), Decimal(0)),
        body=post.body,
        signature=post.signature,
        received_at=uow.now,
    )
    uow.session.add(settlement)
    uow.session.flush()
    return settlement


def _take(uow: UnitOfWork, held: dict[str, Client], settlement: Settlement, seen: Found, amount: Decimal) -> None:
    payable = seen.payable
    uow.session.add(SettlementLine(settlement=settlement.id, payable_id=payable.id, amount=amount))
    payable.settled += amount
    uow.session.flush()
    if payable.open_amount > 0:
        states.count(uow, seen)
        return
    states.move(uow, seen, PayableStatus.SETTLED)
    tell(uow, held, payable, EventType.PAYABLE_SETTLED)


def _same(uow: UnitOfWork, known: Settlement, request: wire.SettlementRequest) -> wire.Settlement:
    if wire.SettlementRequest.model_validate_json(known.body) != request:
        raise invalid("/settlement_id", "This settlement_id came before with another content. Use a new one.")
    reversal = repository.reversal(uow.session, known.id)
    if reversal is not None:
        sentence = f"The bank took it back on {reversal.reversed_on}: {reversal.reason} Use a new settlement_id."
        raise ProblemError("wrong-state", sentence)
    return _as_wire(known)


def _as_wire(settlement: Settlement) -> wire.Settlement:
    amount = Money(amount=settlement.amount, currency=settlement.currency)
    return wire.Settlement(settlement_id=settlement.settlement_id, status="POSTED", amount=amount)
