"""Batches and results as the protocol shows them."""

from __future__ import annotations

from openscf import programs as wire
from openscf.money import to_decimal

from .models import Batch, Result


def as_wire(batch: Batch) -> wire.Prequalification:
    """One batch; its counts once it is decided."""
    decided = batch.status == wire.PrequalificationStatus.DECIDED.value
    return wire.Prequalification(
        id=batch.id,
        batch_id=batch.reference,
        status=wire.PrequalificationStatus(batch.status),
        rows=batch.rows,
        approved=batch.approved if decided else None,
        referred=batch.referred if decided else None,
        declined=batch.declined if decided else None,
        message=batch.message,
    )


def result_as_wire(result: Result) -> wire.PrequalificationResult:
    """What was decided about one row."""
    return wire.PrequalificationResult(
        row=result.row,
        member_ref=result.member_ref,
        status=wire.ResultStatus(result.status),
        limit=to_decimal(result.limit),
        valid_until=result.valid_until,
        reasons=tuple(wire.LimitReason.model_validate(reason) for reason in result.reasons),
    )
