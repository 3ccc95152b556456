"""Taking a batch in: every chunk read, every line checked, every sum made again, before the bank says it has it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from openscf import programs as wire
from openscf.canonical import sha256_hex
from openscf.programs import ChunkInvalid, ProgramStatus
from sqlalchemy.orm import Session

from ..clients import repository as clients
from ..documents import repository as documents
from ..gateway import UnitOfWork
from ..kit.ids import new_id
from ..kit.problems import ProblemError, not_found
from ..programs import repository as programs
from ..programs.models import Program
from . import repository
from .models import Batch
from .views import as_wire


def receive(
    uow: UnitOfWork, client_id: str, program_id: str, asked: wire.PrequalificationRequest
) -> wire.Prequalification:
    """Take a batch in; a job decides it. ProblemError `validation-failed` names the first place that is wrong."""
    clients.lock(uow.session, client_id)
    program = programs.of_anchor(uow.session, client_id, program_id)
    if program is None:
        raise not_found("program", program_id)
    digest = sha256_hex(asked.to_bytes())
    known = repository.of_reference(uow.session, program.id, asked.batch_id)
    if known is not None:
        if known.request_sha256 != digest:
            raise _wrong("/batch_id", "A batch with this id came before with another content. Give it its own id.")
        return as_wire(known)
    if program.status != ProgramStatus.ACTIVE.value:
        raise ProblemError("wrong-state", f"The program is {program.status}; a batch is taken while it is ACTIVE.")
    if uow.gateway.profile.prequalification is None:
        raise ProblemError("wrong-state", "This bank looks at members one by one, not at batches.")
    _check(uow, program, asked)
    batch = Batch(
        id=new_id("pre"),
        program_id=program.id,
        reference=asked.batch_id,
        number=repository.next_number(uow.session, program.id),
        as_of=asked.as_of,
        period_from=asked.period.from_,
        period_to=asked.period.to,
        rows=asked.rows,
        chunks=[chunk.to_wire() for chunk in asked.chunks],
        ordered=asked.totals.ordered,
        invoiced=asked.totals.invoiced,
        status=wire.PrequalificationStatus.RECEIVED.value,
        decided_chunks=0,
        approved=0,
        referred=0,
        declined=0,
        requested_by=asked.requested_by,
        request_sha256=digest,
        received_at=uow.now,
    )
    uow.session.add(batch)
    return as_wire(batch)


def rows_of(session: Session, program: Program, sha256: str) -> Iterator[wire.PrequalificationRow]:
    """The rows of a chunk that the anchor put; ChunkInvalid where it is not there, or cannot be read."""
    content = documents.content(session, program.client_id, sha256)
    if content is None:
        raise ChunkInvalid("The chunk was not put, or is here no longer. Put it and send the batch again.")
    return wire.read_chunk(content, currency=program.currency)


def _check(uow: UnitOfWork, program: Program, asked: wire.PrequalificationRequest) -> None:
    if asked.as_of > uow.now.date():
        raise _wrong("/as_of", "The day lies ahead; records are of the past.")
    if asked.period.to > asked.as_of:
        raise _wrong("/period/to", "The period ends after the day of the records.")
    if sum(chunk.rows for chunk in asked.chunks) != asked.rows:
        raise _wrong("/rows", "The chunks have another number of rows in all.")
    seen: set[str] = set()
    ordered = invoiced = Decimal(0)
    for index, chunk in enumerate(asked.chunks):
        for line, row in _counted(uow.session, program, index, chunk):
            if row.member_ref in seen:
                raise _wrong(f"/chunks/{index}/line/{line}", f"{row.member_ref!r} is in the batch twice.")
            if row.last_order_on is not None and row.last_order_on > asked.as_of:
                raise _wrong(f"/chunks/{index}/line/{line}", "The last order lies after the day of the records.")
            seen.add(row.member_ref)
            ordered += row.ordered
            invoiced += row.invoiced
    for name, told, summed in (
        ("ordered", asked.totals.ordered, ordered), ("invoiced", asked.totals.invoiced, invoiced),
    ):  # fmt: skip
        if told != summed:
            raise _wrong(f"/totals/{name}", f"The rows add up to {summed}, not to {told}.")


def _counted(
    session: Session, program: Program, index: int, chunk: wire.Chunk
) -> Iterator[tuple[int, wire.PrequalificationRow]]:
    line = 0
    try:
        for line, row in enumerate(rows_of(session, program, chunk.sha256), start=1):
            yield line, row
    except ChunkInvalid as error:
        place = f"/chunks/{index}" if error.line is None else f"/chunks/{index}/line/{error.line}"
        raise _wrong(place, str(error)) from error
    if line != chunk.rows:
        raise _wrong(f"/chunks/{index}/rows", f"The chunk has {line} rows, not {chunk.rows}.")


def _wrong(pointer: str, sentence: str) -> ProblemError:
    return ProblemError("validation-failed", sentence, errors=[(pointer, sentence)])
