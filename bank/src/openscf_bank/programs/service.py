"""The life of a program: asked for, approved or declined, changed, suspended and resumed, closed."""

from __future__ import annotations

from decimal import Decimal

from openscf import programs as wire
from openscf.canonical import sha256_hex
from openscf.programs import ProgramStatus
from openscf.wire import EventType

from ..clients import repository as clients
from ..clients.models import Client
from ..events.service import emit
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..members import repricing
from . import repository
from .models import Program
from .section import ProgramSection
from .terms import Granted, check_granted, check_request, documents_asked, standing_terms
from .views import as_wire

# Whom the books name where no officer decided.
BY_RULES = "rules"

_OPEN = (ProgramStatus.ACTIVE, ProgramStatus.SUSPENDED)


def request(uow: UnitOfWork, client_id: str, asked: wire.ProgramRequest) -> wire.Program:
    """Take a request in, and decide it where the profile does so by itself; the answer is the program as received."""
    anchor = clients.lock(uow.session, client_id)
    digest = sha256_hex(asked.to_bytes())
    known = repository.of_reference(uow.session, client_id, asked.program_id)
    if known is not None:
        _require_same(known.request_sha256, digest, "/program_id", "program")
        return as_wire(known)
    offered = check_request(asked, uow.gateway.profile.program(asked.kind))
    program = Program(
        id=new_id("prg"),
        client_id=client_id,
        reference=asked.program_id,
        kind=asked.kind,
        name=asked.name,
        currency=asked.currency,
        status=ProgramStatus.REQUESTED.value,
        requested_limit=asked.requested_limit.amount,
        requested_member_limit=None if asked.member_limit is None else asked.member_limit.amount,
        requested_tenor_days=asked.max_tenor_days,
        documents=documents_asked(asked, offered),
        terms_sha256=asked.terms_sha256,
        buy_back=None if asked.buy_back is None else asked.buy_back.to_wire(),
        stock_control=bool(asked.stock_control),
        requested_by=asked.requested_by,
        approved_by=asked.approved_by,
        requested_at=asked.requested_at,
        request_sha256=digest,
        used=Decimal(0),
        received_at=uow.now,
    )
    uow.session.add(program)
    uow.session.flush()
    received = as_wire(program)
    if offered.automatic_up_to is not None and program.requested_limit <= offered.automatic_up_to:
        _approve(uow, anchor, program, standing_terms(program, offered, uow.now.date()), BY_RULES, None)
    return received


def close_by_anchor(uow: UnitOfWork, client_id: str, program_id: str, reason: str) -> wire.Program:
    """The anchor ends its program: nothing new is paid early in it. Closed already, it stays so."""
    anchor = clients.lock(uow.session, client_id)
    program = repository.of_anchor(uow.session, client_id, program_id)
    if program is None:
        raise not_found("program", program_id)
    if program.status != ProgramStatus.CLOSED.value:
        _require(program, ProgramStatus.REQUESTED, *_OPEN)
        _move(uow, anchor, program, ProgramStatus.CLOSED, EventType.PROGRAM_CLOSED, reason)
    return as_wire(program)


# --- an officer's word ---------------------------------------------------------------------------------------------


def approve(uow: UnitOfWork, program_id: str, granted: Granted, officer: str, message: str | None) -> Program:
    """Take a program on, on an officer's terms."""
    anchor, program = _locked(uow, program_id)
    _require(program, ProgramStatus.REQUESTED)
    check_granted(granted, program, _offered(uow, program), uow.now.date())
    _approve(uow, anchor, program, granted, officer, message)
    return program


def change(uow: UnitOfWork, program_id: str, granted: Granted, officer: str, reason: str) -> Program:
    """Give a program other limits, another price or more time. What is confirmed or paid keeps its terms.

    Members with an own ERP are told another rate, where it is theirs.
    """
    program = uow.session.get_one(Program, program_id)
    held = repricing.lock(uow, program)
    uow.session.refresh(program)
    _require(program, *_OPEN)
    check_granted(granted, program, _offered(uow, program), uow.now.date())
    before = as_wire(program).terms
    _grant(uow, program, granted, officer)
    _tell(uow, held[program.client_id], program, EventType.PROGRAM_CHANGED, reason)
    if before is None or before.rate_pa != granted.terms.rate_pa:
        repricing.tell(uow, program, held)
    return program


