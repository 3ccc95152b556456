"""Writing events: signed, in commit order, without gaps."""

from __future__ import annotations

from typing import Any

from openscf import wire
from openscf.jws import sign_event

from ..clients.models import Client
from ..gateway import UnitOfWork
from ..kit.clock import wall_time
from ..kit.ids import new_id
from .models import Event


def emit(
    uow: UnitOfWork,
    client: Client,
    kind: wire.EventType,
    details: dict[str, Any],
    *,
    loan_application_id: str | None = None,
    reference: str | None = None,
    offer_id: str | None = None,
    loan_id: str | None = None,
    program_id: str | None = None,
    batch_id: str | None = None,
    member_id: str | None = None,
    payable_id: str | None = None,
) -> None:
    """Append one event for a client whose row the caller has locked (clients.repository.lock).

    The lock is held until the commit, so that the cursors of a client follow the order of the commits: a reader that
    has seen cursor 17 will never be surprised by a late 16. The ids of program, batch, member and payable are the
    anchor's own.
    """
    client.last_cursor += 1
    event_id = new_id("evt")
    subject = wire.EventSubject(
        client_id=client.id,
        loan_application_id=loan_application_id,
        reference=reference,
        offer_id=offer_id,
        loan_id=loan_id,
        program_id=program_id,
        batch_id=batch_id,
        member_id=member_id,
        payable_id=payable_id,
    )
    payload = wire.EventPayload(
        iss=uow.gateway.settings.issuer,
        aud=client.id,
        iat=int(wall_time().timestamp()),
        jti=event_id,
        cursor=str(client.last_cursor),
        type=kind.value,
        occurred_at=uow.now,
        subject=subject,
        data=details,
    ).to_wire()
    uow.session.add(
        Event(
            client_id=client.id,
            cursor=client.last_cursor,
            id=event_id,
            type=kind.value,
            application_id=loan_application_id,
            loan_id=loan_id,
            payload=payload,
            jws=sign_event(payload, key=uow.gateway.key),
            occurred_at=uow.now,
        )
    )
    uow.session.flush()
    if client.webhook_url:
        uow.nudged_urls.add(client.webhook_url)
