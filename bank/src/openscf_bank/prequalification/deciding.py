"""The job that decides batches, a chunk at a time: what was decided before a restart stays, and the rest follows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa
from openscf import programs as wire
from openscf.programs import ChunkInvalid, Period, PrequalificationStatus, ProgramStatus, ResultStatus
from openscf.wire import EventType
from sqlalchemy.orm import Session

from ..clients import repository as clients
from ..clients.models import Client
from ..events.service import emit
from ..gateway import Gateway, UnitOfWork
from ..profile import Profile
from ..programs.models import Program
from .figures import months
from .models import Batch, Result
from .receiving import rows_of
from .rules import Frame, decide
from .views import as_wire


def decide_batch(gateway: Gateway, batch_id: str) -> None:
    """Decide all that is left of a batch; each chunk is a transaction of its own, so that memory stays flat."""
    while _one_chunk(gateway, batch_id):
        pass


def _one_chunk(gateway: Gateway, batch_id: str) -> bool:
    """Decide the next chunk; False once there is none."""
    with gateway.unit_of_work() as uow:
        batch = uow.session.get_one(Batch, batch_id)
        program = uow.session.get_one(Program, batch.program_id)
        anchor = clients.lock(uow.session, program.client_id)
        uow.session.refresh(batch)
        uow.session.refresh(program)
        if batch.status != PrequalificationStatus.RECEIVED.value:
            return False
        frame = _frame(gateway.profile, program, batch)
        if frame is None:
            _end(uow, anchor, program, batch, PrequalificationStatus.REJECTED, f"The program is {program.status}.")
            return False
        try:
            counts = _decide_rows(uow.session, program, batch, frame)
        except ChunkInvalid as error:
            _end(uow, anchor, program, batch, PrequalificationStatus.REJECTED, str(error))
            return False
        batch.approved += counts[ResultStatus.APPROVED]
        batch.referred += counts[ResultStatus.REFERRED]
        batch.declined += counts[ResultStatus.DECLINED]
        batch.decided_chunks += 1
        if batch.decided_chunks < len(batch.chunks):
            return True
        _end(uow, anchor, program, batch, PrequalificationStatus.DECIDED, None)
        return False


def _decide_rows(session: Session, program: Program, batch: Batch, frame: Frame) -> Counter[ResultStatus]:
    chunks = batch.chunks
    first = 1 + sum(chunk["rows"] for chunk in chunks[: batch.decided_chunks])
    counts: Counter[ResultStatus] = Counter()
    results: list[dict[str, Any]] = []
    for number, row in enumerate(rows_of(session, program, chunks[batch.decided_chunks]["sha256"]), start=first):
        decided = decide(row, frame)
        counts[decided.status] += 1
        results.append(
            {
                "batch_id": batch.id,
                "row": number,
                "program_id": program.id,
                "member_ref": row.member_ref,
                "status": decided.status.value,
                "limit": decided.limit,
                "valid_until": decided.valid_until,
                "reasons": [reason.to_wire() for reason in decided.reasons],
            }
        )
    session.execute(sa.insert(Result), results)
    return counts


def _frame(profile: Profile, program: Program, batch: Batch) -> Frame | None:
    """What every row is measured by; None where the program, or the bank, decides nothing any more."""
    offered, rules = profile.program(program.kind), profile.prequalification
    if (
        program.status != ProgramStatus.ACTIVE.value
        or offered is None
        or rules is None
        or program.anchor_limit is None
        or program.member_limit is None
    ):
        return None
    return Frame(
        currency=program.currency,
        as_of=batch.as_of,
        months=months(Period.model_validate({"from": batch.period_from, "to": batch.period_to})),
        anchor_limit=program.anchor_limit,
        member_limit=program.member_limit,
        supplier_limit=offered.max_supplier_limit,
        rules=rules,
    )


def _end(
    uow: UnitOfWork,
    anchor: Client,
    program: Program,
    batch: Batch,
    status: PrequalificationStatus,
    message: str | None,
) -> None:
    batch.status = status.value
    batch.message = message
    batch.decided_at = uow.now
    uow.session.flush()
    decided = status is PrequalificationStatus.DECIDED
    emit(
        uow,
        anchor,
        EventType.PREQUALIFICATION_DECIDED if decided else EventType.PREQUALIFICATION_REJECTED,
        wire.PrequalificationNotice(prequalification=as_wire(batch)).to_wire(),
        program_id=program.reference,
        batch_id=batch.reference,
    )