def decline(uow: UnitOfWork, program_id: str, officer: str, reason: str) -> Program:
    """Do not take a program on."""
    return _end(uow, program_id, officer, reason, ProgramStatus.DECLINED, EventType.PROGRAM_DECLINED)


def suspend(uow: UnitOfWork, program_id: str, officer: str, reason: str) -> Program:
    """Pay nothing new in a program until it is resumed."""
    return _end(uow, program_id, officer, reason, ProgramStatus.SUSPENDED, EventType.PROGRAM_SUSPENDED)


def resume(uow: UnitOfWork, program_id: str, officer: str, reason: str) -> Program:
    """Let a suspended program go on."""
    return _end(uow, program_id, officer, reason, ProgramStatus.ACTIVE, EventType.PROGRAM_RESUMED)


def close(uow: UnitOfWork, program_id: str, officer: str, reason: str) -> Program:
    """End a program for good."""
    return _end(uow, program_id, officer, reason, ProgramStatus.CLOSED, EventType.PROGRAM_CLOSED)


# What an officer may do with a program, by its status.
NEXT = {
    ProgramStatus.REQUESTED: ("approve", "decline"),
    ProgramStatus.ACTIVE: ("change", "suspend", "close"),
    ProgramStatus.SUSPENDED: ("change", "resume", "close"),
    ProgramStatus.DECLINED: (),
    ProgramStatus.CLOSED: (),
}
_FROM = {
    ProgramStatus.DECLINED: (ProgramStatus.REQUESTED,),
    ProgramStatus.SUSPENDED: (ProgramStatus.ACTIVE,),
    ProgramStatus.ACTIVE: (ProgramStatus.SUSPENDED,),
    ProgramStatus.CLOSED: _OPEN,
}


def _end(
    uow: UnitOfWork, program_id: str, officer: str, reason: str, status: ProgramStatus, event: EventType
) -> Program:
    anchor, program = _locked(uow, program_id)
    _require(program, *_FROM[status])
    program.decided_by = officer
    program.decided_at = uow.now
    _move(uow, anchor, program, status, event, reason)
    return program


def _approve(
    uow: UnitOfWork, anchor: Client, program: Program, granted: Granted, officer: str, message: str | None
) -> None:
    _grant(uow, program, granted, officer)
    _move(uow, anchor, program, ProgramStatus.ACTIVE, EventType.PROGRAM_APPROVED, message)


def _grant(uow: UnitOfWork, program: Program, granted: Granted, officer: str) -> None:
    program.anchor_limit = granted.anchor_limit
    program.member_limit = granted.member_limit
    program.terms = granted.terms.to_wire()
    program.valid_until = granted.valid_until
    program.decided_by = officer
    program.decided_at = uow.now


def _move(
    uow: UnitOfWork, anchor: Client, program: Program, status: ProgramStatus, event: EventType, reason: str | None
) -> None:
    program.status = status.value
    program.message = reason
    _tell(uow, anchor, program, event, reason)


def _tell(uow: UnitOfWork, anchor: Client, program: Program, event: EventType, reason: str | None) -> None:
    uow.session.flush()
    notice = wire.ProgramNotice(program=as_wire(program), reason=reason)
    emit(uow, anchor, event, notice.to_wire(), program_id=program.reference)


def _locked(uow: UnitOfWork, program_id: str) -> tuple[Client, Program]:
    program = uow.session.get_one(Program, program_id)
    anchor = clients.lock(uow.session, program.client_id)
    uow.session.refresh(program)
    return anchor, program


def _offered(uow: UnitOfWork, program: Program) -> ProgramSection:
    offered = uow.gateway.profile.program(program.kind)
    if offered is None:
        raise ProblemError("wrong-state", "This bank no longer offers such programs; it can be declined or closed.")
    return offered


def _require(program: Program, *statuses: ProgramStatus) -> None:
    if ProgramStatus(program.status) not in statuses:
        raise ProblemError("wrong-state", f"The program is {program.status}; that is not possible any more.")


def _require_same(known: str, sent: str, pointer: str, what: str) -> None:
    if known != sent:
        sentence = f"A {what} with this id came before with another content. Give another one its own id."
        raise ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
